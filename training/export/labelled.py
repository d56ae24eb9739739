"""Labelled pictures as the parity gate takes them: frames, and a measure of average precision."""

from __future__ import annotations

from collections.abc import Sequence

from datasets.detection import DetectionSample
from serving.core.detections import Detections
from serving.core.frame import Frame
from serving.inference.backend import Backend
from serving.inference.detector import Detector
from training.detection.validation import labelled_by_class, mean_average_precision
from training.export.parity import Measure

CAMERA_ID = "labelled"
BATCH_SIZE = 8
"""Pictures that are in memory and in the backend at once."""


def frames_of(samples: Sequence[DetectionSample]) -> list[Frame]:
    """The pictures without their labels."""
    return [
        Frame(sample.image, CAMERA_ID, index, captured_at=float(index))
        for index, sample in enumerate(samples)
    ]


def average_precision_on(samples: Sequence[DetectionSample]) -> Measure:
    """A function from a backend to the AP (IoU 0.5 to 0.95) of its bundle on the pictures.

    It is the mean over the bundle's classes, at the bundle's thresholds.
    """

    def measure(backend: Backend) -> float:
        class_names = backend.bundle.output("scores").labels
        detectors = [Detector(backend, class_name=name) for name in class_names]
        found: list[Sequence[Detections]] = []
        labelled: list[Sequence[Detections]] = []
        for start in range(0, len(samples), BATCH_SIZE):
            part = samples[start : start + BATCH_SIZE]
            frames = frames_of(part)
            found += zip(*(detector.detect(frames) for detector in detectors), strict=True)
            labelled += [labelled_by_class(s.xyxy_px, s.class_id, len(class_names)) for s in part]
        return mean_average_precision(found, labelled)["ap"]

    return measure
