"""From footage, by several ways of choosing, to the frames of a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from datasets.sampling.collection import Collection
from datasets.sampling.footage import Footage
from datasets.sampling.way import Choice, Way
from serving.core.errors import ConfigError, SourceError

Plan = dict[str, list[str]]
"""Tags by origin, in the order of choice."""


@dataclass(slots=True)
class Outcome:
    """What a run did. `problems` are faults of the footage, after which what was got was kept."""

    num_seen: int = 0
    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sample(
    footages: Sequence[Footage],
    ways: Sequence[Way],
    collection: Collection,
    max_frames: int | None = None,
    progress: Callable[[int], None] = lambda num_seen: None,
) -> Outcome:
    """Look at all footage once, choose, and write what was chosen.

    Frames are written as soon as they are chosen. Where a choice needs all of the footage, as for
    clusters and for the best `max_frames`, it is read a second time. Footage that breaks off is
    used as far as it goes. What was written stays, and is a whole data set, however this ends.

    Args:
        footages: of one camera.
        ways: at least one; a frame that several choose is written once, with all their tags.
        collection: takes the frames.
        max_frames: how many frames at most; None: all. Of footage that can be read again they are
            spread over time and over the ways; those that are there already count. Of a stream
            they are the first ones.
        progress: told how many frames have been looked at.

    Raises:
        ConfigError: no way, or fewer than one frame.
    """
    if not ways:
        raise ConfigError("sample: expected at least one way of choosing frames, got none")
    if max_frames is not None and max_frames < 1:
        raise ConfigError(f"sample: expected max_frames of at least 1, got {max_frames}")
    run = _Run(footages, ways, collection, max_frames, progress)
    try:
        run.look()
        run.write_planned()
    finally:
        collection.save()
    return run.outcome


class _Run:
    def __init__(
        self,
        footages: Sequence[Footage],
        ways: Sequence[Way],
        collection: Collection,
        max_frames: int | None,
        progress: Callable[[int], None],
    ) -> None:
        self._footages, self._ways = footages, ways
        self._collection, self._max_frames = collection, max_frames
        self._progress = progress
        self._can_repeat = all(footage.can_repeat for footage in footages)
        self._plan: Plan = {}
        self._is_full = False
        self.outcome = Outcome()

    def look(self) -> None:
        """The first pass."""
        for footage in self._footages:
            try:
                self._look_at(footage)
            except SourceError as error:
                self.outcome.problems.append(error)
            self.outcome.notes += footage.notes()
            self._take(choice for way in self._ways for choice in way.end())
            if self._is_full:
                return
        self._take(choice for way in self._ways for choice in way.finish())

    def write_planned(self) -> None:
        """The second pass, over the footage that has planned frames; none where none is planned."""
        plan = self._plan
        if self._max_frames is not None:
            plan = {origin: plan[origin] for origin in spread(plan, self._max_frames)}
        for origin in [origin for origin in plan if origin in self._collection]:
            self._collection.tag(origin, plan.pop(origin))
        for footage in self._footages:
            if not plan:
                return
            self._write_from(footage, plan)

    def _look_at(self, footage: Footage) -> None:
        for shot in footage:
            self.outcome.num_seen += 1
            self._progress(self.outcome.num_seen)
            self._take(choice for way in self._ways for choice in way.see(shot))
            if self._is_full:
                return

    def _take(self, choices: Iterable[Choice]) -> None:
        for choice in choices:
            is_later = choice.shot is None or (self._can_repeat and self._max_frames is not None)
            if is_later:
                tags = self._plan.setdefault(choice.origin, [])
                tags += [choice.tag] if choice.tag not in tags else []
            elif choice.shot is not None and not self._is_full:
                self._collection.add(choice.shot, [choice.tag])
                self._is_full = self._collection.num_added == self._max_frames

    def _write_from(self, footage: Footage, plan: Plan) -> None:
        try:
            for shot in footage:
                if shot.origin in plan:
                    self._collection.add(shot, plan.pop(shot.origin))
                if not plan:
                    return
        except SourceError:
            return  # told in the first pass


def spread(plan: Plan, num_frames: int) -> list[str]:
    """So many of the planned frames, in their order: of each kind of choice as many, over all time.

    The kinds take turns; `cluster-1` and `cluster-2` are one kind.
    """
    order = {origin: place for place, origin in enumerate(plan)}
    by_kind: dict[str, list[str]] = {}
    for origin, tags in plan.items():
        for kind in dict.fromkeys(tag.rstrip("0123456789") for tag in tags):
            by_kind.setdefault(kind, []).append(origin)
    queues = [_far_apart(origins) for origins in by_kind.values()]
    chosen: Counter[str] = Counter()
    for turn in range(max(map(len, queues), default=0)):
        for queue in queues:
            if len(chosen) < num_frames and turn < len(queue):
                chosen[queue[turn]] += 1
    return sorted(chosen, key=order.__getitem__)


def _far_apart(origins: Sequence[str]) -> list[str]:
    """Reordered so that every beginning of the list is spread over all of it."""
    length = len(origins)
    num_bits = max(1, (length - 1).bit_length())
    turned = (int(f"{place:0{num_bits}b}"[::-1], 2) for place in range(1 << num_bits))
    return [origins[place] for place in turned if place < length]
