"""`task=frame_rates`: how tracking on the sample holds at fewer frames a second.

The whole pipeline is run anew on every n-th frame and held against the public ground truth of those
frames. Our own labels are too sparse for this.
"""

from __future__ import annotations

from datasets.formats.mot import MotSequence
from evaluation.figure import Figure, Metric, Task
from evaluation.protocol.tracking import tracking_figures
from evaluation.request import Parts, Request
from evaluation.result import EvaluationResult
from evaluation.sample import SampleRun, run_inputs, run_sample
from evaluation.sample_truth import DATASET, SampleTruth, public_truth, require_public_truth
from evaluation.targets import Verdict

EVERY = (1, 2, 3, 4, 7)
"""Of the sample's 7 frames a second: 7, 3.5, 2.33, 1.75 and 1 Hz."""
_SHOWN = (Metric.HOTA, Metric.IDF1, Metric.MOTA, Metric.ID_SWITCHES)


def evaluate_frame_rates(request: Request, parts: Parts) -> EvaluationResult:
    """Tracking at each rate. Held against no target.

    Raises:
        ConfigError: no site, or a camera without lines or calibration.
        FootfallError: the sample, the bundle or the public ground truth cannot be used.
    """
    truth = public_truth(require_public_truth())
    figures: list[Figure] = []
    for every in EVERY:
        run = run_sample(request, parts, every)
        figures += tracking_at(run, truth, every, request)
    return EvaluationResult(
        request.task.value,
        figures[0].dataset,
        tuple(Verdict(figure, task=Task.TRACKING) for figure in figures),
        inputs=run_inputs(run, request, parts),
    )


def tracking_at(run: SampleRun, truth: SampleTruth, every: int, request: Request) -> list[Figure]:
    """HOTA, IDF1, MOTA and identity switches of a run on every n-th frame."""
    sequence = truth.sequence
    taken = MotSequence(
        {number: tracks for number, tracks in sequence.frames.items() if (number - 1) % every == 0}
    )
    rate_hz = run.frame_rate_hz
    dataset = f"{DATASET} at {rate_hz / every:.3g} Hz"
    figures = tracking_figures(taken, run.tracks, rate_hz, dataset, request.sampling)
    return [figure for figure in figures if figure.metric in _SHOWN]
