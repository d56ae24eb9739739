"""SimOTA on grids small enough to work out by hand."""

import torch

from training.detection.assignment import pairwise_iou, sim_ota
from training.detection.network import Cells


def _one_level(size: int, stride_px: float = 8.0) -> Cells:
    row, column = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    index_xy = torch.stack((column, row), dim=-1).reshape(-1, 2).float()
    return Cells(index_xy, torch.full((size * size, 1), stride_px))


def test_overlap_of_boxes_that_share_a_third_is_a_third() -> None:
    a = torch.tensor([[0.0, 0.0, 2.0, 1.0]])
    b = torch.tensor([[1.0, 0.0, 3.0, 1.0], [5.0, 5.0, 6.0, 6.0]])
    torch.testing.assert_close(pairwise_iou(a, b), torch.tensor([[1 / 3, 0.0]]))


def test_a_box_without_overlap_gets_the_one_cell_that_costs_least() -> None:
    cells = _one_level(4)
    boxes = torch.tensor([[100.0, 100.0, 101.0, 101.0]]).repeat(16, 1)
    object_logit = torch.zeros(16)
    object_logit[5] = 4.0  # the cell whose centre is (12, 12): the most sure of the candidates
    truth = torch.tensor([[4.0, 4.0, 20.0, 20.0]])
    match = sim_ota(boxes, object_logit, torch.zeros(16, 1), cells, truth, torch.tensor([0]))
    assert match.cell.tolist() == [5]
    assert match.iou.tolist() == [0.0]


def test_a_box_takes_as_many_cells_as_its_overlaps_add_up_to() -> None:
    cells = _one_level(4)
    truth = torch.tensor([[4.0, 4.0, 20.0, 20.0]])
    boxes = torch.tensor([[100.0, 100.0, 101.0, 101.0]]).repeat(16, 1)
    boxes[[0, 1, 4]] = truth  # three predictions fit exactly: their overlaps add up to 3
    match = sim_ota(boxes, torch.zeros(16), torch.zeros(16, 1), cells, truth, torch.tensor([0]))
    assert match.cell.tolist() == [0, 1, 4]
    assert match.iou.tolist() == [1.0, 1.0, 1.0]


def test_a_cell_wanted_by_two_boxes_goes_to_the_one_that_it_fits_better() -> None:
    cells = _one_level(1, stride_px=16.0)
    truths = torch.tensor([[0.0, 0.0, 16.0, 16.0], [2.0, 2.0, 18.0, 18.0]])
    match = sim_ota(
        truths[1:], torch.zeros(1), torch.zeros(1, 1), cells, truths, torch.tensor([0, 0])
    )
    assert match.truth.tolist() == [1]


def test_cells_far_from_every_centre_are_never_matched() -> None:
    cells = _one_level(8)
    truth = torch.tensor([[0.0, 0.0, 8.0, 8.0]])  # centre (4, 4); radius 1.5 strides is 12 px
    boxes = truth.repeat(64, 1)
    match = sim_ota(boxes, torch.zeros(64), torch.zeros(64, 1), cells, truth, torch.tensor([0]))
    assert match.cell.tolist() == [0, 1, 8, 9]


def test_a_box_outside_the_grid_matches_nothing() -> None:
    cells = _one_level(2)
    truth = torch.tensor([[200.0, 200.0, 220.0, 220.0]])
    boxes = torch.zeros(4, 4)
    match = sim_ota(boxes, torch.zeros(4), torch.zeros(4, 1), cells, truth, torch.tensor([0]))
    assert len(match.cell) == 0
