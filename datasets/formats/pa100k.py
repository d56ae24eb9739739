"""PA-100K: pedestrians with 26 attributes in `annotation.mat` (Liu et al., HydraPlus-Net, 2017).

`Female` is the gender; the others are properties of their own names, `0` or `1`. The file's three
ages are no bands of ours, so they stay properties too.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datasets.files import write_atomically
from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_without_boxes
from datasets.formats.layout import FreeNames, name_of, picture_path, suffix_of
from datasets.formats.tables import checked_path
from datasets.samples import Attributes, Sample, Split
from serving.core.errors import LabelError
from serving.core.labels import Gender

FILE_NAME = "annotation.mat"
FEMALE = "Female"

ATTRIBUTES = (
    FEMALE,
    "AgeOver60",
    "Age18-60",
    "AgeLess18",
    "Front",
    "Side",
    "Back",
    "Hat",
    "Glasses",
    "HandBag",
    "ShoulderBag",
    "Backpack",
    "HoldObjectsInFront",
    "ShortSleeve",
    "LongSleeve",
    "UpperStride",
    "UpperLogo",
    "UpperPlaid",
    "UpperSplice",
    "LowerStripe",
    "LowerPattern",
    "LongCoat",
    "Trousers",
    "Shorts",
    "Skirt&Dress",
    "boots",
)
"""The names in the order and the spelling of the published file."""

_SPLITS = {"train": Split.TRAIN, "val": Split.VALIDATION, "test": Split.TEST}
_WORD_OF = {split: word for word, split in _SPLITS.items()}
_GENDERS = (Gender.MALE, Gender.FEMALE)
_PLAIN_NAME = re.compile(r"[\w.-]{1,200}", re.ASCII)
_MAT_HEADER_BYTES = 128
_MAT_PACKED = 15
_BROKEN = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OSError,
    OverflowError,
    MemoryError,
    NotImplementedError,
    struct.error,
    zlib.error,
)
"""What scipy raises at a file that is cut off, changed, or of a newer MATLAB."""


class Pa100k:
    """Reads and writes `annotation.mat`, in a folder or by its own path.

    Args:
        picture_folder: below the file's folder, where all pictures lie.
        attributes: those that are written; a file that is read says its own.
    """

    def __init__(
        self, picture_folder: str = "data", attributes: Sequence[str] = ATTRIBUTES
    ) -> None:
        self._picture_folder = picture_folder
        self._attributes = tuple(attributes)

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The pictures of training, validation and test, in the order of the file."""
        path = _file(root)
        values = _load(path)
        names = _texts(values, "attributes", path)
        for word, split in _SPLITS.items():
            pictures = _texts(values, f"{word}_images_name", path)
            labels = np.asarray(values.get(f"{word}_label"))
            if labels.shape != (len(pictures), len(names)) or not np.isin(labels, (0, 1)).all():
                raise LabelError(
                    f"{path}: expected '{word}_label' of 0 and 1, {len(pictures)} × {len(names)}, "
                    f"got {' × '.join(map(str, labels.shape)) or 'none'}"
                )
            for row, (picture, flags) in enumerate(zip(pictures, labels.tolist(), strict=True)):
                where = f"{path}, {word} {row + 1}"
                yield self._sample(checked_path(picture, where), split, names, flags)

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write the file. A sample with an attribute that is not known cannot be held."""
        free = FreeNames()
        pictures: dict[str, list[str]] = {word: [] for word in _SPLITS}
        labels: dict[str, list[list[int]]] = {word: [] for word in _SPLITS}
        for sample in samples:
            flags, split = self._flags(sample), sample.split
            picture = picture_path(sample)
            if flags is None or split not in _WORD_OF or picture is None:
                losses.add("sample")
                continue
            name = self._name(picture, free)
            held = self._sample(name, split, self._attributes, flags)
            count_without_boxes(sample, held, losses)
            pictures[_WORD_OF[split]].append(name)
            labels[_WORD_OF[split]].append(flags)
            place(sample, held.path)
        _save(_file(root), self._attributes, pictures, labels)

    def _sample(
        self, picture: str, split: Split | None, names: Sequence[str], flags: Sequence[int]
    ) -> Sample:
        known = dict(zip(names, flags, strict=True))
        female = known.pop(FEMALE, None)
        return Sample(
            path=f"{self._picture_folder}/{picture}" if self._picture_folder else picture,
            split=split,
            attributes=Attributes(gender=None if female is None else _GENDERS[female]),
            properties={name: str(flag) for name, flag in known.items()},
        )

    def _flags(self, sample: Sample) -> list[int] | None:
        """0 or 1 for each attribute; None where one is not known."""
        gender = sample.attributes.gender
        known = {name: sample.properties.get(name) for name in self._attributes}
        if FEMALE in known:
            known[FEMALE] = None if gender is None else str(_GENDERS.index(gender))
        flags = [int(text) for text in known.values() if text in ("0", "1")]
        return flags if len(flags) == len(known) else None

    def _name(self, picture: str, free: FreeNames) -> str:
        """The picture's own name, if it is plain enough for MATLAB, or a number."""
        name = name_of(picture)
        if _PLAIN_NAME.fullmatch(name) and not name.startswith(".") and free.take(name):
            return name
        return free.first("", suffix_of(name), digits=6)


def _file(root: Path) -> Path:
    return root if root.suffix == ".mat" else root / FILE_NAME


def _load(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = path.read_bytes()
        _check_packed(content)
        values: dict[str, Any] = loadmat(io.BytesIO(content))
    except FileNotFoundError as error:
        raise LabelError(f"{path}: expected a MATLAB file, got none") from error
    except (*_BROKEN, MatReadError) as error:
        raise LabelError(f"{path}: expected a MATLAB file, got: {error}") from error
    return values


def _check_packed(content: bytes) -> None:
    """Check the sums of the packed elements first: scipy crashes on some that are changed.

    Each is a type and a length in four bytes, then so many bytes (MAT-File Format, Level 5).
    """
    order = "<" if content[126:128] == b"IM" else ">"
    position = _MAT_HEADER_BYTES
    while position < len(content):
        kind, length = struct.unpack_from(f"{order}II", content, position)
        position += 8 + length
        if position > len(content):
            raise ValueError("the file is cut off")
        if kind == _MAT_PACKED:
            zlib.decompress(content[position - length : position])


def _texts(values: dict[str, Any], key: str, path: Path) -> list[str]:
    """The texts of a column of cells."""
    cells = np.asarray(values.get(key), dtype=object).ravel()
    if key not in values or not all(map(_is_text, cells)):
        raise LabelError(f"{path}: expected '{key}', a column of texts")
    return [str(cell.item()) for cell in cells]


def _is_text(cell: Any) -> bool:
    return isinstance(cell, np.ndarray) and cell.dtype.kind == "U" and cell.size == 1


def _save(
    path: Path,
    attributes: Sequence[str],
    pictures: dict[str, list[str]],
    labels: dict[str, list[list[int]]],
) -> None:
    from scipy.io import savemat

    values: dict[str, Any] = {"attributes": _cells(attributes)}
    for word, names in pictures.items():
        values[f"{word}_images_name"] = _cells(names)
        values[f"{word}_label"] = np.array(labels[word], np.uint8).reshape(-1, len(attributes))
    content = io.BytesIO()
    savemat(content, values, do_compression=True)
    write_atomically(path, content.getvalue())


def _cells(texts: Sequence[str]) -> np.ndarray[Any, Any]:
    """A column of cells, (N, 1) of objects."""
    column = np.empty((len(texts), 1), dtype=object)
    column[:, 0] = list(texts)
    return column
