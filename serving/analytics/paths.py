"""Where people walk: sampled positions as events, and the flow that many of them make."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True, eq=False)
class FlowLine:
    """The simplified way of one track: (K, 2) image pixels with its times (K,) in seconds."""

    track_id: int
    at_s: NDArray[np.float64]
    xy_px: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FlowField:
    """How people move through cells of the picture.

    `centre_px` (K, 2) are the middles of the cells that anyone walked through, `mean_px_s` (K, 2)
    the mean velocity there, and `num_tracks` (K,) how many tracks passed.
    """

    cell_px: float
    centre_px: NDArray[np.float64]
    mean_px_s: NDArray[np.float64]
    num_tracks: NDArray[np.int64]


def flow_lines(points: Iterable[PathPoint], tolerance_px: float = 4.0) -> list[FlowLine]:
    """One line a track, in the order of their first points, without points that add nothing.

    Points closer than `tolerance_px` to the line through their neighbours are left out (Douglas
    and Peucker 1973). Tracks with a single point have no line.
    """
    return [
        FlowLine(track_id, at_s[kept], xy_px[kept])
        for track_id, at_s, xy_px in _by_track(points)
        for kept in (_simplified(xy_px, tolerance_px),)
    ]


def flow_field(points: Iterable[PathPoint], cell_px: float = 32.0) -> FlowField:
    """The mean motion in square cells of `cell_px` pixels, over all tracks."""
    moves: dict[tuple[int, int], list[tuple[float, float]]] = {}
    passers: dict[tuple[int, int], set[int]] = {}
    for track_id, at_s, xy_px in _by_track(points):
        elapsed_s = np.diff(at_s)[:, None]
        velocity = np.diff(xy_px, axis=0) / elapsed_s
        middle = (xy_px[1:] + xy_px[:-1]) / 2
        for (x, y), (vx, vy) in zip(middle.tolist(), velocity.tolist(), strict=True):
            cell = (math.floor(x / cell_px), math.floor(y / cell_px))
            moves.setdefault(cell, []).append((vx, vy))
            passers.setdefault(cell, set()).add(track_id)
    cells = sorted(moves)
    return FlowField(
        cell_px=cell_px,
        centre_px=(np.array(cells, np.float64).reshape(-1, 2) + 0.5) * cell_px,
        mean_px_s=np.array([np.mean(moves[cell], axis=0) for cell in cells]).reshape(-1, 2),
        num_tracks=np.array([len(passers[cell]) for cell in cells], np.int64),
    )


def _by_track(
    points: Iterable[PathPoint],
) -> list[tuple[int, NDArray[np.float64], NDArray[np.float64]]]:
    """Track id, times (K,) and pixels (K, 2) of tracks with at least two points in time order."""
    ways: dict[tuple[str, int], dict[float, tuple[float, float]]] = {}
    for point in points:
        ways.setdefault((point.camera_id, point.track_id), {})[point.at_s] = point.xy_px
    return [
        (track_id, np.array(sorted(way)), np.array([way[at_s] for at_s in sorted(way)]))
        for (_, track_id), way in ways.items()
        if len(way) > 1
    ]


def _simplified(xy_px: NDArray[np.float64], tolerance_px: float) -> NDArray[np.intp]:
    """Rows of `xy_px` (K, 2) that Douglas and Peucker keep; always the first and the last."""
    keep = np.zeros(len(xy_px), np.bool_)
    keep[[0, -1]] = True
    open_spans = [(0, len(xy_px) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        if last - first < 2:
            continue
        between = xy_px[first + 1 : last]
        distance_px = _distance_to_span(between, xy_px[first], xy_px[last])
        furthest = int(np.argmax(distance_px))
        if distance_px[furthest] > tolerance_px:
            middle = first + 1 + furthest
            keep[middle] = True
            open_spans += [(first, middle), (middle, last)]
    return np.flatnonzero(keep)


def _distance_to_span(
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N,) distances of points (N, 2) from the segment between start and end."""
    along = end - start
    length2 = float(along @ along)
    share = np.clip((points - start) @ along / length2, 0, 1) if length2 else np.zeros(len(points))
    gap = points - (start + share[:, None] * along)
    return np.asarray(np.hypot(gap[:, 0], gap[:, 1]))


def _finite(xy_m: list[float]) -> tuple[float, float] | None:
    """A floor position, or None at or above the horizon."""
    return (xy_m[0], xy_m[1]) if math.isfinite(xy_m[0]) and math.isfinite(xy_m[1]) else None
