"""Heat, plans and arrows."""

from __future__ import annotations

import re

import numpy as np
import pytest

from evaluation.report.floorplan import floor_plan
from evaluation.report.pictures import (
    FloorHeat,
    arrow,
    heat_colour,
    heated,
    places_drawing,
    subdued,
    tracks_drawing,
)
from serving.core.detections import Detections, Tracks
from serving.core.errors import LabelError
from serving.core.events import HeatmapTile
from serving.core.geometry import Homography
from serving.core.zones import Line, Zone


def tile(cells: tuple[tuple[int, int, float], ...], cell_m: float = 0.5) -> HeatmapTile:
    return HeatmapTile(
        camera_id="door", at_s=10.0, period_s=10.0, cell_m=cell_m, origin_m=(-1.0, 2.0), cells=cells
    )


@pytest.fixture
def seen_from_above() -> Homography:
    """A camera straight above: 10 px a metre, floor y away from the picture's lower edge."""
    return Homography(np.array([[0.1, 0, 0], [0, -0.1, 10], [0, 0, 1]]))


def test_tiles_add_up_on_their_cells() -> None:
    heat = FloorHeat.from_tiles([tile(((2, 0, 1.0), (4, 1, 2.0))), tile(((2, 0, 3.0),))])
    assert heat is not None
    np.testing.assert_array_equal(heat.seconds, [[4, 0, 0], [0, 0, 2]])
    assert heat.origin_m == (0.0, 2.0)
    points = np.array([[0.1, 2.1], [1.4, 2.9], [0.6, 2.1], [-5, 0], [np.inf, np.inf]])
    np.testing.assert_array_equal(heat.at(points), [4, 2, 0, 0, 0])


def test_no_tile_is_no_heat_and_two_grids_are_an_error() -> None:
    assert FloorHeat.from_tiles([]) is None
    assert FloorHeat.from_tiles([tile(())]) is None
    with pytest.raises(LabelError, match=r"expected cells of 0\.5 m .* got 1\.0 m"):
        FloorHeat.from_tiles([tile(((0, 0, 1.0),)), tile(((0, 0, 1.0),), cell_m=1.0)])


def test_a_moment_far_away_does_not_widen_the_plan() -> None:
    seconds = np.zeros((1, 101))
    seconds[0, :3] = 100.0
    seconds[0, 100] = 0.5
    low_m, high_m = FloorHeat(seconds, 0.5, (0.0, 0.0)).span_m(0.99)
    np.testing.assert_allclose(low_m, [0, 0])
    np.testing.assert_allclose(high_m, [1.5, 0.5])


def test_heat_lies_on_the_pixels_of_its_cell(seen_from_above: Homography) -> None:
    image = np.full((100, 100, 3), 200, np.uint8)
    heat = FloorHeat(np.array([[5.0]]), 1.0, (2.0, 3.0))  # x 2–3 m, y 3–4 m: rows 60–69
    coloured = (heated(image, heat, seen_from_above) != subdued(image)).any(axis=2)
    rows, columns = np.nonzero(coloured)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (60, 69, 20, 29)


def test_more_time_is_brighter() -> None:
    def brightness(share: float) -> int:
        return sum(int(heat_colour(share)[at : at + 2], 16) for at in (1, 3, 5))

    levels = [brightness(share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert levels == sorted(levels)
    assert heat_colour(2.0) == heat_colour(1.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_plan_is_no_mirror_image(sign: int) -> None:
    # Two cells, the one further right in the picture, the other further down; the floor's y axis
    # points up the picture or down it.
    matrix = np.array([[0.1, 0, 0], [0, 0.1 * sign, 5 - 5 * sign], [0, 0, 1]])
    heat = FloorHeat(np.array([[1.0, 0], [0, 1.0]]), 1.0, (4.0, 4.0))
    plan = floor_plan(heat, Homography(matrix), (100, 100), (), (), "plan")
    places = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" [^>]*fill="#[^>]*><title>', plan)
    (x0, y0), (x1, y1) = [(float(x), float(y)) for x, y in places]
    assert x0 < x1
    assert (y1 > y0) == (sign > 0), "down in the picture is down on the plan"


def test_the_plan_names_lines_and_zones_and_states_its_scale(seen_from_above: Homography) -> None:
    heat = FloorHeat(np.array([[5.0]]), 0.5, (4.0, 4.0))
    zone = Zone("shelf & co", ((40, 40), (60, 40), (60, 60)))
    plan = floor_plan(
        heat, seen_from_above, (100, 100), (Line("till", (0, 50), (99, 50)),), (zone,), "plan"
    )
    for text in ("till", "shelf &amp; co", "metres", "0.5 m × 0.5 m", "5.0 person-seconds"):
        assert text in plan


def test_the_arrow_on_a_line_points_to_its_in_side() -> None:
    # From left to right: those who come down the picture come in.
    drawing = "".join(places_drawing([Line("till", (0, 50), (100, 50))], []))
    tip = re.search(r'd="M[\d.]+ [\d.]+L([\d.]+) ([\d.]+)L[^"]+Z" class="line head"', drawing)
    assert tip is not None
    assert (float(tip[1]), float(tip[2])) == (50.0, 76.0)


def test_the_head_of_an_arrow_ends_where_its_path_ends() -> None:
    points = np.array([[0.0, 0.0], [50.0, 0.0], [100.0, 0.0]])
    drawing = arrow(points, 4.0, "route")
    assert "L100.0 0.0L" in drawing, "the tip lies between the two wings"
    xs = [float(x) for x in re.findall(r"[ML](-?[\d.]+) ", drawing)]
    assert max(xs) == 100.0


def test_each_person_has_a_box_a_number_and_a_trail() -> None:
    tracks = Tracks(Detections([[1, 2, 11, 22], [30, 40, 50, 60]], [0.9, 0.8]), [7, 9], [0, 0])
    drawing = "".join(tracks_drawing(tracks, {7: np.array([[0.0, 0.0], [6.0, 22.0]])}))
    assert drawing.count("<rect") == 2
    assert ">7</text>" in drawing and ">9</text>" in drawing
    assert drawing.count("trail") == 1
