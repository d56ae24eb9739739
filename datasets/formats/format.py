"""What every format of labels offers: read to samples, write from samples, tell what is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from datasets.samples import Sample

Place = Callable[[Sample, str], None]
"""Called by a writer for each picture: the sample, and where its file belongs below the folder."""


class Losses:
    """What a format or our samples could not hold, by name and count. Never silent.

    Names are those of the fields: `box.track_id`, `sample.camera`, `span`; for what a file holds
    and a sample cannot, the format's own: `annotation.segmentation`. `sample` and `box` count
    whole ones that could not be written at all.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, name: str, count: int = 1) -> None:
        """Count what was lost under `name`."""
        if count:
            self.counts[name] += count

    def __bool__(self) -> bool:
        return bool(self.counts)

    def lines(self) -> list[str]:
        """One line each, in the order of names: `  box.track_id: 714`."""
        return [f"  {name}: {count:,}" for name, count in sorted(self.counts.items())]


class Format(Protocol):
    """One format of labels. Options, such as the names of classes, are constructor arguments."""

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The samples below a folder, or of a file, one after the other.

        Paths of samples are relative to `root`, or to its folder where `root` is a file; whether
        the pictures lie there is for the caller to check.

        Raises:
            LabelError: the file breaks the format; names file, entry, expected and got.
        """

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = ...
    ) -> None:
        """Write labels below a folder, or into a file; every file is whole or not there.

        Pictures are not written: `place` is told where each belongs in the layout.

        Raises:
            LabelError: a sample cannot be written, as an image size that must be known and is not.
        """


def nowhere(sample: Sample, path: str) -> None:
    """A `Place` that leaves pictures where they are."""
