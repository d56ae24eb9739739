"""Layouts in which the names of folders and files are labels: walking, naming and numbering.

**Cameras.** In all formats the camera's id is the text of its field in the name, with its zeros and
without the letters that only mark the field: `c1` of Market-1501 is camera `1`, `01` of MSMT17 is
`01`, `view-HC3` of CAMPUS is `HC3`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from datasets.formats.format import Losses
from datasets.formats.pictures import layout_name
from datasets.samples import PICTURE_SUFFIXES, Sample, check_relative
from serving.core.errors import LabelError

_MAX_NAME_BYTES = 200
"""Of a folder or file: 255 on most disks, with room for what `write_atomically` adds."""


def folders(root: Path) -> list[Path]:
    """The folders in `root`, sorted, hidden ones left out.

    Raises:
        LabelError: there is no folder `root`.
    """
    return [path for path in _entries(root) if path.is_dir()]


def picture_files(
    folder: Path,
    losses: Losses,
    suffixes: Collection[str] = PICTURE_SUFFIXES,
    read_apart: Collection[Path] = (),
) -> Iterator[Path]:
    """The pictures in a folder, sorted.

    Other files are counted as `file` and folders as `folder`, but for what is read apart.

    Raises:
        LabelError: there is no such folder.
    """
    for path in _entries(folder):
        if path.suffix.lower() in suffixes and not path.is_dir():
            yield path
        elif path not in read_apart:
            losses.add("folder" if path.is_dir() else "file")


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise LabelError(
            f"{folder}: expected a folder, got {'a file' if folder.exists() else 'none'}"
        )
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def picture_path(sample: Sample) -> str | None:
    """The path of the picture that a sample is, or that a frame of a video becomes; else None."""
    if sample.is_video:
        return None if sample.frame_index is None else layout_name(sample)
    is_picture = suffix_of(sample.path).lower() in PICTURE_SUFFIXES
    return sample.path if is_picture and sample.frame_index is None else None


def below(folder: str, path: str) -> str:
    """The path with `folder` before it, once."""
    return path if not folder or path.startswith(f"{folder}/") else f"{folder}/{path}"


def name_of(path: str) -> str:
    """The name of the file without its folders."""
    return PurePosixPath(path).name


def suffix_of(path: str) -> str:
    """The ending of the file's name, with the full stop; empty where it has none."""
    return PurePosixPath(path).suffix


def is_name(text: str) -> bool:
    """Whether a file or folder can have this name in every layout."""
    try:
        check_relative(text)
        fits = len(text.encode()) <= _MAX_NAME_BYTES
    except ValueError:
        return False
    return fits and "/" not in text and not text.startswith(".")


class FreeNames:
    """Paths that no other file of the layout has yet."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[tuple[str, str], int] = {}

    def take(self, path: str) -> bool:
        """Whether this one was free; it is taken now."""
        is_free = path not in self._taken
        self._taken.add(path)
        return is_free

    def like(self, path: str) -> str:
        """This path, or the first of `a-2.jpg`, `a-3.jpg`, … that is free; it is taken now."""
        suffix = suffix_of(path)
        stem = path.removesuffix(suffix)
        return path if self.take(path) else self.first(f"{stem}-", suffix, start=2)

    def first(self, before: str, after: str, *, start: int = 1, digits: int = 1) -> str:
        """`before`, the next number from `start` whose path is free, `after`; it is taken now."""
        number = self._next.get((before, after), start)
        while not self.take(path := f"{before}{number:0{digits}d}{after}"):
            number += 1
        self._next[before, after] = number + 1
        return path


class Numbering:
    """Whole numbers for ids that are texts, in layouts that know numbers only.

    A text that is a number from `first` to below `limit` keeps it, as long as no other text has the
    same number (`7` and `07`); every other text gets one of its own, from `limit` up.
    """

    def __init__(self, limit: int, first: int = 0) -> None:
        self._limit = limit
        self._first = first
        self._number_of: dict[str, int] = {}
        self._given: set[int] = set()

    def number(self, text: str, wanted: int | None = None) -> int:
        """The number of an id, always the same and of no other id: `wanted` if that is free."""
        if text not in self._number_of:
            number = whole_number(text) if wanted is None else wanted
            if number is None or not self._first <= number < self._limit or number in self._given:
                number = self._limit + len(self._number_of)
            self._number_of[text] = number
            self._given.add(number)
        return self._number_of[text]

    def digits(self, text: str, width: int = 1) -> str:
        """The number of an id in digits: the text itself where it is that number."""
        number = self.number(text)
        return text if whole_number(text) == number else f"{number:0{width}d}"


def whole_number(text: str) -> int | None:
    """The number that a text of up to nine digits is."""
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_number else None
