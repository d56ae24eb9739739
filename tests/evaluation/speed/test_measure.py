"""The speed measurement on real frames: that it runs and counts, not how fast."""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from evaluation.figure import Metric
from evaluation.speed.contestants import Server
from evaluation.speed.measure import measure_speed, speed_tables
from evaluation.speed.result import DECODE, INFERENCE, PEER, PIPELINE, SpeedResult
from evaluation.speed.stages import Update, server_tracker, tracker_times_ms
from serving.analytics.counting import LineCounter
from serving.core.detections import Detections, Tracks
from serving.core.errors import SourceError
from serving.core.geometry import Homography
from serving.inference.openvino import OpenVinoBackend
from serving.settings import Camera, DetectorSettings, LineSettings
from serving.tracking.two_stage import TwoStageTracker

NUM_FRAMES = 20
HAS_PEER = importlib.util.find_spec("trackers") is not None


@pytest.fixture(scope="module")
def server(sample_video: Path, zoo_bundle: Path) -> Server:
    line = LineSettings(start_px=(0, 330), end_px=(767, 330))
    return Server(
        camera_id="door",
        camera=Camera(source=str(sample_video), fps=7, lines={"till": line}),
        detector=DetectorSettings(bundle=str(zoo_bundle)),
        backend=partial(OpenVinoBackend, num_threads=1),
        tracker=TwoStageTracker,
        analyses={"counting": LineCounter},
        num_threads=1,
        max_frames=NUM_FRAMES,
    )


@pytest.fixture(scope="module")
def result(server: Server) -> SpeedResult:
    return measure_speed(server, "sample", num_rounds=1)


def test_every_contestant_works_through_all_frames(result: SpeedResult) -> None:
    expected = {DECODE, INFERENCE, PIPELINE} | ({PEER} if HAS_PEER else set())
    assert result.passes.keys() == expected
    assert {run.num_frames for runs in result.passes.values() for run in runs} == {NUM_FRAMES}
    assert bool(result.notes) is not HAS_PEER


def test_every_stage_of_the_pipeline_is_timed(result: SpeedResult) -> None:
    stages = ["decode", "letterbox", "infer", "select boxes", "track", "analyse", "write events"]
    assert list(result.stages_ms) == stages
    assert all(spent_ms > 0 for spent_ms in result.stages_ms.values())
    assert len(result.tracker_ms) == NUM_FRAMES
    assert len(result.peer_tracker_ms) == (NUM_FRAMES if HAS_PEER else 0)


def test_the_figures_of_the_benchmark_come_out(result: SpeedResult) -> None:
    metrics = [figure.metric for figure in result.figures()]
    peer = [Metric.SPEED_TO_PEER] if HAS_PEER else []
    assert metrics == [Metric.SPEED_TO_LIMIT, *peer, Metric.TRACKER_TIME]


def test_the_table_names_everyone(result: SpeedResult) -> None:
    console = Console(width=120)
    with console.capture() as captured:
        for table in speed_tables(result):
            console.print(table)
    for text in ("decoding alone", "the limit", "Footfall", "infer", "tracker alone"):
        assert text in captured.get()


def test_a_tracker_that_takes_the_floor_gets_it_and_the_median_round_counts(
    server: Server,
) -> None:
    floors: list[object] = []

    class Tracker:
        def __init__(self, floor: Homography | None = None) -> None:
            floors.append(floor)

        def update(self, detections: Detections, at_s: float) -> Tracks:
            return Tracks.empty()

        def reset(self) -> None: ...

    ticks = iter([0.0, 1.0, 10.0, 19.0, 20.0, 22.0])  # seconds: rounds of 1, 9 and 2
    make = partial(server_tracker, replace(server, tracker=Tracker))
    [times_ms] = tracker_times_ms([make], [(Detections.empty(), 0.0)], 3, lambda: next(ticks))
    assert times_ms.tolist() == [2000.0]
    assert floors == [None] * 3


def test_trackers_take_turns_within_a_round() -> None:
    log: list[str] = []

    def maker(name: str) -> Callable[[], Update]:
        return lambda: lambda found, at_s: log.append(f"{name} {at_s:g}")

    frames = [(Detections.empty(), 0.0), (Detections.empty(), 1.0)]
    times_ms = tracker_times_ms([maker("a"), maker("b")], frames, 2)
    assert log == ["a 0", "a 1", "b 0", "b 1"] * 2
    assert [len(spent_ms) for spent_ms in times_ms] == [2, 2]


def test_missing_footage_is_said_by_name(server: Server) -> None:
    camera = server.camera.model_copy(update={"source": "nowhere.avi"})
    with pytest.raises(SourceError, match="nowhere.avi"):
        measure_speed(replace(server, camera=camera), "sample", num_rounds=1)


def test_no_round_is_no_measurement(server: Server) -> None:
    with pytest.raises(ValueError, match="num_rounds: expected at least 1, got 0"):
        measure_speed(server, "sample", num_rounds=0)
