"""The arithmetic of the speed measurement, on clocks that the test turns by hand."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from evaluation.figure import Metric
from evaluation.speed.result import (
    DECODE,
    INFERENCE,
    LIMIT,
    PEER,
    PIPELINE,
    Machine,
    Pass,
    SpeedResult,
    Stopwatch,
    interleave,
)


class Clocks:
    """A wall clock and a CPU clock that only work moves."""

    def __init__(self) -> None:
        self.wall_s = 100.0
        self.cpu_s = 7.0

    @property
    def stopwatch(self) -> Stopwatch:
        return Stopwatch(lambda: self.wall_s, lambda: self.cpu_s)


class Worker:
    """Takes so many seconds to get ready and so many for its frames."""

    def __init__(self, clocks: Clocks, name: str, order: list[str], wall_s: float) -> None:
        self.clocks, self.name, self.order, self.wall_s = clocks, name, order, wall_s

    def prepare(self) -> Callable[[], int]:
        self.clocks.wall_s += 1000.0

        def run() -> int:
            self.order.append(self.name)
            self.clocks.wall_s += self.wall_s
            self.clocks.cpu_s += 2 * self.wall_s
            return 10

        return run


def result(
    pipeline_s: list[float], peer_s: list[float] | None = None, tracker_ms: tuple[float, ...] = ()
) -> SpeedResult:
    """10 frames a pass: decoding takes 1 s, inference 4 s, the rest what is given."""
    passes = {
        DECODE: [Pass(10, 1.0, 1.0)] * len(pipeline_s),
        INFERENCE: [Pass(10, 4.0, 8.0)] * len(pipeline_s),
        PIPELINE: [Pass(10, wall_s, 10.0) for wall_s in pipeline_s],
    }
    if peer_s is not None:
        passes[PEER] = [Pass(10, wall_s, 20.0) for wall_s in peer_s]
    return SpeedResult(
        dataset="clip",
        bundle="net@1",
        num_threads=2,
        machine=Machine("a CPU", 2, (0.1, 2.0)),
        passes=passes,
        stages_ms={"infer": 4.0},
        tracker_ms=np.array(tracker_ms),
        notes=("a note",),
    )


def test_a_pass_is_timed_without_its_preparation() -> None:
    clocks = Clocks()
    passes = interleave({"only": Worker(clocks, "only", [], 5.0)}, 1, clocks.stopwatch)
    assert passes == {"only": [Pass(10, 5.0, 10.0)]}
    assert passes["only"][0].fps == 2.0


def test_each_round_begins_with_another_contestant() -> None:
    clocks, order = Clocks(), []
    contestants = {name: Worker(clocks, name, order, 1.0) for name in "abc"}
    seen: list[str] = []
    interleave(contestants, 4, clocks.stopwatch, lambda name, run: seen.append(name))
    assert "".join(order) == "abc" + "bca" + "cab" + "abc"
    assert seen == order


def test_the_limit_is_decoding_and_then_inference() -> None:
    # 10 frames in 1 s + 4 s are 2 frames a second, not the mean of 10 and 2.5.
    np.testing.assert_allclose(result([5.0]).fps(LIMIT), [2.0])
    assert result([5.0]).cpu_ms(LIMIT) == 900.0


def test_ratios_are_medians_over_rounds_of_ratios_within_a_round() -> None:
    # Limit 2 frames/s: 10/4/2, 10/5/2, 10/10/2. Peer: 8/4, 15/5, 10/10.
    figures = {f.metric: f for f in result([4.0, 5.0, 10.0], [8.0, 15.0, 10.0]).figures()}
    assert figures[Metric.SPEED_TO_LIMIT].value == pytest.approx(1.0)
    assert figures[Metric.SPEED_TO_PEER].value == pytest.approx(2.0)
    assert figures[Metric.SPEED_TO_LIMIT].n == 3
    assert figures[Metric.SPEED_TO_LIMIT].unit == "ratio"


def test_a_peer_that_could_not_run_has_no_figure() -> None:
    metrics = [figure.metric for figure in result([5.0]).figures()]
    assert metrics == [Metric.SPEED_TO_LIMIT]
    assert PEER not in result([5.0]).contestants


def test_few_rounds_give_no_interval_and_enough_give_one_around_the_value() -> None:
    few = result([4.0, 5.0, 5.0]).figures()[0]
    assert few.low is None and few.high is None
    enough = result([4.0, 5.0, 5.0, 5.0, 10.0]).figures()[0]
    assert enough.low is not None and enough.high is not None
    assert 0.5 <= enough.low <= 1.0 <= enough.high <= 1.25


def test_the_trackers_time_is_the_mean_over_frames() -> None:
    (figure,) = [f for f in result([5.0], tracker_ms=(0.1, 0.2, 0.6)).figures() if f.unit == "ms"]
    assert figure.metric is Metric.TRACKER_TIME
    assert figure.value == pytest.approx(0.3)
    assert figure.n == 3


def test_a_result_survives_json() -> None:
    original = result([4.0, 5.0], [8.0, 15.0], (0.1, 0.25))
    record = json.loads(json.dumps(original.to_record()))
    again = SpeedResult.from_record(record)
    assert again.to_record() == original.to_record()
    assert again.figures() == original.figures()
    assert again.machine == original.machine
