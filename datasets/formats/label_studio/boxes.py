"""Person boxes on a picture: rectangles in percent of the picture, as Label Studio stores them.

What a rectangle cannot say of a box, such as its identity, rides along in the region's `meta`,
which the editor keeps: a labeler's correction of a box leaves it in place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from datasets.formats.format import Losses
from datasets.formats.label_studio.names import IGNORED, IMAGE, LABEL, OCCLUSION, Occlusion
from datasets.formats.label_studio.regions import Result, choice, known, number
from datasets.samples import Box, Sample
from serving.core.errors import LabelError
from serving.core.labels import PERSON

META = "footfall"
"""The key of a region's `meta`, and of a keyframe, that holds the rest of a box."""

DECIMALS_PX = 6
"""Percent and back costs the last digits of a coordinate; to this many they come back exact."""

_ASPECT_TOLERANCE = 0.02


def result(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """The results that show the boxes of one picture.

    Raises:
        LabelError: it has boxes, and its size is not known.
    """
    (sample,) = samples
    entries = []
    for row, box in enumerate(sample.boxes):
        common = {
            "id": f"box{row}",
            "to_name": IMAGE,
            "original_width": size_hw(sample)[1],
            "original_height": size_hw(sample)[0],
            "image_rotation": 0,
            "meta": {META: rest_of(box)},
        }
        if box.score is not None:
            common["score"] = box.score
        shape = percent(box, size_hw(sample))
        label = {"rectanglelabels": [shown_label(box)]}
        entries.append(
            {**common, "from_name": LABEL, "type": "rectanglelabels", "value": shape | label}
        )
        if box.is_occluded is not None:
            answer = Occlusion.OCCLUDED if box.is_occluded else Occlusion.VISIBLE
            entries.append(
                {**common, "from_name": OCCLUSION, "type": "choices"}
                | {"value": {**shape, "choices": [answer.value]}}
            )
    return entries


def labelled(
    samples: Sequence[Sample], results: Iterable[Result], losses: Losses
) -> tuple[Sample, ...]:
    """The picture with the boxes of its results.

    Raises:
        LabelError: a region is broken, or was drawn on a picture of another shape.
    """
    (sample,) = samples
    regions: dict[str, list[Result]] = {}
    for each in known(results, (LABEL, OCCLUSION), losses):
        regions.setdefault(each.id, []).append(each)
    boxes = []
    for parts in regions.values():
        image_size_hw = _shown_size_hw(parts[0], sample)
        sample = replace(sample, image_size_hw=image_size_hw)
        box = _box(parts, image_size_hw, losses)
        boxes += [box] if box is not None else []
    return (replace(sample, boxes=tuple(boxes)),)


def size_hw(sample: Sample) -> tuple[int, int]:
    """Height and width of a sample's picture.

    Raises:
        LabelError: they are not known.
    """
    if sample.image_size_hw is None:
        raise LabelError(f"sample '{sample.key}': expected an image size, got none")
    return sample.image_size_hw


def percent(box: Box, image_size_hw: tuple[int, int]) -> dict[str, float]:
    """A box as the editor draws it: its corner and size in percent of the picture."""
    height, width = image_size_hw
    left, top, right, bottom = box.xyxy_px
    return {
        "x": 100 * left / width,
        "y": 100 * top / height,
        "width": 100 * (right - left) / width,
        "height": 100 * (bottom - top) / height,
        "rotation": 0,
    }


def corners_px(
    shape: Mapping[str, Any], image_size_hw: tuple[int, int], where: str, losses: Losses
) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a rectangle; of a rotated one, of the box around it.

    The editor turns a rectangle about its corner (x, y), clockwise, in degrees.

    Raises:
        LabelError: a number is missing, or a side is negative.
    """
    height_px, width_px = image_size_hw
    left = number(shape, "x", where) * width_px / 100
    top = number(shape, "y", where) * height_px / 100
    width = number(shape, "width", where) * width_px / 100
    height = number(shape, "height", where) * height_px / 100
    if width < 0 or height < 0:
        raise LabelError(f"{where}: expected a width and height of at least 0, got {dict(shape)}")
    angle = math.radians(number(shape, "rotation", where) if "rotation" in shape else 0.0)
    if angle % (2 * math.pi):
        losses.add("box.rotation")
    along = (width * math.cos(angle), width * math.sin(angle))
    down = (-height * math.sin(angle), height * math.cos(angle))
    xs = [left + along[0] * i + down[0] * j for i in (0, 1) for j in (0, 1)]
    ys = [top + along[1] * i + down[1] * j for i in (0, 1) for j in (0, 1)]
    corners = (min(xs), min(ys), max(xs), max(ys))
    left, top, right, bottom = (round(value, DECIMALS_PX) for value in corners)
    return left, top, right, bottom


def shown_label(box: Box) -> str:
    """The label under which the editor shows a box."""
    return IGNORED if box.is_ignored else box.label


def rest_of(box: Box) -> dict[str, Any]:
    """What of a box a rectangle with a label does not say."""
    values = _adapter().dump_python(box, mode="json", exclude_defaults=True)
    shown = {"xyxy_px", "score", "is_ignored", "is_occluded"}
    shown |= set() if box.is_ignored else {"label"}
    return {key: value for key, value in values.items() if key not in shown}


def box_of(
    xyxy_px: tuple[float, float, float, float],
    shown: str,
    rest: Any,
    where: str,
    **values: Any,
) -> Box:
    """The box of a rectangle, a shown label, what rode along, and further fields.

    Raises:
        LabelError: together they are no box.
    """
    if not isinstance(rest, Mapping):
        raise LabelError(f"{where}: expected an object '{META}', got {rest!r}")
    is_ignored = shown == IGNORED
    label = rest.get("label", PERSON) if is_ignored else shown
    given = {"xyxy_px": list(xyxy_px), "label": label, "is_ignored": is_ignored}
    try:
        return _adapter().validate_json(json.dumps({**rest, **values, **given}))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise LabelError(f"{where}: {first['msg']}, got {first['input']!r}") from error


def one_label(words: Sequence[str], where: str, losses: Losses) -> str | None:
    """The label of a region; one without is counted.

    Raises:
        LabelError: it has several.
    """
    if len(words) > 1:
        raise LabelError(f"{where}: expected one label, got {list(words)}")
    if not words:
        losses.add("region.without_label")
        return None
    return words[0]


def _box(parts: Sequence[Result], image_size_hw: tuple[int, int], losses: Losses) -> Box | None:
    first = parts[0]
    words = [word for part in parts for word in part.words("rectanglelabels")]
    label = one_label(words, first.where, losses)
    if label is None:
        return None
    answer = choice(parts, OCCLUSION)
    return box_of(
        corners_px(first.value, image_size_hw, first.where, losses),
        label,
        first.meta.get(META, {}),
        first.where,
        score=first.score,
        is_occluded=None if answer is None else answer == Occlusion.OCCLUDED,
    )


def _shown_size_hw(region: Result, sample: Sample) -> tuple[int, int]:
    """The size of the picture that a region was drawn on, held against the sample's."""
    if "original_width" not in region.entry and sample.image_size_hw is not None:
        return sample.image_size_hw
    width = number(region.entry, "original_width", region.where)
    height = number(region.entry, "original_height", region.where)
    if min(width, height) < 1:
        raise LabelError(f"{region.where}: expected a size of a picture, got {width}×{height}")
    if sample.image_size_hw is None:
        return round(height), round(width)
    expected = sample.image_size_hw[1] / sample.image_size_hw[0]
    if abs(width / height / expected - 1) > _ASPECT_TOLERANCE:
        raise LabelError(
            f"{region.where}: expected a picture of {sample.image_size_hw[1]}×"
            f"{sample.image_size_hw[0]} px, got one of {width:g}×{height:g}"
        )
    return sample.image_size_hw


@cache
def _adapter() -> TypeAdapter[Box]:
    return TypeAdapter(Box)
