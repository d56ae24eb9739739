"""Which new track carries on a person whose track was just lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from serving.core.geometry import Point


@dataclass(slots=True)
class _Last:
    person: int
    xy_px: Point
    seen_s: float


class Continuity:
    """Gives every track a person, and lets a new track take over the person of a vanished one.

    A track that appears within `rejoin_s` of another's last sighting, and within `rejoin_heights`
    of its place, is taken for the same person; the nearest one wins. Each vanished track is
    continued once. Should it come back after that, it stands for somebody new: what is doubtful is
    never counted twice.

    Args:
        rejoin_s: how soon a new track may take over.
        rejoin_heights: how close it must appear, in heights of its box.
        memory_s: how long an unseen track keeps its person; longer than trackers remember.
    """

    def __init__(self, rejoin_s: float, rejoin_heights: float, memory_s: float) -> None:
        self._rejoin_s = rejoin_s
        self._rejoin_heights = rejoin_heights
        self._memory_s = memory_s
        self._last: dict[int, _Last] = {}
        self._num_persons = 0

    def update(
        self,
        track_ids: Sequence[int],
        points_px: Sequence[Sequence[float]],
        heights_px: Sequence[float],
        at_s: float,
    ) -> list[int]:
        """The person behind each track that was seen at `at_s`."""
        self._forget(at_s)
        seen = set(track_ids)
        persons = []
        for track_id, (x, y), height_px in zip(track_ids, points_px, heights_px, strict=True):
            last = self._last.get(track_id)
            if last is None:
                person = self._taken_over((x, y), height_px, seen, at_s)
                last = self._last[track_id] = _Last(person, (x, y), at_s)
            last.xy_px, last.seen_s = (x, y), at_s
            persons.append(last.person)
        return persons

    def _taken_over(self, xy_px: Point, height_px: float, seen: set[int], at_s: float) -> int:
        """The person of the nearest track just lost, which forgets it; otherwise a new one."""
        nearest_id, nearest_px = None, self._rejoin_heights * height_px
        for track_id, last in self._last.items():
            if track_id in seen or at_s - last.seen_s > self._rejoin_s:
                continue
            distance_px = hypot(xy_px[0] - last.xy_px[0], xy_px[1] - last.xy_px[1])
            if distance_px <= nearest_px:
                nearest_id, nearest_px = track_id, distance_px
        if nearest_id is not None:
            return self._last.pop(nearest_id).person
        self._num_persons += 1
        return self._num_persons

    def _forget(self, at_s: float) -> None:
        gone = [i for i, last in self._last.items() if at_s - last.seen_s > self._memory_s]
        for track_id in gone:
            del self._last[track_id]
