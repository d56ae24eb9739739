"""How fast the server is: beside the limit, beside what a user would write, and where time goes.

Everything runs in one process on one machine, in rounds: each round lets every contestant work
through the same footage once, in an order that turns from round to round, so that a slow minute of
the machine strikes all of them. Ratios are taken within a round and their median is reported.

The limit is decoding alone and then inference alone, one after the other, without anything else:
n / (t_decode + t_inference) frames a second. A server that overlaps the two can pass it.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evaluation.figure import Figure, Metric
from evaluation.metrics.bootstrap import confidence_interval

DECODE, INFERENCE, PIPELINE, PEER = "decode", "inference", "pipeline", "peer"
LIMIT = "limit"
CONTESTANTS = {
    DECODE: "decoding alone",
    INFERENCE: "inference alone",
    LIMIT: "the limit: decoding, then inference",
    PIPELINE: "Footfall, the whole server",
    PEER: "OpenCV + ONNX Runtime + ByteTrack",
}
"""Everyone, and how people call them."""


class Contestant(Protocol):
    """Something that works through the footage."""

    def prepare(self) -> Callable[[], int]:
        """Load what a pass needs. The pass itself, which alone is timed, gives its frames."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One way through the footage. `cpu_s` is the process's computing time on all cores."""

    num_frames: int
    wall_s: float
    cpu_s: float

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.num_frames / self.wall_s


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """The clocks to measure with, in seconds."""

    wall: Callable[[], float] = time.perf_counter
    cpu: Callable[[], float] = time.process_time

    def time(self, work: Callable[[], int]) -> Pass:
        """Do the work, which returns its frames, and time it."""
        wall_s, cpu_s = self.wall(), self.cpu()
        num_frames = work()
        return Pass(num_frames, self.wall() - wall_s, self.cpu() - cpu_s)


WALL_AND_CPU = Stopwatch()
"""The real clocks."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured. `load` is the system's one-minute load before and after."""

    cpu: str
    num_cores: int
    load: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedResult:
    """All passes, in the order of rounds, and what follows from them.

    Attributes:
        dataset: the footage.
        bundle: the detector, the same for all, as `name@version`.
        num_threads: what one inference may use, the same for all.
        passes: by contestant, one a round.
        stages_ms: milliseconds a frame by stage of the pipeline, run in one thread.
        tracker_ms: (frames,) the tracker's update alone, each frame's median over the rounds.
        peer_tracker_ms: the same of the peer's tracker on the same detections; empty without it.
        notes: what a reader must know, such as a contestant that could not run.
    """

    dataset: str
    bundle: str
    num_threads: int
    machine: Machine
    passes: Mapping[str, Sequence[Pass]]
    stages_ms: Mapping[str, float]
    tracker_ms: NDArray[np.float64]
    peer_tracker_ms: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    notes: tuple[str, ...] = ()

    @property
    def num_rounds(self) -> int:
        """How often each contestant ran."""
        return len(self.passes[PIPELINE])

    @property
    def num_frames(self) -> int:
        """Frames of one pass."""
        return self.passes[PIPELINE][0].num_frames

    def fps(self, contestant: str) -> NDArray[np.float64]:
        """(rounds,) frames a second; `limit` is decoding and inference, one after the other."""
        if contestant == LIMIT:
            pairs = zip(self.passes[DECODE], self.passes[INFERENCE], strict=True)
            return np.array([1 / (1 / decode.fps + 1 / infer.fps) for decode, infer in pairs])
        return np.array([run.fps for run in self.passes[contestant]])

    def cpu_ms(self, contestant: str) -> float:
        """Computing time of a frame on all cores, in ms; hardly moved by what else is running."""
        if contestant == LIMIT:
            return self.cpu_ms(DECODE) + self.cpu_ms(INFERENCE)
        runs = self.passes[contestant]
        return float(np.median([1000 * run.cpu_s / run.num_frames for run in runs]))

    @property
    def contestants(self) -> list[str]:
        """Who was measured, in the order to show them, with the limit."""
        return [name for name in CONTESTANTS if name == LIMIT or name in self.passes]

    @property
    def setting(self) -> str:
        """Machine, threads and model in a few words."""
        threads = f"{self.num_threads} inference thread{'s' if self.num_threads > 1 else ''}"
        return f"{self.bundle}, {threads}, {self.machine.num_cores} cores, {self.machine.cpu}"

    def figures(self) -> list[Figure]:
        """The pipeline against the limit and the peer, and the tracker's time."""
        pipeline = self.fps(PIPELINE)
        found = [self._ratio(Metric.SPEED_TO_LIMIT, pipeline / self.fps(LIMIT))]
        if PEER in self.passes:
            found.append(self._ratio(Metric.SPEED_TO_PEER, pipeline / self.fps(PEER)))
        if len(self.tracker_ms):
            found.append(self._tracker_time())
        return found

    def to_record(self) -> dict[str, Any]:
        """Everything measured as plain values for JSON."""
        return {
            "dataset": self.dataset,
            "bundle": self.bundle,
            "num_threads": self.num_threads,
            "machine": asdict(self.machine),
            "passes": {name: [asdict(run) for run in runs] for name, runs in self.passes.items()},
            "stages_ms": dict(self.stages_ms),
            "tracker_ms": self.tracker_ms.round(5).tolist(),
            "peer_tracker_ms": self.peer_tracker_ms.round(5).tolist(),
            "notes": list(self.notes),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> SpeedResult:
        """What `to_record` gave, also after a trip through JSON."""
        machine = dict(record["machine"])
        return cls(
            dataset=record["dataset"],
            bundle=record["bundle"],
            num_threads=record["num_threads"],
            machine=Machine(**{**machine, "load": tuple(machine["load"])}),
            passes={name: [Pass(**run) for run in runs] for name, runs in record["passes"].items()},
            stages_ms=record["stages_ms"],
            tracker_ms=np.array(record["tracker_ms"], np.float64),
            peer_tracker_ms=np.array(record["peer_tracker_ms"], np.float64),
            notes=tuple(record["notes"]),
        )

    def _ratio(self, metric: Metric, ratio: NDArray[np.float64]) -> Figure:
        value = float(np.median(ratio))
        found = confidence_interval(lambda w: float(np.median(np.repeat(ratio, w))), len(ratio))
        return Figure(
            metric,
            value,
            len(ratio),
            "rounds",
            self.dataset,
            low=None if found is None else found.low,
            high=None if found is None else found.high,
            unit="ratio",
        )

    def _tracker_time(self) -> Figure:
        time_ms = self.tracker_ms
        found = confidence_interval(lambda w: float(w @ time_ms / w.sum()), len(time_ms))
        return Figure(
            Metric.TRACKER_TIME,
            float(time_ms.mean()),
            len(time_ms),
            "frames",
            self.dataset,
            low=None if found is None else found.low,
            high=None if found is None else found.high,
            unit="ms",
        )


def interleave(
    contestants: Mapping[str, Contestant],
    num_rounds: int,
    stopwatch: Stopwatch,
    on_pass: Callable[[str, Pass], None] = lambda name, run: None,
) -> dict[str, list[Pass]]:
    """The passes of each contestant, one a round; each round begins with another contestant."""
    names = list(contestants)
    passes: dict[str, list[Pass]] = {name: [] for name in names}
    for turn in range(num_rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            work = contestants[name].prepare()
            run = stopwatch.time(work)
            passes[name].append(run)
            on_pass(name, run)
    return passes


def load_now() -> float:
    """The system's load over the last minute: processes that wanted to compute."""
    return round(os.getloadavg()[0], 2)


def num_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_name() -> str:
    """The processor as the system calls it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
