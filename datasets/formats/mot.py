"""MOT text files: one box a line, `frame,id,left,top,width,height,confidence,…`, frames from 1.

Three dialects, told apart by the number of columns (Leal-Taixé et al., MOTChallenge 2015; Milan et
al., MOT16): ground truth of MOT-15 has 10, the last three a position in the world in metres or -1;
ground truth of MOT-16 and later has 8 or 9, of which the 8th is a class; results have 7 or more,
and what comes after the confidence is not read.

Corners are taken and written as they stand, from the picture's top left corner (0, 0).

Confidences of results are shares from 0 to 1, -1 where none was given. Public detections carry raw
scores instead, on a scale of their own: a file with any other value is taken to be of those, and
all its confidences, -1 too, for scores. They stand exact in the column `confidence`, by which
metrics rank and cut; `score`, which is a share, is the nearest one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.files import write_atomically
from serving.core import boxes
from serving.core.detections import CONFIDENCE_COLUMN, XYWH_COLUMN, Detections, Tracks
from serving.core.errors import LabelError

WORLD_COLUMN = "xy_m"
"""Column (N, 2) float64: where a MOT-15 ground truth says that the person stands, in metres."""

PEDESTRIAN = 1
DISTRACTOR = 8
DISTRACTORS = (2, 7, DISTRACTOR, 12)
"""MOT-16 classes that look like a pedestrian and count neither way: person on a vehicle, static
person, distractor, reflection."""

LIMIT = 1e9
"""What every number of a file stays below."""

MAX_FRAME = 10_000_000
"""Weeks of video: more is a column out of place, and would be walked through frame by frame."""

_MIN_COLUMNS = 6
_MOT15_COLUMNS = 10
MOT16_COLUMNS = (8, 9)
"""How many a ground truth of MOT-16 and later has."""


@dataclass(frozen=True, slots=True, eq=False)
class MotSequence:
    """Tracks by frame number, from 1 as in the file; a frame without rows has no entry.

    `ignored` holds boxes of a MOT-16 ground truth that are not to be found: other classes, whose
    number is in `class_id`, and pedestrians marked as not considered (class 0 here).
    """

    frames: Mapping[int, Tracks]
    ignored: Mapping[int, Detections] = field(default_factory=dict)

    @property
    def num_frames(self) -> int:
        """The last frame number that has a row."""
        return max([0, *self.frames, *self.ignored])

    def aligned(self, num_frames: int) -> list[Tracks]:
        """Tracks of the frames 1 … `num_frames`, those without rows empty."""
        return [self.frames.get(number, _NO_TRACKS) for number in range(1, num_frames + 1)]


_NO_TRACKS = Tracks.empty()


def read_tracks(path: str | Path, frame_rate_hz: float | None = None) -> MotSequence:
    """Results of a tracker. An empty file means that it found nothing.

    Args:
        path: the file. A confidence of -1 means that none was given, and reads as 1, unless the
            file holds raw scores.
        frame_rate_hz: gives `age_s`; without it every age is 0.

    Raises:
        LabelError: the file is missing or breaks the format; the message names file and line.
    """
    rows = Rows.read(Path(path))
    rows.check_identities()
    return MotSequence(rows.tracks(frame_rate_hz))


def read_truth(path: str | Path, frame_rate_hz: float | None = None) -> MotSequence:
    """Ground truth. Rows whose 7th column is 0 are not to be found and do not count.

    In a MOT-16 file only pedestrians are to be found; the rest is in `MotSequence.ignored`.

    Raises:
        LabelError: the file is missing, has no row, or breaks the format.
    """
    rows = Rows.read(Path(path))
    if not len(rows):
        raise LabelError(f"{path}: expected ground truth, got a file without rows")
    rows.check_identities()
    rows.check_considered()
    considered = rows.confidence_raw != 0
    if rows.num_columns not in MOT16_COLUMNS:
        return MotSequence(rows.at(considered).tracks(frame_rate_hz))
    mot_class = rows.values[:, 7].astype(np.int64)
    wanted = considered & (mot_class == PEDESTRIAN)
    class_id = np.where(mot_class == PEDESTRIAN, 0, mot_class)[~wanted]
    return MotSequence(rows.at(wanted).tracks(frame_rate_hz), rows.at(~wanted).detections(class_id))


def read_detections(path: str | Path) -> dict[int, Detections]:
    """Detections by frame number, from 1; identities are not read.

    Raises:
        LabelError: the file is missing or breaks the format.
    """
    return Rows.read(Path(path)).detections()


def write_tracks(path: str | Path, frames: Mapping[int, Tracks]) -> None:
    """Write tracks by frame number, to a tenth of a thousandth of a pixel; all or nothing."""
    lines = []
    for number in sorted(frames):
        tracks = frames[number]
        lines += _lines(number, tracks.track_id, tracks.detections)
    write_atomically(Path(path), "".join(lines))


def write_detections(path: str | Path, frames: Mapping[int, Detections]) -> None:
    """Write detections by frame number, with -1 for the identity; all or nothing."""
    lines = []
    for number in sorted(frames):
        lines += _lines(number, np.full(len(frames[number]), -1), frames[number])
    write_atomically(Path(path), "".join(lines))


def _lines(number: int, track_id: NDArray[np.int64], detections: Detections) -> list[str]:
    columns = detections.columns
    xywh = columns.get(XYWH_COLUMN)
    if xywh is None:
        xywh = boxes.xywh_from_xyxy(detections.xyxy_px.astype(np.float64))
    confidence = columns.get(CONFIDENCE_COLUMN, detections.score)
    world = columns.get(WORLD_COLUMN, np.full((len(detections), 2), -1.0))
    return [
        ",".join(
            [str(number), str(identity), *(_short(value, 4) for value in box)]
            + [_short(score, 7), *(_short(value, 4) for value in place), "-1\n"]
        )
        for identity, box, score, place in zip(track_id, xywh, confidence, world, strict=True)
    ]


def _short(value: float, decimals: int) -> str:
    """The number without zeros at its end."""
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of a file as they stand: `values` (R, columns) float64, the `line` (R,) of each."""

    path: Path
    values: NDArray[np.float64]
    line: NDArray[np.int64]

    @classmethod
    def read(cls, path: Path) -> Rows:
        """The checked rows of a file, which may have none.

        Raises:
            LabelError: the file is missing or breaks the format; names file and line.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text file"
            raise LabelError(f"{path}: expected a MOT text file: {reason}") from error
        values: list[list[float]] = []
        lines: list[int] = []
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                values.append(_numbers(line, f"{path}:{number}"))
                lines.append(number)
                if len(values[-1]) != len(values[0]):
                    raise LabelError(
                        f"{path}:{number}: expected {len(values[0])} columns as before, "
                        f"got {len(values[-1])}"
                    )
        array = np.array(values, np.float64).reshape(len(lines), -1 if lines else _MOT15_COLUMNS)
        rows = cls(path, array, np.array(lines, np.int64))
        rows._check_values()
        return rows

    def __len__(self) -> int:
        return len(self.line)

    @property
    def num_columns(self) -> int:
        return self.values.shape[1]

    @property
    def frame(self) -> NDArray[np.int64]:
        return self.values[:, 0].astype(np.int64)

    @property
    def confidence_raw(self) -> NDArray[np.float64]:
        """The 7th column as it stands, 1 where there is none."""
        return self.values[:, 6] if self.num_columns > _MIN_COLUMNS else np.ones(len(self))

    @property
    def has_shares(self) -> bool:
        """Whether all confidences are shares or not given, and so no raw scores."""
        return bool(self._is_share(self.confidence_raw).all())

    def at(self, mask: NDArray[np.bool_]) -> Rows:
        return Rows(self.path, self.values[mask], self.line[mask])

    def tracks(self, frame_rate_hz: float | None) -> dict[int, Tracks]:
        track_id = self.values[:, 1].astype(np.int64)
        _, identity = np.unique(track_id, return_inverse=True)
        first_frame = np.full(identity.max(initial=-1) + 1, np.iinfo(np.int64).max)
        np.minimum.at(first_frame, identity, self.frame)
        age_frames = self.frame - first_frame[identity]
        age_s = (age_frames / frame_rate_hz if frame_rate_hz else 0 * age_frames).astype(np.float32)
        return self._by_frame(
            lambda rows, detections: Tracks(detections, track_id[rows], age_s[rows])
        )

    def detections(self, class_id: NDArray[np.int64] | None = None) -> dict[int, Detections]:
        return self._by_frame(lambda _, detections: detections, class_id)

    def _by_frame(
        self,
        build: Callable[[NDArray[np.intp], Detections], Any],
        class_id: NDArray[np.int64] | None = None,
    ) -> dict[int, Any]:
        if not len(self):
            return {}
        xywh = self.values[:, 2:6]
        xyxy = boxes.xyxy_from_xywh(xywh)
        confidence = self.confidence_raw
        if self.has_shares:
            confidence = np.where(confidence == -1, 1.0, confidence)
        class_id = np.zeros(len(self), np.int64) if class_id is None else class_id
        columns = {XYWH_COLUMN: xywh, CONFIDENCE_COLUMN: confidence}
        if self._has_world:
            columns[WORLD_COLUMN] = self.values[:, 7:9]
        order = np.argsort(self.frame, kind="stable")
        numbers, starts = np.unique(self.frame[order], return_index=True)
        return {
            int(number): build(
                rows,
                Detections(
                    xyxy[rows],
                    confidence[rows].clip(0, 1),
                    class_id[rows],
                    {name: values[rows] for name, values in columns.items()},
                ),
            )
            for number, rows in zip(numbers, np.split(order, starts[1:]), strict=True)
        }

    @property
    def _has_world(self) -> bool:
        return self.num_columns >= _MOT15_COLUMNS and bool((self.values[:, 7:9] != -1).any())

    def check_identities(self) -> None:
        """Check that every row has a track, once in a frame.

        Raises:
            LabelError: names the line.
        """
        identity = self.values[:, 1]
        self._require(
            (identity >= 0) & (identity == np.floor(identity)),
            lambda row: f"a track id, a whole number from 0 on, got {identity[row]:g}",
        )
        first_line: dict[tuple[float, float], int] = {}
        for frame, track, line in zip(self.frame, identity, self.line, strict=True):
            earlier = first_line.setdefault((frame, track), line)
            if earlier != line:
                raise LabelError(
                    f"{self.path}:{line}: expected track {track:g} once in frame {frame}, "
                    f"got it in line {earlier} too"
                )

    def check_considered(self) -> None:
        """Check that the 7th column can say whether a row of a ground truth is to be found.

        Raises:
            LabelError: names the line.
        """
        flag = self.confidence_raw
        self._require(
            self._is_share(flag),
            lambda row: f"a 7th column in [0, 1], 0 for not considered, got {flag[row]:g}",
        )

    @staticmethod
    def _is_share(confidence: NDArray[np.float64]) -> NDArray[np.bool_]:
        return ((confidence >= 0) & (confidence <= 1)) | (confidence == -1)

    def _check_values(self) -> None:
        frame, size = self.values[:, 0], self.values[:, 4:6]
        self._require(
            (frame >= 1) & (frame <= MAX_FRAME) & (frame == np.floor(frame)),
            lambda row: f"a frame number, a whole number from 1 on, got {frame[row]:g}",
        )
        self._require(
            size.min(axis=1, initial=np.inf) >= 0,
            lambda row: f"a width and height of at least 0, got {size[row].tolist()}",
        )

    def _require(self, holds: NDArray[np.bool_], expected: Callable[[int], str]) -> None:
        if not holds.all():
            row = int(np.argmin(holds))
            raise LabelError(f"{self.path}:{self.line[row]}: expected {expected(row)}")


def _numbers(line: str, where: str) -> list[float]:
    fields: Sequence[str] = line.split(",") if "," in line else line.split()
    numbers: list[float] = []
    for text in fields:
        try:
            numbers.append(float(text))
        except ValueError as error:
            raise LabelError(f"{where}: expected numbers, got {text.strip()!r}") from error
    if len(numbers) < _MIN_COLUMNS:
        raise LabelError(
            f"{where}: expected at least {_MIN_COLUMNS} columns "
            f"(frame,id,left,top,width,height), got {len(numbers)}"
        )
    if not all(abs(number) < LIMIT for number in numbers):  # a nan fails too
        raise LabelError(f"{where}: expected finite numbers, got {line.strip()!r}")
    return numbers
