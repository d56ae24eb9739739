"""Where people walk: sampled positions as events."""

from __future__ import annotations

import math

import numpy as np

from serving.analytics.analysis import check_amounts
from serving.core.boxes import foot_points
from serving.core.detections import Tracks
from serving.core.events import Event, PathPoint
from serving.core.geometry import Homography

_ROUNDING_S = 1e-6
"""Seconds since 1970 in float64 are exact to a quarter of this."""


class FlowPaths:
    """Tells where each person stands, `every_s` seconds.

    Args:
        camera_id: whose tracks these are.
        floor: maps the picture to the floor; without it points have pixels only.
        every_s: seconds between two points of one track; 0 gives one a frame.
        memory_s: how long an unseen track is remembered; longer than trackers do.

    Raises:
        ConfigError: an option is negative.
    """

    def __init__(
        self,
        camera_id: str,
        floor: Homography | None = None,
        *,
        every_s: float = 0.5,
        memory_s: float = 10.0,
    ) -> None:
        check_amounts(camera_id, every_s=every_s, memory_s=memory_s)
        self._camera_id = camera_id
        self._floor = floor
        self._every_s = every_s
        self._memory_s = memory_s
        self._told_s: dict[int, float] = {}

    def update(self, tracks: Tracks, at_s: float) -> list[Event]:
        """One point for each track whose last one is `every_s` ago, and for each new track."""
        limit_s = at_s - max(self._memory_s, self._every_s)
        self._told_s = {i: told_s for i, told_s in self._told_s.items() if told_s >= limit_s}
        due = [
            row
            for row, track_id in enumerate(tracks.track_id.tolist())
            if at_s - self._told_s.get(track_id, -math.inf) >= self._every_s - _ROUNDING_S
        ]
        if not due:
            return []
        points_px = foot_points(tracks.xyxy_px[due].astype(np.float64))
        points_m = self._floor.to_floor(points_px).tolist() if self._floor else None
        events: list[Event] = []
        for place, row in enumerate(due):
            track_id = int(tracks.track_id[row])
            self._told_s[track_id] = at_s
            x, y = points_px[place].tolist()
            events.append(
                PathPoint(
                    camera_id=self._camera_id,
                    at_s=at_s,
                    track_id=track_id,
                    xy_px=(x, y),
                    xy_m=_finite(points_m[place]) if points_m else None,
                )
            )
        return events

    def finish(self, at_s: float) -> list[Event]:
        """Nothing: every point was told when it was due."""
        return []


def _finite(xy_m: list[float]) -> tuple[float, float] | None:
    """A floor position, or None at or above the horizon."""
    return (xy_m[0], xy_m[1]) if math.isfinite(xy_m[0]) and math.isfinite(xy_m[1]) else None
