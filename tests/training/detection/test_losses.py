"""The loss falls where the prediction is right, and says nothing inside ignored regions."""

import math

import pytest
import torch

from training.detection.losses import Truth, YOLOXLoss

SIZES = (4, 2, 1)
NO_TRUTH = Truth(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))


def _levels(object_logit: float = 0.0) -> tuple[torch.Tensor, ...]:
    levels = tuple(torch.zeros(1, 6, size, size) for size in SIZES)
    for level in levels:
        level[:, 4] = object_logit
    return levels


def test_an_empty_picture_costs_only_its_objectness() -> None:
    losses = YOLOXLoss()(_levels(), [NO_TRUTH], with_l1=True)
    # 21 cells, each undecided: ln 2. Nothing matched, so the sum is divided by 1.
    assert losses.total.item() == pytest.approx(21 * math.log(2), rel=1e-5)
    assert (losses.box, losses.classification, losses.l1) == (0, 0, 0)


def test_nothing_is_learned_inside_an_ignored_region() -> None:
    whole = Truth(torch.tensor([[0.0, 0.0, 32.0, 32.0]]), torch.tensor([-1]))
    assert YOLOXLoss()(_levels(), [whole], with_l1=False).total.item() == 0


def test_a_person_inside_an_ignored_region_is_still_learned() -> None:
    truth = Truth(
        torch.tensor([[0.0, 0.0, 32.0, 32.0], [4.0, 4.0, 12.0, 12.0]]), torch.tensor([-1, 0])
    )
    losses = YOLOXLoss()(_levels(), [truth], with_l1=False)
    assert losses.objectness.item() == pytest.approx(math.log(2), rel=1e-5)  # its cell alone


def test_a_perfect_box_has_no_box_loss() -> None:
    # Raw zeros decode to a box of one stride around the cell's corner: (4, 4)–(12, 12) at (1, 1).
    truth = Truth(torch.tensor([[4.0, 4.0, 12.0, 12.0]]), torch.tensor([0]))
    levels = _levels(object_logit=-20.0)
    levels[0][0, 4:, 1, 1] = 20.0
    losses = YOLOXLoss()(levels, [truth], with_l1=True)
    assert losses.box.item() == pytest.approx(0, abs=1e-6)
    assert losses.l1.item() == pytest.approx(0, abs=1e-6)
    assert losses.total.item() == pytest.approx(0, abs=1e-4)


def test_half_overlap_costs_one_minus_its_square() -> None:
    loss = YOLOXLoss()._box_loss(
        torch.tensor([[0.0, 0.0, 8.0, 8.0]]), torch.tensor([[0.0, 0.0, 8.0, 16.0]])
    )
    assert loss.tolist() == [0.75]


def test_generalised_overlap_still_pulls_boxes_that_do_not_touch() -> None:
    got = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    loss = YOLOXLoss(generalised_iou=True)
    near = loss._box_loss(got, torch.tensor([[2.0, 0.0, 3.0, 1.0]]))
    far = loss._box_loss(got, torch.tensor([[4.0, 0.0, 5.0, 1.0]]))
    assert near.item() == pytest.approx(1 + 1 / 3)  # hull 3, union 2
    assert far.item() == pytest.approx(1 + 3 / 5)


def test_fewer_truths_than_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="expected one for each of 1 images, got 0"):
        YOLOXLoss()(_levels(), [], with_l1=False)
