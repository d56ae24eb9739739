"""Overlap of heatmaps, with answers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.metrics.heatmap import heatmap_totals
from serving.core.events import HeatmapTile


def tile(*cells, at_s=10.0, origin_m=(0.0, 0.0), cell_m=0.5, camera_id="door"):
    return HeatmapTile(
        camera_id=camera_id, at_s=at_s, period_s=10, cell_m=cell_m, origin_m=origin_m, cells=cells
    )


def test_the_same_shares_overlap_fully_however_long_people_stayed():
    measured, true = tile((0, 0, 1.0), (1, 0, 3.0)), tile((0, 0, 10.0), (1, 0, 30.0))
    assert heatmap_totals([measured], [true]).overlap() == pytest.approx(1)


def test_no_common_cell_is_no_overlap():
    assert heatmap_totals([tile((0, 0, 5.0))], [tile((1, 0, 5.0))]).overlap() == 0


def test_a_quarter_of_the_time_in_the_wrong_cell_costs_a_quarter():
    measured, true = tile((0, 0, 3.0), (1, 0, 1.0)), tile((0, 0, 4.0))
    assert heatmap_totals([measured], [true]).overlap() == pytest.approx(0.75)


def test_tiles_of_several_periods_are_summed():
    measured = [tile((0, 0, 1.0), at_s=10), tile((1, 0, 1.0), at_s=20)]
    true = [tile((1, 0, 1.0), at_s=10), tile((0, 0, 1.0), at_s=20)]
    assert heatmap_totals(measured, true).overlap() == pytest.approx(1)


def test_cells_compare_by_their_place_on_the_floor():
    moved = tile((-2, 4, 5.0), origin_m=(1.0, -2.0))
    assert heatmap_totals([moved], [tile((0, 0, 5.0))]).overlap() == pytest.approx(1)


def test_the_same_cell_of_two_cameras_is_two_places():
    assert heatmap_totals([tile((0, 0, 1.0))], [tile((0, 0, 1.0), camera_id="hall")]).overlap() == 0


def test_different_grids_are_refused():
    with pytest.raises(ValueError, match=r"cells of one size, got \[0.5, 1.0\] m"):
        heatmap_totals([tile((0, 0, 1.0))], [tile((0, 0, 1.0), cell_m=1.0)]).overlap()
    with pytest.raises(ValueError, match="origin on the grid"):
        heatmap_totals([tile((0, 0, 1.0))], [tile((0, 0, 1.0), origin_m=(0.2, 0.0))]).overlap()


def test_an_empty_map_has_no_overlap_to_state():
    assert np.isnan(heatmap_totals([], [tile((0, 0, 1.0))]).overlap())
    assert np.isnan(heatmap_totals([tile()], [tile((0, 0, 1.0))]).overlap())


def test_periods_are_the_units_of_resampling():
    measured = [tile((0, 0, 1.0), at_s=10), tile((1, 0, 1.0), at_s=20)]
    true = [tile((0, 0, 1.0), at_s=10), tile((0, 0, 1.0), at_s=20)]
    totals = heatmap_totals(measured, true)
    assert totals.num_blocks == 2
    assert totals.overlap(np.array([2, 0])) == pytest.approx(1)
    assert totals.overlap(np.array([0, 2])) == 0
