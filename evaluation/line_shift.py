"""`task=line_shift`: whether counting on the sample hangs on where the site's lines were drawn.

Every line is moved, parallel to itself, to both sides; true and predicted tracks are counted anew.
The lines of a site are chosen by somebody who looks at its footage, the moved ones by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evaluation.analyses import line_counter
from evaluation.figure import Figure, Metric, Task
from evaluation.protocol.counting import Clip, counting_figures
from evaluation.request import Parts, Request
from evaluation.result import EvaluationResult
from evaluation.sample import SampleRun, run_inputs, run_sample
from evaluation.sample_truth import SampleTruth, best_truth
from evaluation.targets import Verdict
from serving.core.zones import Line
from serving.settings import LineSettings

SHIFTS_PX = (-60, -40, -20, 20, 40, 60)


def evaluate_line_shift(request: Request, parts: Parts) -> EvaluationResult:
    """Counting on all moved lines together, and on the worst of them. Held against no target.

    Raises:
        ConfigError: no site, or a camera without lines or calibration.
        FootfallError: the sample or the bundle cannot be used.
    """
    run, truth = run_sample(request, parts), best_truth()
    dataset = f"{truth.dataset}, shifted lines"
    lines = shifted_lines(run.camera.counting_lines())
    together = count(run, truth, lines, request, parts, dataset)
    alone = request.model_copy(update={"num_resamples": 0})
    each = {
        name: count(run, truth, {name: line}, alone, parts, dataset) for name, line in lines.items()
    }
    measured = [figure.value for figure in each.values() if figure.value is not None]
    worst = Figure(
        Metric.COUNTING_ACCURACY_WORST_LINE,
        min(measured, default=None),
        len(measured),
        "shifted lines",
        dataset,
    )
    return EvaluationResult(
        request.task.value,
        dataset,
        tuple(Verdict(figure, task=Task.COUNTING) for figure in (together, worst)),
        inputs=run_inputs(run, request, parts),
        notes=tuple(f"{name}: {_text(figure)}" for name, figure in each.items()),
    )


def shifted_lines(lines: tuple[Line, ...]) -> dict[str, LineSettings]:
    """Each line moved by `SHIFTS_PX` to its right-hand side, by `NAME+PX`."""
    moved = {}
    for line in lines:
        start, end = np.array(line.start_px), np.array(line.end_px)
        along = (end - start) / line.length_px
        for shift_px in SHIFTS_PX:
            offset = shift_px * np.array([-along[1], along[0]])
            moved[f"{line.name}{shift_px:+d}"] = LineSettings(
                start_px=tuple(start + offset), end_px=tuple(end + offset)
            )
    return moved


def count(
    run: SampleRun,
    truth: SampleTruth,
    lines: Mapping[str, LineSettings],
    request: Request,
    parts: Parts,
    dataset: str,
) -> Figure:
    """Counting accuracy with these lines instead of the camera's."""
    camera = run.camera.model_copy(update={"lines": dict(lines)})
    counter = line_counter(run.camera_id, camera, parts)
    through = range(min(truth.numbers), max(truth.numbers) + 1)
    clip = Clip(through, truth.numbers, run.frame_rate_hz)
    frames = truth.sequence.frames
    return counting_figures(frames, run.tracks, counter, clip, dataset, request.sampling)[0]


def _text(figure: Figure) -> str:
    value = "undefined" if figure.value is None else f"{figure.value:.3f}"
    return f"{value} of {figure.n} {figure.n_of}"
