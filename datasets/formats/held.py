"""What of a sample a format holds: writers build it with their own reader and count the rest.

So the losses that a writer reports are the differences that reading its files shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields

from datasets.formats.borders import EXACT_PX
from datasets.formats.format import Losses
from datasets.samples import Attributes, Box, Sample

_APART = ("path", "boxes", "spans", "attributes", "properties")
"""Fields of a sample that are not compared as a whole. The path is told to `place`."""

_SAMPLE_FIELDS = tuple(f.name for f in fields(Sample) if f.name not in _APART)
_BOX_FIELDS = tuple(f.name for f in fields(Box) if f.name not in (*_APART, "xyxy_px"))
_ATTRIBUTES = tuple(f.name for f in fields(Attributes))


def count_sample(sample: Sample, held: Sample, losses: Losses) -> None:
    """Count each field of a sample, its boxes apart, that the format holds otherwise or not."""
    _count_fields("sample", _SAMPLE_FIELDS, sample, held, losses)
    _count_person("sample", sample, held, losses)
    losses.add("span", sum(span not in held.spans for span in sample.spans))


def count_box(box: Box, held: Box, losses: Losses) -> None:
    """Count each field of a box that the format holds otherwise or not."""
    moved_px = (abs(a - b) for a, b in zip(box.xyxy_px, held.xyxy_px, strict=True))
    losses.add("box.xyxy_px", max(moved_px) > EXACT_PX)
    _count_fields("box", _BOX_FIELDS, box, held, losses)
    _count_person("box", box, held, losses)


def count_without_boxes(sample: Sample, held: Sample, losses: Losses) -> None:
    """Count what a format that knows no boxes does not hold, all boxes among it."""
    count_sample(sample, held, losses)
    losses.add("box", len(sample.boxes))


def _count_fields(
    kind: str, names: Iterable[str], before: Sample | Box, after: Sample | Box, losses: Losses
) -> None:
    for name in names:
        if getattr(before, name) != getattr(after, name):
            losses.add(f"{kind}.{name}")


def _count_person(kind: str, before: Sample | Box, after: Sample | Box, losses: Losses) -> None:
    if before.attributes is not after.attributes:
        for name in _ATTRIBUTES:
            if getattr(before.attributes, name) != getattr(after.attributes, name):
                losses.add(f"{kind}.attributes.{name}")
    for name in _other_keys(before.properties, after.properties):
        losses.add(f"{kind}.properties.{name}")


def _other_keys(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    if before == after:
        return []
    return [key for key in {**before, **after} if before.get(key) != after.get(key)]
