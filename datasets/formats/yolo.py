"""YOLO data sets as Ultralytics reads them: `data.yaml`, pictures, and one text file a picture.

    data.yaml                  names of the classes; where the pictures of each split lie
    images/train/a/b.jpg
    labels/train/a/b.txt       a line a box: class, centre x, centre y, width, height

Coordinates are shares of the picture's width and height; they are written with 12 digits, which
gives pixels back to 1e-6. The size comes from the header of the picture, so the pictures must lie
there. Classes go by their names. An empty text file says that a picture shows nobody, none at all
that nobody looked: such a sample is not labelled.

Read are also a sixth column, the score of a prediction; polygons, as the boxes around them; a list
of pictures in a text file; and a folder with `classes.txt` in place of `data.yaml`, as Label Studio
writes it. A box that is to be ignored cannot be written: as any other box it would teach to find
it.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from datasets.files import write_atomically
from datasets.formats.borders import check_inside, cut, is_labelled_picture, required_size_hw
from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_box, count_sample
from datasets.formats.layout import FreeNames
from datasets.formats.pictures import layout_name, pictures_below, read_lines
from datasets.formats.splits import UNSPLIT, split_of, word_of
from datasets.formats.tables import checked_path
from datasets.media import image_size_hw
from datasets.samples import PICTURE_SUFFIXES, Box, Sample, Split
from serving.core.errors import LabelError

_YAML = "data.yaml"
_CLASSES = "classes.txt"
_DECIMALS = 7
"""Of a pixel coordinate that is read: the shares give no more."""

_BOX_COLUMNS = 5
_SCORE_COLUMNS = 6
_LEAST_POLYGON_COLUMNS = 7


@dataclass(frozen=True, slots=True)
class YoloFormat:
    """A YOLO folder; see the module.

    Args:
        class_names: in the order of their numbers; reading takes these in place of the file's,
            writing numbers them first.
    """

    class_names: tuple[str, ...] = ()

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The samples of all splits."""
        names, places = self._contents(root)
        seen: dict[str, Split | None] = {}
        for split, entry in places:
            for path in _pictures(root, entry):
                if path in seen:
                    raise LabelError(
                        f"{root / path}: expected each picture in one split, "
                        f"got it in {word_of(seen[path])} and {word_of(split)}"
                    )
                seen[path] = split
                yield _sample(root, path, split, names, losses)
        _check_no_strays(root, seen)

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write a text file a picture, then `data.yaml`."""
        number_of = {name: number for number, name in enumerate(self.class_names)}
        words: set[str] = set()
        free = FreeNames()
        for sample in samples:
            picture = PurePosixPath(layout_name(sample))
            if not (is_labelled_picture(sample) and picture.suffix.lower() in PICTURE_SUFFIXES):
                losses.add("sample")
                continue
            size_hw = required_size_hw(sample, "YOLO")
            held = Sample(sample.path, image_size_hw=size_hw, split=sample.split)
            count_sample(sample, held, losses)
            lines = [
                _line(number_of.setdefault(box.label, len(number_of)), box, size_hw)
                for box in (_held(box, size_hw, losses) for box in sample.boxes)
                if box is not None
            ]
            word = word_of(sample.split)
            words.add(word)
            name = _without_images(picture.with_suffix(""))
            stem = free.like(f"{word}/{name.removeprefix(f'{word}/')}")
            write_atomically(root / "labels" / f"{stem}.txt", "".join(lines), sync=False)
            place(sample, f"images/{stem}{picture.suffix}")
        write_atomically(root / _YAML, _yaml_text(words, list(number_of)))

    def _contents(self, root: Path) -> tuple[Mapping[int, str], list[tuple[Split | None, str]]]:
        """The names of the classes by number, and where the pictures of each split lie."""
        path = root / _YAML if root.is_dir() else root
        if path.is_file():
            values = _yaml_values(path)
            names = _names(values.get("names"), path) if not self.class_names else {}
            return names or dict(enumerate(self.class_names)), _places(values, path)
        if not self.class_names and not (root / _CLASSES).is_file():
            raise LabelError(
                f"{root}: expected {_YAML}, {_CLASSES} or the names of the classes, got none"
            )
        listed = self.class_names or [
            line for _, line in read_lines(root / _CLASSES) if line.strip()
        ]
        return dict(enumerate(listed)), [(None, "images" if (root / "images").is_dir() else ".")]


def _yaml_values(path: Path) -> Mapping[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise LabelError(f"{path}: expected YAML, got {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise LabelError(
            f"{path}: expected names and the folders of splits, got {reprlib.repr(values)}"
        )
    return values


def _names(names: Any, path: Path) -> Mapping[int, str]:
    by_number = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(by_number, dict) or not all(
        isinstance(number, int) and isinstance(name, str | int) and not isinstance(name, bool)
        for number, name in by_number.items()
    ):
        raise LabelError(
            f"{path}: expected 'names', a list or one name a number, got {reprlib.repr(names)}"
        )
    return {number: str(name) for number, name in by_number.items()}


def _places(values: Mapping[str, Any], path: Path) -> list[tuple[Split | None, str]]:
    """The folders or lists of pictures of each split, as the file writes them."""
    found: list[tuple[Split | None, str]] = []
    for key, entry in values.items():
        if not isinstance(key, str) or (split_of(key) is None and key != UNSPLIT) or not entry:
            continue
        for one in entry if isinstance(entry, list) else [entry]:
            if not isinstance(one, str):
                raise LabelError(f"{path}: expected a folder for '{key}', got {reprlib.repr(one)}")
            found.append((split_of(key), _relative(one, values.get("path"), path)))
    return found


def _relative(entry: str, base: Any, path: Path) -> str:
    """Where an entry points, below the folder of the file: a base that is elsewhere is not used."""
    tried = [f"{base}/{entry}", entry] if isinstance(base, str) else [entry]
    for one in tried:
        relative = one.removeprefix("../") if one.startswith("../") else one
        if not one.startswith("/") and (path.parent / relative).exists():
            return PurePosixPath(checked_path(relative, f"{path}")).as_posix()
    raise LabelError(f"{path}: expected a folder or list of pictures, got none at '{entry}'")


def _pictures(root: Path, entry: str) -> Iterator[str]:
    """The pictures of a folder, or those that a text file lists, relative to `root`."""
    root = root if root.is_dir() else root.parent
    if (root / entry).is_dir():
        yield from pictures_below(root, entry)
        return
    for where, line in read_lines(root / entry):
        if line.strip():
            relative = PurePosixPath(checked_path(line, where)).as_posix()
            if not (root / relative).is_file():
                raise LabelError(f"{where}: expected a picture {root / relative}, got none")
            yield relative


def _sample(
    root: Path, path: str, split: Split | None, names: Mapping[int, str], losses: Losses
) -> Sample:
    root = root if root.is_dir() else root.parent
    size_hw = image_size_hw(root / path)
    labels = root / _label_path(path)
    if not labels.is_file():
        return Sample(path, image_size_hw=size_hw, split=split, is_labelled=False)
    boxes = tuple(
        _box(line.split(), size_hw, names, where, losses)
        for where, line in read_lines(labels)
        if line.strip()
    )
    return Sample(path, image_size_hw=size_hw, split=split, boxes=boxes)


def _label_path(picture: str) -> str:
    """Where the labels of a picture lie: in `labels` in place of the last `images`, else beside."""
    stem = f"/{PurePosixPath(picture).with_suffix('')}"
    return "/labels/".join(stem.rsplit("/images/", 1)).removeprefix("/") + ".txt"


def _box(
    columns: Sequence[str],
    size_hw: tuple[int, int],
    names: Mapping[int, str],
    where: str,
    losses: Losses,
) -> Box:
    number, *values = _numbers(columns, where)
    if number not in names:
        raise LabelError(f"{where}: expected a class of {list(names)}, got {columns[0]}")
    score: float | None = None
    if len(columns) >= _LEAST_POLYGON_COLUMNS:
        losses.add("polygon")
        xs, ys = values[::2], values[1::2]
        shares = (min(xs), min(ys), max(xs), max(ys))
    else:
        x, y, width, height = values[:4]
        shares = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        score = values[4] if len(columns) == _SCORE_COLUMNS else None
    height_px, width_px = size_hw
    xyxy = tuple(
        round(share * size, _DECIMALS)
        for share, size in zip(shares, (width_px, height_px) * 2, strict=True)
    )
    check_inside(xyxy, size_hw, where)
    try:
        return Box(xyxy, names[int(number)], score=score)  # type: ignore[arg-type]
    except ValueError as error:
        raise LabelError(f"{where}: {error}") from error


def _numbers(columns: Sequence[str], where: str) -> list[float]:
    num_columns = len(columns)
    is_polygon = num_columns >= _LEAST_POLYGON_COLUMNS and num_columns % 2 == 1
    if num_columns not in (_BOX_COLUMNS, _SCORE_COLUMNS) and not is_polygon:
        raise LabelError(
            f"{where}: expected {_BOX_COLUMNS} columns (class, centre x, centre y, width, height), "
            f"{_SCORE_COLUMNS} with a score, or a class and a polygon, got {num_columns}"
        )
    try:
        return [float(text) for text in columns]
    except ValueError as error:
        raise LabelError(f"{where}: expected numbers, got {' '.join(columns)!r}") from error


def _check_no_strays(root: Path, pictures: Iterable[str]) -> None:
    """Check that each file of labels has its picture."""
    root = root if root.is_dir() else root.parent
    known = {_label_path(picture) for picture in pictures}
    folders = {path.parent for path in map(PurePosixPath, known) if "labels" in path.parts}
    for folder in sorted(folders):
        for path in sorted((root / folder).glob("*.txt")):
            if path.name != _CLASSES and path.relative_to(root).as_posix() not in known:
                raise LabelError(f"{path}: expected a picture of this name, got none")


def _held(box: Box, size_hw: tuple[int, int], losses: Losses) -> Box | None:
    """What is read back of a box, counted; None where the format cannot hold it."""
    kept = None if box.is_ignored else cut(box, size_hw)
    if kept is None:
        losses.add("box")
        return None
    held = Box(kept.xyxy_px, kept.label)
    count_box(box, held, losses)
    return held


def _line(number: int, box: Box, size_hw: tuple[int, int]) -> str:
    height_px, width_px = size_hw
    left, top, right, bottom = box.xyxy_px
    shares = (
        *((left + right) / 2 / width_px, (top + bottom) / 2 / height_px),
        *((right - left) / width_px, (bottom - top) / height_px),
    )
    return f"{number} {' '.join(f'{share:.12g}' for share in shares)}\n"


def _without_images(stem: PurePosixPath) -> str:
    """The name without a folder `images`, by which readers find the labels."""
    return "/".join("pictures" if part == "images" else part for part in stem.parts)


def _yaml_text(words: Iterable[str], names: Sequence[str]) -> str:
    places = {word: f"images/{word}" for word in sorted(words)}
    for word in ("train", "val"):  # Ultralytics asks for both
        places.setdefault(word, None)  # type: ignore[arg-type]
    values = {**places, "names": dict(enumerate(names))}
    return str(yaml.safe_dump(values, allow_unicode=True, sort_keys=False))
