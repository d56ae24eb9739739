"""What is motion, and what only looks like it."""

import cv2
import numpy as np
import pytest

from datasets.sampling.motion import Motion
from serving.core.errors import ConfigError
from tests.datasets.sampling.made_up import shot


def room(seed=1):
    """A room with shelves, in full light, 480×640."""
    random = np.random.default_rng(seed)
    image = np.full((480, 640, 3), 150, np.float32)
    for _ in range(40):
        x, y, w, h = random.integers([0, 0, 20, 20], [600, 440, 120, 100])
        image[y : y + h, x : x + w] = random.integers(60, 230, 3)
    return cv2.GaussianBlur(image, (0, 0), 1.5)


def filmed(scene, light=1.0, seed=0):
    """The scene in a light, with the camera's noise."""
    noise = np.random.default_rng(seed).normal(0, 3, scene.shape)
    return np.clip(scene * light + noise, 0, 255).astype(np.uint8)


def with_person(scene, x, y=200):
    """Someone of 40×110 px in dark clothes."""
    scene = scene.copy()
    scene[y : y + 110, x : x + 40] = (45, 40, 60)
    scene[y : y + 22, x + 10 : x + 30] = (130, 150, 190)
    return scene


def tags(way, images, step_s=0.1):
    return [
        index for index, image in enumerate(images) if list(way.see(shot(index * step_s, image)))
    ]


def test_an_empty_room_with_a_noisy_camera_is_no_motion():
    scene = room()
    assert tags(Motion(), [filmed(scene, seed=i) for i in range(20)]) == []


def test_a_light_switched_on_is_no_motion():
    scene = room()
    lights = [0.3] * 8 + [1.0] * 8 + [0.6] * 8
    assert tags(Motion(), [filmed(scene, light, i) for i, light in enumerate(lights)]) == []


def test_a_lamp_that_lights_one_side_of_the_room_is_no_motion():
    scene = room()
    lamp = np.linspace(1.0, 0.45, 640, dtype=np.float32)[None, :, None]
    images = [filmed(scene, 0.45, i) for i in range(8)]
    images += [filmed(scene, lamp, 8 + i) for i in range(8)]
    assert tags(Motion(), images) == []


def test_a_person_who_walks_in_is_motion():
    scene = room()
    images = [filmed(scene, seed=i) for i in range(5)]
    images += [filmed(with_person(scene, 100 + 8 * i), seed=5 + i) for i in range(25)]
    assert tags(Motion(gap_s=1.0), images) == [5, 15, 25]


def test_a_person_in_changing_light_is_motion():
    scene = room()
    images = [filmed(scene, 0.5, i) for i in range(5)]
    images += [filmed(with_person(scene, 300), 1.0, 5)]
    assert tags(Motion(), images) == [5]


def test_a_camera_that_was_turned_is_no_motion_and_a_new_background():
    images = [filmed(room(1), seed=i) for i in range(5)]
    images += [filmed(room(2), seed=i) for i in range(5)]
    way = Motion()
    assert tags(way, images) == []
    assert tags(way, [filmed(with_person(room(2), 300))]) == [0]


def test_new_footage_is_not_compared_with_the_last():
    way = Motion()
    tags(way, [filmed(room(1), seed=i) for i in range(3)])
    assert list(way.end()) == []
    assert tags(way, [filmed(with_person(room(1), 300), seed=i) for i in range(3)]) == []


def test_a_share_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="expected min_share inside .* got 0 and 0.65"):
        Motion(min_share=0)
