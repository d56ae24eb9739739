"""Labelled pictures as the parity gate takes them: frames, and a measure of average precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datasets.detection import IGNORED, DetectionSample
from evaluation.metrics.detection import CROWD_COLUMN, average_precision
from serving.core.detections import Detections
from serving.core.frame import Frame
from serving.inference.detector import Detector
from training.export.parity import Measure

CAMERA_ID = "labelled"


def frames_of(samples: Sequence[DetectionSample]) -> list[Frame]:
    """The pictures without their labels."""
    return [
        Frame(sample.image, CAMERA_ID, index, captured_at=float(index))
        for index, sample in enumerate(samples)
    ]


def average_precision_on(samples: Sequence[DetectionSample]) -> Measure:
    """A function from a detector of one class to its AP (IoU 0.5 to 0.95) on the pictures."""
    frames = frames_of(samples)
    truths = [_truth(sample) for sample in samples]

    def measure(detector: Detector) -> float:
        return average_precision(detector.detect(frames), truths).ap

    return measure


def _truth(sample: DetectionSample) -> Detections:
    crowd = sample.class_id == IGNORED
    return Detections(
        sample.xyxy_px,
        np.ones(len(crowd), np.float32),
        columns={CROWD_COLUMN: crowd},
    )
