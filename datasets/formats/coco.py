"""COCO detection files (Lin et al., Microsoft COCO, 2014): labels, and lists of results.

An image of a video carries a `frame_index`, counted from 0; MOT files count the same frame from 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from datasets.files import write_atomically
from datasets.formats.borders import TOLERANCE_PX
from serving.core import boxes
from serving.core.detections import (
    CONFIDENCE_COLUMN,
    CROWD_COLUMN,
    XYWH_COLUMN,
    Detections,
)
from serving.core.errors import LabelError

AREA_COLUMN = "area_px2"
"""Column (N,) float64: the area that decides the size range of a label; COCO's `area`."""

TRACK_COLUMN = "track_id"
"""Column (N,) int64: the identity of a label of a video, -1 where it has none."""

_LIMIT = 1e9


@dataclass(frozen=True, slots=True)
class Category:
    """What an annotation can be."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Image:
    """A labelled picture; `frame_index` where it is a frame of a video."""

    id: int
    file_name: str
    width: int
    height: int
    frame_index: int | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """A box: left, top, width, height. `score` stands in results only, `track_id` in videos."""

    id: int
    image_id: int
    category_id: int
    xywh_px: tuple[float, float, float, float]
    area_px2: float
    is_crowd: bool = False
    score: float | None = None
    track_id: int | None = None


@dataclass(frozen=True, slots=True)
class CocoDataset:
    """A label file. `info` is free text about it: source, licence, how it was made."""

    images: tuple[Image, ...]
    annotations: tuple[Annotation, ...]
    categories: tuple[Category, ...]
    info: Mapping[str, Any] = field(default_factory=dict)

    def detections(self, class_names: Sequence[str]) -> dict[int, Detections]:
        """Boxes by image id, every image listed; `class_id` indexes `class_names`.

        Boxes of other categories are left out. Labels get score 1, and the columns `is_crowd`,
        `area_px2` and `track_id`.
        """
        index = {name: row for row, name in enumerate(class_names)}
        class_of = {c.id: index[c.name] for c in self.categories if c.name in index}
        by_image: dict[int, list[Annotation]] = {image.id: [] for image in self.images}
        for annotation in self.annotations:
            if annotation.category_id in class_of:
                by_image[annotation.image_id].append(annotation)
        return {
            image_id: _detections(found, [class_of[a.category_id] for a in found])
            for image_id, found in by_image.items()
        }


def read(path: str | Path) -> CocoDataset:
    """A label file, checked.

    Raises:
        LabelError: not a COCO file, an id that stands twice or points nowhere, a box that is
            empty or reaches outside its image; the message names the entry.
    """
    path = Path(path)
    dataset = _dataset(_load(path), str(path))
    _check_inside(dataset, str(path))
    return dataset


def read_results(path: str | Path, truth: CocoDataset | None = None) -> CocoDataset:
    """Results, to be held against `truth`. Boxes may reach outside their image.

    Reads COCO's list of results, `[{image_id, category_id, bbox, score}, …]`, which has the images
    and categories of `truth`, and a label file, with images and categories of its own, which is
    found again in `truth` by image id; there a missing score is 1.

    Raises:
        LabelError: not such a file, a list without `truth`, an image that `truth` does not have
            or has under another name, an unknown category, or a result without score.
    """
    path = Path(path)
    values = _load(path)
    if isinstance(values, dict):
        labels = _dataset(values, str(path))
        _check_same_images(labels, truth or labels, str(path))
        return labels
    if not isinstance(values, list) or truth is None:
        kinds = "a label file" if truth is None else "a list of results or a label file"
        raise LabelError(f"{path}: expected {kinds}, got a {type(values).__name__}")
    annotations = []
    for row, entry in enumerate(values, start=1):
        found = annotation_from(entry, f"{path}, result {row}", row)
        if found.score is None:
            raise LabelError(f"{path}, result {row}: expected a 'score', got none")
        annotations.append(found)
    results = CocoDataset(truth.images, tuple(annotations), truth.categories)
    _check_references(results, str(path))
    return results


def write(path: str | Path, dataset: CocoDataset) -> None:
    """Write a label file, one entry a line; all or nothing."""
    sections = {
        "images": [_present(asdict(image)) for image in dataset.images],
        "categories": [asdict(category) for category in dataset.categories],
        "annotations": [annotation_values(a) for a in dataset.annotations],
    }
    text = ",\n".join(
        [f'"info": {json.dumps(dict(dataset.info), ensure_ascii=False)}']
        + [f'"{name}": {_list_text(entries)}' for name, entries in sections.items()]
    )
    write_atomically(Path(path), f"{{\n{text}\n}}\n")


def write_results(path: str | Path, results: Mapping[int, Detections], category_id: int) -> None:
    """Write detections by image id as COCO's list of results, all of one category."""
    entries = [
        {"image_id": image_id, "category_id": category_id, "bbox": box, "score": score}
        for image_id, detections in results.items()
        for box, score in zip(
            boxes.xywh_from_xyxy(detections.xyxy_px.astype(np.float64)).tolist(),
            detections.score.astype(np.float64).tolist(),
            strict=True,
        )
    ]
    write_atomically(Path(path), _list_text(entries) + "\n")


def _detections(annotations: Sequence[Annotation], class_id: Sequence[int]) -> Detections:
    xywh = np.array([a.xywh_px for a in annotations], np.float64).reshape(-1, 4)
    scores = [1.0 if a.score is None else a.score for a in annotations]
    columns = {
        XYWH_COLUMN: xywh,
        CONFIDENCE_COLUMN: np.array(scores, np.float64),
        CROWD_COLUMN: np.array([a.is_crowd for a in annotations], np.bool_),
        AREA_COLUMN: np.array([a.area_px2 for a in annotations], np.float64),
        TRACK_COLUMN: np.array(
            [-1 if a.track_id is None else a.track_id for a in annotations], np.int64
        ),
    }
    return Detections(
        boxes.xyxy_from_xywh(xywh), np.array(scores), np.array(class_id, np.int64), columns
    )


def _dataset(values: Any, where: str) -> CocoDataset:
    if not isinstance(values, dict):
        raise LabelError(f"{where}: expected an object with images, annotations and categories")
    info = values.get("info")
    dataset = CocoDataset(
        tuple(image_from(entry, at) for at, entry in _entries(values, "images", where)),
        tuple(
            annotation_from(entry, at, row)
            for row, (at, entry) in enumerate(_entries(values, "annotations", where), start=1)
        ),
        tuple(category_from(entry, at) for at, entry in _entries(values, "categories", where)),
        info if isinstance(info, dict) else {},
    )
    _check_ids(dataset, where)
    return dataset


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise LabelError(f"{path}: expected a COCO file: {error.strerror}") from error
    except ValueError as error:
        raise LabelError(f"{path}: expected JSON, got {error}") from error


def _entries(values: Mapping[str, Any], name: str, where: str) -> Iterable[tuple[str, Any]]:
    listed = values.get(name)
    if not isinstance(listed, list):
        raise LabelError(f"{where}: expected a list '{name}', got {type(listed).__name__}")
    kind = name.removesuffix("s").replace("categorie", "category")
    for row, entry in enumerate(listed):
        at = f"{where}, {kind} {entry.get('id', row) if isinstance(entry, dict) else row}"
        if not isinstance(entry, dict):
            raise LabelError(f"{at}: expected an object, got {entry!r}")
        yield at, entry


def image_from(entry: Mapping[str, Any], at: str) -> Image:
    """An entry of `images`, checked; `at` names it in errors.

    Raises:
        LabelError: a value is missing or no such value.
    """
    width, height = _whole(entry, "width", at), _whole(entry, "height", at)
    if not (1 <= width < _LIMIT and 1 <= height < _LIMIT):
        raise LabelError(f"{at}: expected a positive width and height, got {width}×{height}")
    index = _optional_whole(entry, "frame_index", at)
    if index is not None and index < 0:
        raise LabelError(f"{at}: expected a frame_index of at least 0, got {index}")
    return Image(_whole(entry, "id", at), _text(entry, "file_name", at), width, height, index)


def category_from(entry: Mapping[str, Any], at: str) -> Category:
    """An entry of `categories`, checked; `at` names it in errors.

    Raises:
        LabelError: a value is missing or no such value.
    """
    return Category(_whole(entry, "id", at), _text(entry, "name", at))


def annotation_from(entry: Any, at: str, default_id: int) -> Annotation:
    """An entry of `annotations` or of results, checked; `at` names it in errors.

    Raises:
        LabelError: a value is missing or no such value.
    """
    if not isinstance(entry, dict):
        raise LabelError(f"{at}: expected an object, got {entry!r}")
    bbox = entry.get("bbox")
    if not (isinstance(bbox, list) and len(bbox) == 4 and all(map(_is_number, bbox))):
        raise LabelError(f"{at}: expected a bbox of four numbers, got {bbox!r}")
    left, top, width, height = map(float, bbox)
    if min(width, height) < 0:
        raise LabelError(f"{at}: expected a width and height of at least 0, got {bbox}")
    area, score = entry.get("area", width * height), entry.get("score")
    if not _is_number(area):
        raise LabelError(f"{at}: expected a number for 'area', got {area!r}")
    if score is not None and not (_is_number(score) and 0 <= score <= 1):
        raise LabelError(f"{at}: expected a score in [0, 1], got {score!r}")
    return Annotation(
        _whole(entry, "id", at) if "id" in entry else default_id,
        _whole(entry, "image_id", at),
        _whole(entry, "category_id", at),
        (left, top, width, height),
        float(area),
        bool(entry.get("iscrowd", 0)),
        None if score is None else float(score),
        _optional_whole(entry, "track_id", at),
    )


def _check_ids(dataset: CocoDataset, where: str) -> None:
    for kind, entries in (
        ("image", dataset.images),
        ("category", dataset.categories),
        ("annotation", dataset.annotations),
    ):
        seen: set[int] = set()
        for entry in entries:
            if entry.id in seen:
                raise LabelError(f"{where}, {kind} {entry.id}: expected each id once, got it twice")
            seen.add(entry.id)
    _check_references(dataset, where)


def _check_references(dataset: CocoDataset, where: str) -> None:
    images = {image.id for image in dataset.images}
    categories = {category.id for category in dataset.categories}
    for annotation in dataset.annotations:
        at = f"{where}, annotation {annotation.id}"
        if annotation.image_id not in images:
            raise LabelError(f"{at}: expected the id of an image, got {annotation.image_id}")
        if annotation.category_id not in categories:
            raise LabelError(
                f"{at}: expected a category of {sorted(categories)}, got {annotation.category_id}"
            )


def _check_same_images(labels: CocoDataset, truth: CocoDataset, where: str) -> None:
    names = {image.id: image.file_name for image in truth.images}
    for image in labels.images:
        if names.get(image.id) != image.file_name:
            raise LabelError(
                f"{where}, image {image.id}: expected an image of the truth, "
                f"'{names.get(image.id, 'none of this id')}', got '{image.file_name}'"
            )


def _check_inside(dataset: CocoDataset, where: str) -> None:
    images = {image.id: image for image in dataset.images}
    slack = TOLERANCE_PX
    for annotation in dataset.annotations:
        image = images[annotation.image_id]
        left, top, width, height = annotation.xywh_px
        inside = left >= -slack and top >= -slack
        inside &= left + width <= image.width + slack and top + height <= image.height + slack
        if not inside or min(width, height) <= 0:
            raise LabelError(
                f"{where}, annotation {annotation.id}: expected a box with an area inside "
                f"{image.width}×{image.height} px, got {list(annotation.xywh_px)} "
                f"in image {image.id} '{image.file_name}'"
            )


def _whole(entry: Mapping[str, Any], key: str, at: str) -> int:
    value = entry.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise LabelError(f"{at}: expected a whole number for '{key}', got {value!r}")
    return value


def _optional_whole(entry: Mapping[str, Any], key: str, at: str) -> int | None:
    return None if entry.get(key) is None else _whole(entry, key, at)


def _text(entry: Mapping[str, Any], key: str, at: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise LabelError(f"{at}: expected a text for '{key}', got {value!r}")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LIMIT


def annotation_values(annotation: Annotation) -> dict[str, Any]:
    """The entry of `annotations` for one."""
    values = {
        "id": annotation.id,
        "image_id": annotation.image_id,
        "category_id": annotation.category_id,
        "bbox": list(annotation.xywh_px),
        "area": annotation.area_px2,
        "iscrowd": int(annotation.is_crowd),
        "score": annotation.score,
        "track_id": annotation.track_id,
    }
    return _present(values)


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _list_text(entries: Sequence[Mapping[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(e, ensure_ascii=False) for e in entries) + "\n]"
