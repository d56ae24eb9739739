"""Which grid cells answer for which person: SimOTA (Ge et al. 2021, YOLOX, section 2.1).

A simplification of optimal transport assignment (OTA, Ge et al. 2021): each true box takes the few
cells that fit it best, as many as its overlaps with the predictions add up to.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from training.detection.network import Cells

CENTRE_RADIUS = 1.5  # in strides, around a true centre
NUM_CANDIDATES = 10  # best overlaps whose sum says how many cells a box takes
IOU_COST_WEIGHT = 3.0
OUTSIDE_COST = 1e6


class Assignment(NamedTuple):
    """P matched pairs: `cell` (P,) and `truth` (P,) are indices, `iou` (P,) how well they fit."""

    cell: Tensor
    truth: Tensor
    iou: Tensor


def pairwise_iou(a_px: Tensor, b_px: Tensor) -> Tensor:
    """(N, M) intersection over union of xyxy boxes (N, 4) and (M, 4)."""
    left_top = torch.maximum(a_px[:, None, :2], b_px[None, :, :2])
    right_bottom = torch.minimum(a_px[:, None, 2:], b_px[None, :, 2:])
    shared = (right_bottom - left_top).clamp(min=0).prod(dim=-1)
    area_a = (a_px[:, 2:] - a_px[:, :2]).prod(dim=-1)
    area_b = (b_px[:, 2:] - b_px[:, :2]).prod(dim=-1)
    return shared / (area_a[:, None] + area_b[None, :] - shared).clamp(min=1e-9)


@torch.no_grad()
def sim_ota(
    xyxy_px: Tensor,
    object_logit: Tensor,
    class_logit: Tensor,
    cells: Cells,
    truth_xyxy_px: Tensor,
    truth_class_id: Tensor,
) -> Assignment:
    """Match the predictions of one image to its true boxes.

    Args:
        xyxy_px: (K, 4) predicted boxes; object_logit (K,), class_logit (K, C).
        cells: the K grid cells.
        truth_xyxy_px: (M, 4) true boxes, truth_class_id (M,).

    Returns:
        Pairs in which each cell appears at most once. A true box whose centre region holds a
        cell gets at least one candidate; it can lose it only to a box that fits the cell better.
    """
    centre_px = (cells.index_xy + 0.5) * cells.stride_px
    truth_centre_px = (truth_xyxy_px[:, :2] + truth_xyxy_px[:, 2:]) / 2
    distance = (centre_px[:, None] - truth_centre_px[None]).abs().amax(dim=-1)
    near = distance < CENTRE_RADIUS * cells.stride_px
    candidate = near.any(dim=1).nonzero().squeeze(1)
    if len(candidate) == 0:
        none = candidate.new_zeros(0)
        return Assignment(none, none, xyxy_px.new_zeros(0))

    iou = pairwise_iou(xyxy_px[candidate], truth_xyxy_px)
    cost = (
        _class_cost(object_logit[candidate], class_logit[candidate], truth_class_id)
        - IOU_COST_WEIGHT * torch.log(iou + 1e-8)
        + OUTSIDE_COST * ~near[candidate]
    )
    matched = _cheapest(cost, iou) & near[candidate]
    row, truth = matched.nonzero(as_tuple=True)
    return Assignment(candidate[row], truth, iou[row, truth])


def _class_cost(object_logit: Tensor, class_logit: Tensor, truth_class_id: Tensor) -> Tensor:
    """(K, M) cross entropy between the joint probability and each true box's class."""
    joint = (object_logit.sigmoid()[:, None] * class_logit.sigmoid()).sqrt().clamp(1e-6, 1 - 1e-6)
    no_class = -torch.log1p(-joint).sum(dim=1, keepdim=True)
    as_true = -torch.log(joint) + torch.log1p(-joint)
    return no_class + as_true[:, truth_class_id]


def _cheapest(cost: Tensor, iou: Tensor) -> Tensor:
    """(K, M) mask: for each true box its cheapest cells, for each cell at most one box."""
    num_cells = len(cost)
    best_overlaps = iou.topk(min(NUM_CANDIDATES, num_cells), dim=0).values
    num_wanted = best_overlaps.sum(dim=0).int().clamp(min=1)
    rank = cost.argsort(dim=0, stable=True).argsort(dim=0, stable=True)
    matched = rank < num_wanted
    contested = matched.sum(dim=1) > 1
    winner = functional.one_hot(cost.argmin(dim=1), cost.shape[1]).bool()
    return torch.where(contested[:, None], winner, matched)
