"""Detection: COCO's average precision, and precision and recall at one score."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluation.figure import Figure, Metric
from evaluation.metrics.detection import match
from evaluation.protocol.sampling import Sampling, ends
from serving.core.detections import CROWD_COLUMN, Detections

IOU_THRESHOLD = 0.5
"""Overlap from which a box counts as found, for precision and recall."""
TIGHT_IOU = 0.75


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

    def without_crowds(self) -> JudgedImages:
        """Predictions without the boxes that say `crowd`: they are no single person."""
        return replace(self, predictions=tuple(map(_people, self.predictions)))

    def units(self, sampling: Sampling) -> NDArray[np.int64]:
        """(I,) the unit of resampling of each image: itself, or its stretch of the video."""
        if self.frame_index is None:
            return np.arange(len(self.truths))
        return sampling.blocks([index / self.frame_rate_hz for index in self.frame_index])


def detection_figures(
    images: JudgedImages, dataset: str, sampling: Sampling, score_threshold: float
) -> list[Figure]:
    """AP, AP50, AP75 and AR, and precision and recall from `score_threshold` on."""
    images = images.without_crowds()
    matches = match(images.predictions, images.truths)

    def values(weights: NDArray[np.int64]) -> dict[Metric, float]:
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
    rests_on = {Metric.PRECISION: (counted.num_predictions, "predicted boxes")}
    true_boxes = (counted.num_truths, "true boxes")
    return _figures(values, images.units(sampling), rests_on, true_boxes, dataset, sampling)


def label_figures(labels: JudgedImages, dataset: str, sampling: Sampling) -> list[Figure]:
    """How labels, given as predictions, agree with another truth.

    Pairs are made as COCO makes them, at IoU 0.5, between the labels that are no crowd and the
    boxes that the truth wants found; the overlap of the pairs says how tight the labels are. Where
    the truth wants a person whom the labels mark as a crowd, recall counts a miss. Of
    `precision_all_boxes` crowds are labels like any other.
    """
    people = labels.without_crowds()
    matches = match(people.predictions, people.truths, (IOU_THRESHOLD,))
    with_crowds = match(labels.predictions, labels.truths, (IOU_THRESHOLD,))

    def values(weights: NDArray[np.int64]) -> dict[Metric, float]:
        at = matches.precision_recall(0.0, IOU_THRESHOLD, weights)
        overlap, counts = matches.pairs(IOU_THRESHOLD, weights)
        num_pairs = counts.sum() or math.nan
        return {
            Metric.PRECISION: at.precision,
            Metric.RECALL: at.recall,
            Metric.MEAN_IOU: float(overlap @ counts / num_pairs),
            Metric.PAIRS_AT_IOU_75: float((overlap >= TIGHT_IOU) @ counts / num_pairs),
            Metric.PRECISION_ALL_BOXES: with_crowds.precision_recall(weights=weights).precision,
        }

    counted = matches.precision_recall(0.0, IOU_THRESHOLD)
    pairs = (int(matches.pairs(IOU_THRESHOLD)[1].sum()), "pairs")
    num_labels = with_crowds.precision_recall().num_predictions
    rests_on = {
        Metric.PRECISION: (counted.num_predictions, "labels"),
        Metric.MEAN_IOU: pairs,
        Metric.PAIRS_AT_IOU_75: pairs,
        Metric.PRECISION_ALL_BOXES: (num_labels, "labels with crowds"),
    }
    true_boxes = (counted.num_truths, "true boxes")
    return _figures(values, labels.units(sampling), rests_on, true_boxes, dataset, sampling)


def _people(found: Detections) -> Detections:
    is_crowd = found.columns.get(CROWD_COLUMN)
    return found if is_crowd is None else found.select(~is_crowd)


def _figures(
    values: Callable[[NDArray[np.int64]], dict[Metric, float]],
    units: NDArray[np.int64],
    rests_on: Mapping[Metric, tuple[int, str]],
    otherwise: tuple[int, str],
    dataset: str,
    sampling: Sampling,
) -> list[Figure]:
    """Figures of a statistic of image weights, with intervals over the units."""
    intervals = sampling.intervals(
        lambda weights: values(weights[units]), int(units.max(initial=-1)) + 1
    )
    return [
        Figure(metric, value, *rests_on.get(metric, otherwise), dataset, *ends(intervals, metric))
        for metric, value in values(np.ones(len(units), np.int64)).items()
    ]
