import numpy as np
import pytest

from serving.core.boxes import iou
from serving.tracking import similarity

NONE = np.zeros(2)
TRACKS = np.array([[0.0, 0, 10, 10], [100, 100, 120, 140]])
DETECTIONS = np.array([[5.0, 0, 15, 10], [100, 100, 120, 140], [12, 0, 22, 10]])


def test_without_a_margin_it_is_the_plain_iou():
    np.testing.assert_allclose(
        similarity.buffered_iou(TRACKS, DETECTIONS, NONE), iou(TRACKS, DETECTIONS)
    )


def test_a_margin_widens_both_boxes_on_every_side():
    # By 2 px: (−2, −2, 12, 12) and (10, −2, 24, 12) share 2 · 14 of 2 · 14² − 28 = 364 px².
    overlap = similarity.buffered_iou(TRACKS, DETECTIONS, np.array([2.0, 0.0]))
    assert overlap[0, 2] == pytest.approx(28 / 364)


def test_boxes_apart_on_both_axes_do_not_overlap():
    assert similarity.buffered_iou(TRACKS, DETECTIONS, np.array([2.0, 2.0]))[0, 1] == 0


def test_the_height_ratio_is_that_of_the_lower_to_the_higher_box():
    np.testing.assert_allclose(
        similarity.height_ratio(TRACKS, DETECTIONS)[:, :2], [[1, 0.25], [0.25, 1]]
    )


def test_the_person_behind_is_hidden_and_the_one_in_front_is_not():
    # The first stands in front (feet at 100); half of the second lies behind it.
    boxes = np.array([[0.0, 0, 40, 100], [20, 0, 60, 90]])
    assert similarity.hidden_share(boxes) == pytest.approx([0, 0.5])


def test_nobody_is_hidden_alone():
    assert similarity.hidden_share(np.array([[0.0, 0, 40, 100]])).tolist() == [0]
    assert similarity.hidden_share(np.zeros((0, 4))).tolist() == []


def test_floor_distances_are_in_metres():
    distance_m = similarity.floor_distance_m(np.array([[0.0, 0]]), np.array([[3.0, 4], [0, 0]]))
    assert distance_m.tolist() == [[5, 0]]


def test_equal_appearance_has_cosine_one():
    assert similarity.cosine(np.array([[0.6, 0.8]]), np.array([[0.6, 0.8], [-0.8, 0.6]])) == (
        pytest.approx(np.array([[1.0, 0.0]]))
    )
