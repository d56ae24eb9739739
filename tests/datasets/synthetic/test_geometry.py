"""The pose of a head from five landmarks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.synthetic.geometry import LANDMARKS, aligned_face, fit_pose, on_head
from tests.datasets.synthetic.made_up import pose_of


@settings(max_examples=60, deadline=None)
@given(
    yaw=st.floats(-1.0, 1.0),
    pitch=st.floats(-0.25, 0.25),
    roll=st.floats(-3.0, 3.0),
    unit_px=st.floats(4.0, 400.0),
)
def test_a_mean_head_is_found_again(yaw, pitch, roll, unit_px):
    pose = pose_of(yaw, pitch, roll, unit_px)
    fitted = fit_pose(pose.project(LANDMARKS))
    # The priors pull a strong pitch a little back: 0.05 rad are 3 degrees.
    assert fitted.yaw == pytest.approx(yaw, abs=0.05)
    assert fitted.pitch == pytest.approx(pitch, abs=0.08)
    assert fitted.roll == pytest.approx(roll, abs=0.05)
    assert fitted.unit_px == pytest.approx(unit_px, rel=0.05)


def test_a_frontal_face_has_no_turn_and_its_unit_is_the_distance_of_the_eyes():
    landmarks = LANDMARKS[:, :2] * 50 + 100
    pose = fit_pose(landmarks)
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((0, 0, 0), abs=1e-3)
    assert pose.unit_px == pytest.approx(50, rel=1e-3)
    assert pose.origin_px == pytest.approx((100, 100), abs=0.1)


def test_a_nose_to_the_right_is_a_turn_to_the_right():
    landmarks = LANDMARKS[:, :2] * 50 + 100
    landmarks[2, 0] += 12
    assert fit_pose(landmarks).yaw > 0.2
    landmarks[2, 0] -= 24
    assert fit_pose(landmarks).yaw < -0.2


def test_a_head_leaning_a_quarter_clockwise():
    landmarks = LANDMARKS[:, :2] * 50
    turned = np.stack([-landmarks[:, 1], landmarks[:, 0]], axis=1)  # right becomes down
    assert fit_pose(turned).roll == pytest.approx(np.pi / 2, abs=1e-3)


def test_a_longer_face_is_taken_for_one():
    landmarks = LANDMARKS[:, :2] * np.float32([50, 58]) + 100
    assert fit_pose(landmarks).length > 1.05


def test_a_profile_whose_pairs_fall_together_keeps_upright():
    landmarks = np.float32([[60, 50], [64, 50], [90, 75], [66, 100], [69, 100]])
    pose = fit_pose(landmarks)
    assert pose.yaw > 0.7
    assert abs(pose.roll) < 0.3


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), 7.0)])
def test_landmarks_at_one_place_are_refused(points):
    with pytest.raises(ValueError, match="five different points"):
        fit_pose(points)


def test_four_landmarks_are_refused():
    with pytest.raises(ValueError, match=r"expected shape \(5, 2\), got \(4, 2\)"):
        fit_pose(np.zeros((4, 2)))


def test_the_skin_is_symmetric_and_never_wider_than_the_head():
    y = np.linspace(-1.5, 1.7, 20)
    right, left = on_head(np.full_like(y, 0.4), y), on_head(np.full_like(y, -0.4), y)
    np.testing.assert_allclose(right * [-1, 1, 1], left, atol=1e-6)
    assert np.abs(on_head(np.full_like(y, 9.0), y)[:, 0]).max() < 1.2


def test_the_guess_at_an_aligned_crop_lies_inside_it():
    face = aligned_face((128, 128), margin=0.25)
    left, top, right, bottom = face.xyxy_px
    assert right - left == pytest.approx(128 / 1.5)  # a margin of 0.25 on both sides
    assert face.score == 0.0
    points = face.landmarks_px
    assert (points[:, 0] > left).all() and (points[:, 0] < right).all()
    assert (points[:, 1] > top).all() and (points[:, 1] < bottom).all()
    assert fit_pose(points).yaw == pytest.approx(0, abs=1e-3)
