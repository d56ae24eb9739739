"""CrowdHuman (Shao et al., CrowdHuman: A Benchmark for Detecting Human in a Crowd, 2018).

    annotation_train.odgt, annotation_val.odgt     one picture a line, as JSON
    Images/ID.jpg

Each person has up to three boxes, which become three boxes of one `group`, its `box_id`: `fbox` is
`person`, the whole body also where it is hidden or beyond the border, `vbox` is `visible_person`,
`hbox` is `head`. `ignore` is `is_ignored`, `occ` is `is_occluded`. A tag other than `person`, as
`mask` for what is no person to be found, and `unsure` of a head are properties. Numbers are written
exact; right and bottom come back to 1e-9 px.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from datasets.files import open_atomically
from datasets.formats.borders import is_labelled_picture
from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_box, count_sample
from datasets.formats.layout import FreeNames
from datasets.formats.pictures import layout_name, read_lines
from datasets.formats.splits import split_in, word_of
from datasets.formats.tables import checked_path
from datasets.samples import PICTURE_SUFFIXES, Box, Sample, Split
from serving.core.errors import LabelError
from serving.core.labels import PERSON

VISIBLE = "visible_person"
HEAD = "head"

_PICTURES = "Images"
_SUFFIX = ".jpg"
_DECIMALS = 9
_LIMIT = 1e9
_BOX_OF = {PERSON: "fbox", VISIBLE: "vbox", HEAD: "hbox"}
_BODY, _HEAD = "extra", "head_attr"
_FLAGS_OF = {PERSON: _BODY, VISIBLE: _BODY, HEAD: _HEAD}
"""Where the flags of a box stand: those of the body hold for the visible part too."""

_UNSURE, _TAG = "unsure", "tag"
_KNOWN = {
    "gtbox": {*_BOX_OF.values(), _BODY, _HEAD, _TAG},
    _BODY: {"box_id", "ignore", "occ"},
    _HEAD: {"ignore", "occ", _UNSURE},
}


@dataclass(frozen=True, slots=True)
class CrowdHuman:
    """The `.odgt` files of a folder, or one; see the module."""

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The samples, line by line."""
        paths = sorted(root.glob("*.odgt")) if root.is_dir() else [root]
        if not paths:
            raise LabelError(f"{root}: expected .odgt files as annotation_train.odgt, got none")
        seen: dict[str, str] = {}
        for path in paths:
            split = split_in(path.stem)
            for where, line in read_lines(path):
                if not line.strip():
                    continue
                sample = replace(_sample(_object(line, where), where, losses), split=split)
                earlier = seen.setdefault(sample.path, where)
                if earlier != where:
                    raise LabelError(
                        f"{where}: expected each picture once, got '{sample.path}' at {earlier} too"
                    )
                yield sample

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write one file a split, line by line."""
        free = FreeNames()
        with ExitStack() as stack:
            files: dict[Split | None, BinaryIO] = {}

            def file_of(split: Split | None) -> BinaryIO:
                if split not in files:
                    path = root / f"annotation_{word_of(split)}.odgt"
                    files[split] = stack.enter_context(open_atomically(path))
                return files[split]

            for sample in samples:
                name = layout_name(sample)
                is_picture = PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES
                if not (is_labelled_picture(sample) and is_picture):
                    losses.add("sample")
                    continue
                count_sample(sample, Sample(sample.path, split=sample.split), losses)
                name = free.like(name)
                line = {"ID": _id_of(name), "gtboxes": _entries(sample.boxes, losses)}
                file_of(sample.split).write(f"{json.dumps(line, ensure_ascii=False)}\n".encode())
                place(sample, f"{_PICTURES}/{name}")
            if not files:
                file_of(None)


def _id_of(name: str) -> str:
    """The picture's id: its name, without `.jpg` where that can be told."""
    stem = name.removesuffix(_SUFFIX)
    return stem if _name_of(stem) == name else name


def _name_of(id_: str) -> str:
    return id_ if PurePosixPath(id_).suffix.lower() in PICTURE_SUFFIXES else f"{id_}{_SUFFIX}"


def _object(text: str, where: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # JSON can spell halves of characters
    except (ValueError, RecursionError) as error:
        raise LabelError(f"{where}: expected JSON, got {error}") from error
    if not isinstance(value, dict):
        raise LabelError(f"{where}: expected an object, got {text[:40]!r}")
    return value


def _sample(line: Mapping[str, Any], where: str, losses: Losses) -> Sample:
    id_, entries = line.get("ID"), line.get("gtboxes")
    if not isinstance(id_, str) or not isinstance(entries, list):
        raise LabelError(f"{where}: expected an 'ID' and a list 'gtboxes', got {sorted(line)}")
    for key in line.keys() - {"ID", "gtboxes"}:
        losses.add(key)
    path = PurePosixPath(_PICTURES) / checked_path(_name_of(id_), where)
    boxes: list[Box] = []
    groups = _free_groups(entries)
    for row, entry in enumerate(entries, start=1):
        at = f"{where}, gtbox {row} of '{id_}'"
        found = list(_boxes(entry, at, losses))
        if len(found) > 1 and found[0].group is None:
            group = next(groups)
            found = [replace(box, group=group) for box in found]
        boxes += found
    return Sample(path.as_posix(), boxes=tuple(boxes))


def _free_groups(entries: list[Any]) -> Iterator[str]:
    """Numbers that no box has as its id, for boxes of one object that has none."""
    extras = [entry.get(_BODY) for entry in entries if isinstance(entry, dict)]
    taken = {str(extra.get("box_id")) for extra in extras if isinstance(extra, dict)}
    return (text for text in map(str, count()) if text not in taken)


def _boxes(entry: Any, at: str, losses: Losses) -> Iterator[Box]:
    if not isinstance(entry, dict):
        raise LabelError(f"{at}: expected an object, got {entry!r}")
    flags = {name: entry.get(name) or {} for name in (_BODY, _HEAD)}
    for kind, values in (("gtbox", entry), *flags.items()):
        if not isinstance(values, dict):
            raise LabelError(f"{at}: expected an object '{kind}', got {values!r}")
        for key in values.keys() - _KNOWN[kind]:
            losses.add(f"{kind}.{key}")
    tag, id_ = entry.get(_TAG, PERSON), flags[_BODY].get("box_id")
    for label, key in _BOX_OF.items():
        if key not in entry:
            continue
        own = flags[_FLAGS_OF[label]]
        properties = {} if tag == PERSON else {_TAG: str(tag)}
        if label == HEAD and _UNSURE in own:
            properties[_UNSURE] = str(own[_UNSURE])
        occluded = own.get("occ")
        try:
            yield Box(
                _xyxy(entry[key], f"{at}, {key}"),
                label,
                group=None if id_ is None else str(id_),
                is_ignored=bool(own.get("ignore", 0)),
                is_occluded=None if occluded is None else bool(occluded),
                properties=properties,
            )
        except ValueError as error:
            raise LabelError(f"{at}, {key}: {error}") from error


def _xyxy(values: Any, at: str) -> tuple[float, float, float, float]:
    is_box = isinstance(values, list) and len(values) == 4
    if not is_box or not all(
        type(value) in (int, float) and abs(value) < _LIMIT for value in values
    ):
        raise LabelError(f"{at}: expected left, top, width and height, got {values!r}")
    left, top, width, height = map(float, values)
    if not (width >= 0 and height >= 0):
        raise LabelError(f"{at}: expected a width and height of at least 0, got {values}")
    right, bottom = round(left + width, _DECIMALS), round(top + height, _DECIMALS)
    return left, top, max(left, right), max(top, bottom)


def _entries(boxes: Iterable[Box], losses: Losses) -> list[dict[str, Any]]:
    """The entries of a picture: boxes of one group in one where their flags are the same."""
    entries: list[dict[str, Any]] = []
    of_group: dict[str, list[dict[str, Any]]] = {}
    for box in boxes:
        if box.label not in _BOX_OF:
            losses.add("box")
            continue
        held = _held(box)
        count_box(box, held, losses)
        mine = of_group.setdefault(held.group, []) if held.group is not None else []
        entry = next((entry for entry in mine if _fits(held, entry)), None)
        if entry is None:
            entry = {_TAG: held.properties.get(_TAG, PERSON)}
            if held.group is not None:
                entry[_BODY] = {"box_id": _number(held.group)}
            entries.append(entry)
            mine.append(entry)
        _add(held, entry)
    return entries


def _held(box: Box) -> Box:
    """What is read back of a box."""
    wanted = {_TAG, _UNSURE} if box.label == HEAD else {_TAG}
    properties = {name: text for name, text in box.properties.items() if name in wanted}
    if properties.get(_TAG) == PERSON:  # as every box without a tag
        del properties[_TAG]
    return Box(
        box.xyxy_px,
        box.label,
        group=box.group,
        is_ignored=box.is_ignored,
        is_occluded=box.is_occluded,
        properties=properties,
    )


def _fits(box: Box, entry: Mapping[str, Any]) -> bool:
    """Whether a box of the group can stand in this entry."""
    if _BOX_OF[box.label] in entry or entry[_TAG] != box.properties.get(_TAG, PERSON):
        return False
    others = [key for label, key in _BOX_OF.items() if _FLAGS_OF[label] == _FLAGS_OF[box.label]]
    if not any(key in entry for key in others):
        return True
    flags = {key: value for key, value in entry.get(_BODY, {}).items() if key != "box_id"}
    return flags == _flags(box)


def _flags(box: Box) -> dict[str, Any]:
    flags: dict[str, Any] = {}
    if box.is_ignored:
        flags["ignore"] = 1
    if box.is_occluded is not None:
        flags["occ"] = int(box.is_occluded)
    if _UNSURE in box.properties:
        flags[_UNSURE] = _number(box.properties[_UNSURE])
    return flags


def _add(box: Box, entry: dict[str, Any]) -> None:
    left, top, right, bottom = box.xyxy_px
    entry[_BOX_OF[box.label]] = [left, top, right - left, bottom - top]
    flags = _flags(box)
    if flags:
        entry.setdefault(_FLAGS_OF[box.label], {}).update(flags)


def _number(text: str) -> int | str:
    """The number that a text spells in the one way that gives the text back, else the text."""
    is_number = text.isascii() and text.isdigit() and len(text) < 19 and str(int(text)) == text
    return int(text) if is_number else text
