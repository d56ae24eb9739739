"""A data set divided so that no person, recording, camera or moment is on two sides.

By groups: whole groups go to one split, chosen by the hash of their names and moved only as far as
the shares need. The result depends on the samples and the seed, never on their order, and when
samples are added most groups stay where they were. By time: the earlier part of each clock to
train on, the later one to test on, and a gap between that goes to neither.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from datasets.grouping import GroupBy, Stratum, groups_of, strata_of, values_of
from datasets.samples import Sample, Split
from datasets.split_assignment import assign, unit_hash
from serving.core.errors import ConfigError, DatasetError

DEFAULT_SHARES = {Split.TRAIN: 0.7, Split.VALIDATION: 0.1, Split.TEST: 0.2}
_MAX_STRATA = 500


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """How to divide.

    Args:
        by: what keeps samples together; with several, whatever shares any of them. `time` stands
            alone.
        shares: of the samples, by split, in the order of time; they add up to 1.
        stratify: what every split should have its share of, as well as whole groups allow.
        seed: another seed, another division.
        gap_s: by time only: what lies less than this before the next split goes to none.
        query_per_identity: pictures of each person and camera of the test split that become
            queries, where another camera keeps one in the gallery; 0: test stays test.
    """

    by: tuple[GroupBy, ...] = (GroupBy.IDENTITY,)
    shares: Mapping[Split, float] = field(default_factory=lambda: DEFAULT_SHARES)
    stratify: tuple[Stratum, ...] = ()
    seed: int = 0
    gap_s: float = 1.0
    query_per_identity: int = 0

    def __post_init__(self) -> None:
        if not self.by or (GroupBy.TIME in self.by and len(self.by) > 1):
            raise ConfigError(f"by: expected keys, or time alone, got {_listed(self.by)}")
        if GroupBy.TIME in self.by and self.stratify:
            raise ConfigError(
                f"stratify: expected nothing beside a split by time, got {_listed(self.stratify)}"
            )
        shares = dict(self.shares)
        total = sum(shares.values())
        if not shares or min(shares.values()) <= 0 or abs(total - 1) > 1e-6:
            raise ConfigError(
                f"shares: expected positive numbers that add up to 1, got "
                f"{', '.join(f'{split.value}={share:g}' for split, share in shares.items())}"
            )
        if shares.keys() & {Split.QUERY, Split.GALLERY}:
            raise ConfigError(
                "shares: expected train, validation and test, got query or gallery; "
                "query_per_identity makes these of the test split"
            )
        if not self.gap_s >= 0:
            raise ConfigError(f"gap_s: expected at least 0 seconds, got {self.gap_s}")
        if self.query_per_identity < 0:
            raise ConfigError(
                f"query_per_identity: expected at least 0, got {self.query_per_identity}"
            )
        if self.query_per_identity and Split.TEST not in shares:
            raise ConfigError("query_per_identity: expected a share of test, got none")


@dataclass(frozen=True, slots=True)
class Count:
    """What one split was to have and has; `stratum` is None for all of its samples."""

    split: Split
    stratum: str | None
    asked: float
    got: int


@dataclass(frozen=True, slots=True)
class Division:
    """The samples with their splits, in the order in which they came, and how well it went."""

    samples: tuple[Sample, ...]
    counts: tuple[Count, ...]
    num_groups: int
    num_left_out: int
    notes: tuple[str, ...]


FrameRate = Callable[[str], float]
"""Frames a second of a video, by its path in the data set."""


def divide(
    samples: Iterable[Sample],
    request: SplitRequest,
    frame_rate_hz: FrameRate | None = None,
    contents: Mapping[str, str] | None = None,
) -> Division:
    """Divide samples.

    Args:
        samples: to divide; splits that they have already are forgotten.
        request: how.
        frame_rate_hz: of videos without `captured_at`, for a split by time.
        contents: the hash of each file by its path: files of one content stay together.

    Raises:
        DatasetError: no samples, fewer groups than splits, or samples without what they are to be
            divided by.
    """
    samples = tuple(samples)
    if not samples:
        raise DatasetError("split: expected samples, got none")
    if GroupBy.TIME in request.by:
        division = _by_time(samples, request, frame_rate_hz)
    else:
        division = _by_groups(samples, request, contents or {})
    return _with_queries(division, request) if request.query_per_identity else division


def _by_groups(
    samples: Sequence[Sample], request: SplitRequest, contents: Mapping[str, str]
) -> Division:
    groups = groups_of(samples, request.by, contents)
    splits = list(request.shares)
    if len(groups) < len(splits):
        raise DatasetError(
            f"split by {_listed(request.by)}: expected at least {len(splits)} groups for as many "
            f"splits, got {len(groups)}: {_shortened(sorted(groups))}"
        )
    names = sorted(groups)
    strata = [strata_of(sample, request.stratify) for sample in samples]
    columns = sorted({name for counts in strata for name in counts})
    if len(columns) > _MAX_STRATA:
        raise DatasetError(
            f"stratify by {_listed(request.stratify)}: expected at most {_MAX_STRATA} different "
            f"values, got {len(columns)}"
        )
    counts = _counts([groups[name] for name in names], strata, columns)
    assigned = assign(names, counts, list(request.shares.values()), request.seed)
    placed = list(samples)
    for name, index in zip(names, assigned, strict=True):
        for row in groups[name]:
            placed[row] = replace(samples[row], split=splits[index])
    got = np.zeros((len(splits), counts.shape[1]), np.int64)
    np.add.at(got, assigned, counts)
    return Division(
        tuple(placed),
        tuple(_table(request.shares, columns, counts.sum(axis=0).tolist(), got.tolist())),
        num_groups=len(groups),
        num_left_out=0,
        notes=(
            *_unnamed(samples, request.by),
            *_too_large(names, counts[:, 0].tolist(), request.shares),
            *(f"split '{splits[i].value}' got no group" for i in np.flatnonzero(got[:, 0] == 0)),
        ),
    )


def _counts(
    groups: Sequence[Sequence[int]], strata: Sequence[Counter[str]], columns: Sequence[str]
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    index = {name: column for column, name in enumerate(columns, start=1)}
    counts = np.zeros((len(groups), len(columns) + 1), np.int64)
    for group, rows in enumerate(groups):
        counts[group, 0] = len(rows)
        for row in rows:
            for name, count in strata[row].items():
                counts[group, index[name]] += count
    return counts


def _table(
    shares: Mapping[Split, float],
    columns: Sequence[str],
    totals: Sequence[int],
    got: Sequence[Sequence[int]],
) -> Iterator[Count]:
    for column, stratum in enumerate([None, *columns]):
        for row, (split, share) in enumerate(shares.items()):
            yield Count(split, stratum, share * totals[column], got[row][column])


def _unnamed(samples: Sequence[Sample], by: Sequence[GroupBy]) -> Iterator[str]:
    for key in by:
        without = sum(next(values_of(sample, key), None) is None for sample in samples)
        if without:
            yield f"{without:,} of {len(samples):,} samples have no {key.value}"


def _too_large(
    names: Sequence[str], sizes: Sequence[int], shares: Mapping[Split, float]
) -> Iterator[str]:
    total, largest = sum(sizes), max(shares.values())
    for name, size in zip(names, sizes, strict=True):
        if size > largest * total:
            yield (
                f"group '{name}' has {size:,} of {total:,} samples ({size / total:.0%}): more than "
                f"the largest share, {largest:.0%}, and a group is never divided"
            )


def _by_time(
    samples: Sequence[Sample], request: SplitRequest, frame_rate_hz: FrameRate | None
) -> Division:
    clocks: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    without = []
    for row, sample in enumerate(samples):
        if sample.captured_at is not None:
            clocks["captured_at"].append((sample.captured_at, row))
        elif sample.is_video and sample.frame_index is not None and frame_rate_hz is not None:
            time_s = sample.frame_index / frame_rate_hz(sample.path)
            clocks[f"video {sample.path}"].append((time_s, row))
        else:
            without.append(sample.key)
    if without:
        raise DatasetError(
            "split by time: expected captured_at, or a frame of a video, of every sample, got "
            f"{len(without):,} without: {_shortened(without)}"
        )
    placed = [replace(sample, split=None) for sample in samples]
    for moments in clocks.values():
        for row, split in _cut(sorted(moments), request):
            placed[row] = replace(samples[row], split=split)
    splits = Counter(sample.split for sample in placed)
    counts = [
        Count(split, None, share * len(samples), splits[split])
        for split, share in request.shares.items()
    ]
    missing = [split.value for split in request.shares if not splits[split]]
    notes = [f"split '{name}' got no sample: nothing is left beside the gap" for name in missing]
    return Division(tuple(placed), tuple(counts), len(clocks), splits[None], tuple(notes))


def _cut(
    moments: Sequence[tuple[float, int]], request: SplitRequest
) -> Iterator[tuple[int, Split]]:
    """Rows with their splits; those in a gap are left out. Equal times stay together."""
    times_s = np.array([time_s for time_s, _ in moments])
    ends = np.rint(np.cumsum(list(request.shares.values())) * len(moments)).astype(int)
    starts = [0, *(_first_of_its_time(times_s, int(end)) for end in ends[:-1]), len(moments)]
    for number, split in enumerate(request.shares):
        start, end = starts[number], starts[number + 1]
        next_s = times_s[end] if end < len(moments) else np.inf
        for time_s, row in moments[start:end]:
            if next_s - time_s >= request.gap_s:
                yield row, split


def _first_of_its_time(times_s: np.ndarray[tuple[int], np.dtype[np.float64]], row: int) -> int:
    return row if row >= len(times_s) else int(np.searchsorted(times_s, times_s[row], "left"))


def _with_queries(division: Division, request: SplitRequest) -> Division:
    """The test split as queries and a gallery: every query has a picture of another camera."""
    people: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, sample in enumerate(division.samples):
        if sample.split is Split.TEST and sample.identity is not None:
            people[sample.identity][sample.camera or ""].append(row)
    if not people:
        raise DatasetError(
            "query_per_identity: expected identities of whole pictures in the test split, got none"
        )
    placed = [
        replace(sample, split=Split.GALLERY) if sample.split is Split.TEST else sample
        for sample in division.samples
    ]
    num_alone = 0
    for cameras in people.values():
        queries = _queries(division.samples, cameras, request)
        num_alone += not queries
        for row in queries:
            placed[row] = replace(placed[row], split=Split.QUERY)
    splits = Counter(sample.split for sample in placed)
    notes = [f"test became {splits[Split.QUERY]:,} query and {splits[Split.GALLERY]:,} gallery"]
    if num_alone:
        notes.append(
            f"{num_alone:,} of {len(people):,} people were seen by one camera alone: gallery only"
        )
    return replace(division, samples=tuple(placed), notes=(*division.notes, *notes))


def _queries(
    samples: Sequence[Sample], cameras: Mapping[str, Sequence[int]], request: SplitRequest
) -> list[int]:
    def by_hash(row: int) -> tuple[float, str]:
        return unit_hash(request.seed, f"query {samples[row].key}"), samples[row].key

    left = {camera: len(rows) for camera, rows in cameras.items()}
    asking: set[str] = set()
    queries: list[int] = []
    for camera in sorted(cameras):
        for row in sorted(cameras[camera], key=by_hash)[: request.query_per_identity]:
            left[camera] -= 1
            found = all(
                any(count for other, count in left.items() if other != one)
                for one in asking | {camera}
            )
            if not found:
                left[camera] += 1
                break
            asking.add(camera)
            queries.append(row)
    return queries


def _listed(keys: Iterable[StrEnum]) -> str:
    return ", ".join(key.value for key in keys) or "nothing"


def _shortened(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
