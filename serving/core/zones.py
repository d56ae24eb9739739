"""Places that a site watches: counting lines and zones, in image pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from serving.core import geometry
from serving.core.errors import ConfigError
from serving.core.geometry import Point

MIN_POLYGON_POINTS = 3
_THINNEST_SHARE = 1e-6
"""Polygons with less than this share of their longest extent squared as area are lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """A counting line from `start_px` to `end_px`.

    Crossing from its left-hand to its right-hand side, as seen by someone who walks from start to
    end across the picture, counts as `in`, the other way as `out`: a line from the left to the
    right border counts people who come down the picture as `in`.

    Raises:
        ConfigError: start and end are one point.
    """

    name: str
    start_px: Point
    end_px: Point

    def __post_init__(self) -> None:
        if tuple(self.start_px) == tuple(self.end_px):
            raise ConfigError(
                f"line '{self.name}': expected two different points, got {self.start_px} twice"
            )

    @property
    def length_px(self) -> float:
        """Distance from start to end in pixels."""
        return float(np.hypot(self.end_px[0] - self.start_px[0], self.end_px[1] - self.start_px[1]))


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon, at least three points, on which people are counted and timed.

    Raises:
        ConfigError: fewer than three points, no area, or sides that cross each other.
    """

    name: str
    polygon_px: tuple[Point, ...]
    _sides: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.polygon_px) < MIN_POLYGON_POINTS:
            raise ConfigError(
                f"zone '{self.name}': polygon needs at least {MIN_POLYGON_POINTS} points, "
                f"got {len(self.polygon_px)}"
            )
        polygon_px = np.asarray(self.polygon_px, np.float64)
        if geometry.sides_cross(polygon_px):
            raise ConfigError(
                f"zone '{self.name}': expected a polygon whose sides do not cross, "
                f"got {list(self.polygon_px)}"
            )
        extent_px = float(np.ptp(polygon_px, axis=0).max())
        if geometry.polygon_area(polygon_px) <= _THINNEST_SHARE * extent_px**2:
            raise ConfigError(
                f"zone '{self.name}': expected a polygon with an area, got points on one line "
                f"{list(self.polygon_px)}"
            )
        object.__setattr__(self, "_sides", geometry.polygon_sides(polygon_px))

    def contains(self, points_px: NDArray[np.floating]) -> NDArray[np.bool_]:
        """(N,) whether each of `points_px` (N, 2) lies in the zone."""
        return geometry.inside_sides(points_px, self._sides)
