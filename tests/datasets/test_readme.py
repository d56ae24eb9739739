"""datasets/README.md tells the truth: its table of formats is what the formats do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.checks.finding import Kind
from datasets.commands import COMMANDS
from datasets.formats.format import Format, Losses
from datasets.formats.known import FORMATS
from datasets.formats.pa100k import ATTRIBUTES as PA100K_ATTRIBUTES
from datasets.samples import Attributes, Box, Provenance, Sample, Span, Split
from serving.core.errors import LabelError
from serving.core.labels import AgeBand, Gender, Mask

README = Path(__file__).resolve().parents[2] / "datasets" / "README.md"
SIZE_HW = (480, 640)

WORDS = {
    "sample.split": "split",
    "sample.camera": "camera",
    "sample.captured_at": "time",
    "sample.source": "source",
    "sample.label": "label of the whole",
    "sample.identity": "identity",
    "sample.attributes.age_band": "age band",
    "sample.attributes.age_years": "age",
    "sample.attributes.gender": "gender",
    "sample.attributes.mask": "mask",
    "span": "spans",
    "box": "boxes",
    "box.label": "classes",
    "box.track_id": "tracks",
    "box.identity": "identities",
    "box.score": "scores",
    "box.is_ignored": "ignored",
    "box.is_occluded": "occluded",
    "box.visibility": "visibility",
    "box.xyz_m": "world",
    "box.attributes.gender": "attributes of boxes",
    "sample.tags": "tags",
    "sample.provenance": "who labelled",
    "sample.properties.weather": "any property",
}
"""What is asked of each format, by what it counts as lost, and how the table calls it."""

KNOWN = Attributes(AgeBand.FROM_20_TO_29, 24.0, Gender.FEMALE, Mask.MASKED)
ONE = Box(
    (40.0, 60.0, 90.0, 220.0),
    "person",
    track_id="3",
    identity="7",
    score=0.5,
    is_ignored=True,
    is_occluded=True,
    visibility=0.25,
    xyz_m=(1.0, 2.0, 0.0),
    attributes=KNOWN,
)
WHOLE = Sample(
    "images/0007.jpg",
    image_size_hw=SIZE_HW,
    camera="2",
    captured_at=1000.0,
    source="door",
    split=Split.TRAIN,
    label="masked",
    identity="7",
    attributes=KNOWN,
    tags=("hard",),
    provenance=(Provenance("anna", 5.0),),
    properties={"weather": "rain"},
)
SPANS = (Span(0.5, 1.5, "taking"),)
CANDIDATES = (
    replace(WHOLE, boxes=(ONE,)),
    replace(WHOLE, boxes=(replace(ONE, is_ignored=False),)),
    replace(WHOLE, boxes=(replace(ONE, label="face"),)),
    replace(WHOLE, boxes=(replace(ONE, label="face", is_ignored=False),)),
    replace(WHOLE, path="door.mp4", frame_index=3, boxes=(ONE,), properties={}),
    replace(WHOLE, path="door.mp4", spans=SPANS, duration_s=4.0, label="shoplifting"),
    replace(WHOLE, path="door.mp4", spans=SPANS, duration_s=4.0, label="normal"),
    WHOLE,
    replace(WHOLE, identity="train/7"),
    replace(WHOLE, properties=dict.fromkeys(PA100K_ATTRIBUTES[1:], "0")),
)
"""Samples that say everything, of each kind."""


def rows(heading: str) -> Iterator[list[str]]:
    """The cells of the first table below a heading."""
    text = README.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("| ").split(" | ")]


def kept(wanted: Format, folder: Path) -> list[str]:
    """What comes back of samples that say everything, in the words of the table."""
    found = set()
    for number, sample in enumerate(CANDIDATES):
        root = folder / str(number)
        root.mkdir()
        picture = root / sample.path
        picture.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(f"{picture.with_suffix('.jpg')}", np.zeros((*SIZE_HW, 3), np.uint8))
        losses = Losses()
        try:
            wanted.write([sample], root, losses)
        except (LabelError, OSError):
            continue
        if losses.counts["sample"]:
            continue
        has = {name for name in WORDS if says(sample, name)}
        if losses.counts["box"]:
            has = {name for name in has if not name.startswith("box")}
        found |= {WORDS[name] for name in has if not losses.counts[name]}
    return [word for word in WORDS.values() if word in found]


def says(sample: Sample, name: str) -> bool:
    """Whether a sample says something of this name that could be lost."""
    if name.startswith("box"):
        ignored = any(box.is_ignored for box in sample.boxes)
        return bool(sample.boxes) and (name != "box.is_ignored" or ignored)
    if name == "sample.properties.weather":
        return "weather" in sample.properties
    return name != "span" or bool(sample.spans)


@pytest.mark.parametrize("name", FORMATS)
def test_the_table_of_formats_says_what_a_format_keeps(name, tmp_path):
    said = {cells[0].strip("`"): cells[-1] for cells in rows("Formats")}
    assert said.get(name) == ", ".join(kept(FORMATS[name], tmp_path))


def test_the_table_of_formats_has_no_other():
    assert [cells[0].strip("`") for cells in rows("Formats")] == list(FORMATS)


def test_every_command_has_an_example():
    text = README.read_text(encoding="utf-8")
    shown = set(re.findall(r"python -m datasets ([a-z]+)", text))
    assert shown == {command.NAME for command in COMMANDS}


def test_every_kind_of_finding_is_listed():
    listed = {word for cells in rows("Check") for word in re.findall(r"`([a-z-]+)`", cells[0])}
    assert listed == {kind.value for kind in Kind}
