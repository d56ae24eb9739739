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


def test_a_line_of_one_point_is_refused():
    with pytest.raises(ConfigError, match="line 'door': expected two different points"):
        Line("door", (3, 4), (3, 4))


def test_a_zone_tells_who_stands_in_it():
    zone = Zone("till", ((0, 0), (10, 0), (0, 10)))
    assert zone.contains(np.array([[1.0, 1.0], [9.0, 9.0]])).tolist() == [True, False]


def test_the_length_of_a_line_is_in_pixels():
    assert Line("door", (0, 0), (3, 4)).length_px == 5.0
