import numpy as np
import pytest

from serving.core.errors import ConfigError
from serving.core.zones import Line, Zone


def test_a_polygon_of_two_points_is_refused():
    with pytest.raises(ConfigError, match="zone 'till': polygon needs at least 3 points, got 2"):
        Zone("till", ((0, 0), (1, 1)))


def test_a_polygon_without_area_is_refused():
    with pytest.raises(ConfigError, match="zone 'till': expected a polygon with an area"):
        Zone("till", ((0, 0), (1, 1), (2, 2)))


def test_a_slanted_polygon_without_area_is_refused_whatever_its_rounding():
    points = tuple((0.1 * i, 0.3 * i + 0.1) for i in (1, 3, 7))
    with pytest.raises(ConfigError, match="zone 'till': expected a polygon with an area"):
        Zone("till", points)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_a_thin_polygon_has_an_area_at_any_scale(scale):
    corners = ((0, 0), (1000, 0), (1000, 2), (0, 2))
    zone = Zone("till", tuple((scale * x, scale * y) for x, y in corners))
    assert zone.contains(scale * np.array([[500.0, 1.0], [500.0, 3.0]])).tolist() == [True, False]


@pytest.mark.parametrize(
    "polygon_px",
    [
        ((0, 0), (10, 10), (10, 0), (0, 10)),  # both halves as large: no signed area
        ((0, 0), (10, 10), (10, 0), (0, 5)),
        ((0, 0), (10, 0), (10, 10), (5, -3), (0, 10)),
    ],
)
def test_a_polygon_whose_sides_cross_is_refused(polygon_px):
    with pytest.raises(ConfigError, match="zone 'till': expected a polygon whose sides do not cro"):
        Zone("till", polygon_px)


@pytest.mark.parametrize(
    "polygon_px",
    [
        ((0, 0), (10, 0), (10, 10), (5, 2), (0, 10)),  # with a notch
        ((0, 0), (5, 0), (10, 0), (10, 10), (0, 10)),  # with a point amid a side
        ((0, 0), (10, 0), (10, 10), (5, 0), (0, 10)),  # whose notch touches the opposite side
        ((0, 0), (10, 0), (10, 10), (0, 10), (0, 0)),  # closed by its first point
    ],
)
def test_a_polygon_whose_sides_only_touch_is_a_zone(polygon_px):
    assert Zone("till", polygon_px).contains(np.array([[1.0, 1.0]])).tolist() == [True]


def test_a_line_of_one_point_is_refused():
    with pytest.raises(ConfigError, match="line 'door': expected two different points"):
        Line("door", (3, 4), (3, 4))


def test_a_zone_tells_who_stands_in_it():
    zone = Zone("till", ((0, 0), (10, 0), (0, 10)))
    assert zone.contains(np.array([[1.0, 1.0], [9.0, 9.0]])).tolist() == [True, False]


def test_the_length_of_a_line_is_in_pixels():
    assert Line("door", (0, 0), (3, 4)).length_px == 5.0
