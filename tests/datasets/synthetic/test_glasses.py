"""Glasses sit on the eyes."""

import numpy as np
import pytest

from datasets.synthetic.glasses import GlassesKind, GlassesOccluder
from tests.datasets.synthetic.made_up import EYES, MOUTH, NOSE, alpha_at, face_of, pose_of, skin


def worn(kind, pose, seed=0):
    return GlassesOccluder(kind).apply(skin(), face_of(pose), np.random.default_rng(seed))


@pytest.mark.parametrize("yaw", [-0.5, 0.0, 0.5])
def test_sunglasses_hide_the_eyes_and_nothing_below(yaw):
    pose = pose_of(yaw=yaw)
    for seed in range(4):
        occluded = worn(GlassesKind.SUNGLASSES, pose, seed)
        assert min(alpha_at(occluded, pose, eye) for eye in EYES) > 0.5
        assert alpha_at(occluded, pose, NOSE) == 0
        assert alpha_at(occluded, pose, MOUTH) == 0


def test_glasses_leave_the_eyes_to_be_seen_and_have_a_frame():
    pose = pose_of()
    for seed in range(4):
        occluded = worn(GlassesKind.GLASSES, pose, seed)
        assert max(alpha_at(occluded, pose, eye) for eye in EYES) < 0.5
        assert occluded.alpha.max() > 120
        assert occluded.mask is None


def test_the_arm_of_the_far_side_is_hidden_by_the_head():
    pose = pose_of(yaw=0.6, pitch=0.35)  # bowed, so that the arms rise from the lenses
    occluded = worn(GlassesKind.GLASSES, pose, 3)
    near, far = ([side * 1.13, -0.02, -0.715] for side in (-1, 1))
    assert alpha_at(occluded, pose, near) > 0.3
    assert alpha_at(occluded, pose, far) == 0
