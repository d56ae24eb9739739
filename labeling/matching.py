"""Which of two labelers' boxes, or spans, mean the same thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.samples import Box, Sample, Span
from serving.core import boxes

MIN_IOU = 0.5
"""Overlap from which two boxes mean the same person; also of two spans on the timeline."""

_ALIKE_DIGITS = 3
"""Of overlaps: a box that was sent as percents and back is the same."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One box or span of one labeler.

    `place` is what it is compared within, the key of a sample; `xyxy` a box in pixels, or a span
    as a box of height one with its times, in seconds, for left and right.
    """

    place: str
    xyxy: tuple[float, float, float, float]
    label: str
    is_ignored: bool
    item: Box | Span


@dataclass(frozen=True, slots=True)
class Matches:
    """What two labelers drew in common and alone. Ignored boxes, and their partners, are no part.

    `pairs` holds the common ones with their overlap.
    """

    pairs: tuple[tuple[Drawn, Drawn, float], ...]
    only_first: tuple[Drawn, ...]
    only_second: tuple[Drawn, ...]

    @property
    def f1(self) -> float:
        """Twice the common ones over all; 1 where neither drew anything."""
        return share_in_common(len(self.pairs), len(self.only_first) + len(self.only_second))


def share_in_common(num_pairs: int, num_alone: int) -> float:
    """Twice the pairs over all that was drawn; 1 where nothing was."""
    return 2 * num_pairs / (2 * num_pairs + num_alone) if num_pairs + num_alone else 1.0


def drawn(samples: Iterable[Sample]) -> list[Drawn]:
    """All boxes and spans of samples."""
    found = []
    for sample in samples:
        found += [
            Drawn(sample.key, box.xyxy_px, box.label, box.is_ignored, box) for box in sample.boxes
        ]
        found += [
            Drawn(sample.key, (span.start_s, 0, span.end_s, 1), span.label, False, span)
            for span in sample.spans
        ]
    return found


def match(first: Iterable[Sample], second: Iterable[Sample], min_iou: float = MIN_IOU) -> Matches:
    """Pair what two labelers drew: the closest first, each once, labels alike or not."""
    ones, others = _by_place(drawn(first)), _by_place(drawn(second))
    pairs: list[tuple[Drawn, Drawn, float]] = []
    alone: tuple[list[Drawn], list[Drawn]] = ([], [])
    for place in dict.fromkeys([*ones, *others]):
        here, there = ones.get(place, []), others.get(place, [])
        rows = closest_first(here, there, min_iou)
        pairs += [(here[i], there[j], iou) for i, j, iou in rows]
        alone[0].extend(_without(here, {i for i, _, _ in rows}))
        alone[1].extend(_without(there, {j for _, j, _ in rows}))
    counted = [pair for pair in pairs if not (pair[0].is_ignored or pair[1].is_ignored)]
    return Matches(
        tuple(counted),
        tuple(each for each in alone[0] if not each.is_ignored),
        tuple(each for each in alone[1] if not each.is_ignored),
    )


def closest_first(
    first: Sequence[Drawn], second: Sequence[Drawn], min_iou: float
) -> list[tuple[int, int, float]]:
    """Pairs of rows by falling overlap, each row once, none below `min_iou`.

    Of overlaps that are alike to a thousandth, those of one label come first: a person and the bag
    at the same place are not taken for each other.
    """
    if not first or not second:
        return []
    ours, theirs = _corners(first), _corners(second)
    overlap = boxes.iou(ours, theirs)
    overlap[(ours[:, None] == theirs[None]).all(axis=2)] = 1.0  # a moment has no area
    free_rows, free_columns = set(range(len(first))), set(range(len(second)))
    pairs = []
    differ = np.array([[one.label != other.label for other in second] for one in first])
    for flat in np.lexsort((differ.ravel(), -np.round(overlap, _ALIKE_DIGITS).ravel())):
        row, column = divmod(int(flat), len(second))
        if overlap[row, column] < min_iou:
            continue
        if row in free_rows and column in free_columns:
            free_rows.remove(row)
            free_columns.remove(column)
            pairs.append((row, column, float(overlap[row, column])))
    return pairs


def _corners(each: Sequence[Drawn]) -> np.ndarray:
    return np.array([one.xyxy for one in each], np.float64).reshape(-1, 4)


def _by_place(each: Iterable[Drawn]) -> Mapping[str, list[Drawn]]:
    places: dict[str, list[Drawn]] = {}
    for one in each:
        places.setdefault(one.place, []).append(one)
    return places


def _without(each: Sequence[Drawn], rows: set[int]) -> list[Drawn]:
    return [one for row, one in enumerate(each) if row not in rows]
