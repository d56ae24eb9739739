"""`python -m evaluation task=speed`: the measurement on the sample, with the server's parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from datasets.catalog import CATALOG
from evaluation.figure import Task
from evaluation.request import Parts, Request
from evaluation.result import EvaluationResult
from evaluation.speed.contestants import Server
from evaluation.speed.measure import measure_speed, speed_tables
from evaluation.speed.result import CONTESTANTS, Pass, SpeedResult

DATASET = "sample"


@dataclass(frozen=True, slots=True)
class SpeedEvaluation(EvaluationResult):
    """The figures, and all that was measured for them."""

    speed: SpeedResult | None = None

    def to_record(self) -> dict[str, Any]:
        """As `EvaluationResult`, with the passes under `speed`."""
        record = EvaluationResult.to_record(self)
        return record if self.speed is None else {**record, "speed": self.speed.to_record()}

    def tables(self) -> list[Table]:
        """The figures, everyone's frames a second, and the stages."""
        tables = EvaluationResult.tables(self)
        return tables if self.speed is None else tables + speed_tables(self.speed)


def evaluate_speed(request: Request, parts: Parts) -> EvaluationResult:
    """Measure on the sample, with the backend, tracker and analyses that the server would take.

    Raises:
        ConfigError: no site, or a part that refuses its options.
        FootfallError: the sample or the bundle cannot be used.
    """
    camera_id, camera = parts.camera(request)
    video = CATALOG["vtest"].get(request.data_dir)
    backend = parts.build("backend")
    server = Server(
        camera_id=camera_id,
        camera=camera.model_copy(update={"source": str(video)}),
        detector=request.detector,
        backend=backend,
        tracker=parts.build("tracker"),
        analyses=parts.build("analytics"),
        num_threads=backend.keywords["num_threads"],
        max_frames=request.speed.max_frames,
    )
    console = Console(stderr=True)

    def say(name: str, run: Pass) -> None:
        console.print(f"{CONTESTANTS[name]}: {run.fps:.1f} frames/s", highlight=False)

    speed = measure_speed(server, DATASET, request.speed.num_rounds, on_pass=say)
    return SpeedEvaluation(
        request.task.value,
        DATASET,
        tuple(parts.benchmark.judge(speed.figures(), Task.SPEED)),
        inputs={
            "bundle": speed.bundle,
            "site": parts.site_origin,
            "camera": camera_id,
            "backend": {"class": backend.func.__name__, **_plain(backend.keywords)},
            "num_rounds": speed.num_rounds,
        },
        notes=(*speed.notes, *_warnings(speed)),
        speed=speed,
    )


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if not callable(value)}


def _warnings(speed: SpeedResult) -> Sequence[str]:
    """What makes the figures doubtful."""
    before, _ = speed.machine.load
    if before < 1:
        return ()
    return (
        f"The machine was busy before the measurement (load {before:g}): frames a second are lower "
        "than they would be, ratios hold as far as the load was even.",
    )
