"""Person tracks: keyframes expanded to frames and thinned again."""

import pytest

from datasets.formats.format import Losses
from datasets.formats.label_studio import (
    Interface,
    group_samples,
    result_of,
)
from datasets.samples import Box, Sample
from serving.core.errors import LabelError
from tests.datasets.formats.label_studio.made_up import RATE, answer, written


def frame(index, *boxes, **values):
    return Sample(
        "v.mp4", frame_index=index, image_size_hw=(100, 200), boxes=boxes, properties=RATE, **values
    )


def person(left, track_id="1", **values):
    return Box((left, 10.0, left + 20.0, 50.0), "person", track_id=track_id, **values)


def keyframe(number, x, enabled=True):
    return {
        "frame": number,
        "enabled": enabled,
        "x": x,
        "y": 10,
        "width": 10,
        "height": 40,
        "rotation": 0,
    }


def track(*sequence, labels=("person",), **value):
    value = {"sequence": list(sequence), "labels": list(labels), "framesCount": 12, **value}
    return {
        "id": "t",
        "from_name": "box",
        "to_name": "video",
        "type": "videorectangle",
        "value": value,
    }


def test_the_frames_of_a_video_are_one_task():
    frames = [frame(0), Sample("w.mp4", frame_index=0), frame(4)]
    groups = list(group_samples(Interface.PERSON_TRACKS, frames))
    assert [[s.key for s in group] for group in groups] == [["v.mp4#0", "v.mp4#4"], ["w.mp4#0"]]


def test_between_keyframes_a_track_moves_in_a_straight_line_and_after_its_end_it_is_gone():
    sequence = [keyframe(1, 0), keyframe(5, 40, enabled=False)]
    samples = [frame(index) for index in (0, 1, 2, 4, 5)]
    found = answer(Interface.PERSON_TRACKS, samples, [track(*sequence)])
    lefts = [[box.xyxy_px[0] for box in sample.boxes] for sample in found]
    assert lefts == [[0], [20], [40], [80], []]  # percent of 200 px, 10 % a frame
    assert {box.track_id for sample in found for box in sample.boxes} == {"t"}


def test_a_track_that_was_not_ended_goes_on_to_the_end_and_begins_at_its_first_keyframe():
    found = answer(Interface.PERSON_TRACKS, [frame(0), frame(3), frame(9)], [track(keyframe(4, 0))])
    assert [len(sample.boxes) for sample in found] == [0, 1, 1]


def test_a_track_comes_back_after_a_gap():
    sequence = [keyframe(1, 0, enabled=False), keyframe(9, 50)]
    found = answer(Interface.PERSON_TRACKS, [frame(0), frame(4), frame(8)], [track(*sequence)])
    assert [len(sample.boxes) for sample in found] == [1, 0, 1]


def test_a_track_outside_the_frames_of_the_task_is_counted():
    losses = Losses()
    found = answer(Interface.PERSON_TRACKS, [frame(0)], [track(keyframe(5, 0))], losses)
    assert found[0].boxes == ()
    assert losses.counts == {"track.outside_frames": 1}


def test_a_whole_video_gives_every_frame_with_a_box():
    video = Sample("v.mp4", image_size_hw=(100, 200), properties=RATE, is_labelled=False)
    found = answer(Interface.PERSON_TRACKS, [video], [track(keyframe(11, 0))])
    assert [sample.key for sample in found] == ["v.mp4#10", "v.mp4#11"]


def test_a_rectangle_turns_the_shorter_way_round():
    sequence = [{**keyframe(1, 50), "rotation": 350}, {**keyframe(3, 50), "rotation": 10}]
    losses = Losses()
    found = answer(Interface.PERSON_TRACKS, [frame(1)], [track(*sequence)], losses)
    assert found[0].boxes[0].xyxy_px == (100, 10, 120, 50)  # half way it stands upright
    assert not losses


@pytest.mark.parametrize(
    "sequence, message",
    [
        ([], "expected keyframes in 'sequence'"),
        ([keyframe(0, 1)], "expected a frame from 1 on, got 0"),
        ([keyframe(2, 1), keyframe(2, 3)], "expected one keyframe at frame 2"),
        (["no"], "expected an object a keyframe"),
    ],
)
def test_broken_keyframes_are_named(sequence, message):
    with pytest.raises(LabelError, match=message):
        answer(Interface.PERSON_TRACKS, [frame(0)], [track(*sequence)])


def test_tracks_come_back_with_all_that_is_known_of_each_box(tmp_path):
    hidden = {"is_occluded": True, "visibility": 0.25, "properties": {"pose": "side"}}
    samples = [
        frame(0, person(0, identity="anna"), Box((1, 2, 3, 4), "head", is_ignored=True)),
        frame(4, person(33.333333, identity="anna", **hidden), person(60, "2")),
        frame(8, person(50, "2")),
        frame(12, person(90, identity="anna")),
    ]
    read, losses = written(Interface.PERSON_TRACKS, samples, tmp_path)
    assert read == samples
    assert not losses


def keyframes_of(samples, tolerance_px):
    (entry,) = result_of(Interface.PERSON_TRACKS, samples, tolerance_px=tolerance_px)
    return [(each["frame"], each["enabled"]) for each in entry["value"]["sequence"]]


def test_with_a_tolerance_only_turns_and_ends_of_a_track_are_keyframes():
    lefts = [0, 10, 20, 30, 22, 10, 0]  # there and back; 22 is 2 px off the straight way
    samples = [frame(index, person(left)) for index, left in enumerate(lefts)]
    samples += [frame(7), frame(8, person(50)), frame(9, person(60)), frame(10, person(70))]
    assert len(keyframes_of(samples, 0)) == 10
    expected = [(1, True), (4, True), (7, False), (9, True), (11, False)]
    assert keyframes_of(samples, 2.5) == expected
    assert (5, True) in keyframes_of(samples, 1.5)
    result = result_of(Interface.PERSON_TRACKS, samples, tolerance_px=2.5)
    for before, after in zip(
        samples, answer(Interface.PERSON_TRACKS, samples, result), strict=True
    ):
        assert len(after.boxes) == len(before.boxes)
        for drawn, got in zip(before.boxes, after.boxes, strict=True):
            assert got.xyxy_px == pytest.approx(drawn.xyxy_px, abs=2.5)


def test_what_the_editor_copies_along_from_another_keyframe_is_not_taken_for_this_one():
    (entry,) = result_of(Interface.PERSON_TRACKS, [frame(4, person(0, visibility=0.25))])
    (given,) = entry["value"]["sequence"]
    entry["value"]["sequence"] = [{**given, "frame": 2}, given]
    early, late = answer(Interface.PERSON_TRACKS, [frame(1), frame(4)], [entry])
    assert (early.boxes[0].visibility, late.boxes[0].visibility) == (None, 0.25)
    assert early.boxes[0].track_id == late.boxes[0].track_id == "1"


def test_frames_that_nobody_looked_at_stay_unlabelled_beside_those_that_show_nobody(tmp_path):
    samples = [frame(0), frame(4, is_labelled=False)]
    assert written(Interface.PERSON_TRACKS, samples, tmp_path) == (samples, {})


def test_two_boxes_of_one_track_in_a_frame_are_refused():
    with pytest.raises(LabelError, match=r"'v.mp4#0': expected one box of track '1'"):
        result_of(Interface.PERSON_TRACKS, [frame(0, person(0), person(9))])
