"""The geometry of a head, fitted to five landmarks: where a point on it stands in the picture.

Head coordinates are in units of the distance between the eyes, about 63 mm: x to the right of a
frontal picture, y down from the line of the eyes, z towards the viewer, (0, 0, 0) between the eyes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from datasets.faces import NUM_LANDMARKS, Face

Floats = NDArray[np.float32]

LANDMARKS = np.array(
    [[-0.5, 0, 0], [0.5, 0, 0], [0, 0.58, 0.46], [-0.39, 1.06, 0.13], [0.39, 1.06, 0.13]],
    np.float32,
)
"""Where the five landmarks stand on a mean head."""

_LANDMARKS = LANDMARKS.astype(np.float64)

CHIN_Y, CROWN_Y, BROW_Y = 1.66, -1.85, -0.38
EAR = (1.13, 0.3, -1.1)
"""Where a loop hangs on the ear at +x; the other one is its mirror image."""
DEPTH = 1.35
"""From the front of the face to its widest section, where the ears are."""

_WIDTH_Y = (-1.9, -1.6, -1.0, -0.3, 0.0, 0.5, 1.0, 1.3, 1.5, 1.68, 1.8, 4.0)
_WIDTH = (0.05, 0.7, 1.1, 1.17, 1.15, 1.1, 0.97, 0.84, 0.68, 0.5, 0.62, 0.66)
_FRONT_Y = (-1.9, -1.5, -1.0, -0.4, 0.0, 0.35, 0.85, 1.05, 1.3, 1.5, 1.66, 1.8, 4.0)
_FRONT = (-1.1, -0.3, 0.05, 0.2, 0.16, 0.16, 0.28, 0.32, 0.2, 0.28, 0.16, -0.25, -0.35)
_NOSE_Y = (0.0, 0.3, 0.6, 0.78, 0.9)
_NOSE = (0.05, 0.2, 0.34, 0.14, 0.0)
_NOSE_HALF_WIDTH = 0.24

_LANDMARK_SPREAD, _PITCH_SPREAD, _YAW_SPREAD, _LENGTH_SPREAD = 0.05, 0.3, 0.9, 0.1
"""How far, in units and radians, landmarks and heads are off the mean one: the fit's weights."""
_NUM_STEPS = 4


def half_width(y: ArrayLike) -> Floats:
    """Half the width of head and neck at a height."""
    return np.interp(y, _WIDTH_Y, _WIDTH).astype(np.float32)


def front(y: ArrayLike) -> Floats:
    """How far the middle of the face stands forward at a height, without the nose."""
    return np.interp(y, _FRONT_Y, _FRONT).astype(np.float32)


def on_head(x: ArrayLike, y: ArrayLike, lift: float = 0.0) -> Floats:
    """Points (…, 3) on the skin at x and y, lifted off it; x is held inside the width."""
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    width = half_width(y)
    sine = np.clip(x / width, -0.995, 0.995)
    fall = DEPTH * (1 - np.sqrt(1 - sine * sine))
    nose = np.interp(y, _NOSE_Y, _NOSE, left=0, right=0) * np.exp(-((x / _NOSE_HALF_WIDTH) ** 2))
    return np.stack([sine * width, y, front(y) - fall + nose + lift], axis=-1).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """How a head stands in a picture: a scaled orthographic view of it.

    Args:
        yaw: radians; above 0 the nose points to the right of the picture.
        pitch: radians; above 0 it points down.
        roll: radians; above 0 the head leans clockwise.
        unit_px: pixels of one unit, the distance between the eyes seen from the front.
        origin_px: (2,) where the point between the eyes stands.
        length: of this face from eyes to mouth, as a share of the mean one.
    """

    yaw: float
    pitch: float
    roll: float
    unit_px: float
    origin_px: tuple[float, float]
    length: float = 1.0

    @property
    def rotation(self) -> Floats:
        """(3, 3): head axes to picture axes."""
        return _rotation(self.yaw, self.pitch, self.roll)

    def turned(self, points: ArrayLike) -> Floats:
        """Points (…, 3) in units along the picture's axes; z still points to the viewer."""
        stretched = np.asarray(points, np.float32) * np.float32([1, self.length, 1])
        return stretched @ self.rotation.T  # type: ignore[no-any-return]

    def project(self, points: ArrayLike) -> Floats:
        """Points (…, 3) of the head to pixels (…, 2)."""
        return self.turned(points)[..., :2] * np.float32(self.unit_px) + np.float32(self.origin_px)


def fit_pose(landmarks_px: ArrayLike) -> Pose:
    """The pose whose mean head meets five landmarks best.

    Damped Gauss-Newton over scale, three angles, place and length of the face, with priors that
    keep pitch, yaw and length near what faces have: five points alone do not tell a long nose from
    a head bowed down.

    Raises:
        ValueError: not five points, or all at one place.
    """
    points_px = np.asarray(landmarks_px, np.float64)
    if points_px.shape != (NUM_LANDMARKS, 2):
        raise ValueError(f"landmarks_px: expected shape (5, 2), got {points_px.shape}")
    size_px = float(np.linalg.norm(points_px - points_px.mean(axis=0), axis=1).mean())
    if size_px < 1e-3:
        raise ValueError("landmarks_px: expected five different points, got one place")
    values = _first_guess(points_px / size_px)
    for _ in range(_NUM_STEPS):
        values = values - _step(values, points_px / size_px)
    unit_px = float(np.exp(values[0])) * size_px
    yaw, pitch = float(values[1]), float(values[2])
    roll = math.remainder(float(values[3]), 2 * math.pi)
    origin_px = (float(values[4] * size_px), float(values[5] * size_px))
    return Pose(yaw, pitch, roll, unit_px, origin_px, float(np.exp(values[6])))


@lru_cache(maxsize=16)
def _rotation(yaw: float, pitch: float, roll: float) -> Floats:
    rotation = _rotations(np.array([[yaw, pitch, roll]]))[0].astype(np.float32)
    rotation.setflags(write=False)
    return rotation


def _first_guess(points: NDArray[np.float64]) -> NDArray[np.float64]:
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    down = mouth - eyes
    across = points[1] - points[0] + points[4] - points[3]
    roll = np.arctan2(across[1], across[0])
    if np.linalg.norm(across) < 0.3 * np.linalg.norm(down):  # a profile: the pairs fall together
        roll = np.arctan2(-down[0], down[1])
    scale = max(np.linalg.norm(points[1] - points[0]), np.linalg.norm(down) / 1.06)
    right = np.array([np.cos(roll), np.sin(roll)])
    aside = (points[2] - points[:2].mean(axis=0) * 0.45 - mouth * 0.55) @ right
    yaw = np.arcsin(np.clip(aside / (0.42 * scale), -0.9, 0.9))
    return np.array([np.log(scale), yaw, 0.0, roll, *eyes, 0.0])


_NUDGES = np.vstack([np.zeros(7), np.eye(7) * 1e-5])


def _step(values: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    residuals = _residuals(values + _NUDGES, points)
    jacobian = (residuals[1:] - residuals[0]).T / 1e-5
    normal = jacobian.T @ jacobian
    normal[np.diag_indices(7)] *= 1.02
    step = np.linalg.solve(normal, jacobian.T @ residuals[0])
    return np.clip(step, -0.5, 0.5)  # type: ignore[no-any-return]


def _residuals(values: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(B, 13): the landmarks' misses, then the priors', each by its spread."""
    scale, length = np.exp(values[:, :1]), np.exp(values[:, 6])
    axes = _rotations(values[:, 1:4])[:, :2]
    axes[:, :, 1] *= length[:, None]
    seen = _LANDMARKS @ axes.transpose(0, 2, 1)
    misses = seen + (values[:, None, 4:6] - points) / scale[:, None]
    priors = values[:, [1, 2, 6]] / (_YAW_SPREAD, _PITCH_SPREAD, _LENGTH_SPREAD)
    return np.hstack([misses.reshape(len(values), -1) / _LANDMARK_SPREAD, priors])


def _rotations(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """(B, 3, 3) for (B, 3) yaw, pitch, roll: yaw is done first, roll last."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(angles).T, np.sin(angles).T
    rotations = np.empty((len(angles), 3, 3))
    rotations[:, 0, 0], rotations[:, 0, 1] = cr * cy + sr * sp * sy, -sr * cp
    rotations[:, 0, 2], rotations[:, 1, 0] = cr * sy - sr * sp * cy, sr * cy - cr * sp * sy
    rotations[:, 1, 1], rotations[:, 1, 2] = cr * cp, sr * sy + cr * sp * cy
    rotations[:, 2, 0], rotations[:, 2, 1], rotations[:, 2, 2] = -cp * sy, -sp, cp * cy
    return rotations


def aligned_face(image_size_hw: tuple[int, int], margin: float = 0.25) -> Face:
    """A guess at the face in a crop that shows one, upright and from the front.

    For crops in which no landmarks are found, and only where a caller asks for it: what is drawn on
    a guess may sit wrong.

    Args:
        image_size_hw: of the crop.
        margin: what the crop shows on each side of the face's box, as a share of that box; 0.25 for
            FairFace.
    """
    height, width = image_size_hw
    box = min(height, width) / (1 + 2 * margin)
    left, top = (width - box) / 2, (height - box) / 2
    unit_px = box * 0.4
    pose = Pose(0.0, 0.0, 0.0, unit_px, (width / 2, top + box * 0.4))
    points = pose.project(LANDMARKS)
    return Face((left, top, left + box, top + box), points, 0.0)
