"""Hoods, hats and scarves: what they hide and what they leave free."""

import numpy as np
import pytest

from datasets.synthetic.headwear import HeadwearKind, HeadwearOccluder
from tests.datasets.synthetic.made_up import EYES, MOUTH, NOSE, alpha_at, face_of, pose_of, skin

FACE = {"eyes": EYES, "nose": [NOSE], "mouth": [MOUTH]}
HIDDEN = {
    HeadwearKind.HOOD: (),
    HeadwearKind.BEANIE: (),
    HeadwearKind.CAP: (),
    HeadwearKind.SCARF_OVER_NOSE: ("nose", "mouth"),
    HeadwearKind.SCARF_OVER_MOUTH: ("mouth",),
    HeadwearKind.SCARF_ON_NECK: (),
}
PLACE = {
    HeadwearKind.HOOD: (0.0, -1.6, -0.5),
    HeadwearKind.BEANIE: (0.0, -1.1, 0.2),
    HeadwearKind.CAP: (0.0, -1.1, 0.2),
    HeadwearKind.SCARF_OVER_NOSE: (0.0, 1.9, 0.3),
    HeadwearKind.SCARF_OVER_MOUTH: (0.0, 1.9, 0.3),
    HeadwearKind.SCARF_ON_NECK: (0.0, 2.2, 0.3),
}
"""A point that each must hide."""


def worn(kind, pose, seed=0):
    image = skin(240, 200)
    return HeadwearOccluder(kind).apply(image, face_of(pose), np.random.default_rng(seed))


@pytest.mark.parametrize("yaw", [-0.6, 0.0, 0.6])
@pytest.mark.parametrize("kind", list(HeadwearKind))
def test_it_sits_where_it_belongs(kind, yaw):
    pose = pose_of(yaw=yaw, origin_px=(100.0, 110.0))
    for seed in range(4):
        occluded = worn(kind, pose, seed)
        assert alpha_at(occluded, pose, PLACE[kind]) > 0.9
        for name, places in FACE.items():
            hidden = [alpha_at(occluded, pose, place) for place in places]
            if name in HIDDEN[kind]:
                assert min(hidden) > 0.9
            elif kind is not HeadwearKind.CAP:
                assert max(hidden) < 0.15
            else:
                assert max(hidden) < 0.6  # the shade of the visor


@pytest.mark.parametrize("kind", list(HeadwearKind))
def test_it_says_what_it_is_and_no_mask_state(kind):
    occluded = worn(kind, pose_of(origin_px=(100.0, 110.0)))
    assert (occluded.kind, occluded.how, occluded.mask) == (kind.value, "", None)


@pytest.mark.parametrize("kind", list(HeadwearKind))
def test_the_same_random_state_gives_the_same_pixels(kind):
    pose = pose_of(origin_px=(100.0, 110.0))
    np.testing.assert_array_equal(worn(kind, pose, 5).image_bgr, worn(kind, pose, 5).image_bgr)


@pytest.mark.parametrize("kind", list(HeadwearKind))
@pytest.mark.parametrize("unit_px", [7.0, 200.0])
def test_it_can_be_drawn_on_very_small_and_very_large_faces(kind, unit_px):
    size = round(unit_px * 5)
    pose = pose_of(unit_px=unit_px, origin_px=(size / 2, size / 2))
    occluded = HeadwearOccluder(kind).apply(
        skin(size, size), face_of(pose), np.random.default_rng(0)
    )
    assert occluded.alpha.max() > 200
