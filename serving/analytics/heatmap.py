"""Where people spend their time, in cells of the floor."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from serving.analytics.analysis import check_amounts
from serving.core.boxes import foot_points
from serving.core.detections import Tracks
from serving.core.errors import ConfigError
from serving.core.events import Event, HeatmapTile
from serving.core.geometry import Homography

MAX_CELLS = 4_000_000
"""More would be a mistake in the area or the cell size: a square kilometre in half metres."""


class Heatmap:
    """Adds up person-seconds on the floor, and tells what each period brought.

    A frame stands for the time since the frame before, at most `max_gap_s`; every person in it adds
    that time to the cell under their feet. So the sum over cells is the sum of people times
    seconds, and depends on no frame rate. The first frame stands for no time. People who are
    predicted rather than seen count: they are behind something, not gone.

    Periods are multiples of `period_s` on the clock. Frames that stand for time on both sides of a
    period's end belong to the later one.

    Args:
        camera_id: whose tracks these are.
        floor: maps the picture to the floor.
        cell_m: side of a cell in metres.
        period_s: seconds from one tile to the next.
        max_gap_s: the most that one frame stands for; above the slowest camera's frame interval.
        area_m: left, bottom, right, top of the floor that is kept, in metres; positions outside,
            such as near the horizon, are dropped and add to `outside_s`.

    Attributes:
        outside_s: person-seconds that fell outside `area_m`.

    Raises:
        ConfigError: a size that is not above zero, or an area without cells or with too many.
    """

    def __init__(
        self,
        camera_id: str,
        floor: Homography,
        *,
        cell_m: float = 0.5,
        period_s: float = 10.0,
        max_gap_s: float = 5.0,
        area_m: tuple[float, float, float, float] = (-50.0, -50.0, 50.0, 50.0),
    ) -> None:
        check_amounts(camera_id, max_gap_s=max_gap_s)
        for name, value in {"cell_m": cell_m, "period_s": period_s}.items():
            if not value > 0:
                raise ConfigError(
                    f"camera '{camera_id}', heatmap, {name}: expected more than zero, got {value}"
                )
        left, bottom, right, top = area_m
        columns = math.ceil((right - left) / cell_m)
        rows = math.ceil((top - bottom) / cell_m)
        if columns < 1 or rows < 1 or columns * rows > MAX_CELLS:
            raise ConfigError(
                f"camera '{camera_id}', heatmap, area_m: expected left < right and bottom < top "
                f"with at most {MAX_CELLS} cells of {cell_m} m, got {tuple(area_m)}"
            )
        self._camera_id = camera_id
        self._floor = floor
        self._cell_m = cell_m
        self._period_s = period_s
        self._max_gap_s = max_gap_s
        self._area_m = tuple(area_m)
        self._origin_m = (float(left), float(bottom))
        self._total_s = np.zeros((rows, columns))
        self._recent_s: dict[tuple[int, int], float] = {}
        self._last_s: float | None = None
        self._since_s = 0.0
        self.outside_s = 0.0

    @property
    def origin_m(self) -> tuple[float, float]:
        """Floor position of the lower left corner of cell (0, 0)."""
        return self._origin_m

    @property
    def person_seconds(self) -> NDArray[np.float64]:
        """(rows, columns) person-seconds since the start; rows along the floor's y. A copy."""
        return self._total_s.copy()

    def update(self, tracks: Tracks, at_s: float) -> list[Event]:
        """The tile of the period that ended before `at_s`, if one did."""
        events: list[Event] = []
        if self._last_s is None:
            self._last_s = self._since_s = at_s
        period = math.floor(at_s / self._period_s)
        if period != math.floor(self._last_s / self._period_s):
            end_s = (math.floor(self._last_s / self._period_s) + 1) * self._period_s
            events = self._tile(end_s)
            self._since_s = period * self._period_s
        stands_for_s = min(at_s - self._last_s, self._max_gap_s)
        self._last_s = at_s
        if len(tracks) and stands_for_s > 0:
            self._add(tracks, stands_for_s)
        return events

    def finish(self, at_s: float) -> list[Event]:
        """The tile of the period that the end cuts short."""
        return self._tile(at_s)

    def warnings(self) -> list[str]:
        """Person-seconds that are in no cell."""
        if not self.outside_s:
            return []
        all_s = self.outside_s + float(self._total_s.sum())
        return [
            f"heatmap: {self.outside_s:.1f} of {all_s:.1f} person-seconds were outside area_m "
            f"{self._area_m} and are in no cell"
        ]

    def _add(self, tracks: Tracks, stands_for_s: float) -> None:
        position_m = self._floor.to_floor(foot_points(tracks.xyxy_px.astype(np.float64)))
        cells = np.floor((position_m - self._origin_m) / self._cell_m)
        rows, columns = self._total_s.shape
        inside = ((cells >= 0) & (cells < (columns, rows))).all(axis=1)
        self.outside_s += stands_for_s * int((~inside).sum())
        for column, row in cells[inside].astype(np.int64).tolist():
            self._total_s[row, column] += stands_for_s
            self._recent_s[column, row] = self._recent_s.get((column, row), 0.0) + stands_for_s

    def _tile(self, end_s: float) -> list[Event]:
        recent_s, self._recent_s = self._recent_s, {}
        if not recent_s:
            return []
        return [
            HeatmapTile(
                camera_id=self._camera_id,
                at_s=end_s,
                period_s=end_s - self._since_s,
                cell_m=self._cell_m,
                origin_m=self._origin_m,
                cells=tuple((c, r, seconds) for (c, r), seconds in sorted(recent_s.items())),
            )
        ]
