"""Counts of a set: what is counted once, and how a wrong one is told."""

import pytest

from datasets.catalog.count import Count, check_counts
from datasets.samples import Attributes, Box, Sample, Split
from serving.core.errors import DatasetError
from serving.core.labels import Mask


def box(label: str = "person", **fields) -> Box:
    return Box((0, 0, 10, 20), label, **fields)


SAMPLES = (
    Sample("a/1.jpg", split=Split.TRAIN, camera="1", identity="0002"),
    Sample("a/2.jpg", split=Split.TRAIN, camera="2", identity="0002"),
    Sample(
        "b/1.jpg",
        split=Split.TEST,
        camera="1",
        boxes=(box(track_id="1"), box(track_id="2", identity="0007"), box("head", track_id="1")),
    ),
    Sample(
        "b/2.jpg", split=Split.TEST, boxes=(box(track_id="1"), box(is_ignored=True, track_id="9"))
    ),
    Sample("c/1.jpg", boxes=(box(track_id="1"),), attributes=Attributes(mask=Mask.MASKED)),
    Sample("d/v.mp4", label="normal", source="take", is_labelled=False),
)


@pytest.mark.parametrize(
    ("count", "got"),
    [
        (Count(samples=0), 6),
        (Count(labelled=0), 5),
        (Count(split=Split.TRAIN, samples=0), 2),
        (Count(identities=0), 2),  # 0002 twice, 0007 on a box
        (Count(split=Split.TRAIN, cameras=0), 2),
        (Count(boxes=0), 5),
        (Count(ignored=0), 1),
        (Count(box_label="person", boxes=0), 4),
        (Count(box_label="head", boxes=0), 1),
        (Count(tracks=0), 3),  # 1 and 2 in b, another 1 in c; 9 is ignored
        (Count(sources=0), 1),
        (Count(label="normal", samples=0), 1),
        (Count(mask=Mask.MASKED, samples=0), 1),
    ],
)
def test_each_thing_is_counted_once(count, got):
    assert list(count.of(SAMPLES).values()) == [got]


def test_numbers_that_are_not_stated_are_not_checked():
    check_counts("shop", [Count(samples=6), Count(split=Split.TEST)], SAMPLES)


def test_every_wrong_number_is_told_with_its_part_expected_and_got():
    counts = [
        Count(samples=6, boxes=5_000),
        Count(split=Split.TRAIN, box_label="person", samples=2, cameras=6),
    ]
    with pytest.raises(DatasetError) as error:
        check_counts("shop", counts, SAMPLES)
    assert str(error.value).splitlines() == [
        "data set 'shop': expected the published counts, got others:",
        "  boxes: expected 5,000, got 5",
        "  train, person, cameras: expected 6, got 2",
    ]


def test_text_names_the_part_and_its_numbers():
    count = Count(split=Split.TRAIN, samples=12_936, identities=751)
    assert count.text == "train: 12,936 samples, 751 identities"
    assert Count(samples=1, ignored=2).text == "1 sample, 2 ignored boxes"
