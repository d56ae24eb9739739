"""Contradictions between labels, and what is none."""

from __future__ import annotations

import pytest

from datasets.checks.boxes import box_findings, person_findings
from datasets.checks.contents import Row
from datasets.checks.finding import Kind
from datasets.checks.labels import band_years, label_findings
from datasets.samples import Attributes, Box, Sample, Split
from serving.core.labels import AgeBand, Gender

PLACE = (10.0, 10.0, 40.0, 90.0)


def kinds_of_boxes(*boxes, size_hw=(100, 200)):
    row = Row(1, Sample("a.png", image_size_hw=size_hw, boxes=boxes))
    return [finding.kind for finding in (*box_findings(row), *person_findings(row))]


def test_ignored_regions_may_cover_people_be_tiny_and_reach_beyond_the_edge():
    crowd = Box(PLACE, "person", is_ignored=True, track_id="1")
    beyond = Box((150, 0, 230, 100), "person", is_ignored=True)
    tiny = Box((60, 60, 61, 61), "person", is_ignored=True)
    assert kinds_of_boxes(Box(PLACE, "person", track_id="1"), crowd, beyond, tiny) == []


def test_parts_of_one_object_may_share_a_place_a_track_and_an_identity():
    body = Box(PLACE, "person", group="1", track_id="1", identity="x")
    head = Box(PLACE, "head", group="1", track_id="1", identity="x")
    assert kinds_of_boxes(body, head) == []


def test_three_equal_boxes_are_each_named_against_those_before():
    box = Box(PLACE, "person")
    assert kinds_of_boxes(box, box, box) == [Kind.BOX_TWICE] * 3


def test_people_close_together_are_no_fault():
    other = Box((12.0, 10.0, 42.0, 90.0), "person")
    assert kinds_of_boxes(Box(PLACE, "person"), other) == []


def test_a_pixel_beyond_the_edge_is_rounding():
    assert kinds_of_boxes(Box((-1, 0, 200, 101), "person")) == []
    assert kinds_of_boxes(Box((-1.5, 0, 200, 100), "person")) == [Kind.BOX_BEYOND_EDGE]


def test_without_a_known_size_no_edge_is_judged():
    assert kinds_of_boxes(Box((900, 0, 999, 100), "person"), size_hw=None) == []


@pytest.mark.parametrize(
    ("band", "years"),
    [
        (AgeBand.FROM_0_TO_2, (0, 2)),
        (AgeBand.FROM_20_TO_29, (20, 29)),
        (AgeBand.FROM_70, (70, 130)),
    ],
)
def test_a_band_has_a_first_and_a_last_year(band, years):
    assert band_years(band) == years


@pytest.mark.parametrize(
    ("age_years", "is_fault"), [(19.9, True), (20, False), (29.9, False), (30, True)]
)
def test_a_band_holds_its_whole_last_year(age_years, is_fault):
    attributes = Attributes(age_years=age_years, age_band=AgeBand.FROM_20_TO_29)
    findings = list(label_findings([Row(1, Sample("a.png", attributes=attributes))]))
    assert [finding.kind for finding in findings] == [Kind.AGE_CONFLICT] * is_fault


def test_a_gender_conflict_is_told_at_the_rarer_gender():
    def sample(path, gender):
        return Sample(path, identity="7", attributes=Attributes(gender=gender))

    samples = [sample("a", Gender.MALE), sample("b", Gender.FEMALE), sample("c", Gender.FEMALE)]
    (finding,) = label_findings([Row(line, one) for line, one in enumerate(samples, start=1)])
    assert (finding.key, finding.others) == ("a", ("b",))
    assert finding.got == "male in 1 and female in 2 samples"


def test_a_track_has_one_gender_within_its_recording_alone():
    def sample(path, source, gender):
        box = Box(PLACE, "person", track_id="1", attributes=Attributes(gender=gender))
        return Sample(path, source=source, boxes=(box,))

    here = sample("a", "x", Gender.MALE), sample("b", "x", Gender.FEMALE)
    apart = sample("a", "x", Gender.MALE), sample("b", "y", Gender.FEMALE)
    for samples, count in ((here, 1), (apart, 0)):
        assert len(list(label_findings([Row(1, one) for one in samples]))) == count


def test_a_class_is_untrained_only_where_there_is_training():
    test_alone = [Row(1, Sample("a", label="dog", split=Split.TEST))]
    assert list(label_findings(test_alone)) == []
    both = [*test_alone, Row(2, Sample("b", label="cat", split=Split.TRAIN))]
    assert [finding.kind for finding in label_findings(both)] == [Kind.CLASS_UNTRAINED]
