"""Counts and sizes, derived by hand."""

from __future__ import annotations

import pytest

from datasets.checks.contents import Row
from datasets.checks.statistics import Spread, statistics_of
from datasets.samples import Attributes, Box, Sample, Split
from serving.core.labels import Gender, Mask


def statistics(*samples):
    return statistics_of([Row(line, sample) for line, sample in enumerate(samples, start=1)])


def box(height_px, label="person", **values):
    return Box((0, 0, 10, height_px), label, **values)


def test_splits_come_in_their_order_and_samples_without_one_last():
    found = statistics(
        Sample("a"), Sample("b", split=Split.GALLERY), Sample("c", split=Split.TRAIN), Sample("d")
    )
    assert [(split.split, split.num_samples) for split in found] == [
        ("train", 1),
        ("gallery", 1),
        ("no split", 2),
    ]


def test_boxes_are_counted_by_class_and_size_without_ignored_ones():
    (found,) = statistics(
        Sample("a", boxes=(box(10), box(20), box(500, is_ignored=True))),
        Sample("b", boxes=(box(40), box(40, "trolley"))),
        Sample("c"),
        Sample("d", is_labelled=False),
    )
    assert (found.num_boxes, found.num_ignored_boxes) == (5, 1)
    assert (found.num_empty, found.num_unlabelled) == (1, 1)
    assert found.box_labels == {"person": 3, "trolley": 1}
    assert found.imbalance == 3
    assert found.box_height_px.median == 30
    assert found.box_aspect.quantiles[0] == 0.25
    assert found.height_counts()[:4] == [0, 1, 1, 2]
    assert sum(found.height_counts()) == 4
    assert found.picture_counts(3) == [2, 0, 2, 0]


def test_pictures_with_very_many_boxes_are_counted_together():
    (found,) = statistics(Sample("a", boxes=(box(10),) * 9))
    assert found.picture_counts(3) == [0, 0, 0, 1]


def test_attributes_and_what_is_not_stated_are_counted_by_person():
    (found,) = statistics(
        Sample("a", attributes=Attributes(gender=Gender.MALE)),
        Sample("b", boxes=(box(10, attributes=Attributes(mask=Mask.MASKED)), box(20))),
    )
    assert found.num_people == 3
    assert found.attributes["gender"] == {"male": 1}
    assert found.attributes["mask"] == {"masked": 1}
    assert (found.missing["gender"], found.missing["mask"], found.missing["age_years"]) == (2, 2, 3)
    assert found.missing["camera"] == 2


def test_a_record_leaves_out_what_is_nowhere_missing():
    (found,) = statistics(Sample("a", camera="door", source="x", image_size_hw=(4, 5), label="dog"))
    record = found.to_record()
    assert "camera" not in record["missing"]
    assert record["missing"]["captured_at"] == 1
    assert record["labels"] == {"dog": 1}
    assert record["imbalance"] is None


@pytest.mark.parametrize(
    ("values", "quantiles"), [([], ()), ([5], (5,) * 7), ([0, 100], (0, 5, 25, 50, 75, 95, 100))]
)
def test_a_spread_is_seven_quantiles(values, quantiles):
    assert Spread.of(values).quantiles == pytest.approx(quantiles)
