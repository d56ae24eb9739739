"""A made-up face: even skin, and landmarks where a mean head has them."""

import numpy as np

from datasets.faces import Face
from datasets.synthetic.geometry import LANDMARKS, Pose

SKIN_BGR = (120, 150, 200)


def pose_of(yaw=0.0, pitch=0.0, roll=0.0, unit_px=40.0, origin_px=(80.0, 70.0)):
    return Pose(yaw, pitch, roll, unit_px, origin_px)


def face_of(pose):
    points = pose.project(LANDMARKS)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    size = pose.unit_px
    return Face((left - size / 2, top - size / 2, right + size / 2, bottom + size / 2), points)


def skin(height=160, width=160, seed=0):
    """Skin all over, with a little noise."""
    noise = np.random.default_rng(seed).normal(0, 2, (height, width, 3))
    return np.clip(np.array(SKIN_BGR) + noise, 0, 255).astype(np.uint8)


def alpha_at(occluded, pose, point):
    """How much is hidden, 0 to 1, where a point of the head stands."""
    x, y = pose.project(np.float32(point))
    return occluded.alpha[round(float(y)), round(float(x))] / 255


EYES, NOSE, MOUTH = LANDMARKS[:2], LANDMARKS[2], (0.0, 1.06, 0.3)
