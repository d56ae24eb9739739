"""The boxes of MOT ground truth and detections: one row of numbers each, by dialect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from datasets.formats.format import Losses
from datasets.formats.mot import LIMIT, MOT16_COLUMNS, PEDESTRIAN, Rows
from datasets.formats.tables import number_text, told_as
from datasets.samples import Box
from serving.core.errors import LabelError
from serving.core.labels import PERSON


class MotDialect(StrEnum):
    """Which challenge a ground truth follows."""

    MOT15 = "mot15"
    MOT16 = "mot16"
    MOT17 = "mot17"
    MOT20 = "mot20"


class MotPart(StrEnum):
    """What is read or written of a sequence: the name of its folder."""

    TRUTH = "gt"
    DETECTIONS = "det"


RAW_SCORE = "confidence"
"""The property of a detection with a score on a scale of its own; `score` is the nearest share."""

_CLASSES = {
    PEDESTRIAN: PERSON,
    2: "person_on_vehicle",
    3: "car",
    4: "bicycle",
    5: "motorbike",
    6: "non_motorized_vehicle",
    7: "static_person",
    8: "distractor",
    9: "occluder",
    10: "occluder_on_the_ground",
    11: "occluder_full",
    12: "reflection",
    13: "crowd",
}
_LAST_CLASS_BEFORE_MOT20 = 12
_UNKNOWN = -1.0
_NO_PLACE = (_UNKNOWN, _UNKNOWN, _UNKNOWN)

Row = tuple[float, ...]
"""The numbers of a line."""


def class_names(dialect: MotDialect) -> dict[int, str]:
    """The classes of a ground truth by number; MOT-15 has one, which stands in no column."""
    if dialect is MotDialect.MOT15:
        return {PEDESTRIAN: PERSON}
    last = len(_CLASSES) if dialect is MotDialect.MOT20 else _LAST_CLASS_BEFORE_MOT20
    return {number: name for number, name in _CLASSES.items() if number <= last}


class TruthRows:
    """The rows of `gt.txt`: `frame,id,left,top,width,height,considered` and by dialect
    `class,visibility` or, in MOT-15, the place in the world, -1 where it is not known."""

    def __init__(self, dialect: MotDialect) -> None:
        self._dialect = dialect
        self._has_class = dialect is not MotDialect.MOT15
        self._names = class_names(dialect)
        self._numbers = {name: number for number, name in self._names.items()}

    def read(self, path: Path, losses: Losses) -> dict[int, list[Box]]:
        """The boxes by frame number, in the order of the rows.

        Raises:
            LabelError: the file is missing, breaks the format, or is of another dialect.
        """
        rows = Rows.read(path)
        rows.check_identities()
        rows.check_considered()
        if len(rows) and (rows.num_columns in MOT16_COLUMNS) is not self._has_class:
            wanted = "8 or 9" if self._has_class else "7 or 10"
            raise LabelError(
                f"{path}:{rows.line[0]}: expected the {wanted} columns of {self._dialect}, "
                f"got {rows.num_columns}"
            )
        found: dict[int, list[Box]] = defaultdict(list)
        for row, line in zip(rows.values.tolist(), rows.line.tolist(), strict=True):
            losses.add("row.confidence", row[6:7] not in ([], [0.0], [1.0]))
            found[int(row[0])].append(self.box(row, f"{path}:{line}"))
        return found

    def box(self, row: Sequence[float], where: str) -> Box:
        """The box of a row.

        Raises:
            LabelError: an unknown class, or a visibility above 1.
        """
        more = row[7:]
        label, visibility, xyz_m = PERSON, None, None
        if self._has_class:
            label = self._names.get(int(more[0]), "")
            visibility = more[1] if len(more) > 1 and more[1] != _UNKNOWN else None
            if not label or more[0] != int(more[0]):
                raise LabelError(f"{where}: expected a class of {self._names}, got {more[0]:g}")
        elif len(more) >= 3 and tuple(more[:3]) != _NO_PLACE:
            xyz_m = (more[0], more[1], more[2])
        with told_as(where):
            return Box(
                xyxy_px=_xyxy(row),
                label=label,
                track_id=str(int(row[1])),
                is_ignored=len(row) > 6 and row[6] == 0,
                visibility=visibility,
                xyz_m=xyz_m,
            )

    def row(self, box: Box, number: int, track: int) -> Row | None:
        """The row of a box; None where the dialect has none for it."""
        if box.label not in self._numbers:
            return None
        visibility = _UNKNOWN if box.visibility is None else box.visibility
        more = (float(self._numbers[box.label]), visibility)
        if not self._has_class:
            more = box.xyz_m or _NO_PLACE
        return _checked((number, track, *_xywh(box), float(not box.is_ignored), *more))


class DetectionRows:
    """The rows of `det.txt`: `frame,-1,left,top,width,height,confidence,-1,-1,-1`."""

    def read(self, path: Path) -> dict[int, list[Box]]:
        """The boxes by frame number, in the order of the rows.

        A confidence of -1 means that there is none, unless the file holds raw scores.

        Raises:
            LabelError: the file is missing or breaks the format.
        """
        rows = Rows.read(path)
        is_raw = not rows.has_shares
        found: dict[int, list[Box]] = defaultdict(list)
        for row in rows.values.tolist():
            found[int(row[0])].append(self.box(row, is_raw))
        return found

    @staticmethod
    def box(row: Sequence[float], is_raw: bool) -> Box:
        """The box of a row."""
        confidence = row[6] if len(row) > 6 else _UNKNOWN
        if is_raw:
            score, properties = min(max(confidence, 0.0), 1.0), {RAW_SCORE: number_text(confidence)}
        else:
            score, properties = (None if confidence == _UNKNOWN else confidence), {}
        return Box(xyxy_px=_xyxy(row), label=PERSON, score=score, properties=properties)

    @staticmethod
    def row(box: Box, number: int, *, is_raw: bool) -> Row | None:
        """The row of a box; None where there is none for it."""
        confidence = _UNKNOWN if box.score is None else box.score
        if is_raw:
            confidence = raw_score(box) or 0.0
        if box.label != PERSON:
            return None
        return _checked((number, -1, *_xywh(box), confidence, *_NO_PLACE))


def raw_score(box: Box) -> float | None:
    """The score of a detection on its own scale, where it has one that can be written again."""
    try:
        value = float(box.properties[RAW_SCORE])
    except (KeyError, ValueError):
        return None
    is_same = abs(value) < LIMIT and number_text(value) == box.properties[RAW_SCORE]
    return value if is_same and box.score == min(max(value, 0.0), 1.0) else None


def are_raw(boxes: Sequence[Box]) -> bool:
    """Whether detections are written with raw scores: all have one, one of them is no share."""
    scores = [raw_score(box) for box in boxes]
    return all(s is not None for s in scores) and any(
        not (s == _UNKNOWN or 0 <= s <= 1) for s in scores if s is not None
    )


def line_of(row: Row) -> str:
    """The row as a line of text, exact."""
    return ",".join(map(number_text, row)) + "\n"


def _checked(row: Row) -> Row | None:
    return row if all(abs(value) < LIMIT for value in row) else None


def _xyxy(row: Sequence[float]) -> tuple[float, float, float, float]:
    left, top, width, height = row[2:6]
    return left, top, left + width, top + height


def _xywh(box: Box) -> Row:
    left, top, right, bottom = box.xyxy_px
    return left, top, _length(left, right), _length(top, bottom)


def _length(start: float, end: float) -> float:
    """The length without the noise of floating point, where it gives the same end."""
    short = round(end - start, 6)
    return short if start + short == end else end - start
