"""Evaluation of recorded files: read, judge, hold against the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from datasets.catalog.vtest import LABELS_PATH
from datasets.formats import mot
from evaluation.analyses import heatmap, line_counter
from evaluation.figure import Figure, Task
from evaluation.floor_alignment import evaluate_floor
from evaluation.protocol.counting import Clip, counting_figures
from evaluation.protocol.detection import JudgedImages, detection_figures, label_figures
from evaluation.protocol.heatmap import heatmap_figures
from evaluation.protocol.tracking import tracking_figures
from evaluation.recorded import cut, read_images
from evaluation.request import Command, Parts, Request
from evaluation.result import EvaluationResult
from evaluation.sample_truth import DATASET, require_public_truth
from serving.core.errors import LabelError
from serving.settings import Outputs
from serving.sinks.opening import camera_outputs
from serving.sinks.sink import require_apart


def evaluate(request: Request, parts: Parts) -> EvaluationResult:
    """Do what was asked.

    Raises:
        ConfigError: a key that the task needs has no value, or none that it can use; an output
            would replace what is read.
        FootfallError: a file, the sample or the bundle cannot be used.
    """
    _require_outputs_apart(request, parts)
    if request.task is Command.SAMPLE:
        from evaluation.sample import evaluate_sample  # loads a model

        return evaluate_sample(request, parts)
    if request.task is Command.DATA_SET:
        from evaluation.on_data_set import evaluate_data_set

        return evaluate_data_set(request, parts)
    if request.task is Command.LINE_SHIFT:
        from evaluation.line_shift import evaluate_line_shift

        return evaluate_line_shift(request, parts)
    if request.task is Command.FRAME_RATES:
        from evaluation.frame_rates import evaluate_frame_rates

        return evaluate_frame_rates(request, parts)
    if request.task is Command.FLOOR:
        return evaluate_floor(request, parts)
    if request.task is Command.SPEED:
        from evaluation.speed.command import evaluate_speed

        return evaluate_speed(request, parts)
    if request.task is Command.REPORT:
        from evaluation.report.gather import make_report

        return make_report(request, parts)
    if request.task is Command.CARD:
        from evaluation.card import write_card

        return write_card(request, parts)
    if request.task is Command.LABELS and request.is_of_the_sample:
        files = {"gt": require_public_truth(), "pred": LABELS_PATH, "dataset": DATASET}
        request = request.model_copy(update=files)
    dataset = request.dataset or str(request.path("gt"))
    figures = _OF_FILES[request.task](request, parts, dataset)
    return EvaluationResult(
        request.task.value,
        dataset,
        tuple(parts.benchmark.judge(figures, Task(request.task.value))),
        inputs={
            "gt": str(request.gt),
            "pred": str(request.pred),
            "frame_rate_hz": parts.frame_rate_hz(request),
            "first_frame": request.first_frame,
            "last_frame": request.last_frame,
            "block_s": request.block_s,
            "num_resamples": request.num_resamples,
            "seed": request.seed,
        },
    )


def _require_outputs_apart(request: Request, parts: Parts) -> None:
    """Refuse to replace truth, results or footage, before anything is computed."""
    report = request.report
    inputs = [request.gt, request.pred, request.card.results, *report.results]
    inputs += [report.events, report.tracks, report.before, report.after]
    cameras = {} if parts.site is None else parts.site.cameras
    for name, camera in cameras.items():
        written = camera_outputs(Outputs(mot=report.tracks), name, alone=len(cameras) == 1)
        inputs += [Path(camera.source), written.mot]
    read = [path for path in inputs if path is not None]
    if request.task is Command.REPORT:
        require_apart([report.html], read)
        read.append(report.html)
    if request.output is not None:
        require_apart([request.output], read)


def _tracks(request: Request) -> tuple[mot.MotSequence, mot.MotSequence]:
    """True and predicted tracks of the frames to judge."""
    gt, pred = request.mot_path("gt"), request.mot_path("pred")
    truth = cut(mot.read_truth(gt), request.first_frame, request.last_frame)
    _require_rows(len(truth.frames), gt, request)
    return truth, cut(mot.read_tracks(pred), request.first_frame, request.last_frame)


def _images(request: Request, parts: Parts) -> JudgedImages:
    gt, pred = request.path("gt"), request.path("pred")
    images = read_images(gt, pred, parts.frame_rate_hz(request), request.class_name)
    end = float("inf") if request.last_frame is None else request.last_frame + 1
    images = images.between(request.first_frame, end)
    _require_rows(sum(map(len, images.truths)), gt, request)
    return images


def _require_rows(number: int, gt: Path, request: Request) -> None:
    if number == 0:
        last = "the end" if request.last_frame is None else request.last_frame
        raise LabelError(
            f"{gt}: expected people in frames {request.first_frame} to {last}, got none"
        )


def _detection(request: Request, parts: Parts, dataset: str) -> Sequence[Figure]:
    images = _images(request, parts)
    return detection_figures(images, dataset, request.sampling, request.score_threshold)


def _labels(request: Request, parts: Parts, dataset: str) -> Sequence[Figure]:
    return label_figures(_images(request, parts), dataset, request.sampling)


def _tracking(request: Request, parts: Parts, dataset: str) -> Sequence[Figure]:
    truth, predicted = _tracks(request)
    rate_hz = parts.frame_rate_hz(request)
    return tracking_figures(truth, predicted.frames, rate_hz, dataset, request.sampling)


def _counting(request: Request, parts: Parts, dataset: str) -> Sequence[Figure]:
    counter = line_counter(*parts.camera(request), parts)
    truth, predicted = (sequence.frames for sequence in _tracks(request))
    clip = Clip.through(truth, predicted, parts.frame_rate_hz(request))
    return counting_figures(truth, predicted, counter, clip, dataset, request.sampling)


def _heatmap(request: Request, parts: Parts, dataset: str) -> Sequence[Figure]:
    floor_map = heatmap(*parts.camera(request), parts)
    truth, predicted = (sequence.frames for sequence in _tracks(request))
    clip = Clip.through(truth, predicted, parts.frame_rate_hz(request))
    return heatmap_figures(truth, predicted, floor_map, clip, dataset, request.sampling)


_OF_FILES: dict[Command, Callable[[Request, Parts, str], Sequence[Figure]]] = {
    Command.DETECTION: _detection,
    Command.TRACKING: _tracking,
    Command.COUNTING: _counting,
    Command.HEATMAP: _heatmap,
    Command.LABELS: _labels,
}
