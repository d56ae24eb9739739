"""What every format of the table keeps: what it cannot hold is told by name and count, no more.

Samples with every field at random are written and read. The differences between what was given and
what came back, counted by field, must be exactly the losses that the writer reported.
"""

from __future__ import annotations

import math
import struct
import tempfile
import zlib
from collections import Counter
from dataclasses import fields, replace
from functools import partial
from itertools import permutations, product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from datasets.formats.format import Losses
from datasets.formats.known import FORMATS
from datasets.samples import (
    PICTURE_SUFFIXES,
    VIDEO_SUFFIXES,
    Attributes,
    Box,
    Provenance,
    Sample,
    Span,
    Split,
)
from serving.core.errors import LabelError
from serving.core.labels import AgeBand, Gender, Mask

EXACT_PX = 1e-6
SIZE_HW = (480, 640)
APART = {"path", "boxes", "spans", "attributes", "properties"}

letters = st.sampled_from("abzABZ0179 é漢ß-_.,;:'\"<>&#@%()=+~")
texts = st.text(letters, min_size=1, max_size=6)
numbers = st.integers(0, 99).map(str)
shares = st.floats(0, 1)
seconds = st.floats(0, 2e9)
names = texts.filter(lambda text: text.strip(". ") and text[0] not in " ." and text[-1] not in " .")
property_names = st.sampled_from(
    ["pose", "blur", "occlusion", "gender", "track_id", "tag", "unsure", "race", "キー"]
)
properties = st.dictionaries(property_names, numbers | texts, max_size=2)
attributes = st.builds(
    Attributes,
    age_band=st.none() | st.sampled_from(AgeBand),
    age_years=st.none() | st.integers(0, 116).map(float) | st.floats(0, 130),
    gender=st.none() | st.sampled_from(Gender),
    mask=st.none() | st.sampled_from(Mask),
)
lengths = st.integers(0, 700).map(float) | st.floats(0, 700)


@st.composite
def boxes(draw):
    """Mostly boxes inside the picture; some empty, some beyond its border."""
    left, right = sorted(draw(st.tuples(lengths, lengths)))
    top, bottom = sorted(draw(st.tuples(lengths, lengths)))
    shift = draw(st.sampled_from([0.0] * 5 + [-40.5, -900.0]))
    return Box(
        (left + shift, top, right + shift, bottom),
        label=draw(st.sampled_from(["person", "face", "head"]) | texts),
        track_id=draw(st.none() | st.sampled_from(["1", "2", "07"]) | texts),
        identity=draw(st.none() | numbers | texts),
        group=draw(st.none() | st.sampled_from(["1", "2"]) | texts),
        score=draw(st.none() | shares),
        is_ignored=draw(st.booleans()),
        is_occluded=draw(st.none() | st.booleans()),
        visibility=draw(st.none() | shares),
        xyz_m=draw(st.none() | st.tuples(*[st.floats(-100, 100)] * 3)),
        attributes=draw(attributes),
        properties=draw(properties),
    )


@st.composite
def samples(draw):
    folder = draw(st.sampled_from(["", "a/", "images/", "画像/x y/"]))
    suffix = draw(st.sampled_from([".jpg", ".jpg", ".png", ".webp", ".JPG", ".avi", ".avi"]))
    is_video = suffix in VIDEO_SUFFIXES
    name = draw(st.sampled_from(["door", "Tür 1"]) if is_video else names)  # frames of one
    return Sample(
        path=f"{folder}{name}{suffix}",
        frame_index=draw(st.integers(0, 5) | st.none()) if is_video else None,
        image_size_hw=draw(
            st.sampled_from([None, SIZE_HW, (700, 700)])
            | st.tuples(st.integers(1, 2000), st.integers(1, 2000))
        ),
        camera=draw(st.none() | numbers | texts),
        captured_at=draw(st.none() | seconds),
        source=draw(st.none() | texts),
        split=draw(st.none() | st.sampled_from(Split)),
        is_labelled=draw(st.sampled_from([True, True, False])),
        label=draw(st.none() | texts),
        identity=draw(st.none() | numbers | texts),
        attributes=draw(attributes),
        boxes=tuple(draw(st.lists(boxes(), max_size=3))),
        spans=tuple(
            Span(start, start + length, label, score)
            for start, length, label, score in draw(
                st.lists(
                    st.tuples(st.floats(0, 9), st.floats(0, 9), texts, st.none() | shares),
                    max_size=2,
                )
            )
        ),
        duration_s=draw(st.none() | st.floats(0, 100)),
        tags=tuple(draw(st.lists(texts, max_size=2))),
        provenance=tuple(draw(st.lists(st.builds(Provenance, texts, st.none() | seconds)))),
        properties=draw(properties),
    )


def plain(sample):
    """The sample with what most formats are made for alone: so that enough of them are written."""
    kept = tuple(Box(box.xyxy_px, box.label, box.track_id) for box in sample.boxes)
    return Sample(
        sample.path,
        sample.frame_index,
        sample.image_size_hw,
        camera=sample.camera,
        split=sample.split,
        identity=sample.identity,
        attributes=sample.attributes,
        boxes=kept,
    )


lists_of_samples = st.lists(
    samples() | samples().map(plain), max_size=4, unique_by=lambda sample: sample.key
)


@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_samples=lists_of_samples)
def test_what_does_not_come_back_is_what_the_writer_said(name, given_samples):
    with tempfile.TemporaryDirectory() as folder:
        placed, losses, root = write(FORMATS[name], given_samples, Path(folder))
        reading = Losses()
        read = list(FORMATS[name].read(root, reading))
        event(f"{len(placed)} of {len(given_samples)} written")
    assert not reading, f"reading what was written lost {reading.lines()}"
    unplaced = Counter(sample=len(given_samples) - len(placed))
    found = [+(unplaced + one) for one in possible_differences(placed, read)]
    assert losses.counts in found, f"told {losses.counts}, found one of {found}"


def write(format_, given_samples, folder):
    """Write; a format that needs to know the size of pictures says so, and is told."""
    try:
        return _write(format_, given_samples, folder / "first")
    except LabelError as error:
        assert "image size" in str(error)
        assert any(sample.image_size_hw is None for sample in given_samples)
    sized = [replace(s, image_size_hw=s.image_size_hw or SIZE_HW) for s in given_samples]
    return _write(format_, sized, folder / "second")


def _write(format_, given_samples, root):
    placed, losses = [], Losses()

    def place(sample, path):
        assert sample in given_samples
        placed.append((path, sample))
        put_picture(root / path, sample.image_size_hw or SIZE_HW)

    root.mkdir()
    format_.write(iter(given_samples), root, losses, place)
    paths = [path for path, sample in placed if Path(path).suffix.lower() in PICTURE_SUFFIXES]
    assert len(set(paths)) == len(paths), "two pictures have one place"
    return placed, losses, root


def put_picture(path, size_hw):
    """A PNG that is nothing but its header; readers open no more of it."""
    height, width = size_hw
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", b""),
        (b"IEND", b""),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in chunks
        )
    )


def possible_differences(placed, read):
    """What differs, counted by field, between samples and what was read at their places.

    Which box came back as which is not known where some are lost or changed: every way counts.
    """
    found = [Counter()]
    by_key = {(sample.path, sample.frame_index): sample for sample in read}
    assert len(by_key) == len(read), "a sample was read twice"
    for path, before in placed:
        frame = before.frame_index if (path, before.frame_index) in by_key else None
        assert (path, frame) in by_key, f"{path} was placed and not read: {sorted(by_key)}"
        after = by_key.pop((path, frame))
        own = differences_of("sample", before, after)
        own["span"] += sum(span not in after.spans for span in before.spans)
        assert all(span in before.spans for span in after.spans), "a span was invented"
        of_boxes = possible_of_boxes(before.boxes, after.boxes)
        found = distinct(map(sum_of, product(found, [own], of_boxes)))
    assert not by_key, f"samples were invented: {by_key}"
    return found


def possible_of_boxes(before, after):
    """What differs under each assignment of boxes; those that stay over are lost."""
    assert len(after) <= len(before), "a box was invented"
    lost = Counter(box=len(before) - len(after))
    return distinct(
        sum_of([lost, *map(partial(differences_of, "box"), chosen, after)])
        for chosen in permutations(before, len(after))
    )


def sum_of(counters):
    return sum(counters, Counter())


def distinct(counters):
    return [Counter(dict(one)) for one in {frozenset(counter.items()) for counter in counters}]


def differences_of(kind, before, after):
    found = Counter(
        f"{kind}.{field.name}"
        for field in fields(before)
        if field.name not in APART
        and not is_same(getattr(before, field.name), getattr(after, field.name))
    )
    found.update(
        f"{kind}.attributes.{field.name}"
        for field in fields(Attributes)
        if not is_same(
            getattr(before.attributes, field.name), getattr(after.attributes, field.name)
        )
    )
    found.update(
        f"{kind}.properties.{name}"
        for name in before.properties.keys() | after.properties.keys()
        if before.properties.get(name) != after.properties.get(name)
    )
    return found


def is_same(before, after):
    if isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        return all(map(is_same, before, after))
    if isinstance(before, float) and isinstance(after, float):
        return math.isclose(before, after, rel_tol=0, abs_tol=EXACT_PX)
    return before == after and type(before) is type(after)
