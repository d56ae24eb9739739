"""Samples as COCO files (Lin et al., Microsoft COCO, 2014): one file a split, categories by name.

    annotations/instances_train.json, …_val.json, …_all.json for those without a split

`file_name` is the path of the picture, or of a video, whose frames carry a `frame_index` from 0.
Ids are no content: they are not kept, and numbered anew. Crowds are `is_ignored`. What COCO has no
place for stands in `attributes` of an annotation or an image, by name, as CVAT writes it;
`track_id` stands beside it where it is a number. Numbers are written exact; left, top, width and
height give the right and bottom back to 1e-9 px.

Read are also other files of this layout, `*.json` in the folder itself,
`<split>/_annotations.coco.json`, and a single file. The text of a file stays in memory, with 24
bytes an annotation and 16 an image.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.formats import coco
from datasets.formats.borders import check_inside, is_labelled_picture
from datasets.formats.coco_writing import CocoWriting
from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_sample
from datasets.formats.json_lists import JsonLists
from datasets.formats.named_values import holdable, with_named_values
from datasets.formats.splits import split_in, word_of
from datasets.formats.tables import checked_path
from datasets.samples import Box, Sample, Split
from serving.core.errors import LabelError

_LISTS = ("images", "annotations", "categories")
_IMAGE_KEYS = {"id", "file_name", "width", "height", "frame_index", "video", "attributes"}
_ANNOTATION_KEYS = {
    *("id", "image_id", "category_id", "bbox", "area", "iscrowd", "ignore", "score", "track_id"),
    "attributes",
}
_AREA_TOLERANCE = 1e-3
"""Share by which an area may differ from width × height; beyond it is that of a mask."""

_DECIMALS = 9
"""Of a right and bottom: 639.2 + 44.6 is 683.8 and not 683.8000000000001."""


@dataclass(frozen=True, slots=True)
class CocoFormat:
    """COCO files of a folder, or one; see the module.

    Args:
        video: the video whose frames the images with a `frame_index` are, where the images do not
            name it as `video`, as our labels of the sample footage do.
    """

    video: str | None = None

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The samples of all label files, in the order of their images."""
        seen: dict[str, Path] = {}
        listed: set[str] = set()
        used: set[str] = set()
        for path in _label_files(root):
            file = _File(path, root if root.is_dir() else root.parent, self.video, losses)
            listed.update(file.class_names)
            for sample in file.samples():
                earlier = seen.setdefault(sample.key, path)
                if earlier != path:
                    raise LabelError(
                        f"{path}: expected each picture in one file, got '{sample.key}' "
                        f"in {earlier} too"
                    )
                used.update(box.label for box in sample.boxes)
                yield sample
        losses.add("category", len(listed - used))

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write a file a split below a folder, or one file, whose name then tells the split."""
        category_id: dict[str, int] = {}
        with ExitStack() as stack:
            files: dict[Path, CocoWriting] = {}
            for sample in samples:
                if not is_labelled_picture(sample):
                    losses.add("sample")
                    continue
                path = _file_of(root, sample.split)
                if path not in files:
                    files[path] = stack.enter_context(CocoWriting(category_id))
                held = replace(_held(sample), split=_split_of(path))
                count_sample(sample, held, losses)
                files[path].add(sample, held, losses)
                place(sample, sample.path)
            if not files:
                files[_file_of(root, None)] = stack.enter_context(CocoWriting(category_id))
            for path, file in files.items():
                file.finish(path)


def _label_files(root: Path) -> list[Path]:
    if not root.is_dir():
        return [root]
    patterns = (
        *("annotations/instances*.json", "annotations/*.json"),
        *("*.json", "*/_annotations.coco.json"),
    )
    for pattern in patterns:
        if found := sorted(root.glob(pattern)):
            return found
    raise LabelError(f"{root}: expected COCO files as annotations/instances_train.json, got none")


def _file_of(root: Path, split: Split | None) -> Path:
    if root.suffix.lower() == ".json":
        return root
    return root / "annotations" / f"instances_{word_of(split)}.json"


def _split_of(path: Path) -> Split | None:
    is_alone = path.name == "_annotations.coco.json"
    return split_in(path.parent.name if is_alone else path.stem)


class _File:
    """A label file: where its entries stand in the text, and what is asked of them in order."""

    def __init__(self, path: Path, base: Path, video: str | None, losses: Losses) -> None:
        self._path, self._base, self._video, self._losses = path, base, video, losses
        self._split = _split_of(path)
        self._file = JsonLists(path)
        self._categories: dict[int, str] = {}
        self._image_ids, self._image_places = array("q"), array("q")
        self._ids, self._owners, self._places = array("q"), array("q"), array("q")
        self._scan()

    @property
    def class_names(self) -> Iterable[str]:
        """The names of the categories."""
        return self._categories.values()

    def samples(self) -> Iterator[Sample]:
        """The samples, in the order of the images."""
        of_image = self._annotations_by_image()
        names: set[str] = set()
        folder: PurePosixPath | None = None
        for image_id, place in zip(self._image_ids, self._image_places, strict=True):
            at = f"{self._path}, image {image_id}"
            entry = self._file.at(place)
            sample = self._sample(entry, at)
            if sample.key in names:
                raise LabelError(f"{at}: expected each picture once, got '{sample.key}' again")
            names.add(sample.key)
            folder = self._folder_of(sample.path) if folder is None else folder
            found = (self._box(row, sample, image_id) for row in of_image(image_id))
            boxes = tuple(box for box in found if box is not None)
            yield replace(sample, path=(folder / sample.path).as_posix(), boxes=boxes)

    def _scan(self) -> None:
        for name, place, entry in self._file.entries(_LISTS):
            if name not in _LISTS:
                size = len(entry) if isinstance(entry, list) else int(bool(entry))
                self._losses.add(name, size)
            elif not isinstance(entry, dict):
                kind = name.removesuffix("s").replace("categorie", "category")
                raise LabelError(f"{self._path}, {kind}: expected an object, got {entry!r}")
            elif name == "images":
                self._image_ids.append(self._id(entry, "id", "image"))
                self._image_places.append(place)
            elif name == "annotations":
                row = len(self._ids) + 1
                self._ids.append(self._id(entry, "id", "annotation") if "id" in entry else row)
                self._owners.append(self._id(entry, "image_id", f"annotation {self._ids[-1]}"))
                self._places.append(place)
            else:
                self._add_category(entry)
        for kind, ids in (("image", self._image_ids), ("annotation", self._ids)):
            self._check_once(kind, np.array(ids, np.int64))

    def _add_category(self, entry: Mapping[str, Any]) -> None:
        at = f"{self._path}, category {entry.get('id')}"
        category = coco.category_from(entry, at)
        if category.id in self._categories:
            raise LabelError(f"{at}: expected each id once, got it twice")
        self._categories[category.id] = _checked_text(category.name, at)
        for key in entry.keys() - {"id", "name"}:
            self._losses.add(f"category.{key}", int(bool(entry[key])))

    def _id(self, entry: Mapping[str, Any], key: str, kind: str) -> int:
        value = entry.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
            raise LabelError(
                f"{self._path}, {kind}: expected a whole number for '{key}', got {value!r}"
            )
        return value

    def _check_once(self, kind: str, ids: NDArray[np.int64]) -> None:
        values, times = np.unique(ids, return_counts=True)
        if len(values) != len(ids):
            raise LabelError(
                f"{self._path}, {kind} {values[times > 1][0]}: expected each id once, got it twice"
            )

    def _annotations_by_image(self) -> Callable[[int], Iterable[int]]:
        """The rows of an image's annotations, in the order of the file."""
        owners = np.array(self._owners, np.int64)
        strays = np.flatnonzero(~np.isin(owners, np.array(self._image_ids, np.int64)))
        if len(strays):
            raise LabelError(
                f"{self._path}, annotation {self._ids[strays[0]]}: expected the id of an image, "
                f"got {owners[strays[0]]}"
            )
        order = np.argsort(owners, kind="stable")
        owners = owners[order]

        def rows(image_id: int) -> Iterable[int]:
            first, last = np.searchsorted(owners, [image_id, image_id + 1])
            return map(int, order[first:last])

        return rows

    def _folder_of(self, path: str) -> PurePosixPath:
        """Where the pictures of this file lie: the first place that has this one of them."""
        stem = self._path.stem.removeprefix("instances_")
        folders = (
            *(self._base, self._base / "images" / stem, self._base / "images"),
            *(self._base / stem, self._path.parent),
        )
        found = [folder for folder in folders if (folder / path).is_file()]
        return PurePosixPath((found[0] if found else self._base).relative_to(self._base))

    def _sample(self, entry: Mapping[str, Any], at: str) -> Sample:
        image = coco.image_from(entry, at)
        name, video = image.file_name, self._video or entry.get("video")
        if isinstance(video, str) and image.frame_index is not None:
            name = video
        path = checked_path(_checked_text(name, at), at)
        sample = Sample(
            path=PurePosixPath(path).as_posix(),
            frame_index=image.frame_index,
            image_size_hw=(image.height, image.width),
            split=self._split,
            properties=self._more(entry, _IMAGE_KEYS, "image", at),
        )
        return with_named_values(sample, self._attributes(entry, "image", at))

    def _box(self, row: int, sample: Sample, image_id: int) -> Box | None:
        """The box of an annotation; None, and counted, where it has no area, as COCO itself has."""
        at = f"{self._path}, annotation {self._ids[row]}"
        entry = self._file.at(self._places[row])
        found = coco.annotation_from(entry, at, self._ids[row])
        if found.category_id not in self._categories:
            raise LabelError(
                f"{at}: expected a category of {sorted(self._categories)}, got {found.category_id}"
            )
        left, top, width, height = found.xywh_px
        if min(width, height) == 0:
            self._losses.add("annotation.without_area")
            return None
        right, bottom = round(left + width, _DECIMALS), round(top + height, _DECIMALS)
        xyxy = (left, top, max(left, right), max(top, bottom))
        if sample.image_size_hw is not None:
            check_inside(xyxy, sample.image_size_hw, f"{at}, image {image_id} '{sample.path}'")
        if abs(found.area_px2 - width * height) > _AREA_TOLERANCE * width * height:
            self._losses.add("annotation.area")
        try:
            box = Box(
                xyxy,
                self._categories[found.category_id],
                track_id=None if found.track_id is None else str(found.track_id),
                score=found.score,
                is_ignored=found.is_crowd or bool(entry.get("ignore")),
                properties=self._more(entry, _ANNOTATION_KEYS, "annotation", at),
            )
        except ValueError as error:
            raise LabelError(f"{at}: {error}") from error
        return with_named_values(box, self._attributes(entry, "annotation", at))

    def _attributes(self, entry: Mapping[str, Any], kind: str, at: str) -> dict[str, str]:
        attributes = entry.get("attributes") or {}
        if not isinstance(attributes, dict):
            raise LabelError(f"{at}: expected an object 'attributes', got {attributes!r}")
        return self._more(attributes, set(), f"{kind}.attributes", at)

    def _more(
        self, entry: Mapping[str, Any], known: set[str], kind: str, at: str
    ) -> dict[str, str]:
        """What stands beside the known keys, as text; lists and objects are lost."""
        texts = {}
        for key, value in entry.items():
            if key in known or value is None:
                continue
            if isinstance(value, list | dict):
                self._losses.add(f"{kind}.{key}", int(bool(value)))
            else:
                texts[_checked_text(key, at)] = _checked_text(_as_text(value), at)
        return texts


def _as_text(value: str | float | bool) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _checked_text(text: str, at: str) -> str:
    """The text, if it can be written again: JSON can spell halves of characters."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise LabelError(f"{at}: expected whole characters, got {text!r}") from error
    return text


def _held(sample: Sample) -> Sample:
    """What is read back of a sample, its split apart."""
    return replace(holdable(sample), boxes=(), spans=(), duration_s=None, tags=(), provenance=())
