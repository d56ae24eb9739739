"""People in zones: how many at a time, and how long each stayed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from serving.analytics.analysis import Anchor, anchor_points, check_amounts, seen_rows
from serving.analytics.continuity import Continuity
from serving.core.detections import Tracks
from serving.core.errors import ConfigError
from serving.core.events import Dwell, Event, Occupancy
from serving.core.zones import Zone


class ZoneOccupancy:
    """Tells at regular times how many people each zone held.

    The count of a period is the median over its frames, weighted by the time each stands for, so
    a person missed or seen double for a moment does not show. Periods are multiples of `period_s`
    on the clock; one without a frame is left out, for nothing is known of it.

    Args:
        camera_id: whose tracks these are.
        zones: where people are counted.
        anchor: the point of a person that must lie in the zone.
        period_s: seconds from one count to the next.

    Raises:
        ConfigError: `period_s` is not above zero, or two zones share a name.
    """

    def __init__(
        self,
        camera_id: str,
        zones: Sequence[Zone],
        *,
        anchor: Anchor | str = Anchor.FOOT,
        period_s: float = 5.0,
    ) -> None:
        _check_names(camera_id, zones)
        if not period_s > 0:
            raise ConfigError(
                f"camera '{camera_id}', period_s: expected more than zero, got {period_s}"
            )
        self._camera_id = camera_id
        self._zones = tuple(zones)
        self._anchor = Anchor(anchor)
        self._period_s = period_s
        self._period: int | None = None
        self._samples: list[tuple[float, tuple[int, ...]]] = []

    def update(self, tracks: Tracks, at_s: float) -> list[Event]:
        """The counts of the period that ended before `at_s`, if one did."""
        period = math.floor(at_s / self._period_s)
        events = []
        if self._period is not None and period != self._period:
            events = self._counts((self._period + 1) * self._period_s)
        self._period = period
        points_px = anchor_points(tracks, self._anchor)
        counts = tuple(int(zone.contains(points_px).sum()) for zone in self._zones)
        self._samples.append((at_s, counts))
        return events

    def finish(self, at_s: float) -> list[Event]:
        """The counts of the period that the end cuts short.

        Nothing when the period's only frame came just as it began and the stream ends: it stands
        for no time, and the counts of that moment were told with the period before.
        """
        if self._period is not None and at_s <= self._period * self._period_s:
            self._samples.clear()
        return self._counts(at_s)

    def _counts(self, end_s: float) -> list[Event]:
        """One event a zone for the samples so far, which are then forgotten."""
        samples, self._samples = self._samples, []
        if not samples:
            return []
        times_s = [at_s for at_s, _ in samples] + [end_s]
        weights = [after - before for before, after in pairwise(times_s)]
        return [
            Occupancy(
                camera_id=self._camera_id,
                place=zone.name,
                at_s=end_s,
                count=_weighted_median([counts[i] for _, counts in samples], weights),
            )
            for i, zone in enumerate(self._zones)
        ]


@dataclass(slots=True)
class _Stay:
    track_id: int
    entered_s: float
    inside_s: float


class ZoneDwell:
    """Tells how long each person stayed in a zone, once they have left it.

    A stay ends when its person was not seen inside for `bridge_s`; shorter absences, as of someone
    hidden or stepping over the border, belong to the stay. Its length is the time from the first to
    the last sighting inside. Passing through for less than `min_dwell_s` is no stay. A new track
    close to one just lost carries on its stay (`Continuity`).

    Args:
        camera_id: whose tracks these are.
        zones: where people are timed.
        anchor: the point of a person that must lie in the zone.
        min_dwell_s: shorter stays are not reported.
        bridge_s: absences up to this belong to the stay.
        rejoin_heights: how close to a lost track a new one must appear to carry on its stay, in
            heights of its box.

    Raises:
        ConfigError: an option is negative, or two zones share a name.
    """

    def __init__(
        self,
        camera_id: str,
        zones: Sequence[Zone],
        *,
        anchor: Anchor | str = Anchor.FOOT,
        min_dwell_s: float = 1.0,
        bridge_s: float = 2.0,
        rejoin_heights: float = 0.75,
    ) -> None:
        _check_names(camera_id, zones)
        check_amounts(
            camera_id, min_dwell_s=min_dwell_s, bridge_s=bridge_s, rejoin_heights=rejoin_heights
        )
        self._camera_id = camera_id
        self._zones = tuple(zones)
        self._anchor = Anchor(anchor)
        self._min_dwell_s = min_dwell_s
        self._bridge_s = bridge_s
        self._continuity = Continuity(bridge_s, rejoin_heights, max(bridge_s, 10.0))
        self._stays: dict[tuple[str, int], _Stay] = {}

    def update(self, tracks: Tracks, at_s: float) -> list[Event]:
        """The stays that are known to have ended by `at_s`."""
        events = self._ended(at_s - self._bridge_s)
        rows = seen_rows(tracks)
        track_ids = tracks.track_id[rows].tolist()
        points_px = anchor_points(tracks, self._anchor)[rows]
        box_px = tracks.xyxy_px[rows]
        heights_px = (box_px[:, 3] - box_px[:, 1]).tolist()
        persons = self._continuity.update(track_ids, points_px.tolist(), heights_px, at_s)
        for zone in self._zones:
            for row in zone.contains(points_px).nonzero()[0].tolist():
                key = (zone.name, persons[row])
                stay = self._stays.setdefault(key, _Stay(track_ids[row], at_s, at_s))
                stay.track_id, stay.inside_s = track_ids[row], at_s
        return events

    def finish(self, at_s: float) -> list[Event]:
        """The stays that were still going on, up to their last sighting inside."""
        return self._ended(math.inf)

    def _ended(self, before_s: float) -> list[Event]:
        """The stays whose person was last inside before `before_s`; they are forgotten."""
        over = [key for key, stay in self._stays.items() if stay.inside_s < before_s]
        events: list[Event] = []
        for key in over:
            stay = self._stays.pop(key)
            dwell_s = stay.inside_s - stay.entered_s
            if dwell_s >= self._min_dwell_s:
                events.append(
                    Dwell(
                        camera_id=self._camera_id,
                        place=key[0],
                        at_s=stay.inside_s,
                        track_id=stay.track_id,
                        dwell_s=dwell_s,
                    )
                )
        return events


def _check_names(camera_id: str, zones: Sequence[Zone]) -> None:
    names = [zone.name for zone in zones]
    if len(set(names)) != len(names):
        raise ConfigError(f"camera '{camera_id}': expected zones of different names, got {names}")


def _weighted_median(values: Sequence[int], weights: Sequence[float]) -> int:
    """The value at half of the total weight; the lower one at a tie."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    half = sum(weights) / 2
    reached = 0.0
    for i in order:
        reached += weights[i]
        if reached >= half:
            break
    return values[i]
