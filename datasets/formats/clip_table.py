"""A table of clips or pictures with their class and the recording that each was cut from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2

from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_without_boxes
from datasets.formats.layout import FreeNames, below
from datasets.formats.tables import Row, checked_path, read_rows, told_as, write_rows
from datasets.media import frame_rate_hz, open_video
from datasets.samples import Sample

TABLE = "labels.csv"

_FIRST = ("file", "label", "source_video")
_DURATION = "duration_s"


class ClipTable:
    """Reads and writes `labels.csv` with the columns `file`, `label` and `source_video`.

    A column `duration_s` is written where a clip's duration is known; other columns are properties.
    An empty cell is "not labelled".

    Args:
        clip_folder: below the table's folder, from where its paths count.
        reads_duration: whether clips without a duration in the table are opened for it.
    """

    def __init__(self, clip_folder: str = "", *, reads_duration: bool = False) -> None:
        self._clip_folder = clip_folder
        self._reads_duration = reads_duration

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The clips, in the order of the rows."""
        for where, row in read_rows(_table(root), _FIRST):
            sample = self._sample(row, where)
            if self._reads_duration and sample.duration_s is None:
                sample = replace(sample, duration_s=_duration_s(_table(root).parent / sample.path))
            yield sample

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write the table. Frames of videos are no clips: they are lost samples."""
        names, rows = FreeNames(), []
        for sample in samples:
            if sample.frame_index is not None:
                losses.add("sample")
                continue
            path = names.like(below(self._clip_folder, sample.path))
            row = _row(sample, path.removeprefix(f"{self._clip_folder}/"))
            count_without_boxes(sample, self._sample(row, path), losses)
            rows.append(row)
            place(sample, path)
        known = {column for row in rows for column, text in row.items() if text}
        columns = [*_FIRST, *sorted(known.difference(_FIRST))]
        cells = ([row.get(column, "") for column in columns] for row in rows)
        write_rows(_table(root), columns, cells)

    def _sample(self, row: Row, where: str) -> Sample:
        file = checked_path(row["file"], where)
        more = {name: text for name, text in row.items() if name not in (*_FIRST, _DURATION)}
        with told_as(where):
            duration_s = float(row[_DURATION]) if row.get(_DURATION) else None
        return Sample(
            path=f"{self._clip_folder}/{file}" if self._clip_folder else file,
            label=row["label"] or None,
            source=row["source_video"] or None,
            duration_s=duration_s,
            properties={name: text for name, text in more.items() if text},
        )


def _row(sample: Sample, file: str) -> dict[str, str]:
    own = {
        "file": file,
        "label": sample.label or "",
        "source_video": sample.source or "",
        _DURATION: "" if sample.duration_s is None else repr(sample.duration_s),
    }
    return {**sample.properties, **own}


def _duration_s(video: Path) -> float:
    """How long a video is, as its head says."""
    rate_hz = frame_rate_hz(video)
    capture = open_video(video)
    num_frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    capture.release()
    return float(num_frames / rate_hz)


def _table(root: Path) -> Path:
    return root if root.suffix == ".csv" else root / TABLE
