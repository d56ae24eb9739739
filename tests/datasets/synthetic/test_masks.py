"""Masks: what they hide and what they leave free, in each pose and size."""

import numpy as np
import pytest

from datasets.samples import Attributes
from datasets.synthetic.masks import WRONG, MaskKind, MaskOccluder, Wear
from serving.core.labels import Gender, Mask
from tests.datasets.synthetic.made_up import EYES, MOUTH, NOSE, alpha_at, face_of, pose_of, skin

POSES = {
    "frontal": pose_of(),
    "right": pose_of(yaw=0.7),
    "left": pose_of(yaw=-0.7),
    "down": pose_of(pitch=0.3),
    "leaning": pose_of(roll=0.6),
    "upside down": pose_of(roll=3.0, origin_px=(80.0, 100.0)),
}


def worn(kind, wear, pose, seed=1):
    image = skin()
    return MaskOccluder(kind, wear).apply(image, face_of(pose), np.random.default_rng(seed))


@pytest.mark.parametrize("pose", POSES.values(), ids=POSES.keys())
@pytest.mark.parametrize("kind", list(MaskKind))
def test_a_mask_worn_right_hides_nose_and_mouth_and_no_eye(kind, pose):
    for seed in range(3):
        occluded = worn(kind, Wear.COVERING, pose, seed)
        assert alpha_at(occluded, pose, NOSE) > 0.9
        assert alpha_at(occluded, pose, MOUTH) > 0.9
        assert max(alpha_at(occluded, pose, eye) for eye in EYES) < 0.1
        assert occluded.mask is Mask.MASKED


@pytest.mark.parametrize("pose", POSES.values(), ids=POSES.keys())
@pytest.mark.parametrize("kind", list(MaskKind))
def test_below_the_nose_it_leaves_the_nose_free_and_hides_the_mouth(kind, pose):
    for seed in range(3):
        occluded = worn(kind, Wear.NOSE_OUT, pose, seed)
        assert alpha_at(occluded, pose, NOSE) < 0.2
        assert alpha_at(occluded, pose, MOUTH) > 0.8
        assert occluded.mask is Mask.INCORRECT


@pytest.mark.parametrize("kind", list(MaskKind))
def test_under_the_chin_it_leaves_nose_and_mouth_free(kind):
    occluded = worn(kind, Wear.UNDER_CHIN, POSES["frontal"])
    for place in (NOSE, MOUTH, *EYES):
        assert alpha_at(occluded, POSES["frontal"], place) < 0.1
    assert alpha_at(occluded, POSES["frontal"], (0.0, 1.75, 0.0)) > 0.8
    assert (occluded.how, occluded.mask) == ("under-chin", Mask.INCORRECT)


def test_from_one_ear_it_hangs_on_one_side_only():
    occluded = worn(MaskKind.SURGICAL, Wear.ONE_EAR, POSES["frontal"])
    alpha = occluded.alpha / 255
    left, right = alpha[:, :80].sum(), alpha[:, 80:].sum()
    assert max(left, right) > 400 and min(left, right) < 0.1 * max(left, right)
    for place in (NOSE, MOUTH, *EYES):
        assert alpha_at(occluded, POSES["frontal"], place) < 0.1


@pytest.mark.parametrize("yaw", [0.6, -0.6])
def test_from_one_ear_it_hangs_on_the_side_that_is_seen(yaw):
    occluded = worn(MaskKind.SURGICAL, Wear.ONE_EAR, pose_of(yaw=yaw))
    columns = np.nonzero(occluded.alpha > 128)[1]
    assert np.sign(columns.mean() - 80) == -np.sign(yaw)


def test_a_mask_that_would_hang_outside_the_picture_is_worn_below_the_nose():
    pose = pose_of(unit_px=60.0, origin_px=(50.0, 25.0))
    occluded = MaskOccluder(MaskKind.SURGICAL, Wear.ONE_EAR).apply(
        skin(100, 100), face_of(pose), np.random.default_rng(0)
    )
    assert (occluded.how, occluded.mask) == ("nose-out", Mask.INCORRECT)


def test_a_bandana_has_no_loop_to_hang_by():
    occluded = worn(MaskKind.BANDANA, Wear.ONE_EAR, POSES["frontal"])
    assert occluded.how == "under-chin"


def test_any_wrong_way_draws_each_of_them():
    occluder = MaskOccluder(MaskKind.CLOTH, None)
    image, face = skin(), face_of(pose_of())
    hows = {occluder.apply(image, face, np.random.default_rng(seed)).how for seed in range(40)}
    assert hows == {wear.value for wear in WRONG}


@pytest.mark.parametrize("kind", list(MaskKind))
def test_the_same_random_state_gives_the_same_pixels_and_another_one_others(kind):
    first, again, other = (worn(kind, Wear.COVERING, pose_of(), seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.image_bgr, again.image_bgr)
    np.testing.assert_array_equal(first.alpha, again.alpha)
    assert not np.array_equal(first.image_bgr, other.image_bgr)


def test_the_picture_given_is_not_changed_and_pixels_away_from_the_mask_are_kept():
    image = skin()
    before = image.copy()
    pose = pose_of(unit_px=20.0)
    occluded = MaskOccluder(MaskKind.KN95).apply(image, face_of(pose), np.random.default_rng(0))
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(occluded.image_bgr[:50], before[:50])  # above the eyes
    np.testing.assert_array_equal(occluded.image_bgr[:, 120:], before[:, 120:])
    assert occluded.alpha.dtype == np.uint8 and occluded.alpha.shape == (160, 160)


@pytest.mark.parametrize("face_px", [20, 32, 64, 128, 256, 512])
def test_a_mask_covers_the_same_share_of_a_face_at_every_size(face_px):
    size = round(face_px * 1.5)
    pose = pose_of(unit_px=face_px * 0.4, origin_px=(size / 2, size * 0.42))
    occluded = MaskOccluder(MaskKind.SURGICAL).apply(
        skin(size, size), face_of(pose), np.random.default_rng(2)
    )
    area = occluded.alpha.sum() / 255 / pose.unit_px**2
    assert area == pytest.approx(1.85, rel=0.15)  # square units: about 1.7 wide, 1.1 high


def test_a_face_that_is_partly_outside_the_picture_is_drawn_as_far_as_it_goes():
    pose = pose_of(origin_px=(0.0, 150.0))
    occluded = worn(MaskKind.SURGICAL, Wear.COVERING, pose)
    assert occluded.image_bgr.shape == (160, 160, 3)
    far = worn(MaskKind.SURGICAL, Wear.COVERING, pose_of(origin_px=(900.0, 900.0)))
    assert not far.alpha.any()


def test_only_the_mask_state_of_the_person_changes():
    occluded = worn(MaskKind.FFP2, Wear.COVERING, pose_of())
    before = Attributes(gender=Gender.FEMALE, age_years=30.0, mask=Mask.UNMASKED)
    assert occluded.changed(before) == Attributes(
        gender=Gender.FEMALE, age_years=30.0, mask=Mask.MASKED
    )


def test_masks_get_darker_with_the_picture():
    image, face = skin(), face_of(pose_of())
    dark = (image * 0.3).astype(np.uint8)
    values = []
    for picture in (image, dark):
        occluded = MaskOccluder(MaskKind.FFP2).apply(picture, face, np.random.default_rng(7))
        values.append(occluded.image_bgr[occluded.alpha > 250].mean())
    assert values[1] < 0.45 * values[0]
