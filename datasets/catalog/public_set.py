"""What the catalogue knows of a public set: where it comes from, what one may do, what is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import Part
from datasets.formats.format import Format, Losses
from datasets.samples import Sample, Split

Reader = Callable[[Path, Losses], Iterator[Sample]]
"""The samples in a set's folder, their paths relative to it."""


class Use(StrEnum):
    """What a set's labels are for."""

    DETECTION = "detection"
    FACES = "face detection"
    TRACKING = "tracking"
    REID = "re-identification"
    ATTRIBUTES = "attributes"
    MASKS = "masked faces"
    ACTIVITY = "activity"
    FOOTAGE = "footage"


class Place(StrEnum):
    """Where an edition of a set lies."""

    MIRROR = "mirror"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Edition:
    """A set as one place has it: the mirror's may be a part of the published one.

    Args:
        place: where it lies.
        parts: what it is put together from, in this order.
        read: reads the samples from the folder that the parts make.
        counts: what must have been read.
        note: what is special, in a few words.
        has_pictures: whether every sample's file belongs to it; else they are labels alone.
    """

    place: Place
    parts: tuple[Part, ...]
    read: Reader
    counts: tuple[Count, ...]
    note: str = ""
    has_pictures: bool = True

    @property
    def size_bytes(self) -> int | None:
        """How much there is to bring; None where a part's size is not known."""
        sizes = [part.size_bytes for part in self.parts]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @property
    def described(self) -> str:
        """The place and the note: `mirror: a part`."""
        return f"{self.place}: {self.note}" if self.note else str(self.place)

    def lacking(self, downloads: Path) -> list[str]:
        """What a person must do first, part by part."""
        found = (part.lacking(downloads) for part in self.parts)
        return [text for text in found if text is not None]


@dataclass(frozen=True, slots=True)
class PublicSet:
    """One public set.

    Args:
        name: of `python -m datasets get NAME`, and of its folder.
        use: what its labels are for.
        homepage: where its makers present it.
        licence: of pictures and labels, in words.
        commercial_use: whether the licence allows it.
        editions: the nearest place first.
    """

    name: str
    use: Use
    homepage: str
    licence: str
    commercial_use: bool
    editions: tuple[Edition, ...]

    def edition(self, downloads: Path, place: Place | None = None) -> Edition | None:
        """The one of `place`, or the first that can be had without a person, else the last."""
        if place is not None:
            return next((one for one in self.editions if one.place == place), None)
        ready = (one for one in self.editions if not one.lacking(downloads))
        return next(ready, self.editions[-1])


def read_below(
    form: Format, folder: Path, path: str, losses: Losses, *, split: Split | None = None
) -> Iterator[Sample]:
    """Read a folder or file of labels below a set's folder; paths become relative to the latter.

    Args:
        form: the format.
        folder: of the set.
        path: of the labels, below `folder`.
        losses: told what cannot be held.
        split: of samples that have none.
    """
    root = folder / path
    base = (root if root.is_dir() else root.parent).relative_to(folder).as_posix()
    for sample in form.read(root, losses):
        place = sample.path if base == "." else f"{base}/{sample.path}"
        yield replace(sample, path=place, split=sample.split or split)
