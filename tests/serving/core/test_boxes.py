import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from serving.core import boxes


def some_boxes(count):
    corners = hnp.arrays(np.float64, (count, 4), elements=st.floats(0, 100, width=32))
    return corners.map(lambda c: np.sort(c.reshape(-1, 2, 2), axis=1).reshape(-1, 4))


def test_half_overlapping_squares_share_a_third():
    got = boxes.iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [5, 5, 6, 6]]))
    np.testing.assert_allclose(got, [[1 / 3, 0]])


def test_empty_boxes_overlap_nothing_and_divide_by_nothing():
    point = np.array([[1.0, 1, 1, 1]])
    assert boxes.iou(point, point).tolist() == [[0.0]]


@given(a=some_boxes(4), b=some_boxes(3))
def test_iou_is_symmetric_and_between_zero_and_one(a, b):
    forward = boxes.iou(a, b)
    np.testing.assert_allclose(forward, boxes.iou(b, a).T)
    assert ((forward >= 0) & (forward <= 1 + 1e-9)).all()


@given(xyxy=some_boxes(5))
def test_xywh_round_trip_gives_the_same_boxes(xyxy):
    np.testing.assert_allclose(boxes.xyxy_from_xywh(boxes.xywh_from_xyxy(xyxy)), xyxy, atol=1e-9)


def test_the_foot_point_is_the_middle_of_the_lower_edge():
    assert boxes.foot_points(np.array([[10.0, 20, 30, 80]])).tolist() == [[20, 80]]


def test_nms_keeps_the_better_of_two_boxes_on_one_person():
    two_on_one = np.array([[0.0, 0, 10, 20], [1, 0, 11, 20], [50, 0, 60, 20]])
    assert boxes.nms(two_on_one, np.array([0.5, 0.9, 0.3]), 0.5).tolist() == [1, 2]


def test_nms_spares_boxes_of_another_class():
    two = np.array([[0.0, 0, 10, 20], [0, 0, 10, 20]])
    assert boxes.nms(two, np.array([0.5, 0.9]), 0.5, np.array([0, 1])).tolist() == [1, 0]


def test_nms_spares_a_box_whose_only_rival_was_itself_dropped():
    # a beats b, b would beat c, a and c hardly meet: c stays.
    chain = np.array([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
    assert boxes.nms(chain, np.array([0.9, 0.8, 0.7]), 0.3).tolist() == [0, 2]


@given(xyxy=some_boxes(12), seed=st.integers(0, 100))
def test_nms_leaves_no_two_boxes_above_the_threshold(xyxy, seed):
    score = np.random.default_rng(seed).random(12)
    kept = xyxy[boxes.nms(xyxy, score, 0.4)]
    overlap = boxes.iou(kept, kept) - np.eye(len(kept))
    assert (overlap <= 0.4 + 1e-9).all()


@pytest.mark.parametrize("num_boxes", [0, 1, 40, boxes._NMS_BLOCK, 3 * boxes._NMS_BLOCK + 7])
def test_nms_gives_what_going_through_the_boxes_one_by_one_gives(num_boxes):
    random = np.random.default_rng(num_boxes)
    left_top = random.uniform(0, 100, (num_boxes, 2))
    xyxy = np.concatenate([left_top, left_top + random.uniform(5, 30, (num_boxes, 2))], axis=1)
    score = random.choice([0.0, 0.3, 0.5, 0.9], num_boxes)  # many of them equal
    class_id = random.integers(0, 2, num_boxes)
    kept: list[int] = []
    for row in sorted(range(num_boxes), key=lambda row: -score[row]):
        rivals = [better for better in kept if class_id[better] == class_id[row]]
        if not (boxes.iou(xyxy[[row]], xyxy[rivals]) > 0.4).any():
            kept.append(row)

    assert boxes.nms(xyxy, score, 0.4, class_id).tolist() == kept
