"""Pascal VOC folders (Everingham et al., The PASCAL Visual Object Classes Challenge, 2010).

    Annotations/a/b.xml      JPEGImages/a/b.jpg      ImageSets/Main/train.txt, val.txt, test.txt

**Pixels.** VOC counts pixels from 1 and its corners are the first and the last pixel of the box:
`xmin` is left + 1, `ymin` is top + 1, `xmax` is right and `ymax` is bottom. So a box less than a
pixel wide or high has no corners and is not held. Numbers are written exact; left and top come back
to 1e-9 px.

`difficult` is `is_ignored`. `pose` and `truncated` are properties; other fields and properties
stand in `attributes`, by name, as CVAT and Datumaro write them. A name in a list without an XML
file is a picture that is not labelled. A folder of XML files beside their pictures is read too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from datasets.files import open_atomically, write_atomically
from datasets.formats.borders import check_inside, cut, is_labelled_picture, required_size_hw
from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_box, count_sample
from datasets.formats.layout import FreeNames
from datasets.formats.named_values import holdable, named_values, with_named_values
from datasets.formats.pictures import is_one_line, layout_name, read_lines
from datasets.formats.splits import split_of, word_of
from datasets.formats.tables import checked_path
from datasets.formats.xml_files import (
    Element,
    children,
    leaf,
    number,
    number_of,
    whole_of,
)
from datasets.samples import PICTURE_SUFFIXES, Box, Sample, Split
from serving.core.errors import LabelError

_ANNOTATIONS = "Annotations"
_PICTURES = "JPEGImages"
_LISTS = "ImageSets/Main"
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_ELEMENTS = ("pose", "truncated")
"""Properties that VOC has an element for."""

_KNOWN = ("name", "bndbox", "difficult", "occluded", "attributes")
_DECIMALS = 9
"""Of left and top, which are a pixel less than the file says."""

_NATIVE = ("is_ignored", "is_occluded")
_NO_CONTENT = ("folder", "filename", "path", "size", "object")
"""Children of `annotation` that say where the file lay, or are read."""


@dataclass(frozen=True, slots=True)
class VocFormat:
    """A Pascal VOC folder; see the module."""

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The samples in the order of their names; those without labels last."""
        folder = root / _ANNOTATIONS
        split_by_name = _read_lists(root)
        labels = folder if folder.is_dir() else root
        if not labels.is_dir():
            raise LabelError(f"{root}: expected a folder with {_ANNOTATIONS}, got none")
        for path in sorted(labels.rglob("*.xml")):
            name = path.relative_to(labels).with_suffix("").as_posix()
            yield _sample(path, root, name, split_by_name.pop(name, None), losses)
        for name, split in split_by_name.items():
            yield Sample(_picture_of(root, name), split=split, is_labelled=False)

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write an XML file a picture, and a list a split."""
        free = FreeNames()
        (root / _ANNOTATIONS).mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            lists: dict[Split, BinaryIO] = {}
            for sample in samples:
                picture = PurePosixPath(layout_name(sample))
                is_listable = sample.split is None or is_one_line(sample.path)
                is_picture = picture.suffix.lower() in PICTURE_SUFFIXES
                if not (is_labelled_picture(sample) and is_picture and is_listable):
                    losses.add("sample")
                    continue
                size_hw = required_size_hw(sample, "Pascal VOC")
                held = Sample(sample.path, image_size_hw=size_hw, split=sample.split)
                count_sample(sample, held, losses)
                name = free.like(picture.with_suffix("").as_posix())
                text = _document(sample, f"{PurePosixPath(name).name}{picture.suffix}", losses)
                write_atomically(root / _ANNOTATIONS / f"{name}.xml", text, sync=False)
                if sample.split is not None:
                    if sample.split not in lists:
                        path = root / _LISTS / f"{word_of(sample.split)}.txt"
                        lists[sample.split] = stack.enter_context(open_atomically(path))
                    lists[sample.split].write(f"{name}\n".encode())
                place(sample, f"{_PICTURES}/{name}{picture.suffix}")


def _read_lists(root: Path) -> dict[str, Split]:
    """The split of each name that a list has."""
    found: dict[str, Split] = {}
    for path in sorted((root / _LISTS).glob("*.txt")):
        split = split_of(path.stem)
        if split is None:
            continue  # of one class, or `trainval`, which are the same pictures again
        for where, line in read_lines(path):
            name = _name_in(root, line)
            if not name:
                continue
            checked_path(name, where)
            if found.setdefault(name, split) != split:
                raise LabelError(
                    f"{where}: expected each picture in one list, got '{name}' in "
                    f"{word_of(found[name])} and {word_of(split)}"
                )
    return found


def _name_in(root: Path, line: str) -> str:
    """The name that a line of a list gives; behind it may stand whether the class is there."""
    if (
        line.strip()
        and ".." not in line.split("/")
        and (root / _ANNOTATIONS / f"{line}.xml").is_file()
    ):
        return line
    return (line.split() or [""])[0]


def _picture_of(root: Path, name: str) -> str:
    for suffix in sorted(PICTURE_SUFFIXES):
        for ending in (suffix, suffix.upper()):
            if (root / _PICTURES / f"{name}{ending}").is_file():
                return f"{_PICTURES}/{name}{ending}"
    raise LabelError(
        f"{root / _LISTS}: expected labels or a picture '{name}', which a list names, got none"
    )


def _sample(path: Path, root: Path, name: str, split: Split | None, losses: Losses) -> Sample:
    file_name: str | None = None
    size_hw: tuple[int, int] | None = None
    objects: list[Element] = []
    for child in children(path, "annotation"):
        if child.tag == "filename":
            file_name = child.text
        elif child.tag == "size":
            size_hw = _size_hw(child, str(path))
        elif child.tag == "object":
            objects.append(child)
        elif child.tag not in _NO_CONTENT and (len(child) or (child.text or "0").strip() != "0"):
            losses.add(f"annotation.{child.tag}")
    picture = _picture(path, root, name, file_name)
    boxes = tuple(
        _box(element, size_hw, f"{path}, object {row}", losses)
        for row, element in enumerate(objects, start=1)
    )
    try:
        return Sample(picture, image_size_hw=size_hw, split=split, boxes=boxes)
    except ValueError as error:
        raise LabelError(f"{path}: {error}") from error


def _size_hw(element: Element, where: str) -> tuple[int, int] | None:
    """The size, None where the file has zeros, as some tools write it when they do not know."""
    width = whole_of(element.findtext("width"), "width", where)
    height = whole_of(element.findtext("height"), "height", where)
    return (height, width) if width and height else None


def _picture(path: Path, root: Path, name: str, file_name: str | None) -> str:
    """Where the picture is: as the file says, or beside the labels by their name."""
    folder = PurePosixPath(_PICTURES if (root / _ANNOTATIONS).is_dir() else "")
    stated = checked_path(file_name or f"{PurePosixPath(name).name}.jpg", str(path))
    beside = (folder / name).parent / stated
    same_name = folder / f"{name}{PurePosixPath(stated).suffix}"
    found = [picture for picture in (beside, same_name) if (root / picture).is_file()]
    return (found[0] if found else beside).as_posix()


def _box(element: Element, size_hw: tuple[int, int] | None, where: str, losses: Losses) -> Box:
    corners = element.find("bndbox")
    if corners is None:
        raise LabelError(f"{where}: expected a <bndbox>, got none")
    xmin, ymin, xmax, ymax = (
        number_of(corners.findtext(corner), corner, where) for corner in _CORNERS
    )
    if xmax < xmin or ymax < ymin:
        raise LabelError(
            f"{where}: expected xmin ≤ xmax and ymin ≤ ymax, got {[xmin, ymin, xmax, ymax]}"
        )
    xyxy = (round(xmin - 1, _DECIMALS), round(ymin - 1, _DECIMALS), xmax, ymax)
    if size_hw is not None:
        check_inside(xyxy, size_hw, where)
    try:
        box = Box(
            xyxy,
            element.findtext("name") or "",
            is_ignored=_flag(element, "difficult", where) or False,
            is_occluded=_flag(element, "occluded", where),
        )
    except ValueError as error:
        raise LabelError(f"{where}: {error}") from error
    return with_named_values(box, _values(element, losses))


def _values(element: Element, losses: Losses) -> dict[str, str]:
    values = {
        attribute.findtext("name") or "": attribute.findtext("value") or ""
        for attribute in element.iterfind("attributes/attribute")
    }
    for child in element:
        if child.tag in _KNOWN:
            continue
        if len(child):
            losses.add(f"object.{child.tag}")
        else:
            values[child.tag] = child.text or ""
    return values


def _flag(element: Element, tag: str, where: str) -> bool | None:
    text = element.findtext(tag)
    if text is None:
        return None
    if text.strip() not in ("0", "1"):
        raise LabelError(f"{where}: expected 0 or 1 for '{tag}', got {text!r}")
    return text.strip() == "1"


def _document(sample: Sample, file_name: str, losses: Losses) -> str:
    where = f"sample '{sample.key}'"
    height, width = required_size_hw(sample, "Pascal VOC")
    objects = []
    for box in sample.boxes:
        kept = cut(holdable(box), (height, width))
        if kept is None or not _has_corners(kept):
            losses.add("box")
            continue
        count_box(box, kept, losses)
        objects.append(_object(kept, where))
    return (
        f"<annotation>\n <folder>{_PICTURES}</folder>\n {leaf('filename', file_name, where)}\n"
        f" <size><width>{width}</width><height>{height}</height><depth>3</depth></size>\n"
        f" <segmented>0</segmented>\n{''.join(objects)}</annotation>\n"
    )


def _corners(box: Box) -> tuple[float, float, float, float]:
    left, top, right, bottom = box.xyxy_px
    return left + 1, top + 1, right, bottom


def _has_corners(box: Box) -> bool:
    xmin, ymin, xmax, ymax = _corners(box)
    return xmin <= xmax and ymin <= ymax


def _object(box: Box, where: str) -> str:
    values = named_values(box, _NATIVE)
    lines = [leaf("name", box.label, where)]
    lines += [leaf(name, values.pop(name), where) for name in _ELEMENTS if name in values]
    if box.is_occluded is not None:
        lines.append(leaf("occluded", int(box.is_occluded), where))
    lines.append(leaf("difficult", int(box.is_ignored), where))
    corners = zip(_CORNERS, _corners(box), strict=True)
    inner = "".join(leaf(corner, number(value), where) for corner, value in corners)
    lines += [f"<bndbox>{inner}</bndbox>", *_attributes(values, where)]
    inner = "".join(f"  {line}\n" for line in lines)
    return f" <object>\n{inner} </object>\n"


def _attributes(values: Mapping[str, str], where: str) -> list[str]:
    if not values:
        return []
    inner = "".join(
        f"<attribute>{leaf('name', name, where)}{leaf('value', value, where)}</attribute>"
        for name, value in values.items()
    )
    return [f"<attributes>{inner}</attributes>"]
