"""Writing one MOT sequence: numbering its frames and counting what it cannot hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TypeVar

from datasets.files import write_atomically
from datasets.formats.format import Losses, Place
from datasets.formats.held import count_box, count_sample
from datasets.formats.layout import Numbering, picture_path, suffix_of, whole_number
from datasets.formats.mot import MAX_FRAME
from datasets.formats.mot_boxes import (
    DetectionRows,
    MotPart,
    Row,
    TruthRows,
    are_raw,
    line_of,
)
from datasets.formats.seqinfo import FILE_NAME, FRAME_RATE, SequenceInfo, info_text, is_rate
from datasets.samples import Box, Sample, Split

_PICTURES = "img1"
_FIRST_NEW_TRACK = 1_000_000

_T = TypeVar("_T")


def origin_of(sample: Sample) -> str:
    """The video of a frame, or the folder of a picture, that of the sequence in this layout."""
    if sample.is_video:
        return sample.path
    folder = PurePosixPath(sample.path).parent
    return str(folder.parent if folder.name == _PICTURES else folder)


def sequence_names(sample: Sample, source_of: Callable[[str], str]) -> Iterator[str]:
    """What the sequence of a sample may be called, the best first."""
    origin = PurePosixPath(origin_of(sample))
    own = origin.stem if sample.is_video else origin.name
    if sample.source in (None, source_of(own)):
        yield own
    yield sample.source or own
    yield own
    yield "sequence"


class SequenceWriter:
    """Collects the lines of one sequence.

    Args:
        folder: of the sequence, below the root.
        source: that its samples have when they are read.
        split: that the folder around it says.
        truth: the rows of its ground truth; None where detections are written.
        video: the name of its video; None where its frames are pictures.
    """

    def __init__(
        self,
        folder: str,
        source: str,
        split: Split | None,
        truth: TruthRows | None,
        video: str | None,
    ) -> None:
        self._folder, self._source, self._split = folder, source, split
        self._truth, self._video = truth, video
        self._suffix: str | None = None
        self._frames: set[int] = set()
        self._last_frame = 0
        self._labelled: set[int] = set()
        self._lines: list[tuple[int, str]] = []
        self._detections: list[tuple[int, Box]] = []
        self._tracks = Numbering(_FIRST_NEW_TRACK)
        self._sizes_hw: Counter[tuple[int, int] | None] = Counter()
        self._rates: Counter[str | None] = Counter()

    def add(self, sample: Sample, losses: Losses, place: Place) -> None:
        """Take a sample into the sequence, or count it as lost."""
        number = self._frame_of(sample)
        if number is None:
            losses.add("sample")
            return
        held = self._held(sample, number)
        self._frames.add(number)
        self._last_frame = max(self._last_frame, number)
        if held.is_labelled:
            self._labelled.add(number)
        self._sizes_hw[held.image_size_hw] += 1
        self._rates[held.properties.get(FRAME_RATE)] += 1
        count_sample(sample, held, losses)
        if self._truth is None:
            self._detections += [(number, box) for box in sample.boxes]
        else:
            self._add_truth(sample, number, self._truth, losses)
        place(sample, held.path)

    def close(self, root: Path, losses: Losses) -> None:
        """Write the files of the sequence, if it has a frame."""
        if not self._frames:
            return
        size_hw = _agreed(self._sizes_hw, "sample.image_size_hw", losses)
        rate = _agreed(self._rates, f"sample.properties.{FRAME_RATE}", losses)
        is_whole = len(self._frames) == self._last_frame
        has_truth = self._truth is not None and bool(self._labelled or self._lines)
        all_seen = not has_truth or self._labelled == self._frames
        info = SequenceInfo(
            self._last_frame,
            _PICTURES,
            self._suffix or ".jpg",
            size_hw,
            rate,
            None if is_whole else tuple(sorted(self._frames)),
            None if all_seen else frozenset(self._labelled),
        )
        folder = root / self._folder
        write_atomically(folder / FILE_NAME, info_text(folder.name, info))
        if self._truth is None:
            self._add_detections(losses)
        if has_truth or self._truth is None:
            part = MotPart.DETECTIONS if self._truth is None else MotPart.TRUTH
            lines = sorted(self._lines, key=lambda line: line[0])
            text = "".join(line for _, line in lines)
            write_atomically(folder / part / f"{part}.txt", text)

    def _frame_of(self, sample: Sample) -> int | None:
        """The number of the sample's frame, from 1; None where the sequence has no place for it."""
        wanted = _wanted_frame(sample)
        is_free = wanted is not None and wanted not in self._frames
        if self._video is not None:
            is_like = suffix_of(sample.path) == suffix_of(self._video)
            return wanted if is_free and is_like and sample.frame_index is not None else None
        picture = picture_path(sample)
        if picture is None or not self._ends_as(picture):
            return None
        number = wanted if is_free else self._last_frame + 1
        return number if number is not None and number <= MAX_FRAME else None

    def _ends_as(self, picture: str) -> bool:
        """Whether a picture ends as the first one of the sequence, which is to be it if none is."""
        self._suffix = self._suffix or suffix_of(picture)
        return self._suffix == suffix_of(picture)

    def _held(self, sample: Sample, number: int) -> Sample:
        rate = sample.properties.get(FRAME_RATE)
        picture = SequenceInfo(0, _PICTURES, self._suffix or ".jpg").picture(number)
        return Sample(
            path=f"{self._folder}/{self._video or picture}",
            frame_index=number - 1 if self._video else None,
            image_size_hw=sample.image_size_hw,
            source=self._source,
            split=self._split,
            is_labelled=sample.is_labelled and self._truth is not None,
            properties={FRAME_RATE: rate} if rate and is_rate(rate) else {},
        )

    def _add_truth(self, sample: Sample, number: int, truth: TruthRows, losses: Losses) -> None:
        tracks: set[int] = set()
        for box in sample.boxes:
            track = None if box.track_id is None else self._tracks.number(box.track_id)
            row = None if track in (None, *tracks) else truth.row(box, number, track)
            if row is None or track is None:
                losses.add("box")
                continue
            tracks.add(track)
            count_box(box, truth.box(row, self._folder), losses)
            self._lines.append((number, line_of(row)))

    def _add_detections(self, losses: Losses) -> None:
        is_raw = are_raw([box for _, box in self._detections])
        for number, box in self._detections:
            row: Row | None = DetectionRows.row(box, number, is_raw=is_raw)
            if row is None:
                losses.add("box")
                continue
            count_box(box, DetectionRows.box(row, is_raw), losses)
            self._lines.append((number, line_of(row)))


def _wanted_frame(sample: Sample) -> int | None:
    if sample.frame_index is not None:
        number = sample.frame_index + 1
    else:
        number = whole_number(PurePosixPath(sample.path).stem) or 0
    return number if 1 <= number <= MAX_FRAME else None


def _agreed(values: Mapping[_T | None, int], name: str, losses: Losses) -> _T | None:
    """The one value that all frames have; where they differ none is held."""
    if len(values) == 1:
        return next(iter(values))
    losses.add(name, sum(count for value, count in values.items() if value is not None))
    return None
