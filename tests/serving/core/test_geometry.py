import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core import geometry
from serving.core.errors import CalibrationError
from serving.core.geometry import Homography

SQUARE_PX = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])


def test_walking_right_has_positive_side_below_because_y_points_down():
    points = np.array([[5.0, 3.0], [5.0, -3.0], [5.0, 0.0]])
    assert geometry.signed_distance_px(points, (0, 0), (10, 0)).tolist() == [3.0, -3.0, 0.0]


def test_walking_down_has_positive_side_on_the_left_of_the_picture():
    points = np.array([[-2.0, 5.0], [2.0, 5.0]])
    assert geometry.signed_distance_px(points, (0, 0), (0, 10)).tolist() == [2.0, -2.0]


def test_a_line_of_one_point_has_no_sides():
    with pytest.raises(ValueError, match="expected two different points"):
        geometry.signed_distance_px(SQUARE_PX, (1, 1), (1, 1))


def test_position_along_is_zero_at_the_start_and_one_at_the_end():
    points = np.array([[0.0, 7.0], [5.0, -1.0], [10.0, 0.0], [20.0, 0.0]])
    assert geometry.position_along(points, (0, 0), (10, 0)).tolist() == [0.0, 0.5, 1.0, 2.0]


def test_a_point_on_the_edge_of_two_polygons_belongs_to_one_of_them():
    right_neighbour = SQUARE_PX + [10.0, 0.0]
    edge = np.array([[10.0, 5.0]])
    inside = (
        geometry.inside_polygon(edge, SQUARE_PX),
        geometry.inside_polygon(edge, right_neighbour),
    )
    assert [bool(answer[0]) for answer in inside] == [False, True]


def test_the_notch_of_a_concave_polygon_is_outside():
    arrow = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [5.0, 2.0], [0.0, 10.0]])
    points = np.array([[5.0, 1.0], [5.0, 6.0], [1.0, 6.0]])
    assert geometry.inside_polygon(points, arrow).tolist() == [True, False, True]


def test_no_points_are_inside_nothing():
    assert geometry.inside_polygon(np.zeros((0, 2)), SQUARE_PX).tolist() == []


def test_area_of_a_triangle_is_half_of_its_rectangle():
    assert geometry.polygon_area(np.array([[0, 0], [4, 0], [0, 3]])) == 6.0


def test_exact_point_pairs_give_a_homography_without_residual():
    floor_m = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]
    homography = Homography.from_point_pairs([tuple(point) for point in SQUARE_PX], floor_m)
    assert homography.residual_m == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(homography.to_floor(np.array([[5.0, 2.5]])), [[1.0, 0.5]])
    np.testing.assert_allclose(homography.to_image(np.array([[1.0, 0.5]])), [[5.0, 2.5]])


def test_the_residual_is_the_rms_distance_on_the_floor_in_metres():
    image_px = [(0, 0), (10, 0), (10, 10), (0, 10), (5, 5)]
    floor_m = [(0, 0), (10, 0), (10, 10), (0, 10), (5, 6)]
    homography = Homography.from_point_pairs(image_px, floor_m)
    offset_m = homography.to_floor(np.array(image_px, float)) - np.array(floor_m, float)
    assert homography.residual_m == pytest.approx(np.sqrt((offset_m**2).sum(axis=1).mean()))
    assert 0.1 < homography.residual_m < 1.0


@pytest.mark.parametrize(
    ("image_px", "message"),
    [
        ([(0, 0), (1, 1), (2, 2), (3, 3)], "got collinear points"),
        ([(0, 0), (1, 1), (2, 2), (3, 0)], "got collinear points"),
        ([(0, 0), (0, 0), (2, 2), (3, 0)], "got collinear points"),
        ([(0, 0), (1, 0), (1, 1)], "expected at least 4 point pairs, got 3"),
    ],
)
def test_points_that_fix_no_homography_are_refused(image_px, message):
    floor_m = [(0, 0), (1, 0), (1, 1), (0, 1)][: len(image_px)]
    with pytest.raises(CalibrationError, match=message):
        Homography.from_point_pairs(image_px, floor_m)


def test_unpaired_points_are_refused():
    with pytest.raises(CalibrationError, match="got 4 and 3"):
        Homography.from_point_pairs([(0, 0), (1, 0), (1, 1), (0, 1)], [(0, 0), (1, 0), (1, 1)])


def test_a_singular_matrix_is_refused():
    with pytest.raises(CalibrationError, match="invertible"):
        Homography(np.ones((3, 3)))


@given(x=st.floats(0, 768), y=st.floats(200, 576))
def test_metres_per_pixel_is_the_derivative_of_the_floor_position(x, y):
    homography = Homography.from_point_pairs(
        [(100, 200), (668, 200), (768, 576), (0, 576)], [(-8, 30), (8, 30), (4, 5), (-4, 5)]
    )
    step = 1e-4
    point = np.array([[x, y]])
    numeric = np.stack(
        [
            (homography.to_floor(point + delta) - homography.to_floor(point - delta))[0]
            / (2 * step)
            for delta in (np.array([step, 0.0]), np.array([0.0, step]))
        ],
        axis=1,
    )
    np.testing.assert_allclose(homography.metres_per_pixel(point)[0], numeric, rtol=1e-3, atol=1e-6)
