"""A detector on a data set's folder: every labelled picture of a split, judged as COCO judges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from datasets.dataset import Dataset
from datasets.media import read_pictures
from datasets.samples import Sample
from evaluation.figure import Task
from evaluation.protocol.detection import JudgedImages, detection_figures
from evaluation.request import ORIGIN, Parts, Request
from evaluation.result import EvaluationResult
from serving.assembly import build_detector
from serving.core.detections import CROWD_COLUMN, Detections
from serving.core.errors import ConfigError, DatasetError
from serving.core.frame import Frame
from serving.core.zoo import load_bundle
from serving.inference.detector import Detector

_BATCH = 8


def evaluate_data_set(request: Request, parts: Parts) -> EvaluationResult:
    """Detect people in the labelled samples of a split and hold them against the labels.

    Every picture is a unit of the intervals, except frames of a video, which are drawn in blocks
    of `block_s` where all samples are frames of one.

    Raises:
        ConfigError: no folder was named.
        FootfallError: the data set, a picture or the bundle cannot be used.
    """
    if request.folder is None:
        raise ConfigError(f"key 'folder' ({ORIGIN}): expected a data set's folder, got none")
    dataset = Dataset.load(request.folder)
    samples = _judged(dataset, request)
    bundle = load_bundle(request.detector.bundle)
    detector = build_detector(bundle, request.detector, parts.build("backend"))
    images = JudgedImages(
        tuple(labels_of(sample, request.class_name) for sample in samples),
        tuple(_with_progress(detect(detector, dataset.folder, samples), len(samples), bundle.ref)),
        _frame_indices(samples),
        parts.frame_rate_hz(request),
    )
    name = request.dataset or _name(dataset, request)
    figures = detection_figures(images, name, request.sampling, request.score_threshold)
    return EvaluationResult(
        request.task.value,
        name,
        tuple(parts.benchmark.judge(figures, Task.DETECTION)),
        inputs={
            "bundle": bundle.ref,
            "model_sha256": bundle.model_sha256,
            "manifest_sha256": dataset.manifest.sha256,
            "split": request.split,
            "num_resamples": request.num_resamples,
            "seed": request.seed,
        },
    )


def detect(detector: Detector, folder: Path, samples: Iterable[Sample]) -> Iterator[Detections]:
    """What a detector finds in each sample, in their order."""
    batch: list[Frame] = []
    for index, (sample, image) in enumerate(read_pictures(folder, samples)):
        batch.append(Frame(image, sample.camera or "data-set", index, sample.captured_at or 0.0))
        if len(batch) == _BATCH:
            yield from detector.detect(batch)
            batch = []
    yield from detector.detect(batch) if batch else ()


def labels_of(sample: Sample, class_name: str) -> Detections:
    """The labels of one class; ignored boxes, of any class, are crowds."""
    boxes = [box for box in sample.boxes if box.label == class_name or box.is_ignored]
    return Detections(
        np.array([box.xyxy_px for box in boxes], np.float32).reshape(-1, 4),
        np.ones(len(boxes), np.float32),
        columns={CROWD_COLUMN: np.array([box.is_ignored for box in boxes], np.bool_)},
    )


def _judged(dataset: Dataset, request: Request) -> list[Sample]:
    found = [
        sample
        for sample in dataset.samples
        if sample.is_labelled and request.split in (None, sample.split)
    ]
    if not found:
        of_split = "" if request.split is None else f" of split '{request.split}'"
        raise DatasetError(f"{dataset.folder}: expected labelled samples{of_split}, got none")
    return sorted(found, key=lambda sample: (sample.path, sample.frame_index or 0))


def _frame_indices(samples: Sequence[Sample]) -> tuple[int, ...] | None:
    """The frames, where all samples are frames of one video."""
    if len({sample.path for sample in samples}) > 1:
        return None
    return tuple(sample.frame_index or 0 for sample in samples)


def _name(dataset: Dataset, request: Request) -> str:
    manifest = dataset.manifest
    of_split = "" if request.split is None else f", {request.split}"
    return f"{manifest.name} v{manifest.version}{of_split}"


def _with_progress(found: Iterator[Detections], total: int, what: str) -> Iterable[Detections]:
    return track(found, what, total, console=Console(stderr=True))
