"""Axis-aligned boxes as arrays `xyxy_px` (N, 4): left, top, right, bottom; x right, y down."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[Any]
"""Boxes in float32 or float64; results keep the type they were given."""

_NMS_BLOCK = 256
"""Boxes that are compared with all worse ones at once."""


def area_px2(xyxy_px: Boxes) -> NDArray[Any]:
    """(N,) areas in square pixels; an inverted box has none."""
    size = np.maximum(xyxy_px[:, 2:] - xyxy_px[:, :2], 0)
    areas: NDArray[Any] = size[:, 0] * size[:, 1]
    return areas


def intersection_px2(a_px: Boxes, b_px: Boxes) -> NDArray[Any]:
    """(N, M) areas that each box of `a_px` (N, 4) shares with each of `b_px` (M, 4)."""
    left, top, right, bottom = b_px.T
    width = np.minimum(a_px[:, 2:3], right) - np.maximum(a_px[:, 0:1], left)
    height = np.minimum(a_px[:, 3:], bottom) - np.maximum(a_px[:, 1:2], top)
    areas: NDArray[Any] = np.maximum(width, 0) * np.maximum(height, 0)
    return areas


def iou(a_px: Boxes, b_px: Boxes) -> NDArray[Any]:
    """(N, M) intersection over union of `a_px` (N, 4) and `b_px` (M, 4); 0 for empty boxes."""
    shared = intersection_px2(a_px, b_px)
    union = area_px2(a_px)[:, None] + area_px2(b_px)[None, :] - shared
    ratio: NDArray[Any] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ratio


def clip(xyxy_px: Boxes, image_size_hw: tuple[int, int]) -> Boxes:
    """The parts of the boxes that lie inside an image."""
    height, width = image_size_hw
    limits = np.array([width, height, width, height], xyxy_px.dtype)
    return np.asarray(np.clip(xyxy_px, 0, limits))


def xywh_from_xyxy(xyxy_px: Boxes) -> Boxes:
    """Left, top, width, height, as COCO and MOT files write them."""
    return np.concatenate([xyxy_px[:, :2], xyxy_px[:, 2:] - xyxy_px[:, :2]], axis=1)


def xyxy_from_xywh(xywh_px: Boxes) -> Boxes:
    """Left, top, right, bottom from left, top, width, height."""
    return np.concatenate([xywh_px[:, :2], xywh_px[:, :2] + xywh_px[:, 2:]], axis=1)


def foot_points(xyxy_px: Boxes) -> Boxes:
    """(N, 2) middle of each lower edge: where a standing person touches the floor."""
    return np.stack([(xyxy_px[:, 0] + xyxy_px[:, 2]) / 2, xyxy_px[:, 3]], axis=1)


def nms(
    xyxy_px: Boxes,
    score: NDArray[np.floating],
    iou_threshold: float,
    class_id: NDArray[np.integer] | None = None,
) -> NDArray[np.intp]:
    """Greedy non-maximum suppression, per class where `class_id` is given.

    Returns the kept rows, best score first. Equal scores keep their input order, so the result
    does not depend on the sorting algorithm. A box is dropped when its IoU with a better kept
    box of its class is above `iou_threshold`.
    """
    order = np.argsort(-score, kind="stable")
    xyxy_px = xyxy_px[order]
    areas = area_px2(xyxy_px)
    classes = None if class_id is None else class_id[order]
    stays = np.ones(len(order), np.bool_)
    # In blocks: the whole matrix would grow with N², and a row at a time takes thrice as long.
    for start in range(0, len(order), _NMS_BLOCK):
        block = slice(start, start + _NMS_BLOCK)
        shared = intersection_px2(xyxy_px[block], xyxy_px[start:])
        beats = shared > iou_threshold * (areas[block, None] + areas[start:] - shared)
        if classes is not None:
            beats &= classes[block, None] == classes[start:]
        np.fill_diagonal(beats, False)
        for row in np.flatnonzero(beats.any(axis=1)):
            if stays[start + row]:
                stays[start + row + 1 :] &= ~beats[row, row + 1 :]
    return np.asarray(order[stays])
