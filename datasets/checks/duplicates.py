"""One picture twice: byte for byte, or nearly, within a split or across."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from datasets.checks.contents import Row
from datasets.checks.finding import Finding, Kind, error, warning
from datasets.checks.hashes import Signature
from datasets.checks.labels import content_of
from datasets.checks.neighbours import Pair, near_pairs
from datasets.checks.recordings import in_words, side_of, source_of, view_of


def duplicate_findings(rows: Sequence[Row], sha256_of_path: Mapping[str, str]) -> Iterator[Finding]:
    """Files of the same content: one finding for each content, one more where labels differ.

    Frames of one video have one file and are no duplicates; of two videos of the same content
    each frame is.
    """
    groups: defaultdict[tuple[str, int | None], list[Row]] = defaultdict(list)
    for row in rows:
        sha256 = sha256_of_path.get(row.sample.path)
        if sha256 is not None:
            groups[sha256, row.sample.frame_index].append(row)
    for group in groups.values():
        if len(group) > 1:
            yield _same_file(group)
            if len({repr(content_of(row.sample)) for row in group}) > 1:
                yield _conflict(group)


def near_duplicate_findings(
    rows: Sequence[Row], signatures: Mapping[str, Signature], sha256_of_path: Mapping[str, str]
) -> tuple[list[Finding], int]:
    """Pictures that look alike and are not the same file: each with its nearest.

    Beside them, how many pictures could not be compared with all that are like them.

    Args:
        rows: the samples.
        signatures: by the key of the sample; without flat pictures.
        sha256_of_path: of a content that several files have only the first takes part.
    """
    seen: set[tuple[str, int | None]] = set()
    taking_part = []
    for row in rows:
        sha256 = sha256_of_path.get(row.sample.path, row.sample.path)
        content = sha256, row.sample.frame_index
        if row.sample.key in signatures and content not in seen:
            seen.add(content)
            taking_part.append(row)
    sides = [side_of(row.sample) for row in taking_part]
    cameras = [view_of(row.sample) for row in taking_part]
    sources = [source_of(row.sample) for row in taking_part]
    near = near_pairs(
        [signatures[row.sample.key] for row in taking_part],
        _codes(sides),
        np.stack([_codes(cameras), _codes(sources)]),
    )
    return list(_near_findings(near.pairs, taking_part)), near.num_limited


def _near_findings(pairs: Sequence[Pair], rows: Sequence[Row]) -> Iterator[Finding]:
    repeated: defaultdict[tuple[str, ...], list[tuple[Row, Row]]] = defaultdict(list)
    for pair in pairs:
        first, second = rows[pair.first], rows[pair.second]
        if pair.relation == 2:
            names = sorted(str(side_of(row.sample)) for row in (first, second))
            repeated[(str(view_of(first.sample)), *names)].append((first, second))
        else:
            yield _alike(pair, first, second)
    for (view, *names), alike in repeated.items():
        yield _repeated(view, names, alike)


def _same_file(group: Sequence[Row]) -> Finding:
    sides = {side_of(row.sample) for row in group} - {None}
    place: dict[str, Any] = {
        **group[-1].where,
        "others": tuple(row.sample.key for row in group[:-1]),
        "count": len(group),
    }
    times = "twice" if len(group) == 2 else f"{len(group)} times"
    if len(sides) > 1:
        got = f"the same bytes {times}, in {in_words(str(side) for side in sides)}"
        return error(Kind.DUPLICATE_ACROSS_SPLITS, "each picture in one split", got, **place)
    got = f"the same bytes {times}, as {group[0].sample.key}"
    return warning(Kind.DUPLICATE, "each picture once", got, **place)


def _conflict(group: Sequence[Row]) -> Finding:
    first = group[0]
    other = next(
        row for row in group if repr(content_of(row.sample)) != repr(content_of(first.sample))
    )
    return error(
        Kind.LABEL_CONFLICT,
        "the same labels on the same picture",
        f"{_difference(first, other)} of {first.sample.key} (line {first.line}) and this",
        **other.where,
        others=(first.sample.key,),
    )


def _difference(first: Row, other: Row) -> str:
    a, b = first.sample, other.sample
    for name in ("label", "identity", "attributes", "is_labelled", "spans"):
        if getattr(a, name) != getattr(b, name):
            return f"{name} {getattr(a, name)!s} and {getattr(b, name)!s}"
    return f"{len(a.boxes)} boxes and {len(b.boxes)} others"


def _alike(pair: Pair, first: Row, second: Row) -> Finding:
    place: dict[str, Any] = {**second.where, "others": (first.sample.key,)}
    got = f"one that differs from {first.sample.key} in {pair.bits} of 127 bits of its hashes"
    if pair.relation == 1:
        sides = in_words(str(side_of(row.sample)) for row in (first, second))
        expected = "each picture in one split"
        return error(Kind.NEAR_DUPLICATE_ACROSS_SPLITS, expected, f"{got}, in {sides}", **place)
    return warning(Kind.NEAR_DUPLICATE, "each picture once", got, **place)


def _repeated(view: str, sides: Sequence[str], pairs: Sequence[tuple[Row, Row]]) -> Finding:
    first, second = pairs[0]
    keys = {row.sample.key for pair in pairs for row in pair}
    return warning(
        Kind.REPEATED_ACROSS_SPLITS,
        f"moments of '{view}' that differ between {' and '.join(sides)}",
        f"{len(keys):,} that look like one of the other split",
        **second.where,
        others=(first.sample.key,),
        count=len(keys),
    )


def _codes(names: Sequence[Hashable | None]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(N,) one number for each name; -1 for None."""
    numbers: dict[Hashable, int] = {}
    return np.array(
        [-1 if name is None else numbers.setdefault(name, len(numbers)) for name in names], np.int64
    )
