"""What splits may share, and what not."""

from __future__ import annotations

from datasets.checks.contents import Row
from datasets.checks.finding import Kind, Severity
from datasets.checks.leaks import leak_findings
from datasets.samples import Box, Sample, Split


def found(*samples, rate_hz=10.0, gap_s=1.0):
    rows = [Row(line, sample) for line, sample in enumerate(samples, start=1)]
    return list(leak_findings(rows, lambda path: rate_hz, gap_s))


def person(path, split, identity="7"):
    return Sample(path, split=split, identity=identity)


def frame(index, split, **values):
    return Sample("v.mp4", frame_index=index, split=split, **values)


def test_query_and_gallery_may_show_one_person():
    samples = [person("a", Split.QUERY), person("b", Split.GALLERY), person("c", Split.TEST)]
    assert found(*samples) == []


def test_one_finding_a_person_says_how_many_pictures_each_side_has():
    (finding,) = found(
        person("a", Split.TRAIN), person("b", Split.TRAIN), person("c", Split.GALLERY)
    )
    assert finding.kind is Kind.IDENTITY_ACROSS_SPLITS
    assert finding.key == "c"
    assert finding.got == "it in test and train (1 in test, 2 in train)"


def test_validation_and_test_may_not_share_a_person_either():
    (finding,) = found(person("a", Split.VALIDATION), person("b", Split.QUERY))
    assert finding.kind is Kind.IDENTITY_ACROSS_SPLITS


def test_a_person_in_a_box_and_as_a_whole_picture_is_one():
    box = Box((0, 0, 9, 9), "person", identity="7")
    (finding,) = found(Sample("a", boxes=(box,), split=Split.TRAIN), person("b", Split.TEST))
    assert finding.kind is Kind.IDENTITY_ACROSS_SPLITS


def test_samples_without_a_split_leak_nothing():
    assert found(person("a", Split.TRAIN), person("b", None)) == []


def test_a_video_in_two_splits_by_turns_is_an_error():
    findings = found(frame(0, Split.TRAIN), frame(50, Split.TEST), frame(100, Split.TRAIN))
    assert [(one.kind, one.severity) for one in findings] == [
        (Kind.SOURCE_ACROSS_SPLITS, Severity.ERROR)
    ]


def test_a_video_split_by_time_with_a_gap_is_a_warning():
    findings = found(frame(0, Split.TRAIN), frame(50, Split.TRAIN), frame(60, Split.TEST))
    assert [(one.kind, one.severity) for one in findings] == [
        (Kind.SOURCE_ACROSS_SPLITS, Severity.WARNING)
    ]


def test_frames_nearer_than_the_gap_are_adjacent_and_the_video_then_an_error():
    findings = found(frame(50, Split.TRAIN), frame(59, Split.TEST))
    assert [(one.kind, one.severity) for one in findings] == [
        (Kind.SOURCE_ACROSS_SPLITS, Severity.ERROR),
        (Kind.ADJACENT_ACROSS_SPLITS, Severity.ERROR),
    ]
    assert findings[1].got == "0.9 s between train (v.mp4#50) and test"


def test_the_distance_is_in_seconds_whatever_the_frame_rate():
    samples = [frame(0, Split.TRAIN), frame(15, Split.TEST)]
    assert [one.kind for one in found(*samples, rate_hz=30.0)][1:] == [Kind.ADJACENT_ACROSS_SPLITS]
    assert [one.kind for one in found(*samples, rate_hz=15.0)][1:] == []


def test_two_cameras_at_one_time_are_not_adjacent():
    one = Sample("a", camera="door", captured_at=5.0, split=Split.TRAIN)
    other = Sample("b", camera="till", captured_at=5.1, split=Split.TEST)
    assert found(one, other) == []


def test_neighbours_in_time_are_found_in_any_order_of_lines():
    late = Sample("late", camera="door", captured_at=100.0, split=Split.TEST)
    first = Sample("first", camera="door", captured_at=0.0, split=Split.TRAIN)
    next_ = Sample("next", camera="door", captured_at=0.2, split=Split.TEST)
    (finding,) = found(late, next_, first)
    assert (finding.key, finding.others) == ("next", ("first",))


def test_a_named_source_of_pictures_without_time_is_an_error():
    one = Sample("a", source="take 1", split=Split.TRAIN)
    (finding,) = found(one, Sample("b", source="take 1", split=Split.TEST))
    assert (finding.kind, finding.severity) == (Kind.SOURCE_ACROSS_SPLITS, Severity.ERROR)
