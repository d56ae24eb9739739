"""What stays together when a data set is divided."""

from __future__ import annotations

from datasets.grouping import GroupBy, Stratum, groups_of, strata_of
from datasets.samples import Attributes, Box, Sample
from serving.core.labels import Gender


def box(**values):
    return Box((0, 0, 9, 9), "person", **values)


def test_samples_of_one_person_are_one_group():
    samples = [Sample("a", identity="1"), Sample("b", identity="2"), Sample("c", identity="1")]
    assert groups_of(samples, [GroupBy.IDENTITY], {}) == {
        "identity 1": [0, 2],
        "identity 2": [1],
    }


def test_people_seen_together_tie_their_pictures_together():
    samples = [
        Sample("a", boxes=(box(identity="1"), box(identity="2"))),
        Sample("b", identity="2"),
        Sample("c", identity="3"),
    ]
    assert groups_of(samples, [GroupBy.IDENTITY], {}) == {
        "identity 1": [0, 1],
        "identity 3": [2],
    }


def test_with_two_keys_whatever_shares_any_of_them_is_one_group():
    samples = [
        Sample("a", identity="1", source="x"),
        Sample("b", identity="2", source="x"),
        Sample("c", identity="2", source="y"),
        Sample("d", identity="3", source="z"),
    ]
    groups = groups_of(samples, [GroupBy.IDENTITY, GroupBy.SOURCE], {})
    assert groups == {"identity 1": [0, 1, 2], "identity 3": [3]}


def test_a_person_and_a_recording_of_one_name_are_two_things():
    samples = [Sample("a", identity="1", source="x"), Sample("b", identity="2", source="1")]
    assert len(groups_of(samples, [GroupBy.IDENTITY, GroupBy.SOURCE], {})) == 2


def test_frames_of_a_video_without_a_named_source_are_one_recording():
    samples = [Sample("v.mp4", frame_index=index) for index in range(3)]
    assert groups_of(samples, [GroupBy.SOURCE], {}) == {"source v.mp4": [0, 1, 2]}


def test_samples_that_do_not_say_stand_for_themselves():
    samples = [Sample("a"), Sample("b")]
    assert groups_of(samples, [GroupBy.CAMERA], {}) == {"sample a": [0], "sample b": [1]}


def test_files_of_one_content_stay_together():
    samples = [Sample("a", identity="1"), Sample("b", identity="2"), Sample("c")]
    contents = {"a": "f00", "b": "f00", "c": "f00"}
    assert groups_of(samples, [GroupBy.IDENTITY], contents) == {"identity 1": [0, 1, 2]}


def test_boxes_count_one_by_one_in_strata_and_silence_is_a_stratum():
    sample = Sample("a", boxes=(box(), box(), Box((0, 0, 9, 9), "dog")))
    assert strata_of(sample, [Stratum.LABEL, Stratum.GENDER]) == {
        "label person": 2,
        "label dog": 1,
        "gender unknown": 1,
    }
    male = Sample("b", attributes=Attributes(gender=Gender.MALE))
    assert strata_of(male, [Stratum.GENDER]) == {"gender male": 1}
