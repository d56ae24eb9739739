"""How a sample stands in FiftyOne: the names of its fields, and what each box carries.

Samples are found again by `key`, boxes by `box_key`, which is made of what the box says. Tags that
are ours stand once more in `loaded_tags`, so that what a person changed can be told.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from datasets.curation.doubts import NO_DOUBT, Doubts
from datasets.curation.measures import Measures
from datasets.samples import Attributes, Box, Sample

LABELS = "labels"
PREDICTIONS = "predictions"
BOX_KEY = "box_key"
LOADED_TAGS = "loaded_tags"
INFO = "footfall"

CLASSIFIED = ("label", "identity", "age_band", "gender", "mask")
"""What is known of the whole picture, each a Classification: so a person can tag it as wrong."""

TAGS_PROPERTY = "tags"
"""The property of a box, and with `.FIELD` of a sample, that keeps the tags of a label."""

_SEPARATOR = ","

Tags = tuple[str, ...]


def box_keys(boxes: Iterable[Box]) -> list[str]:
    """What names each box in its sample: a hash of place, class and whose it is.

    Boxes that are the same in all of that are counted.
    """
    times: Counter[str] = Counter()
    keys = []
    for box in boxes:
        says = (box.label, box.xyxy_px, box.track_id, box.identity, box.group)
        key = hashlib.sha256(repr(says).encode()).hexdigest()[:16]
        times[key] += 1
        keys.append(key if times[key] == 1 else f"{key}-{times[key]}")
    return keys


def tags_of(properties: Any, name: str = TAGS_PROPERTY) -> Tags:
    """The tags that a property holds."""
    return tuple(tag for tag in properties.get(name, "").split(_SEPARATOR) if tag)


def with_tags(properties: Any, tags: Sequence[str], name: str = TAGS_PROPERTY) -> dict[str, str]:
    """The properties with these tags in place of those before; none leaves the property out.

    Raises:
        ValueError: a tag with a comma, which separates them.
    """
    others = {key: value for key, value in properties.items() if key != name}
    wrong = [tag for tag in tags if _SEPARATOR in tag or not tag]
    if wrong:
        raise ValueError(f"expected tags without '{_SEPARATOR}', got {wrong[0]!r}")
    return {**others, name: _SEPARATOR.join(tags)} if tags else others


def merged_tags(now: Sequence[str], loaded: Sequence[str], new: Sequence[str]) -> list[str]:
    """Tags in FiftyOne after a second load: what a person did there stands.

    Args:
        now: in FiftyOne.
        loaded: what the last load put there.
        new: what the data set says today.
    """
    gone = set(loaded) - set(new)
    added = [tag for tag in new if tag not in set(loaded)]
    return list(dict.fromkeys([*(tag for tag in now if tag not in gone), *added]))


def of(label: Any, name: str) -> Any:
    """What a label of FiftyOne's says under a name; None where it says nothing."""
    return label[name] if label.has_field(name) else None


def classified(sample: Sample) -> dict[str, str | None]:
    """The classes of the whole picture, by field."""
    attributes = sample.attributes
    return {
        "label": sample.label,
        "identity": sample.identity,
        "age_band": attributes.age_band,
        "gender": attributes.gender,
        "mask": attributes.mask,
    }


def plain_fields(sample: Sample) -> dict[str, Any]:
    """The fields of a sample that are numbers and words."""
    from datetime import UTC, datetime

    at_s = sample.captured_at
    return {
        "key": sample.key,
        "path": sample.path,
        "frame_index": sample.frame_index,
        "camera": sample.camera,
        "captured_at": None if at_s is None else datetime.fromtimestamp(at_s, UTC),
        "source": sample.source,
        "split": None if sample.split is None else str(sample.split),
        "is_labelled": sample.is_labelled,
        "age_years": sample.attributes.age_years,
        "duration_s": sample.duration_s,
        "labelled_by": sample.provenance[-1].labelled_by if sample.provenance else None,
        "spans": [f"{s.label} {s.start_s:g}-{s.end_s:g} s" for s in sample.spans],
        "properties": dict(sample.properties),
        LOADED_TAGS: list(sample.tags),
    }


def measured_fields(measures: Measures) -> dict[str, Any]:
    """The fields of what was measured; what was not is None."""
    values = asdict(measures)
    del values["key"]
    return values


def label_values(
    boxes: Sequence[Box], size_hw: tuple[int, int], doubts: Doubts
) -> list[dict[str, Any]]:
    """The values of a Detection for each labelled box."""
    return [
        {
            **_box_values(box, size_hw),
            BOX_KEY: key,
            **_said(
                loaded_tags=list(tags_of(box.properties)) or None,
                mistakenness=doubts.labels.get(row, NO_DOUBT).mistakenness,
                mistakenness_loc=doubts.labels.get(row, NO_DOUBT).mistakenness_loc,
                possible_spurious=doubts.labels.get(row, NO_DOUBT).possible_spurious,
            ),
        }
        for row, (box, key) in enumerate(zip(boxes, box_keys(boxes), strict=True))
    ]


def prediction_values(
    boxes: Sequence[Box], size_hw: tuple[int, int], doubts: Doubts
) -> list[dict[str, Any]]:
    """The values of a Detection for each predicted box."""
    return [
        {
            **_box_values(box, size_hw),
            "possible_missing": doubts.predictions.get(row, NO_DOUBT).possible_missing,
        }
        for row, box in enumerate(boxes)
    ]


def bounds(box: Box, size_hw: tuple[int, int]) -> list[float]:
    """Left, top, width and height in shares of the picture, as FiftyOne has them."""
    left, top, right, bottom = box.xyxy_px
    height, width = size_hw
    return [left / width, top / height, (right - left) / width, (bottom - top) / height]


def _box_values(box: Box, size_hw: tuple[int, int]) -> dict[str, Any]:
    others = {key: value for key, value in box.properties.items() if key != TAGS_PROPERTY}
    return {
        "label": box.label,
        "bounding_box": bounds(box, size_hw),
        "is_ignored": box.is_ignored,
        **_said(
            confidence=box.score,
            track_id=box.track_id,
            identity=box.identity,
            group=box.group,
            is_occluded=box.is_occluded,
            visibility=box.visibility,
            xyz_m=None if box.xyz_m is None else list(box.xyz_m),
            properties=others or None,
            **_said_of(box.attributes),
        ),
    }


def _said_of(attributes: Attributes) -> dict[str, Any]:
    """What is known of a person; `mask` is a Detection's own, of pixels."""
    return {
        "age_years": attributes.age_years,
        **{
            name: None if word is None else str(word)
            for name, word in (
                ("age_band", attributes.age_band),
                ("gender", attributes.gender),
                ("face_mask", attributes.mask),
            )
        },
    }


def _said(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
