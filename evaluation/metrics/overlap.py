"""Overlap of boxes in float64, rounded as the reference tools round.

A threshold is met or missed by the last bit where coordinates are whole pixels, so boxes that a
file gave exactly are taken from the file's columns, not from the kernel's float32.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from serving.core import boxes
from serving.core.detections import CONFIDENCE_COLUMN, XYWH_COLUMN, Detections

_EPSILON = np.finfo(np.float64).eps


def exact_xywh(detections: Detections) -> NDArray[np.float64]:
    """(N, 4) left, top, width, height: the file's where there is one, else from the boxes."""
    exact = detections.columns.get(XYWH_COLUMN)
    if exact is None:
        exact = boxes.xywh_from_xyxy(detections.xyxy_px.astype(np.float64))
    return np.asarray(exact, np.float64)


def exact_score(detections: Detections) -> NDArray[np.float64]:
    """(N,) scores: the file's where there is one, else the detections'."""
    return np.asarray(detections.columns.get(CONFIDENCE_COLUMN, detections.score), np.float64)


def iou_by_corners(a_xywh: NDArray[np.float64], b_xywh: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, M) intersection over union with areas from corners, as TrackEval computes it."""
    a, b = boxes.xyxy_from_xywh(a_xywh), boxes.xyxy_from_xywh(b_xywh)
    shared = boxes.intersection_px2(a, b)
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union = area_a[:, None] + area_b[None, :] - shared
    flat = (area_a <= _EPSILON)[:, None] | (area_b <= _EPSILON)[None, :] | (union <= _EPSILON)
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=~flat))


def iou_by_sizes(
    predicted_xywh: NDArray[np.float64],
    true_xywh: NDArray[np.float64],
    is_crowd: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """(N, M) overlaps with areas from widths and heights, as pycocotools computes them.

    Against a crowd, the share of the prediction's own area that lies in it.
    """
    shared = boxes.intersection_px2(
        boxes.xyxy_from_xywh(predicted_xywh), boxes.xyxy_from_xywh(true_xywh)
    )
    area = (predicted_xywh[:, 2] * predicted_xywh[:, 3])[:, None]
    union = area + (true_xywh[:, 2] * true_xywh[:, 3])[None, :] - shared
    whole = np.where(is_crowd[None, :], area, union)
    return np.asarray(np.divide(shared, whole, out=np.zeros_like(shared), where=shared > 0))
