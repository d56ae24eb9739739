"""Detection: COCO's average precision, and precision and recall at one score."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluation.figure import Figure, Metric
from evaluation.metrics.detection import match
from evaluation.protocol.sampling import Sampling, ends
from serving.core.detections import Detections

IOU_THRESHOLD = 0.5
"""Overlap from which a box counts as found, for precision and recall."""


@dataclass(frozen=True, slots=True, eq=False)
class JudgedImages:
    """Truth and predictions, image by image.

    `frame_index` (I,) counts the frames of a video from 0; None for images that are no video.
    """

    truths: tuple[Detections, ...]
    predictions: tuple[Detections, ...]
    frame_index: tuple[int, ...] | None = None
    frame_rate_hz: float = 1.0

    def between(self, first: int, end: float = math.inf) -> JudgedImages:
        """The frames from index `first` on and before `end`; all where there is no video."""
        if self.frame_index is None:
            return self
        rows = [row for row, index in enumerate(self.frame_index) if first <= index < end]
        return replace(
            self,
            truths=tuple(self.truths[row] for row in rows),
            predictions=tuple(self.predictions[row] for row in rows),
            frame_index=tuple(self.frame_index[row] for row in rows),
        )

    def units(self, sampling: Sampling) -> NDArray[np.int64]:
        """(I,) the unit of resampling of each image: itself, or its stretch of the video."""
        if self.frame_index is None:
            return np.arange(len(self.truths))
        return sampling.blocks([index / self.frame_rate_hz for index in self.frame_index])


def detection_figures(
    images: JudgedImages, dataset: str, sampling: Sampling, score_threshold: float
) -> list[Figure]:
    """AP, AP50, AP75 and AR, and precision and recall from `score_threshold` on."""
    matches = match(images.predictions, images.truths)
    units = images.units(sampling)

    def values(weights: NDArray[np.int64]) -> dict[str, float]:
        ap = matches.average_precision(weights)
        at = matches.precision_recall(score_threshold, IOU_THRESHOLD, weights)
        return {
            Metric.AP: ap.ap,
            Metric.AP50: ap.ap50,
            Metric.AP75: ap.ap75,
            Metric.AR: ap.ar,
            Metric.PRECISION: at.precision,
            Metric.RECALL: at.recall,
        }

    counted = matches.precision_recall(score_threshold, IOU_THRESHOLD)
    return _figures(values, units, counted.num_predictions, counted.num_truths, dataset, sampling)


def label_figures(labels: JudgedImages, dataset: str, sampling: Sampling) -> list[Figure]:
    """Precision and recall of labels, at IoU 0.5, where another truth is known."""
    matches = match(labels.predictions, labels.truths, (IOU_THRESHOLD,))
    units = labels.units(sampling)

    def values(weights: NDArray[np.int64]) -> dict[str, float]:
        at = matches.precision_recall(0.0, IOU_THRESHOLD, weights)
        return {Metric.PRECISION: at.precision, Metric.RECALL: at.recall}

    counted = matches.precision_recall(0.0, IOU_THRESHOLD)
    return _figures(values, units, counted.num_predictions, counted.num_truths, dataset, sampling)


def _figures(
    values: Callable[[NDArray[np.int64]], dict[str, float]],
    units: NDArray[np.int64],
    num_predictions: int,
    num_truths: int,
    dataset: str,
    sampling: Sampling,
) -> list[Figure]:
    """Figures of a statistic of image weights, with intervals over the units."""
    intervals = sampling.intervals(
        lambda weights: values(weights[units]), int(units.max(initial=-1)) + 1
    )
    return [
        Figure(
            Metric(name),
            value,
            num_predictions,
            "predicted boxes",
            dataset,
            *ends(intervals, name),
        )
        if name == Metric.PRECISION
        else Figure(Metric(name), value, num_truths, "true boxes", dataset, *ends(intervals, name))
        for name, value in values(np.ones(len(units), np.int64)).items()
    ]
