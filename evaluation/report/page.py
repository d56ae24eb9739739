"""From the inputs of a report to its one HTML file, which needs neither network nor script."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from datasets.files import write_atomically
from evaluation.report.cameras import CameraView, camera_view
from evaluation.report.figures import (
    FigureRow,
    Status,
    figure_rows,
    fine_tuning_charts,
    open_row,
)
from evaluation.report.inputs import ReportInputs
from evaluation.speed.result import CONTESTANTS, LIMIT, PIPELINE, SpeedResult

_TEMPLATE = "report.html.j2"


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One contestant's frames a second; `share` of the fastest that is shown, for its bar."""

    name: str
    fps: str
    span: str
    share: float
    is_ours: bool


def write_report(inputs: ReportInputs, path: Path) -> None:
    """Write the report; all of it or nothing.

    Raises:
        OSError: the file cannot be written.
    """
    write_atomically(path, render_report(inputs))


def render_report(inputs: ReportInputs) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("evaluation"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rows = figure_rows(inputs.verdicts)
    judged = [row for row in rows if row.goals]
    still_open = [open_row(target) for target in inputs.not_measured.values()]
    cameras = [camera_view(recording) for recording in inputs.recordings]
    return environment.get_template(_TEMPLATE).render(
        inputs=inputs,
        verdict=verdict_text(judged + still_open),
        headline=_headline(cameras),
        judged=judged,
        still_open=still_open,
        others=[row for row in rows if not row.goals],
        cameras=cameras,
        fine_tuning=fine_tuning_charts(inputs.before, inputs.after),
        speed_rows=[] if inputs.speed is None else _speed_rows(inputs.speed),
    )


def verdict_text(rows: list[FigureRow]) -> str:
    """How many targets are met, in one sentence."""
    tally = Counter(goal.status for row in rows for goal in row.goals)
    judged = tally[Status.MET] + tally[Status.NOT_MET]
    if not judged:
        return "No figure has been measured against a target yet."
    text = f"{tally[Status.MET]} of {judged} measured targets are met"
    missed = [row.title for row in rows for goal in row.goals if goal.status is Status.NOT_MET]
    if missed:
        text += f"; not met: {', '.join(dict.fromkeys(missed))}"
    if tally[Status.NOT_MEASURED]:
        text += f". {tally[Status.NOT_MEASURED]} more are not measured yet"
    return text + "."


def _headline(cameras: list[CameraView]) -> list[tuple[str, str]]:
    """The numbers that a manager looks for first, with what they are."""
    lines = [line for camera in cameras for line in camera.lines]
    zones = [zone for camera in cameras for zone in camera.zones]
    numbers: list[tuple[str, str]] = []
    if lines:
        numbers.append((f"{sum(line.num_in for line in lines):,}", "crossings in"))
        numbers.append((f"{sum(line.num_out for line in lines):,}", "crossings out"))
    tracked = [camera.num_tracks for camera in cameras if camera.num_tracks is not None]
    if tracked:
        numbers.append((f"{sum(tracked):,}", "people followed"))
    if any(zone.num_stays for zone in zones):
        busiest = max(zones, key=lambda zone: zone.num_stays)
        numbers.append((busiest.median_stay, f"median stay, {busiest.name}"))
    return numbers


def _speed_rows(speed: SpeedResult) -> list[SpeedRow]:
    shown = [name for name in speed.contestants if name not in ("decode", "inference")]
    fastest = max(float(np.median(speed.fps(name))) for name in shown)
    rows = []
    for name in speed.contestants:
        fps = speed.fps(name)
        median = float(np.median(fps))
        rows.append(
            SpeedRow(
                name=CONTESTANTS[name],
                fps=f"{median:.1f}",
                span=f"{fps.min():.1f} – {fps.max():.1f}",
                share=min(1.0, median / fastest) if name in shown or name == LIMIT else 0.0,
                is_ours=name == PIPELINE,
            )
        )
    return rows
