"""MOT-15, 16, 17 and 20: one folder a sequence, with its frames, ground truth and detections.

    MOT17-02-DPM/seqinfo.ini  img1/000001.jpg …  gt/gt.txt  det/det.txt

Frame n of the files, from 1, is the picture `img1/00000n.jpg`, a sample of its own without a
`frame_index`; where the frames are in a video (`video`), it is the frame n - 1 of that. A sequence
is the `source` of its samples; the three copies of one in MOT-17, which differ in their detections,
are one source. Coordinates stand as in the files. `mot.py` reads the same files in columns.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator
from pathlib import Path

from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.layout import FreeNames, folders, is_name
from datasets.formats.mot_boxes import DetectionRows, MotDialect, MotPart, TruthRows
from datasets.formats.mot_writing import SequenceWriter, origin_of, sequence_names
from datasets.formats.seqinfo import FILE_NAME, FRAME_RATE, SequenceInfo, read_info
from datasets.formats.splits import split_of, word_of
from datasets.formats.tables import told_as
from datasets.samples import Box, Sample, Split
from serving.core.errors import LabelError

_DETECTOR = re.compile(r"-(DPM|FRCNN|SDP)$")


class MotSequences:
    """Reads one sequence, a folder of them, or one with folders `train` and `test`; writes these.

    Ground truth that is not there, as of a test sequence, makes unlabelled samples; detections are
    boxes with scores of unlabelled samples. Each part is written with a `seqinfo.ini` of its own
    samples.

    Args:
        dialect: of the ground truth; see `MotDialect`.
        part: whether ground truth or detections.
        video: the name of the video in a sequence's folder, where the frames are in one.
    """

    def __init__(
        self,
        dialect: MotDialect = MotDialect.MOT17,
        part: MotPart = MotPart.TRUTH,
        video: str | None = None,
    ) -> None:
        self._truth = TruthRows(MotDialect(dialect))
        self._part = MotPart(part)
        self._video = video

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The frames, sequence by sequence by the order of their names."""
        is_empty = True
        for folder, split in _sequences(root, losses):
            is_empty = False
            yield from self._frames(folder, root, split, losses)
        if is_empty and any(root.iterdir()):
            raise LabelError(f"{root}: expected sequences with a {FILE_NAME} each, got none")

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write the sequences: samples of one split, source and folder or video are one.

        A sample keeps the number of its frame: that of the video, or of the picture's name. One
        that has none, or one that is taken, gets the next. Whole clips cannot be held, nor a
        picture that ends otherwise than the first of its sequence. A box of ground truth must have
        a track; tracks that are no numbers get numbers, and count as lost.
        """
        root.mkdir(parents=True, exist_ok=True)
        names, writers = FreeNames(), {}
        for sample in samples:
            key = (sample.split, sample.source, origin_of(sample))
            if key not in writers:
                writers[key] = self._writer(sample, names)
            writers[key].add(sample, losses, place)
        for writer in writers.values():
            writer.close(root, losses)

    def _writer(self, sample: Sample, names: FreeNames) -> SequenceWriter:
        prefix = f"{word_of(sample.split)}/" if sample.split else ""
        wanted = sequence_names(sample, _source_of)
        name = next(n for n in wanted if _is_sequence_name(n))
        folder = names.like(prefix + name)
        truth = self._truth if self._part is MotPart.TRUTH else None
        source = _source_of(folder.removeprefix(prefix))
        return SequenceWriter(folder, source, sample.split, truth, self._video)

    def _frames(
        self, folder: Path, root: Path, split: Split | None, losses: Losses
    ) -> Iterator[Sample]:
        info = read_info(folder / FILE_NAME)
        for key in info.unknown_keys:
            losses.add(f"seqinfo.{key}")
        boxes, labelled = self._boxes(folder, info, losses)
        below = folder.relative_to(root).as_posix()
        prefix = "" if below == "." else f"{below}/"
        source = _source_of(folder.resolve().name)
        rate = {} if info.frame_rate_hz is None else {FRAME_RATE: info.frame_rate_hz}
        for number in _frame_numbers(info):
            with told_as(str(folder / FILE_NAME)):
                yield Sample(
                    path=prefix + (self._video or info.picture(number)),
                    frame_index=number - 1 if self._video else None,
                    image_size_hw=info.image_size_hw,
                    source=source,
                    split=split,
                    is_labelled=number in labelled,
                    boxes=tuple(boxes.get(number, ())),
                    properties=rate,
                )

    def _boxes(
        self, folder: Path, info: SequenceInfo, losses: Losses
    ) -> tuple[dict[int, list[Box]], Container[int]]:
        """The boxes by frame, and the frames that someone looked at."""
        path = folder / self._part / f"{self._part}.txt"
        path = path if path.is_file() else folder / path.name
        if self._part is MotPart.DETECTIONS:
            boxes, labelled = DetectionRows().read(path), ()
        elif path.is_file():
            boxes, labelled = self._truth.read(path, losses), info.labelled
        else:
            boxes, labelled = {}, ()
        frames = _frame_numbers(info)
        for number in boxes:
            if number not in frames:
                raise LabelError(
                    f"{path}: expected frames up to {info.num_frames}, as {FILE_NAME} lists them, "
                    f"got frame {number}"
                )
        return boxes, frames if labelled is None else labelled


def _frame_numbers(info: SequenceInfo) -> Collection[int]:
    return range(1, info.num_frames + 1) if info.frames is None else dict.fromkeys(info.frames)


def _sequences(root: Path, losses: Losses) -> Iterator[tuple[Path, Split | None]]:
    """The folders of sequences, each with the split that the folder around it names."""
    if (root / FILE_NAME).is_file():
        yield root, None
        return
    for folder in folders(root):
        if (folder / FILE_NAME).is_file():
            yield folder, None
        elif (split := split_of(folder.name)) is not None:
            for sequence in folders(folder):
                if (sequence / FILE_NAME).is_file():
                    yield sequence, split
                else:
                    losses.add("folder")
        else:
            losses.add("folder")


def _source_of(name: str) -> str:
    return _DETECTOR.sub("", name)


def _is_sequence_name(name: str) -> bool:
    return is_name(name) and name.isprintable() and split_of(name) is None
