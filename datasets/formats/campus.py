"""CAMPUS: people tracked over synchronised views (Xu et al., CVPR 2016 and AAAI 2017).

`view-HC3.csv.gz` has one row for each box of camera `HC3`:
`track_id,xmin,ymin,xmax,ymax,frame,occluded,generated`. Tracks have the same number in all views,
so it is the `identity`. Detections stand in `det/view-HC3.csv.gz`:
`frame,xmin,ymin,xmax,ymax,confidence`. The pictures are frames, from 0, of `view-HC3.mp4`, which
need not be there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_box, count_sample
from datasets.formats.layout import Numbering, is_name, picture_files, suffix_of, whole_number
from datasets.formats.tables import Row, number_text, one_of, read_rows, told_as, write_rows
from datasets.samples import Box, Sample
from serving.core.errors import LabelError
from serving.core.labels import PERSON

GENERATED = "generated"
"""The property, `1`, of a box that was interpolated between those that someone drew."""

_TABLE = re.compile(r"view-(?P<camera>.+)\.csv(\.gz)?", re.DOTALL)
_XYXY = ("xmin", "ymin", "xmax", "ymax")
_TRUTH = ("track_id", *_XYXY, "frame", "occluded", GENERATED)
_DETECTION = ("frame", *_XYXY, "confidence")
_FLAG_OF = {"": None, "0": False, "1": True}
_TEXT_OF = {flag: text for text, flag in _FLAG_OF.items()}
_ENDINGS = (".csv", ".gz")
_LAST_FRAME = 10**9 - 1
_FIRST_NEW_PERSON = 1_000_000


class CampusPart(StrEnum):
    """What is read or written of a scene."""

    TRUTH = "truth"
    DETECTIONS = "det"


_DETECTIONS = CampusPart.DETECTIONS.value
"""The folder of detections."""


class Campus:
    """Reads and writes a scene, a view a file. Detections are boxes of unlabelled samples.

    Args:
        part: whether ground truth or detections.
        num_frames: of every view. The files do not say it: without it a frame in which nobody is
            seen is no sample.
        suffix: of the videos.
    """

    def __init__(
        self,
        part: CampusPart = CampusPart.TRUTH,
        num_frames: int | None = None,
        suffix: str = ".mp4",
    ) -> None:
        self._part = CampusPart(part)
        self._num_frames = num_frames
        self._suffix = suffix

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The frames, view by view by the order of names, one view in memory at a time."""
        folder = self._folder(root)
        apart = {root / _DETECTIONS, *folder.glob(f"view-*{self._suffix}")}
        tables = list(picture_files(folder, losses, _ENDINGS, read_apart=apart))
        if not tables and any(folder.iterdir()):
            raise LabelError(f"{folder}: expected files such as view-HC3.csv.gz, got none")
        for table in tables:
            named = _TABLE.fullmatch(table.name)
            if named is None:
                raise LabelError(f"{table}: expected a name such as view-HC3.csv.gz")
            boxes = self._boxes(table)
            for frame in sorted(boxes) if self._num_frames is None else range(self._num_frames):
                yield self._sample(named["camera"], frame, tuple(boxes.get(frame, ())))

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write the views.

        A sample must be a frame of the one video of a camera, in one of the frames that are read;
        without `num_frames` these are those with a box. A box must be a person, and in ground truth
        have an identity; those that are no numbers get numbers, and count as lost.

        Raises:
            LabelError: `num_frames` is given and a view lacks one of the frames.
        """
        self._folder(root).mkdir(parents=True, exist_ok=True)
        views: dict[str, _View] = {}
        people = Numbering(_FIRST_NEW_PERSON)
        for sample in samples:
            view = self._view_of(sample, views)
            rows = list(self._rows(sample, people)) if view is not None else []
            if view is None or sample.frame_index is None or not (rows or self._num_frames):
                losses.add("sample")
                continue
            view.frames.add(sample.frame_index)
            view.rows += [list(row.values()) for _, row in rows]
            held = self._sample(view.camera, sample.frame_index, ())
            count_sample(sample, held, losses)
            losses.add("box", len(sample.boxes) - len(rows))
            for box, row in rows:
                count_box(box, self._box(row, view.camera), losses)
            place(sample, held.path)
        for view in views.values():
            if self._num_frames is not None and len(view.frames) != self._num_frames:
                raise LabelError(
                    f"view '{view.camera}': expected all {self._num_frames} frames, "
                    f"got {len(view.frames)}"
                )
            if view.frames:
                table = self._folder(root) / f"view-{view.camera}.csv.gz"
                write_rows(table, self._columns, view.rows)

    @property
    def _columns(self) -> tuple[str, ...]:
        return _TRUTH if self._part is CampusPart.TRUTH else _DETECTION

    def _folder(self, root: Path) -> Path:
        return root if self._part is CampusPart.TRUTH else root / _DETECTIONS

    def _sample(self, camera: str, frame: int, boxes: tuple[Box, ...]) -> Sample:
        return Sample(
            path=f"view-{camera}{self._suffix}",
            frame_index=frame,
            camera=camera,
            is_labelled=self._part is CampusPart.TRUTH,
            boxes=boxes,
        )

    def _boxes(self, table: Path) -> dict[int, list[Box]]:
        found: dict[int, list[Box]] = defaultdict(list)
        seen: set[tuple[int, str | None]] = set()
        for where, row in read_rows(table, self._columns):
            frame = whole_number(row["frame"])
            if frame is None or (self._num_frames is not None and frame >= self._num_frames):
                limit = "" if self._num_frames is None else f" below {self._num_frames}"
                raise LabelError(f"{where}: expected a frame{limit}, got {row['frame']!r}")
            box = self._box(row, where)
            if box.identity is not None and (frame, box.identity) in seen:
                raise LabelError(f"{where}: expected track {box.identity} once in frame {frame}")
            seen.add((frame, box.identity))
            found[frame].append(box)
        return found

    def _box(self, row: Row, where: str) -> Box:
        with told_as(where):
            left, top, right, bottom = (float(row[name]) for name in _XYXY)
            if self._part is CampusPart.DETECTIONS:
                score = float(row["confidence"]) if row["confidence"] else None
                return Box((left, top, right, bottom), PERSON, score=score)
            if whole_number(row["track_id"]) is None:
                raise ValueError(f"expected a number as track_id, got {row['track_id']!r}")
            one_of(row["occluded"], _FLAG_OF, "an occluded", where)
            generated = _FLAG_OF[one_of(row[GENERATED], _FLAG_OF, "a generated", where)]
            return Box(
                (left, top, right, bottom),
                PERSON,
                identity=row["track_id"],
                is_occluded=_FLAG_OF[row["occluded"]],
                properties={GENERATED: "1"} if generated else {},
            )

    def _view_of(self, sample: Sample, views: dict[str, _View]) -> _View | None:
        """The view that a sample is a frame of; None where it can be in none."""
        camera, frame = sample.camera, sample.frame_index
        if camera is None or frame is None or suffix_of(sample.path) != self._suffix:
            return None
        is_in = self._num_frames is None or frame < self._num_frames
        if not is_in or not is_name(f"view-{camera}.csv.gz") or frame > _LAST_FRAME:
            return None
        view = views.setdefault(camera, _View(camera, sample.path))
        return view if view.video == sample.path and frame not in view.frames else None

    def _rows(self, sample: Sample, people: Numbering) -> Iterator[tuple[Box, dict[str, str]]]:
        """The boxes that the part can hold, each with the cells of its row by column."""
        seen: set[str] = set()
        for box in sample.boxes:
            row = dict(zip(_XYXY, map(number_text, box.xyxy_px), strict=True))
            row["frame"] = str(sample.frame_index)
            row["confidence"] = "" if box.score is None else repr(box.score)
            row["occluded"] = _TEXT_OF[box.is_occluded]
            row[GENERATED] = _TEXT_OF[box.properties.get(GENERATED) == "1"]
            if box.identity is not None:
                row["track_id"] = people.digits(box.identity)
            is_again = row.get("track_id") in seen and self._part is CampusPart.TRUTH
            if box.label == PERSON and not is_again and self._columns_in(row):
                seen.update([row["track_id"]] if "track_id" in row else [])
                yield box, {name: row[name] for name in self._columns}

    def _columns_in(self, row: Row) -> bool:
        return all(name in row for name in self._columns)


@dataclass(slots=True)
class _View:
    """What is to be written of one camera."""

    camera: str
    video: str
    frames: set[int] = field(default_factory=set)
    rows: list[list[str]] = field(default_factory=list)
