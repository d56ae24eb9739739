"""WIDER FACE (Yang et al., WIDER FACE: A Face Detection Benchmark, 2016).

    wider_face_split/wider_face_train_bbx_gt.txt     WIDER_train/images/EVENT/NAME.jpg

A file has for each picture its name, the number of faces, and a line a face: left, top, width,
height, blur, expression, illumination, invalid, occlusion, pose; a picture without faces has one
line of zeros. All boxes are `face`. `invalid` is `is_ignored`. Occlusion 0 means none; 2 (heavy)
has the property `occlusion` beside `is_occluded`. The other levels are properties where they are
not 0, which is "clear" and "normal". Whole numbers are written as such, others exact.
`wider_face_test_filelist.txt` lists pictures that are not labelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from datasets.files import open_atomically
from datasets.formats.borders import is_labelled_picture
from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_box, count_sample
from datasets.formats.layout import FreeNames
from datasets.formats.pictures import is_one_line, layout_name, read_lines
from datasets.formats.splits import split_of, word_of
from datasets.formats.tables import checked_path
from datasets.formats.xml_files import number
from datasets.samples import PICTURE_SUFFIXES, Box, Sample, Split
from serving.core.errors import LabelError

FACE = "face"

_FOLDER = "wider_face_split"
_LABELS = ("wider_face_", "_bbx_gt.txt")
_FILE_LIST = ("wider_face_", "_filelist.txt")
_LEVELS = ("blur", "expression", "illumination", "invalid", "occlusion", "pose")
_PROPERTIES = ("blur", "expression", "illumination", "pose")
_NUM_COLUMNS = 4 + len(_LEVELS)
_DECIMALS = 9
_COUNT = re.compile(r"\s*[0-9]{1,9}\s*")
_NO_FACE = " ".join(["0"] * _NUM_COLUMNS)


@dataclass(frozen=True, slots=True)
class WiderFace:
    """The label files of a folder, or one; see the module."""

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The samples, picture by picture."""
        labels, lists = _files(root, _LABELS), _files(root, _FILE_LIST)
        if not labels and not lists:
            raise LabelError(f"{root}: expected {'*'.join(_LABELS)}, got none")
        seen: dict[str, str] = {}
        for word, path in labels.items():
            for where, sample in _samples(path, word):
                yield _first(sample, where, seen)
        for word in lists.keys() - labels.keys():
            for where, line in read_lines(lists[word]):
                if line.strip():
                    path_in = _picture(word, line, where)
                    sample = Sample(path_in, split=split_of(word), is_labelled=False)
                    yield _first(sample, where, seen)

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write one file a split, picture by picture."""
        free = FreeNames()
        with ExitStack() as stack:
            files: dict[Split | None, BinaryIO] = {}

            def file_of(split: Split | None) -> BinaryIO:
                if split not in files:
                    path = root / _FOLDER / word_of(split).join(_LABELS)
                    files[split] = stack.enter_context(open_atomically(path))
                return files[split]

            for sample in samples:
                if not _is_writable(sample):
                    losses.add("sample")
                    continue
                count_sample(sample, Sample(sample.path, split=sample.split), losses)
                word = word_of(sample.split)
                folder = f"WIDER_{word}/images/"
                path = free.like(f"{folder}{layout_name(sample).removeprefix(folder)}")
                name = path.removeprefix(folder)
                lines = [_line(held) for held in _held_boxes(sample, losses)]
                text = "\n".join([name, str(len(lines)), *(lines or [_NO_FACE]), ""])
                file_of(sample.split).write(text.encode())
                place(sample, path)
            if not files:
                file_of(None)


def _files(root: Path, ends: tuple[str, str]) -> dict[str, Path]:
    """The files whose names have these ends, by the word between, in the order of names."""
    if not root.is_dir():
        found = [root] if root.name.startswith(ends[0]) and root.name.endswith(ends[1]) else []
    else:
        folder = root / _FOLDER if (root / _FOLDER).is_dir() else root
        found = sorted(folder.glob("*".join(ends)))
    return {path.name.removeprefix(ends[0]).removesuffix(ends[1]): path for path in found}


def _first(sample: Sample, where: str, seen: dict[str, str]) -> Sample:
    earlier = seen.setdefault(sample.path, where)
    if earlier != where:
        raise LabelError(
            f"{where}: expected each picture once, got '{sample.path}' at {earlier} too"
        )
    return sample


def _picture(word: str, name: str, where: str) -> str:
    folder = PurePosixPath(f"WIDER_{word}") / "images"
    return (folder / checked_path(name, where)).as_posix()


def _samples(path: Path, word: str) -> Iterator[tuple[str, Sample]]:
    lines = read_lines(path)
    for where, name in lines:
        if not name.strip():
            continue
        picture = _picture(word, name, where)
        at, text = next(lines, (f"{path}, end", ""))
        if not _COUNT.fullmatch(text):
            raise LabelError(f"{at}: expected the number of faces in '{name}', got {text!r}")
        num_faces = int(text)
        boxes = []
        for _ in range(max(num_faces, 1)):
            at, text = next(lines, (f"{path}, end", ""))
            if num_faces:
                boxes.append(_box(text, at))
            elif text.split() != _NO_FACE.split():
                raise LabelError(f"{at}: expected a line of zeros for no face, got {text!r}")
        yield where, Sample(picture, split=split_of(word), boxes=tuple(boxes))


def _box(line: str, where: str) -> Box:
    columns = line.split()
    if len(columns) != _NUM_COLUMNS:
        raise LabelError(
            f"{where}: expected {_NUM_COLUMNS} columns (left, top, width, height, "
            f"{', '.join(_LEVELS)}), got {len(columns)}"
        )
    try:
        left, top, width, height = map(float, columns[:4])
    except ValueError as error:
        raise LabelError(f"{where}: expected numbers, got {line.strip()!r}") from error
    if not (width >= 0 and height >= 0):
        raise LabelError(
            f"{where}: expected a width and height of at least 0, got {line.strip()!r}"
        )
    level = dict(zip(_LEVELS, columns[4:], strict=True))
    for name, text in level.items():
        if not (text.isascii() and text.isdigit()):
            raise LabelError(f"{where}: expected a level of '{name}' from 0 on, got {text!r}")
    properties = {name: level[name] for name in _PROPERTIES if level[name] != "0"}
    if level["occlusion"] not in ("0", "1"):
        properties["occlusion"] = level["occlusion"]
    right, bottom = round(left + width, _DECIMALS), round(top + height, _DECIMALS)
    try:
        return Box(
            (left, top, max(left, right), max(top, bottom)),
            FACE,
            is_ignored=level["invalid"] != "0",
            is_occluded=level["occlusion"] != "0",
            properties=properties,
        )
    except ValueError as error:
        raise LabelError(f"{where}: {error}") from error


def _is_writable(sample: Sample) -> bool:
    suffix = PurePosixPath(layout_name(sample)).suffix.lower()
    return is_labelled_picture(sample) and suffix in PICTURE_SUFFIXES and is_one_line(sample.path)


def _held_boxes(sample: Sample, losses: Losses) -> Iterator[Box]:
    for box in sample.boxes:
        if box.label != FACE:
            losses.add("box")
            continue
        held = _held(box)
        count_box(box, held, losses)
        yield held


def _held(box: Box) -> Box:
    """What is read back of a box."""
    properties = {
        name: text
        for name, text in box.properties.items()
        if (name in _PROPERTIES and _is_level(text) and text != "0")
        or (name == "occlusion" and box.is_occluded and _is_level(text) and text not in ("0", "1"))
    }
    return Box(
        box.xyxy_px,
        box.label,
        is_ignored=box.is_ignored,
        is_occluded=bool(box.is_occluded),
        properties=properties,
    )


def _is_level(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _line(box: Box) -> str:
    left, top, right, bottom = box.xyxy_px
    level = {
        **dict.fromkeys(_LEVELS, "0"),
        "invalid": str(int(box.is_ignored)),
        "occlusion": str(int(bool(box.is_occluded))),
        **box.properties,
    }
    numbers = map(number, (left, top, right - left, bottom - top))
    return " ".join([*numbers, *(level[name] for name in _LEVELS)])
