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

    **Writing.** One count is one field of one sample or box that does not read back as it was
    given: `sample.camera`, `box.track_id`, and of attributes and properties the one that is meant,
    `box.attributes.gender`, `sample.properties.weather`. "Not known" that reads back as a value
    counts too. `sample`, `box` and `span` count whole ones that could not be written; what they
    hold is not counted again. The path, which `place` is told, and the order of samples and of
    boxes are no content, and a pixel coordinate may come back up to 1e-6 px away.

    **Reading.** One count is one thing that a file holds and a sample cannot, in the format's own
    words: `annotation.segmentation`, `polygon`.
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
