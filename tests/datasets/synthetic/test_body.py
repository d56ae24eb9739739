"""What whole people wear and carry, by their box."""

import numpy as np
import pytest

from datasets.synthetic.body import BodyKind, BodyOccluder, assumed_pose, head_x_px

SIZES_HW = [(128, 48), (256, 128)]


def person(height, width, head_share=0.5, seed=0):
    """A dark head and a blue body before a bright wall."""
    image = np.random.default_rng(seed).normal(200, 2, (height, width, 3))
    head = round(width * head_share)
    radius = max(2, round(height / 15))
    image[2 : 2 + 2 * radius, max(0, head - radius) : head + radius] = 50
    image[2 + 2 * radius :, width // 4 : -width // 4] = (160, 80, 40)
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size_hw", SIZES_HW)
@pytest.mark.parametrize("kind", list(BodyKind))
def test_everything_can_be_drawn_and_leaves_most_of_the_person(kind, size_hw):
    image = person(*size_hw)
    for seed in range(6):
        occluded = BodyOccluder(kind).apply(image, np.random.default_rng(seed))
        hidden = (occluded.alpha > 128).mean()
        assert 0.0005 < hidden < 0.35
        assert occluded.image_bgr.shape == image.shape


@pytest.mark.parametrize("kind", [BodyKind.HOOD, BodyKind.BEANIE, BodyKind.CAP, BodyKind.MASK])
def test_what_belongs_on_the_head_stays_in_the_upper_quarter(kind):
    image = person(256, 128)
    for seed in range(6):
        occluded = BodyOccluder(kind).apply(image, np.random.default_rng(seed))
        assert not (occluded.alpha[64:] > 30).any()


@pytest.mark.parametrize("kind", [BodyKind.SHOULDER_BAG, BodyKind.SHOPPING_BAG])
def test_bags_stay_below_the_head(kind):
    image = person(256, 128)
    for seed in range(6):
        occluded = BodyOccluder(kind).apply(image, np.random.default_rng(seed))
        assert not (occluded.alpha[:34] > 30).any()


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_the_head_is_looked_for_across_the_box(share):
    image = person(128, 64, share)
    assert head_x_px(image, (0, 0, 64, 128)) == pytest.approx(64 * share, abs=4)


def test_an_even_picture_has_its_head_in_the_middle():
    even = np.full((128, 64, 3), 90, np.uint8)
    assert head_x_px(even, (0, 0, 64, 128)) == pytest.approx(32, abs=1)
    assert head_x_px(np.zeros((128, 3, 3), np.uint8), (0, 0, 3, 128)) == 1.5


def test_a_head_is_a_part_of_the_body_s_height():
    pose = assumed_pose((10, 20, 74, 281))
    crown, chin = pose.project(np.float32([[0, -1.85, 0], [0, 1.66, 0]]))
    assert crown == pytest.approx([42, 20], abs=0.1)
    assert chin[1] - crown[1] == pytest.approx(261 / 7.5, rel=0.01)


def test_a_person_in_a_larger_picture_is_drawn_on_alone():
    image = np.full((300, 300, 3), 200, np.uint8)
    image[100:228, 120:168] = person(128, 48)
    box = (120.0, 100.0, 168.0, 228.0)
    occluded = BodyOccluder(BodyKind.BACKPACK).apply(image, np.random.default_rng(1), box)
    rows, columns = np.nonzero(occluded.alpha > 30)
    assert rows.min() >= 100 and rows.max() < 228
    assert columns.min() >= 110 and columns.max() < 178


def test_a_mask_is_told_as_one():
    occluded = BodyOccluder(BodyKind.MASK).apply(person(256, 128), np.random.default_rng(0))
    assert occluded.mask == "masked"
