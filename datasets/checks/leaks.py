"""What training and evaluation share and must not: people, recordings, moments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from datasets.checks.contents import Row
from datasets.checks.finding import Finding, Kind, error, warning
from datasets.checks.recordings import identities_of, in_words, side_of, source_of

GAP_S = 1.0
"""Moments of one camera that are less far apart show almost the same."""

FrameRate = Callable[[str], float]
"""Frames a second of a video, by its path in the data set."""


def leak_findings(
    rows: Sequence[Row], frame_rate_hz: FrameRate, gap_s: float = GAP_S
) -> Iterator[Finding]:
    """What sides share: one finding for each person and recording, and for each pair of moments."""
    yield from _shared_identities(rows)
    yield from _shared_recordings(rows, frame_rate_hz, gap_s)
    yield from _adjacent(rows, frame_rate_hz, gap_s)


def _shared_identities(rows: Sequence[Row]) -> Iterator[Finding]:
    found: defaultdict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        side = side_of(row.sample)
        if side is not None:
            for identity in dict.fromkeys(identities_of(row.sample)):
                found[identity][side].append(row)
    for identity, sides in found.items():
        if len(sides) > 1:
            yield error(
                Kind.IDENTITY_ACROSS_SPLITS,
                f"person {identity!r} in one of training, validation and test",
                _counted(sides),
                **_firsts(sides),
            )


def _shared_recordings(
    rows: Sequence[Row], frame_rate_hz: FrameRate, gap_s: float
) -> Iterator[Finding]:
    found: defaultdict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        side = side_of(row.sample)
        source = source_of(row.sample)
        if side is not None and source is not None:
            found[source][side].append(row)
    for recording, sides in found.items():
        if len(sides) < 2:
            continue
        expected = f"recording {recording!r} in one split"
        if _follow_each_other(sides, frame_rate_hz, gap_s):
            got = f"{_counted(sides)}, one after the other with at least {gap_s:g} s between"
            yield warning(Kind.SOURCE_ACROSS_SPLITS, expected, got, **_firsts(sides))
        else:
            yield error(Kind.SOURCE_ACROSS_SPLITS, expected, _counted(sides), **_firsts(sides))


def _follow_each_other(sides: dict[str, list[Row]], frame_rate_hz: FrameRate, gap_s: float) -> bool:
    """Whether the sides are stretches of time with a gap between, as a split by time makes them."""
    clocks = {key for rows in sides.values() for row in rows for key, _ in [_moment(row, None)]}
    if None in clocks or len(clocks) != 1:
        return False
    spans = []
    for rows in sides.values():
        times_s = [_moment(row, frame_rate_hz)[1] for row in rows]
        spans.append((min(times_s), max(times_s)))
    return all(after[0] - before[1] >= gap_s for before, after in pairwise(sorted(spans)))


def _adjacent(rows: Sequence[Row], frame_rate_hz: FrameRate, gap_s: float) -> Iterator[Finding]:
    """Neighbours in time on different sides; one finding for each place where the side changes."""
    clocks: defaultdict[str, list[tuple[float, Row]]] = defaultdict(list)
    for row in rows:
        clock, time_s = _moment(row, frame_rate_hz)
        if clock is not None and side_of(row.sample) is not None:
            clocks[clock].append((time_s, row))
    for clock, moments in clocks.items():
        moments.sort(key=lambda moment: (moment[0], moment[1].line))
        for (before_s, before), (after_s, after) in pairwise(moments):
            sides = side_of(before.sample), side_of(after.sample)
            if sides[0] != sides[1] and after_s - before_s < gap_s:
                yield error(
                    Kind.ADJACENT_ACROSS_SPLITS,
                    f"at least {gap_s:g} s of '{clock}' between splits",
                    f"{after_s - before_s:.3g} s between {sides[0]} ({before.sample.key}) "
                    f"and {sides[1]}",
                    **after.where,
                    others=(before.sample.key,),
                )


def _moment(row: Row, frame_rate_hz: FrameRate | None) -> tuple[str | None, float]:
    """Which clock a sample was taken by, and when; without rates the time is not looked up."""
    sample = row.sample
    if sample.camera is not None and sample.captured_at is not None:
        return f"camera {sample.camera}", sample.captured_at
    if sample.is_video and sample.frame_index is not None:
        rate_hz = frame_rate_hz(sample.path) if frame_rate_hz is not None else 1.0
        return sample.path, sample.frame_index / rate_hz
    return None, 0.0


def _counted(sides: dict[str, list[Row]]) -> str:
    counts = ", ".join(f"{len(rows):,} in {side}" for side, rows in sorted(sides.items()))
    return f"it in {in_words(sides)} ({counts})"


def _firsts(sides: dict[str, list[Row]]) -> dict[str, object]:
    """The place: the first sample of each side, the one to take out first."""
    order = sorted(sides, key=lambda side: (side == "train", side))
    first, *others = [sides[side][0] for side in order]
    keys = tuple(row.sample.key for row in others)
    return {**first.where, "others": keys, "count": sum(map(len, sides.values()))}
