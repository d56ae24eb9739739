"""What counts as lost: each field that comes back otherwise, and no other."""

from __future__ import annotations

from dataclasses import replace

from datasets.formats.format import Losses
from datasets.formats.held import count_box, count_sample, count_without_boxes
from datasets.samples import Attributes, Box, Sample, Span
from serving.core.labels import Gender

BOX = Box((0, 0, 10, 10), "person", properties={"pose": "front"})


def test_each_field_that_differs_is_counted_once():
    losses = Losses()
    before = Sample("a.jpg", camera="1", tags=("x", "y"), attributes=Attributes(age_years=3))
    after = Sample("b.jpg", source="s", attributes=Attributes(gender=Gender.MALE))
    count_sample(before, after, losses)
    assert losses.counts == {
        "sample.camera": 1,
        "sample.source": 1,
        "sample.tags": 1,
        "sample.attributes.age_years": 1,
        "sample.attributes.gender": 1,
    }


def test_a_corner_may_move_by_the_noise_of_numbers_alone():
    losses = Losses()
    count_box(BOX, replace(BOX, xyxy_px=(0, 0, 10, 10 + 9e-7)), losses)
    assert not losses
    count_box(BOX, replace(BOX, xyxy_px=(0, 0, 10, 10 + 2e-6)), losses)
    assert losses.counts == {"box.xyxy_px": 1}


def test_a_property_that_is_gone_new_or_other_is_counted_by_its_name():
    losses = Losses()
    count_box(BOX, replace(BOX, properties={"pose": "back", "blur": "1"}), losses)
    count_box(BOX, replace(BOX, properties={}), losses)
    assert losses.counts == {"box.properties.pose": 2, "box.properties.blur": 1}


def test_boxes_and_spans_that_are_not_held_are_counted_whole():
    losses = Losses()
    sample = Sample("a.mp4", boxes=(BOX, BOX), spans=(Span(0, 1, "walks"),))
    count_without_boxes(sample, Sample("a.mp4"), losses)
    assert losses.counts == {"box": 2, "span": 1}
