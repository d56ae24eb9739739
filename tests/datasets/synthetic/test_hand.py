"""A hand before the mouth."""

import numpy as np

from datasets.synthetic.hand import HandOccluder
from tests.datasets.synthetic.made_up import MOUTH, SKIN_BGR, alpha_at, face_of, pose_of, skin


def test_it_hides_the_mouth_in_the_colour_of_the_skin():
    pose = pose_of()
    hidden = []
    for seed in range(12):
        occluded = HandOccluder().apply(skin(), face_of(pose), np.random.default_rng(seed))
        hidden.append(alpha_at(occluded, pose, MOUTH))
        colour = np.median(occluded.image_bgr[occluded.alpha > 250], axis=0)
        np.testing.assert_allclose(colour / colour[2], np.array(SKIN_BGR) / SKIN_BGR[2], atol=0.12)
        assert occluded.mask is None
    assert np.mean(np.array(hidden) > 0.9) >= 0.75  # fingers may stand apart
