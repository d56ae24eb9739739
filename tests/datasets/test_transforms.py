"""Boxes move with the pixels, and the same generator state gives the same picture."""

import numpy as np
import pytest

from datasets.detection import DetectionSample
from datasets.transforms import (
    Augmentation,
    colour_jitter,
    flip,
    letterbox,
    mixup,
    mosaic,
    random_affine,
)
from serving.core.letterbox import PAD_VALUE


def _sample(size_hw: tuple[int, int] = (60, 80), box: tuple[int, ...] = (20, 10, 50, 40)):
    """Black with a white box."""
    image = np.zeros((*size_hw, 3), np.uint8)
    left, top, right, bottom = box
    image[top:bottom, left:right] = 255
    return DetectionSample(image, np.array([box], np.float32), np.zeros(1, np.int64))


def _white_box(image: np.ndarray) -> list[int]:
    rows, columns = np.nonzero(image[..., 0] > 127)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_flip_exchanges_left_and_right() -> None:
    flipped = flip(_sample())
    assert flipped.xyxy_px.tolist() == [[30, 10, 60, 40]]
    assert _white_box(flipped.image) == [30, 10, 60, 40]


def test_letterbox_scales_by_one_factor_and_pads_below() -> None:
    fitted = letterbox(_sample(), (64, 64))  # 80 → 64: factor 0.8, height 60 → 48
    assert fitted.image.shape == (64, 64, 3)
    np.testing.assert_allclose(fitted.xyxy_px, [[16, 8, 40, 32]])
    assert (fitted.image[48:] == PAD_VALUE).all()


@pytest.mark.parametrize("seed", range(5))
def test_boxes_follow_the_pixels_through_zoom_and_shift(seed: int) -> None:
    rng = np.random.default_rng(seed)
    moved = random_affine(_sample((60, 80), (35, 25, 45, 35)), (96, 96), rng, (1.5, 3), 0.1, 0)
    np.testing.assert_allclose(moved.xyxy_px[0], _white_box(moved.image), atol=1)


def test_a_turned_box_is_the_upright_box_around_it() -> None:
    rng = np.random.default_rng(0)
    sample = _sample((64, 64), (22, 22, 42, 42))
    turned = random_affine(sample, (64, 64), rng, (1, 1), 0, 45)
    assert (turned.xyxy_px[0, :2] <= 22).all()
    assert (turned.xyxy_px[0, 2:] >= 42).all()
    np.testing.assert_allclose(turned.xyxy_px[0], _white_box(turned.image), atol=2.5)


@pytest.mark.parametrize("seed", range(5))
def test_mosaic_tiles_keep_their_boxes_on_their_people(seed: int) -> None:
    black = DetectionSample(
        np.zeros((60, 80, 3), np.uint8), np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    )
    tiles = [black, _sample(), black, black]
    tiled = mosaic(tiles, (64, 64), np.random.default_rng(seed))
    assert tiled.image.shape == (128, 128, 3)
    np.testing.assert_allclose(tiled.xyxy_px[0], _white_box(tiled.image), atol=1.5)


def test_mixup_is_the_mean_with_the_boxes_of_both() -> None:
    both = mixup(_sample(box=(0, 0, 10, 10)), _sample(box=(20, 20, 30, 30)))
    assert both.xyxy_px.tolist() == [[0, 0, 10, 10], [20, 20, 30, 30]]
    assert both.image[5, 5, 0] == both.image[25, 25, 0] == 128


def test_a_person_hardly_left_in_the_picture_is_dropped() -> None:
    # Zoom 2 about the centre (40, 30) shows columns 20–60: of the box 4–24 a fifth is left.
    sample = _sample(box=(4, 20, 24, 40))
    rng = np.random.default_rng(0)
    assert len(random_affine(sample, (60, 80), rng, (2, 2), 0, 0).xyxy_px) == 0


def test_no_colour_change_leaves_grey_pictures_alone() -> None:
    sample = _sample()
    same = colour_jitter(sample, np.random.default_rng(0), 0, 0, 0)
    np.testing.assert_array_equal(same.image, sample.image)


def _augment(seed: int) -> DetectionSample:
    augmentation = Augmentation((64, 64), (32, 32), mixup_probability=0.5)
    return augmentation(_sample(), _sample, np.random.default_rng(seed))


def test_one_seed_gives_one_picture() -> None:
    for seed in range(5):
        first, second = _augment(seed), _augment(seed)
        np.testing.assert_array_equal(first.image, second.image)
        np.testing.assert_array_equal(first.xyxy_px, second.xyxy_px)


def test_other_seeds_give_other_pictures() -> None:
    assert len({_augment(seed).image.tobytes() for seed in range(5)}) == 5


def test_training_pictures_have_the_size_asked_for_and_boxes_inside() -> None:
    for seed in range(20):
        picture = _augment(seed)
        assert picture.image.shape == (32, 32, 3)
        assert ((picture.xyxy_px >= 0) & (picture.xyxy_px <= 32)).all()


def test_a_plain_picture_shows_people_as_large_as_serving_will() -> None:
    # 80 × 60 in an input of 160 × 160: twice as large, so the box of 10 px is one of 20.
    augmentation = Augmentation((160, 160), (128, 128), translate=0.0)
    plain = augmentation.plain(_sample(box=(35, 25, 45, 35)), np.random.default_rng(0))
    np.testing.assert_allclose(plain.xyxy_px[0, 2:] - plain.xyxy_px[0, :2], 20, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size_hw": (64, 50)}, r"size_hw: expected height and width, multiples of 32 px, got"),
        ({"input_size_hw": (64,)}, r"input_size_hw: expected height and width, .* got \[64\]"),
        ({"scale": (2.0, 1.0)}, r"scale: expected 0 < smallest ≤ largest, got \(2.0, 1.0\)"),
    ],
)
def test_a_size_or_scale_that_cannot_be_used_is_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Augmentation(**{"input_size_hw": (64, 64), "size_hw": (64, 64), **options})
