"""Boxes against their picture and against each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from datasets.checks.contents import Row
from datasets.checks.finding import Finding, Kind, error, warning
from datasets.samples import Box
from serving.core.boxes import iou

EDGE_PX = 1.0
"""How far a box may reach beyond its picture: coordinates are rounded."""

TINY_PX = 3.0
"""A side below this shows nothing."""

SAME_PX = 1.0
"""Two boxes of one class whose sides are all this close are one box."""

CLASSES_IOU = 0.9
"""Two boxes of different classes that overlap more are one object."""


def box_findings(row: Row) -> Iterator[Finding]:
    """What is wrong with the boxes of one picture; ignored regions are held against edges only."""
    boxes = row.sample.boxes
    for index, box in enumerate(boxes):
        finding = _of_box(row, index, box)
        if finding is not None:
            yield finding
    if len(boxes) > 1:
        yield from _of_pairs(row)


def _of_box(row: Row, index: int, box: Box) -> Finding | None:
    left, top, right, bottom = box.xyxy_px
    got = f"{_shown(box)} of class '{box.label}'"
    place = {**row.where, "box": row.box_number(index)}
    if right == left or bottom == top:
        return error(Kind.BOX_EMPTY, "a box with an area", got, **place)
    size_hw = row.sample.image_size_hw
    if size_hw is not None:
        height, width = size_hw
        inside = f"a box inside {width} × {height} px"
        if right <= 0 or bottom <= 0 or left >= width or top >= height:
            return error(Kind.BOX_OUTSIDE, inside, got, **place)
        if min(left, top, width - right, height - bottom) < -EDGE_PX and not box.is_ignored:
            return warning(Kind.BOX_BEYOND_EDGE, inside, got, **place)
    if min(right - left, bottom - top) < TINY_PX and not box.is_ignored:
        return warning(Kind.BOX_TINY, f"sides of at least {TINY_PX:g} px", got, **place)
    return None


def _of_pairs(row: Row) -> Iterator[Finding]:
    indices = [index for index, box in enumerate(row.sample.boxes) if not box.is_ignored]
    boxes = [row.sample.boxes[index] for index in indices]
    if len(boxes) < 2:
        return
    xyxy_px = np.array([box.xyxy_px for box in boxes])
    overlap = np.triu(iou(xyxy_px, xyxy_px), k=1)
    near = (np.abs(xyxy_px[:, None] - xyxy_px[None]) <= SAME_PX).all(axis=2)
    for first, second in np.argwhere((overlap > CLASSES_IOU) | (near & (overlap > 0.5))).tolist():
        one, other = boxes[first], boxes[second]
        place = {**row.where, "box": row.box_number(indices[second])}
        if one.label == other.label and near[first, second]:
            got = f"{_shown(other)} again after box {row.box_number(indices[first])}"
            yield error(Kind.BOX_TWICE, f"each '{one.label}' once", got, **place)
        elif one.label != other.label and not _tied(row, indices[first], indices[second]):
            number = row.box_number(indices[first])
            got = f"'{one.label}' (box {number}) and '{other.label}' at {_shown(other)}"
            yield warning(Kind.BOX_CLASSES, "one class at one place", got, **place)


def person_findings(row: Row) -> Iterator[Finding]:
    """Tracks and identities that stand twice in one frame: nobody is at two places."""
    for kind, name in ((Kind.TRACK_TWICE, "track_id"), (Kind.IDENTITY_TWICE, "identity")):
        seen: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for index, box in enumerate(row.sample.boxes):
            value = getattr(box, name)
            if value is None or box.is_ignored:
                continue
            before = seen[value, box.label]
            first = next((other for other in before if not _tied(row, other, index)), None)
            before.append(index)
            if first is not None:
                expected = f"{name} {value!r} once in a frame"
                number = row.box_number(index)
                got = f"boxes {row.box_number(first)} and {number}"
                yield error(kind, expected, got, **row.where, box=number)


def _tied(row: Row, first: int, second: int) -> bool:
    """Whether two boxes are parts of one object."""
    group = row.sample.boxes[first].group
    return group is not None and group == row.sample.boxes[second].group


def _shown(box: Box) -> str:
    return "[" + ", ".join(f"{value:g}" for value in box.xyxy_px) + "]"
