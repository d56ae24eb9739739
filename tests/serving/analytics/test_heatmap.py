"""The heatmap on a floor where 100 px are one metre, y down the picture and along the floor."""

import numpy as np
import pytest

from serving.analytics.heatmap import Heatmap
from serving.core.errors import ConfigError
from serving.core.geometry import Homography

FLOOR = Homography(np.diag([0.01, 0.01, 1.0]))
AREA_M = (0.0, 0.0, 10.0, 5.0)


@pytest.fixture
def heatmap():
    return Heatmap("cam", FLOOR, area_m=AREA_M)


def test_the_total_is_people_times_seconds(heatmap, tracks_at):
    for index in range(21):
        heatmap.update(tracks_at({1: (100, 100), 2: (300 + 10 * index, 200)}), index * 0.25)
    assert heatmap.person_seconds.sum() == pytest.approx(2 * 5.0)


def test_the_total_does_not_depend_on_the_frame_rate(tracks_at):
    totals = []
    for step_s in (0.04, 0.1, 0.5, 1.0):
        heatmap = Heatmap("cam", FLOOR, area_m=AREA_M)
        for index in range(round(10 / step_s) + 1):
            heatmap.update(tracks_at({1: (100, 100)}), index * step_s)
        totals.append(heatmap.person_seconds.sum())
    assert totals == pytest.approx([10.0] * 4)


def test_time_falls_into_the_cell_under_the_feet(heatmap, tracks_at):
    # (1.30 m, 0.70 m) is in column 2 and row 1 of half-metre cells.
    heatmap.update(tracks_at({1: (130, 70)}), 0.0)
    heatmap.update(tracks_at({1: (130, 70)}), 2.0)
    assert heatmap.person_seconds.shape == (10, 20)
    assert np.argwhere(heatmap.person_seconds).tolist() == [[1, 2]]
    assert heatmap.person_seconds[1, 2] == 2.0


def test_a_gap_in_the_stream_counts_for_no_more_than_its_limit(tracks_at):
    heatmap = Heatmap("cam", FLOOR, area_m=AREA_M, max_gap_s=5.0)
    heatmap.update(tracks_at({1: (100, 100)}), 0.0)
    heatmap.update(tracks_at({1: (100, 100)}), 3600.0)
    assert heatmap.person_seconds.sum() == 5.0


def test_time_outside_the_area_is_kept_apart_and_warned_of(heatmap, tracks_at):
    heatmap.update(tracks_at({1: (100, 100)}), 0.0)
    heatmap.update(tracks_at({1: (100, 100)}), 2.0)
    assert heatmap.warnings() == []
    heatmap.update(tracks_at({1: (100, 100), 2: (-100, 100)}), 3.0)
    assert (heatmap.person_seconds.sum(), heatmap.outside_s) == (3.0, 1.0)
    assert heatmap.warnings() == [
        "heatmap: 1.0 of 4.0 person-seconds were outside area_m (0.0, 0.0, 10.0, 5.0) and are in "
        "no cell"
    ]


@pytest.mark.parametrize("y_px", [100, 80])
def test_feet_at_or_above_the_horizon_are_outside(tracks_at, y_px):
    # The horizon of this floor lies at y = 100.
    floor = Homography(np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0.01, -1.0]]))
    heatmap = Heatmap("cam", floor, cell_m=5.0, area_m=(-500.0, -500.0, 500.0, 500.0))
    for at_s in (0.0, 1.0):
        heatmap.update(tracks_at({1: (50, y_px)}), at_s)
    assert (heatmap.person_seconds.sum(), heatmap.outside_s) == (0.0, 1.0)


def test_each_period_brings_a_tile_of_its_own_time(heatmap, tracks_at):
    tiles = []
    for index in range(26):
        tiles += heatmap.update(tracks_at({1: (130, 70)}), float(index))
    tiles += heatmap.finish(25.0)
    assert [(t.at_s, t.period_s, t.cells) for t in tiles] == [
        (10.0, 10.0, ((2, 1, 9.0),)),
        (20.0, 10.0, ((2, 1, 10.0),)),
        (25.0, 5.0, ((2, 1, 6.0),)),
    ]
    assert {(t.camera_id, t.cell_m, t.origin_m) for t in tiles} == {("cam", 0.5, (0.0, 0.0))}


def test_tiles_add_up_to_the_cumulative_array(heatmap, tracks_at):
    tiles = []
    for index in range(100):
        feet_px = {1: (50 + 7 * index, 120), 2: (400, 20 + 4 * index)}
        tiles += heatmap.update(tracks_at(feet_px), index * 0.3)
    tiles += heatmap.finish(30.0)
    total = np.zeros_like(heatmap.person_seconds)
    for tile in tiles:
        for column, row, seconds in tile.cells:
            total[row, column] += seconds
    np.testing.assert_allclose(total, heatmap.person_seconds, atol=1e-9)


def test_a_period_without_people_brings_no_tile(heatmap, tracks_at):
    tiles = [tile for i in range(31) for tile in heatmap.update(tracks_at({}), float(i))]
    assert tiles + heatmap.finish(31.0) == []


def test_the_first_tile_of_a_stream_covers_what_it_saw(heatmap, tracks_at):
    tiles = []
    for at_s in (7.0, 8.0, 9.0, 11.0):
        tiles += heatmap.update(tracks_at({1: (130, 70)}), at_s)
    assert [(t.at_s, t.period_s, t.cells) for t in tiles] == [(10.0, 3.0, ((2, 1, 2.0),))]


def test_the_array_is_a_copy(heatmap):
    heatmap.person_seconds[:] = 7.0
    assert heatmap.person_seconds.sum() == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell_m": 0.0}, "camera 'cam', heatmap, cell_m: expected more than zero, got 0.0"),
        ({"period_s": -1.0}, "camera 'cam', heatmap, period_s: expected more than zero, got -1.0"),
        ({"area_m": (5, 0, 5, 5)}, "camera 'cam', heatmap, area_m: expected left < right"),
        ({"cell_m": 1e-4}, "at most 4000000 cells"),
    ],
)
def test_an_option_that_makes_no_map_is_refused_by_name(options, message):
    with pytest.raises(ConfigError, match=message):
        Heatmap("cam", FLOOR, **options)
