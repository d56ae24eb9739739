"""Counting people who cross a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from serving.analytics.analysis import Anchor, anchor_points, check_amounts, seen_rows
from serving.analytics.continuity import Continuity
from serving.core.detections import Tracks
from serving.core.errors import ConfigError
from serving.core.events import Crossing, Event
from serving.core.geometry import position_along, signed_distance_px
from serving.core.labels import Direction
from serving.core.zones import Line


@dataclass(frozen=True, slots=True)
class _Clear:
    """Where a person stood clear of a line: signed distance from it, and how far along it."""

    distance_px: float
    along: float


@dataclass(slots=True)
class _Walker:
    """A person's last sighting, and by line where they last stood clear of it."""

    seen_s: float
    clear: dict[str, _Clear] = field(default_factory=dict)


class LineCounter:
    """Counts each person once per crossing of a line, with the direction.

    Around each line lies a band, `band_heights` of the person's box wide to both sides. A crossing
    counts when someone who stood clear of it on one side stands clear of it on the other, and the
    way between passed the line between its ends. So jitter on the line counts nothing, a turn
    inside the band counts nothing, and walking around an end counts nothing.

    Only sightings count, not predictions. A track that first appears inside the band has no side
    yet and takes the one it leaves to. A track that vanishes and a new one that appears close by
    are taken for one person (`Continuity`), so a person whom the tracker lost at the line is still
    counted, and once. When two tracks swap identities inside the band, people who walk the same
    way are each counted; of two who walk opposite ways neither is, which keeps the balance of in
    and out.

    A line needs the band's width to the picture's border, or nobody stands clear of it there.

    Args:
        camera_id: whose tracks these are.
        lines: the counting lines; `serving.core.zones.Line` says which way is in.
        anchor: the point of a person that crosses.
        band_heights: half width of the band, as a share of the height of the person's box.
        rejoin_s: how soon a new track may continue a vanished one.
        rejoin_heights: how close to the vanished one it must appear, in heights of its box.
        memory_s: how long a person who is not seen is remembered; longer than trackers do.

    Raises:
        ConfigError: an option is negative, or two lines share a name.
    """

    def __init__(
        self,
        camera_id: str,
        lines: Sequence[Line],
        *,
        anchor: Anchor | str = Anchor.FOOT,
        band_heights: float = 0.1,
        rejoin_s: float = 1.5,
        rejoin_heights: float = 0.75,
        memory_s: float = 10.0,
    ) -> None:
        check_amounts(
            camera_id,
            band_heights=band_heights,
            rejoin_s=rejoin_s,
            rejoin_heights=rejoin_heights,
            memory_s=memory_s,
        )
        names = [line.name for line in lines]
        if len(set(names)) != len(names):
            raise ConfigError(
                f"camera '{camera_id}': expected lines of different names, got {names}"
            )
        self._camera_id = camera_id
        self._lines = tuple(lines)
        self._starts_px = np.array([line.start_px for line in lines], np.float64).reshape(-1, 2)
        self._ends_px = np.array([line.end_px for line in lines], np.float64).reshape(-1, 2)
        self._anchor = Anchor(anchor)
        self._band_heights = band_heights
        self._memory_s = memory_s
        self._continuity = Continuity(rejoin_s, rejoin_heights, memory_s)
        self._walkers: dict[int, _Walker] = {}

    def update(self, tracks: Tracks, at_s: float) -> list[Event]:
        """The crossings that become certain with the tracks at `at_s`."""
        self._forget(at_s)
        rows = seen_rows(tracks)
        track_ids = tracks.track_id[rows].tolist()
        points_px = anchor_points(tracks, self._anchor)[rows]
        box_px = tracks.xyxy_px[rows]
        heights_px = (box_px[:, 3] - box_px[:, 1]).tolist()
        persons = self._continuity.update(track_ids, points_px.tolist(), heights_px, at_s)
        walkers = [self._walkers.setdefault(person, _Walker(at_s)) for person in persons]
        for walker in walkers:
            walker.seen_s = at_s
        events: list[Event] = []
        if not walkers:
            return events
        all_px = signed_distance_px(points_px, self._starts_px, self._ends_px).tolist()
        all_along = position_along(points_px, self._starts_px, self._ends_px).tolist()
        for line, distances_px, alongs in zip(self._lines, all_px, all_along, strict=True):
            for row, walker in enumerate(walkers):
                if abs(distances_px[row]) <= self._band_heights * heights_px[row]:
                    continue
                now = _Clear(distances_px[row], alongs[row])
                before = walker.clear.get(line.name)
                walker.clear[line.name] = now
                if before is not None and _passed(before, now):
                    events.append(
                        Crossing(
                            camera_id=self._camera_id,
                            place=line.name,
                            at_s=at_s,
                            track_id=track_ids[row],
                            direction=Direction.IN if now.distance_px > 0 else Direction.OUT,
                        )
                    )
        return events

    def finish(self, at_s: float) -> list[Event]:
        """Nothing: a crossing that was not completed is none."""
        return []

    def _forget(self, at_s: float) -> None:
        gone = [i for i, w in self._walkers.items() if at_s - w.seen_s > self._memory_s]
        for person in gone:
            del self._walkers[person]


def _passed(before: _Clear, now: _Clear) -> bool:
    """Whether the straight way between passes the line between its ends."""
    if (before.distance_px > 0) == (now.distance_px > 0):
        return False
    share = before.distance_px / (before.distance_px - now.distance_px)
    return 0 <= before.along + share * (now.along - before.along) <= 1
