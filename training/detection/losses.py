"""What the detector is trained on: overlap, objectness, class and, at the end, L1 on the box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from training.detection.assignment import sim_ota
from training.detection.network import (
    BOX_CHANNELS,
    Cells,
    cells_of,
    decode_boxes,
    flatten_levels,
)


class Truth(NamedTuple):
    """The true boxes of one image: `xyxy_px` (M, 4) float32 and `class_id` (M,) int64.

    A negative class marks a region that is ignored: cells in it that match no true box are taught
    neither that they hold something nor that they do not.
    """

    xyxy_px: Tensor
    class_id: Tensor


class Losses(NamedTuple):
    """Scalars; `total` is the weighted sum of the others."""

    total: Tensor
    box: Tensor
    objectness: Tensor
    classification: Tensor
    l1: Tensor


@dataclass(frozen=True, slots=True)
class YOLOXLoss:
    """The YOLOX loss over a batch, normalised by the number of matched cells.

    Args:
        box_weight: factor on the overlap loss, 1 − IoU² or 1 − GIoU.
        l1_weight: factor on the L1 loss where it is used.
        generalised_iou: GIoU (Rezatofighi et al. 2019) instead of IoU; it also pulls boxes
            that do not touch.
    """

    box_weight: float = 5.0
    l1_weight: float = 1.0
    generalised_iou: bool = False

    def __call__(
        self, levels: tuple[Tensor, ...], truths: Sequence[Truth], *, with_l1: bool
    ) -> Losses:
        """Losses of raw level outputs (N, 5 + C, h, w) against N lists of true boxes.

        Raises:
            ValueError: the number of truths is not the number of images.
        """
        raw = flatten_levels(levels).float()
        if len(truths) != len(raw):
            raise ValueError(
                f"truths: expected one for each of {len(raw)} images, got {len(truths)}"
            )
        cells = cells_of(tuple(level.float() for level in levels))
        boxes = decode_boxes(raw[..., :BOX_CHANNELS], cells)
        object_logit, class_logit = raw[..., BOX_CHANNELS], raw[..., BOX_CHANNELS + 1 :]

        object_target, object_weight = torch.zeros_like(object_logit), torch.ones_like(object_logit)
        box = classification = l1 = raw.sum() * 0
        num_matched = 0
        for image, whole_truth in enumerate(truths):
            truth, ignored_px = _split(whole_truth)
            object_weight[image, _inside(cells, ignored_px)] = 0
            if len(truth.class_id) == 0:
                continue
            match = sim_ota(boxes[image], object_logit[image], class_logit[image], cells, *truth)
            num_matched += len(match.cell)
            object_target[image, match.cell] = object_weight[image, match.cell] = 1
            wanted = truth.xyxy_px[match.truth]
            box = box + self._box_loss(boxes[image, match.cell], wanted).sum()
            class_target = torch.zeros_like(class_logit[image, match.cell])
            class_target[torch.arange(len(match.cell)), truth.class_id[match.truth]] = match.iou
            classification = classification + functional.binary_cross_entropy_with_logits(
                class_logit[image, match.cell], class_target, reduction="sum"
            )
            if with_l1:
                raw_target = _encode_boxes(wanted, cells, match.cell)
                got = raw[image, match.cell, :BOX_CHANNELS]
                l1 = l1 + functional.l1_loss(got, raw_target, reduction="sum")
        objectness = functional.binary_cross_entropy_with_logits(
            object_logit, object_target, object_weight, reduction="sum"
        )
        box, objectness, classification, l1 = (
            loss / max(num_matched, 1) for loss in (box, objectness, classification, l1)
        )
        total = self.box_weight * box + objectness + classification + self.l1_weight * l1
        return Losses(total, box, objectness, classification, l1)

    def _box_loss(self, got_px: Tensor, wanted_px: Tensor) -> Tensor:
        """(P,) losses of paired boxes (P, 4)."""
        inner = _area(
            torch.maximum(got_px[:, :2], wanted_px[:, :2]),
            torch.minimum(got_px[:, 2:], wanted_px[:, 2:]),
        )
        got_area = _area(got_px[:, :2], got_px[:, 2:])
        union = got_area + _area(wanted_px[:, :2], wanted_px[:, 2:]) - inner
        iou = inner / union.clamp(min=1e-9)
        if not self.generalised_iou:
            return 1 - iou**2
        hull = _area(
            torch.minimum(got_px[:, :2], wanted_px[:, :2]),
            torch.maximum(got_px[:, 2:], wanted_px[:, 2:]),
        )
        return 1 - iou + (hull - union) / hull.clamp(min=1e-9)


def _split(truth: Truth) -> tuple[Truth, Tensor]:
    """The known boxes, and the ignored regions (R, 4)."""
    known = truth.class_id >= 0
    return Truth(truth.xyxy_px[known], truth.class_id[known]), truth.xyxy_px[~known]


def _inside(cells: Cells, regions_px: Tensor) -> Tensor:
    """(K,) whether a cell's centre lies in any of the regions (R, 4)."""
    centre_px = ((cells.index_xy + 0.5) * cells.stride_px)[:, None]
    inside = (centre_px > regions_px[:, :2]) & (centre_px < regions_px[:, 2:])
    return inside.all(dim=-1).any(dim=-1)


def _area(left_top: Tensor, right_bottom: Tensor) -> Tensor:
    return (right_bottom - left_top).clamp(min=0).prod(dim=-1)


def _encode_boxes(xyxy_px: Tensor, cells: Cells, cell: Tensor) -> Tensor:
    """The raw values that `decode_boxes` turns into `xyxy_px` (P, 4) at the given cells."""
    stride_px = cells.stride_px[cell]
    centre = (xyxy_px[:, :2] + xyxy_px[:, 2:]) / 2 / stride_px - cells.index_xy[cell]
    size = ((xyxy_px[:, 2:] - xyxy_px[:, :2]) / stride_px).clamp(min=1e-8)
    return torch.cat((centre, size.log()), dim=1)
