"""Average precision as COCO defines it (Lin et al., Microsoft COCO, 2014), for one class.

Predictions are matched to truths image by image, best score first; precision is then read at 101
recalls. The matches are kept by image, so that an interval costs no second matching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.overlap import exact_score, exact_xywh, iou_by_sizes
from serving.core.detections import CROWD_COLUMN, Detections

IOU_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())
RECALLS = np.linspace(0.0, 1.0, 101)
MAX_DETECTIONS = 100
"""An image's best boxes that are judged."""


@dataclass(frozen=True, slots=True)
class AveragePrecision:
    """`ap` and `ar` are means over the IoU thresholds; nan where nothing was to be found.

    `ar` is the recall with at most `MAX_DETECTIONS` boxes an image. `ap50` and `ap75` are nan when
    their threshold was not asked for.
    """

    ap: float
    ap50: float
    ap75: float
    ar: float
    num_truths: int


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Precision and recall of the boxes from one score on; nan where a denominator is 0."""

    precision: float
    recall: float
    num_predictions: int
    num_truths: int


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Which predictions found a truth, all images in one table, best score first.

    `image` (P,) is the row of a prediction's image, `found` and `ignored` (T, P) say by IoU
    threshold whether it found a truth and whether it counts neither way, `overlap` (T, P) how much
    it overlaps that truth, `num_truths` (I,) is the number to be found in each image.
    """

    iou_thresholds: tuple[float, ...]
    image: NDArray[np.int64]
    score: NDArray[np.float64]
    found: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    overlap: NDArray[np.float64]
    num_truths: NDArray[np.int64]

    def average_precision(self, weights: NDArray[np.integer] | None = None) -> AveragePrecision:
        """AP and AR of all images; `weights` (I,) says how often each image counts."""
        weights = np.ones(len(self.num_truths), np.int64) if weights is None else weights
        num_truths = int(weights @ self.num_truths)
        if num_truths == 0:
            return AveragePrecision(np.nan, np.nan, np.nan, np.nan, 0)
        weight = weights[self.image]
        true = np.cumsum((self.found & ~self.ignored) * weight, axis=1, dtype=np.float64)
        false = np.cumsum((~self.found & ~self.ignored) * weight, axis=1, dtype=np.float64)
        precision = true / (true + false + np.spacing(1))
        precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        by_threshold = np.array(
            [_read(p, t / num_truths) for p, t in zip(precision, true, strict=True)]
        ).mean(axis=1)
        recall = true[:, -1] / num_truths if len(weight) else np.zeros(len(true))
        at = {round(t, 6): ap for t, ap in zip(self.iou_thresholds, by_threshold, strict=True)}
        return AveragePrecision(
            float(by_threshold.mean()),
            float(at.get(0.5, np.nan)),
            float(at.get(0.75, np.nan)),
            float(recall.mean()),
            num_truths,
        )

    def precision_recall(
        self,
        score_threshold: float = 0.0,
        iou_threshold: float = 0.5,
        weights: NDArray[np.integer] | None = None,
    ) -> PrecisionRecall:
        """Of the predictions with at least that score, at one of the IoU thresholds."""
        weights = np.ones(len(self.num_truths), np.int64) if weights is None else weights
        row = self._row(iou_threshold)
        counted = (~self.ignored[row] & (self.score >= score_threshold)) * weights[self.image]
        num_found = int((self.found[row] * counted).sum())
        num_predictions, num_truths = int(counted.sum()), int(weights @ self.num_truths)
        return PrecisionRecall(
            num_found / num_predictions if num_predictions else np.nan,
            num_found / num_truths if num_truths else np.nan,
            num_predictions,
            num_truths,
        )

    def pairs(
        self, iou_threshold: float = 0.5, weights: NDArray[np.integer] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """(P,) how much each prediction overlaps its truth, and how often that pair counts."""
        weights = np.ones(len(self.num_truths), np.int64) if weights is None else weights
        row = self._row(iou_threshold)
        counts = (self.found[row] & ~self.ignored[row]) * weights[self.image]
        return self.overlap[row], counts

    def _row(self, iou_threshold: float) -> int:
        return int(np.argmin(np.abs(np.subtract(self.iou_thresholds, iou_threshold))))


def average_precision(
    predictions: Sequence[Detections], truths: Sequence[Detections]
) -> AveragePrecision:
    """COCO's AP and AR of one class and boxes of all sizes; entry i of both sequences is image i.

    A truth with the column `is_crowd` set is not to be found, and predictions on it do not count.
    """
    return match(predictions, truths).average_precision()


def match(
    predictions: Sequence[Detections],
    truths: Sequence[Detections],
    iou_thresholds: Sequence[float] = IOU_THRESHOLDS,
) -> Matches:
    """Match every image's predictions to its truths; see `average_precision`."""
    if len(predictions) != len(truths):
        raise ValueError(
            f"images: expected as many predictions as truths, "
            f"got {len(predictions)} and {len(truths)}"
        )
    thresholds = np.asarray(iou_thresholds, np.float64)
    per_image = [_match_image(p, t, thresholds) for p, t in zip(predictions, truths, strict=True)]
    none = np.zeros((len(thresholds), 0), np.bool_)
    score = np.concatenate([np.zeros(0), *(m.score for m in per_image)])
    found = np.concatenate([none, *(m.found for m in per_image)], axis=1)
    ignored = np.concatenate([none, *(m.ignored for m in per_image)], axis=1)
    overlap = np.concatenate([none * 1.0, *(m.overlap for m in per_image)], axis=1)
    image = np.repeat(np.arange(len(per_image)), [len(m.score) for m in per_image])
    order = np.argsort(-score, kind="stable")
    return Matches(
        tuple(thresholds.tolist()),
        image[order],
        score[order],
        found[:, order],
        ignored[:, order],
        overlap[:, order],
        np.array([m.num_truths for m in per_image], np.int64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _ImageMatches:
    score: NDArray[np.float64]
    found: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    overlap: NDArray[np.float64]
    num_truths: int


def _match_image(
    prediction: Detections,
    truth: Detections,
    thresholds: NDArray[np.float64],
) -> _ImageMatches:
    score = exact_score(prediction)
    best_first = np.argsort(-score, kind="stable")[:MAX_DETECTIONS]
    is_crowd = np.asarray(truth.columns.get(CROWD_COLUMN, np.zeros(len(truth), np.bool_)))
    crowds_last = np.argsort(is_crowd, kind="stable")
    overlap = iou_by_sizes(
        exact_xywh(prediction)[best_first], exact_xywh(truth)[crowds_last], is_crowd[crowds_last]
    )
    num_sought = int((~is_crowd).sum())
    return _ImageMatches(score[best_first], *_greedy(overlap, num_sought, thresholds), num_sought)


def _greedy(
    overlap: NDArray[np.float64], num_sought: int, thresholds: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """(T, P) found, ignored, and the overlap with what was taken.

    Each prediction takes the free truth that it overlaps most. The `num_sought` people come first
    in `overlap` (P, G), crowds after them. People are preferred; of equal overlaps the last wins,
    and only a crowd can be taken twice: as pycocotools does it.
    """
    num_predictions, num_truths = overlap.shape
    found = np.zeros((len(thresholds), num_predictions), np.bool_)
    ignored = np.zeros_like(found)
    of_pair = np.zeros(found.shape)
    free = np.ones((len(thresholds), num_truths), np.bool_)
    enough = np.minimum(thresholds, 1 - 1e-10)[:, None]
    for row in range(num_predictions if num_truths else 0):
        candidate = np.where(free & (overlap[row] >= enough), overlap[row], -1.0)
        has_sought = (candidate[:, :num_sought] >= 0).any(axis=1)
        candidate[has_sought, num_sought:] = -1.0
        taken = num_truths - 1 - np.argmax(candidate[:, ::-1], axis=1)
        has_any = (candidate >= 0).any(axis=1)
        found[:, row] = has_any
        of_pair[:, row] = np.where(has_any, candidate.max(axis=1), 0.0)
        ignored[:, row] = has_any & ~has_sought
        free[has_any, taken[has_any]] = taken[has_any] >= num_sought
    return found, ignored, of_pair


def _read(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> NDArray[np.float64]:
    """Precision at `RECALLS`, 0 beyond the last recall that was reached."""
    at = np.searchsorted(recall, RECALLS, side="left")
    return np.append(precision, 0.0)[at]
