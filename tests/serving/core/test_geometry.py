from itertools import permutations

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


def test_several_lines_give_a_row_each():
    points = np.array([[5.0, 3.0], [10.0, 0.0], [2.0, -4.0]])
    starts, ends = [(0, 0), (0, 0)], [(10, 0), (0, 10)]
    distances = geometry.signed_distance_px(points, starts, ends)
    assert distances.tolist() == [[3.0, 0.0, -4.0], [-5.0, -10.0, -2.0]]
    along = geometry.position_along(points, starts, ends)
    assert along.tolist() == [[0.5, 1.0, 0.2], [0.3, 0.0, -0.4]]


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


def test_four_points_in_general_position_suffice_whatever_comes_first():
    # No three of (2, 0) (0, 2) (1, 0) (0, 1) lie on a line; each is on one with two of the others.
    image_px = [(0, 0), (2, 0), (0, 2), (1, 0), (0, 1), (1, 1)]
    for order in permutations(image_px):
        fitted = Homography.from_point_pairs(order, [(3 * x, 3 * y) for x, y in order])
        assert fitted.residual_m == pytest.approx(0, abs=1e-9)


def test_points_on_one_line_but_one_are_refused_however_many():
    points = [(float(x), 2.0 * x) for x in range(40)] + [(5.0, 90.0)]
    with pytest.raises(CalibrationError, match="got collinear points"):
        Homography.from_point_pairs(points, points)


def test_unpaired_points_are_refused():
    with pytest.raises(CalibrationError, match="got 4 and 3"):
        Homography.from_point_pairs([(0, 0), (1, 0), (1, 1), (0, 1)], [(0, 0), (1, 0), (1, 1)])


def test_a_singular_matrix_is_refused():
    with pytest.raises(CalibrationError, match="invertible"):
        Homography(np.ones((3, 3)))


# x = 100 (u - 50) / (v - 100) m and y = 1000 / (v - 100) m: the horizon lies at v = 100 px, and the
# picture point (60, 200) shows the floor point (10, 10).
HORIZON_100 = np.array([[100.0, 0, -5000], [0, 0, 1000], [0, 1, -100]])


@pytest.mark.parametrize("scale", [1.0, -1.0, 0.01, -0.01])
def test_what_is_at_or_above_the_horizon_has_no_floor_position(scale):
    points_px = np.array([[60.0, 200.0], [60.0, 100.0], [60.0, 99.0], [60.0, 0.0]])
    floor_m = Homography(scale * HORIZON_100).to_floor(points_px)
    np.testing.assert_allclose(floor_m, [[10, 10], *[[np.inf, np.inf]] * 3])


@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_the_floor_behind_the_camera_is_nowhere_in_the_picture(scale):
    points_m = np.array([[10.0, 10.0], [-10.0, -10.0]])
    image_px = Homography(scale * HORIZON_100).to_image(points_m)
    np.testing.assert_allclose(image_px, [[60, 200], [np.inf, np.inf]])


@pytest.mark.parametrize(("below", "above"), [(1, -1), (-1, 1)])
def test_the_calibration_points_tell_on_which_side_of_the_horizon_the_floor_lies(below, above):
    # The picture of `HORIZON_100`, and the same turned upside down about its horizon.
    corners_px = [(50, 110), (60, 110), (60, 200), (50, 200)]
    image_px = [(x, 100 + below * (y - 100)) for x, y in corners_px]
    floor_m = [(0, 100), (100, 100), (10, 10), (0, 10)]
    fitted = Homography.from_point_pairs(image_px, floor_m)
    points_px = np.array([[60.0, 100 + below * 50], [60.0, 100 + above * 50]])
    np.testing.assert_allclose(fitted.to_floor(points_px), [[20, 20], [np.inf, np.inf]], rtol=1e-6)
    np.testing.assert_allclose(fitted.to_image(np.array([[20.0, 20.0]])), points_px[:1])


def test_a_camera_that_looks_straight_down_has_no_horizon_in_sight():
    corners_px = [(0.0, 0.0), (640.0, 0.0), (640.0, 480.0), (0.0, 480.0)]
    fitted = Homography.from_point_pairs(corners_px, [(x / 100, y / 100) for x, y in corners_px])
    points_px = np.array([[0.0, 0.0], [639.0, 479.0], [320.0, -2000.0], [320.0, 20000.0]])
    np.testing.assert_allclose(fitted.to_floor(points_px), points_px / 100, atol=1e-6)


def test_calibration_points_on_both_sides_of_their_horizon_are_refused():
    swapped_m = [(0, 0), (2, 0), (0, 2), (2, 2)]  # a square's corners seen as a bow tie's
    with pytest.raises(CalibrationError, match="expected image_px and floor_m in the same order"):
        Homography.from_point_pairs([tuple(point) for point in SQUARE_PX], swapped_m)


def test_a_point_on_the_horizon_cannot_tell_the_side_of_the_floor():
    with pytest.raises(
        CalibrationError, match=r"expected seen_px below the horizon, got \(3, 100\)"
    ):
        Homography(HORIZON_100, seen_px=(3, 100))


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
