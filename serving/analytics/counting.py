"""Counting people who cross a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import hypot

from serving.analytics.analysis import Anchor, anchor_points, seen_rows
from serving.core.detections import Tracks
from serving.core.errors import ConfigError
from serving.core.events import Crossing, Event
from serving.core.geometry import Point, position_along, signed_distance_px
from serving.core.labels import Direction
from serving.core.zones import Line


@dataclass(slots=True)
class _Settled:
    """Where a person last stood clear of a line; `side` is the sign of `distance_px`."""

    side: int
    distance_px: float
    along: float


@dataclass(slots=True)
class _Walker:
    """One track's last sighting, and per line where it last stood clear of it."""

    xy_px: Point
    height_px: float
    seen_s: float
    settled: dict[str, _Settled] = field(default_factory=dict)


class LineCounter:
    """Counts each person once per crossing of a line, with the direction.

    Around each line lies a band, `band_heights` of the person's box high to both sides. A crossing
    counts when someone who stood clear of the line on one side stands clear of it on the other, and
    the way between passed the line between its ends. So jitter on the line counts nothing, a turn
    inside the band counts nothing, and walking around an end counts nothing.

    Only sightings count, not predictions. A track that first appears inside the band has no side
    yet and takes the one it leaves to. A track that vanished and a new one that appears close by
    within `rejoin_s` are taken for one person, so a person whom the tracker lost at the line is
    still counted, and not twice. When two tracks swap identities inside the band, people who walk
    the same way are each counted; of two who walk opposite ways neither is, which keeps the
    balance of in and out.

    A line should keep the band's width from the picture's border, or nobody ever stands clear of
    it there.

    Args:
        camera_id: whose tracks these are.
        lines: the counting lines; `serving.core.zones.Line` says which way is in.
        anchor: the point of a person that crosses.
        band_heights: half width of the band, as a share of the height of the person's box.
        rejoin_s: how soon a new track may continue a vanished one.
        rejoin_heights: how close to the vanished one it must appear, in heights of its box.
        memory_s: how long a track that is not seen is remembered; longer than trackers do.

    Raises:
        ConfigError: an option is negative, or two lines share a name.
    """

    def __init__(
        self,
        camera_id: str,
        lines: Sequence[Line],
        *,
        anchor: Anchor = Anchor.FOOT,
        band_heights: float = 0.1,
        rejoin_s: float = 1.5,
        rejoin_heights: float = 0.75,
        memory_s: float = 10.0,
    ) -> None:
        options = {
            "band_heights": band_heights,
            "rejoin_s": rejoin_s,
            "rejoin_heights": rejoin_heights,
            "memory_s": memory_s,
        }
        for name, value in options.items():
            if not value >= 0:
                raise ConfigError(
                    f"camera '{camera_id}', line counter, {name}: expected zero or more, "
                    f"got {value}"
                )
        names = [line.name for line in lines]
        if len(set(names)) != len(names):
            raise ConfigError(
                f"camera '{camera_id}': expected lines of different names, got {names}"
            )
        self._camera_id = camera_id
        self._lines = tuple(lines)
        self._anchor = Anchor(anchor)
        self._band_heights = band_heights
        self._rejoin_s = rejoin_s
        self._rejoin_heights = rejoin_heights
        self._memory_s = memory_s
        self._walkers: dict[int, _Walker] = {}

    def update(self, tracks: Tracks, at_s: float) -> list[Event]:
        """The crossings that become certain with the tracks at `at_s`."""
        seen = seen_rows(tracks)
        points_px = anchor_points(tracks, self._anchor)[seen]
        box_px = tracks.xyxy_px[seen]
        heights_px = (box_px[:, 3] - box_px[:, 1]).tolist()
        present = set(tracks.track_id[seen].tolist())
        walkers = []
        for track_id, xy_px, height_px in zip(
            tracks.track_id[seen].tolist(), points_px.tolist(), heights_px, strict=True
        ):
            walker = self._walkers.get(track_id)
            if walker is None:
                walker = self._rejoined(xy_px, height_px, present, at_s)
                self._walkers[track_id] = walker
            walker.xy_px, walker.height_px, walker.seen_s = tuple(xy_px), height_px, at_s
            walkers.append((track_id, walker))
        events: list[Event] = []
        if walkers:
            for line in self._lines:
                distances = signed_distance_px(points_px, line.start_px, line.end_px).tolist()
                alongs = position_along(points_px, line.start_px, line.end_px).tolist()
                for (track_id, walker), distance_px, along in zip(
                    walkers, distances, alongs, strict=True
                ):
                    direction = self._crossed(walker, line.name, distance_px, along)
                    if direction is not None:
                        events.append(self._crossing(line.name, at_s, track_id, direction))
        self._forget(at_s)
        return events

    def finish(self, at_s: float) -> list[Event]:
        """Nothing: a crossing that was not completed is none."""
        self._walkers.clear()
        return []

    def _crossing(self, place: str, at_s: float, track_id: int, direction: Direction) -> Crossing:
        return Crossing(
            camera_id=self._camera_id,
            place=place,
            at_s=at_s,
            track_id=track_id,
            direction=direction,
        )

    def _crossed(
        self, walker: _Walker, name: str, distance_px: float, along: float
    ) -> Direction | None:
        """The direction in which the walker's new position completes a crossing, if it does."""
        if abs(distance_px) <= self._band_heights * walker.height_px:
            return None
        side = 1 if distance_px > 0 else -1
        before = walker.settled.get(name)
        walker.settled[name] = _Settled(side, distance_px, along)
        if before is None or before.side == side:
            return None
        share = before.distance_px / (before.distance_px - distance_px)
        where = before.along + share * (along - before.along)
        if not 0 <= where <= 1:
            return None
        return Direction.IN if side > 0 else Direction.OUT

    def _rejoined(
        self, xy_px: Sequence[float], height_px: float, present: set[int], at_s: float
    ) -> _Walker:
        """The state that a new track starts with: that of a track just lost nearby, or none."""
        nearest_id, nearest_px = None, self._rejoin_heights * height_px
        for track_id, walker in self._walkers.items():
            if track_id in present or at_s - walker.seen_s > self._rejoin_s:
                continue
            distance_px = hypot(xy_px[0] - walker.xy_px[0], xy_px[1] - walker.xy_px[1])
            if distance_px <= nearest_px:
                nearest_id, nearest_px = track_id, distance_px
        if nearest_id is None:
            return _Walker((xy_px[0], xy_px[1]), height_px, at_s)
        return self._walkers.pop(nearest_id)

    def _forget(self, at_s: float) -> None:
        gone = [i for i, w in self._walkers.items() if at_s - w.seen_s > self._memory_s]
        for track_id in gone:
            del self._walkers[track_id]
