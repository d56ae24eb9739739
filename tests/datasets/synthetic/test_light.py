"""The light of a picture."""

import cv2
import numpy as np
import pytest

from datasets.synthetic.light import Light
from tests.datasets.synthetic.made_up import pose_of, skin


def test_white_is_brighter_than_the_skin_and_dark_in_the_dark():
    image = skin()
    day = Light.of(image, pose_of())
    night = Light.of((image * 0.25).astype(np.uint8), pose_of())
    assert day.white_bgr.mean() > image.mean()
    assert night.white_bgr.mean() < 0.4 * day.white_bgr.mean()


def test_dark_skin_in_a_bright_room_is_not_taken_for_a_dark_room():
    image = (skin() * 0.45).astype(np.uint8)
    alone = Light.of(image, pose_of()).white_bgr.mean()
    image[:, :20] = 240  # a wall
    assert Light.of(image, pose_of()).white_bgr.mean() > 1.3 * alone


def test_light_from_the_right_is_felt_on_the_right():
    fall = np.linspace(0.5, 1.2, 160)[None, :, None]
    image = np.clip(skin() * fall, 0, 255).astype(np.uint8)
    light = Light.of(image, pose_of())
    assert light.slope[0] > 0.003
    assert abs(light.slope[1]) < 0.001
    assert light.toward[0] > 0.1
    mirrored = Light.of(np.ascontiguousarray(image[:, ::-1]), pose_of())
    assert mirrored.slope[0] == pytest.approx(-light.slope[0], rel=0.2)


def test_a_grey_picture_stays_grey():
    grey = cv2.cvtColor(cv2.cvtColor(skin(), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    shown = Light.of(grey, pose_of()).shown(np.float32([0.9, 0.2, 0.1]))
    assert np.ptp(shown) < 1e-3
    assert np.ptp(Light.of(skin(), pose_of()).shown(np.float32([0.9, 0.2, 0.1]))) > 50


def test_a_blurred_picture_is_seen_as_blurred():
    rng = np.random.default_rng(3)
    blocks = cv2.resize(
        rng.integers(60, 220, (16, 16, 3), np.uint8), (160, 160), interpolation=cv2.INTER_NEAREST
    )
    sharp = Light.of(blocks, pose_of()).blur_px
    soft = Light.of(cv2.GaussianBlur(blocks, (0, 0), 1.5), pose_of()).blur_px
    assert sharp < 0.8
    assert soft == pytest.approx(1.5, abs=0.6)


def test_the_noise_of_a_picture_is_measured():
    rng = np.random.default_rng(4)
    noisy = np.clip(128 + rng.normal(0, 5, (160, 160, 1)), 0, 255).astype(np.uint8)
    light = Light.of(np.repeat(noisy, 3, axis=2), pose_of())
    assert light.noise == pytest.approx(5 * 0.8, rel=0.2)  # a fifth is left to texture
    assert Light.of(np.full((160, 160, 3), 128, np.uint8), pose_of()).noise == 0


@pytest.mark.parametrize("origin", [(-300.0, 70.0), (80.0, 900.0)])
def test_a_face_outside_the_picture_takes_the_whole_picture_for_its_light(origin):
    light = Light.of(skin(), pose_of(origin_px=origin))
    assert np.isfinite(light.white_bgr).all()
