"""Constant-velocity motion of boxes, for all tracks of a camera at once, in seconds.

Per track a Kalman filter over the box's anchor (x, y), its velocity, and its size (width, height).
Anchor and velocity follow the continuous white-noise acceleration model (Bar-Shalom, Li and
Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, section 6.2.2); sizes
follow a random walk. Noise is the same along x and y and grows with the box's height, so one set of
constants fits people near and far, and the covariance is three numbers a track in place of a
matrix: a frame costs a few array operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionNoise:
    """How people move and how detectors err, in heights of the person's box.

    Args:
        acceleration: spectral density of the acceleration in heights per s^1.5.
        speed: standard deviation of an unknown person's velocity in heights per second.
        position: standard deviation of a detected anchor in heights.
        size_drift: how far width and height wander, in heights per square root of a second.
        size: standard deviation of a detected width or height in heights.
    """

    acceleration: float = 0.2
    speed: float = 0.7
    position: float = 0.08
    size_drift: float = 0.1
    size: float = 0.1


class BoxMotion:
    """The filters of all tracks, one row a track, in the order in which they were added."""

    __slots__ = (
        "_noise",
        "position_var",
        "position_velocity_cov",
        "size_px",
        "size_var",
        "velocity_px_s",
        "velocity_var",
        "xy_px",
    )

    def __init__(self, noise: MotionNoise) -> None:
        self._noise = noise
        self.xy_px: Floats = np.zeros((0, 2))
        self.velocity_px_s: Floats = np.zeros((0, 2))
        self.size_px: Floats = np.zeros((0, 2))
        self.position_var: Floats = np.zeros(0)
        self.position_velocity_cov: Floats = np.zeros(0)
        self.velocity_var: Floats = np.zeros(0)
        self.size_var: Floats = np.zeros(0)

    def __len__(self) -> int:
        return len(self.xy_px)

    def boxes_px(self) -> Floats:
        """(T, 4) xyxy boxes of all tracks, as filtered or predicted last."""
        half = self.size_px / 2
        return np.concatenate([self.xy_px - half, self.xy_px + half], axis=1)

    def add(self, xy_px: Floats, size_px: Floats) -> None:
        """New tracks with unknown velocity, from anchors (N, 2) and sizes (N, 2)."""
        noise = self._noise
        height2 = size_px[:, 1] ** 2
        self.xy_px = np.concatenate([self.xy_px, xy_px])
        self.velocity_px_s = np.concatenate([self.velocity_px_s, np.zeros_like(xy_px)])
        self.size_px = np.concatenate([self.size_px, size_px])
        self.position_var = np.concatenate([self.position_var, noise.position**2 * height2])
        self.position_velocity_cov = np.concatenate(
            [self.position_velocity_cov, np.zeros(len(xy_px))]
        )
        self.velocity_var = np.concatenate([self.velocity_var, noise.speed**2 * height2])
        self.size_var = np.concatenate([self.size_var, noise.size**2 * height2])

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget the tracks where `rows` is false."""
        for name in self.__slots__[1:]:
            setattr(self, name, getattr(self, name)[rows])

    def predict(self, elapsed_s: float) -> None:
        """Move all tracks `elapsed_s` ahead."""
        height2 = self.size_px[:, 1] ** 2
        drift = (self._noise.acceleration**2 * elapsed_s) * height2
        gained = elapsed_s * self.velocity_var
        self.xy_px = self.xy_px + self.velocity_px_s * elapsed_s
        self.position_var = (
            self.position_var
            + elapsed_s * (2 * self.position_velocity_cov + gained)
            + (elapsed_s**2 / 3) * drift
        )
        self.position_velocity_cov = self.position_velocity_cov + gained + (elapsed_s / 2) * drift
        self.velocity_var = self.velocity_var + drift
        self.size_var = self.size_var + (self._noise.size_drift**2 * elapsed_s) * height2

    def correct(self, rows: NDArray[np.intp], xy_px: Floats, size_px: Floats) -> None:
        """Take in the centres (N, 2) and sizes (N, 2) that were seen of the tracks at `rows`."""
        noise = self._noise
        height_px = self.size_px[rows, 1]
        position_var = self.position_var[rows]
        cov = self.position_velocity_cov[rows]
        innovation_var = position_var + (noise.position * height_px) ** 2
        gain = position_var / innovation_var
        velocity_gain = cov / innovation_var
        innovation_px = xy_px - self.xy_px[rows]
        self.xy_px[rows] += gain[:, None] * innovation_px
        self.velocity_px_s[rows] += velocity_gain[:, None] * innovation_px
        self.velocity_var[rows] -= velocity_gain * cov
        self.position_velocity_cov[rows] = (1 - gain) * cov
        self.position_var[rows] = (1 - gain) * position_var
        size_var = self.size_var[rows]
        size_gain = size_var / (size_var + (noise.size * height_px) ** 2)
        self.size_px[rows] += size_gain[:, None] * (size_px - self.size_px[rows])
        self.size_var[rows] = (1 - size_gain) * size_var
