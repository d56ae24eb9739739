"""Label Studio's JSON: what is pushed comes back, and what labelers drew is read by name."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.formats.format import Losses
from datasets.formats.label_studio import (
    Interface,
    LabelStudio,
    group_samples,
    joined_identities,
    result_of,
    samples_of,
    task_data,
)
from datasets.formats.label_studio.behaviour import frames_of
from datasets.samples import Attributes, Box, Provenance, Sample, Span
from serving.core.errors import LabelError
from serving.core.labels import AgeBand, Gender, Mask

RATE = {"frame_rate_hz": "10"}
BY = {"completed_by": {"id": 3, "email": "ada@example.com"}, "created_at": "2024-05-01T10:00:00Z"}
AT = 1714557600.0  # 2024-05-01 10:00 UTC


def task_of(interface, samples, **options):
    return {"id": 1, "data": task_data(interface, samples, lambda s: f"/{s.key}", **options)}


def answer(interface, samples, result, losses=None, **annotation):
    losses = Losses() if losses is None else losses
    return samples_of(
        interface, task_of(interface, samples), {"result": result} | annotation, losses
    )


def written(interface, samples, folder):
    """What a write and a read make of samples, and what both said was lost."""
    losses = Losses()
    LabelStudio(interface).write(samples, folder, losses)
    return list(LabelStudio(interface).read(folder, losses)), losses.counts


def rectangle(label="person", **changes):
    value = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0}
    entry = {"id": "a", "from_name": "label", "to_name": "image", "type": "rectanglelabels"}
    size = {"original_width": 200, "original_height": 100}
    labels = {"rectanglelabels": [label] if label else []}
    return {**entry, **size, "value": {**value, **labels, **changes}}


def choices(control, *words):
    return {"id": "c", "from_name": control, "to_name": "image", "type": "choices"} | {
        "value": {"choices": list(words)}
    }


PICTURE = Sample("door/1.jpg", image_size_hw=(100, 200), camera="door", is_labelled=False)


# Boxes


def test_percent_of_the_picture_become_pixels():
    (sample,) = answer(Interface.PERSON_BOXES, [PICTURE], [rectangle()])
    assert sample.boxes == (Box((20, 20, 80, 60), "person"),)
    assert (sample.path, sample.camera, sample.is_labelled) == ("door/1.jpg", "door", True)


def test_a_turned_rectangle_becomes_the_box_around_it_and_is_counted():
    # 60 × 40 px about its corner (20, 20), a quarter turn clockwise: 40 px to the left, 60 px down.
    losses = Losses()
    (sample,) = answer(Interface.PERSON_BOXES, [PICTURE], [rectangle(rotation=90)], losses)
    assert sample.boxes[0].xyxy_px == (-20, 20, 20, 80)
    assert losses.counts == {"box.rotation": 1}


def test_a_full_turn_is_none():
    losses = Losses()
    (sample,) = answer(Interface.PERSON_BOXES, [PICTURE], [rectangle(rotation=360)], losses)
    assert sample.boxes[0].xyxy_px == (20, 20, 80, 60)
    assert not losses


def test_regions_without_label_and_of_other_tools_are_counted():
    losses = Losses()
    polygon = {"id": "p", "from_name": "shape", "type": "polygonlabels", "value": {"points": []}}
    relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right"}
    (sample,) = answer(
        Interface.PERSON_BOXES, [PICTURE], [rectangle(label=None), polygon, relation], losses
    )
    assert sample.boxes == ()
    assert losses.counts == {
        "region.without_label": 1,
        "result.polygonlabels": 1,
        "result.relation": 1,
    }


def test_the_label_ignored_makes_an_ignored_person_and_occlusion_belongs_to_its_region():
    hidden = {"id": "b", "from_name": "occlusion", "to_name": "image", "type": "choices"}
    hidden |= {"value": {"choices": ["occluded"]}}
    results = [rectangle("ignored"), {**rectangle(), "id": "b"}, hidden]
    (sample,) = answer(Interface.PERSON_BOXES, [PICTURE], results)
    ignored, person = sample.boxes
    assert (ignored.label, ignored.is_ignored, ignored.is_occluded) == ("person", True, None)
    assert (person.label, person.is_ignored, person.is_occluded) == ("person", False, True)


def test_what_a_rectangle_cannot_say_stays_with_it_when_a_labeler_moves_it():
    box = Box(
        (20, 20, 80, 60), "person", track_id="7", identity="anna", properties={"pose": "side"}
    )
    (entry,) = result_of(
        Interface.PERSON_BOXES, [Sample("a.jpg", image_size_hw=(100, 200), boxes=(box,))]
    )
    entry["value"]["x"] = 15
    (sample,) = answer(Interface.PERSON_BOXES, [PICTURE], [entry])
    assert sample.boxes == (
        Box((30, 20, 90, 60), "person", track_id="7", identity="anna", properties={"pose": "side"}),
    )


def test_a_labeler_vouches_so_scores_go_and_the_name_and_time_stay():
    box = Box((20, 20, 80, 60), "person", score=0.4)
    earlier = Provenance("person-yolox-nano 1")
    sample = Sample(
        "a.jpg", image_size_hw=(100, 200), boxes=(box,), provenance=(earlier,), is_labelled=False
    )
    result = result_of(Interface.PERSON_BOXES, [sample])
    assert result[0]["score"] == 0.4
    (labelled,) = answer(Interface.PERSON_BOXES, [sample], result, **BY)
    assert labelled.boxes[0].score is None
    assert labelled.provenance == (earlier, Provenance("ada@example.com", AT))
    (predicted,) = answer(Interface.PERSON_BOXES, [sample], result, model_version="nano")
    assert predicted == sample


def test_an_empty_answer_says_that_nobody_is_there():
    (sample,) = answer(Interface.PERSON_BOXES, [PICTURE], [])
    assert sample.is_labelled
    assert sample.boxes == ()


def test_a_picture_that_was_shown_smaller_keeps_its_pixels_and_a_turned_one_is_refused():
    small = {**rectangle(), "original_width": 100, "original_height": 50}
    (sample,) = answer(Interface.PERSON_BOXES, [PICTURE], [small])
    assert sample.boxes[0].xyxy_px == (20, 20, 80, 60)
    turned = {**rectangle(), "original_width": 100, "original_height": 200}
    with pytest.raises(LabelError, match="expected a picture of 200×100 px, got one of 100×200"):
        answer(Interface.PERSON_BOXES, [PICTURE], [turned])


@pytest.mark.parametrize(
    "change, message",
    [
        ({"x": "10"}, "expected a number for 'x', got '10'"),
        ({"width": math.nan}, "expected a number for 'width', got nan"),
        ({"height": -1}, "expected a width and height of at least 0"),
        ({"rectanglelabels": ["a", "b"]}, "expected one label, got"),
        ({"rectanglelabels": "person"}, "expected a list of texts for 'rectanglelabels'"),
    ],
)
def test_a_broken_region_is_named_with_its_task(change, message):
    with pytest.raises(LabelError, match="task 'door/1.jpg', result 0") as caught:
        answer(Interface.PERSON_BOXES, [PICTURE], [rectangle(**change)])
    assert message in str(caught.value)


def test_boxes_without_an_image_size_cannot_be_written():
    sample = Sample("a.jpg", boxes=(Box((0, 0, 1, 1), "person"),))
    with pytest.raises(LabelError, match=r"sample 'a.jpg': expected an image size"):
        result_of(Interface.PERSON_BOXES, [sample])


# Tracks


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


# Identities


def crop(name, identity=None, **values):
    return Sample(f"{name}.png", identity=identity, **values)


def test_without_named_pairs_each_sample_is_asked_with_the_next_of_its_identity():
    samples = [crop("a", "X"), crop("b", "Y"), crop("c", "X"), crop("d", "Y"), crop("e", "X")]
    pairs = group_samples(Interface.IDENTITY_PAIRS, samples)
    assert [tuple(s.path[0] for s in pair) for pair in pairs] == [
        ("a", "c"),
        ("c", "e"),
        ("b", "d"),
    ]


def test_named_pairs_are_asked_as_named_and_one_of_three_is_refused():
    samples = [crop(n, properties={"pair": p}) for n, p in (("a", "1\n2"), ("b", "1"), ("c", "2"))]
    pairs = list(group_samples(Interface.IDENTITY_PAIRS, samples))
    assert [tuple(s.path[0] for s in pair) for pair in pairs] == [("a", "b"), ("a", "c")]
    with pytest.raises(LabelError, match="expected two samples"):
        list(
            group_samples(Interface.IDENTITY_PAIRS, [*samples, crop("d", properties={"pair": "1"})])
        )


@pytest.mark.parametrize(
    "identities, word, expected",
    [
        (("X", None), "same", ("X", "X")),
        ((None, "Y"), "same", ("Y", "Y")),
        (("X", "Y"), "same", ("X", "X")),
        ((None, None), "same", ("a.png", "a.png")),
        (("X", "X"), "different", ("X", None)),
        (("X", "Y"), "different", ("X", "Y")),
    ],
)
def test_an_answer_about_a_pair_becomes_an_identity(identities, word, expected):
    pair = [crop("a", identities[0]), crop("b", identities[1])]
    found = answer(Interface.IDENTITY_PAIRS, pair, [choices("answer", word)])
    assert tuple(sample.identity for sample in found) == expected


def test_unsure_changes_no_supposed_identity_that_differs_and_is_kept_as_an_answer():
    pair = [crop("a", "X"), crop("b", "Y")]
    found = answer(Interface.IDENTITY_PAIRS, pair, [choices("answer", "unsure")])
    assert [sample.properties for sample in found] == [
        {"unsure_of": "b.png"},
        {"unsure_of": "a.png"},
    ]
    assert result_of(Interface.IDENTITY_PAIRS, found) == [
        {"id": "answer", "from_name": "answer", "to_name": "left", "type": "choices"}
        | {"value": {"choices": ["unsure"]}}
    ]


def test_an_answer_takes_the_place_of_an_earlier_one_about_the_same_pair_alone():
    pair = [
        crop("a", properties={"unsure_of": "b.png\nc.png"}),
        crop("b", properties={"unsure_of": "a.png"}),
    ]
    found = answer(Interface.IDENTITY_PAIRS, pair, [choices("answer", "same")])
    assert [sample.identity for sample in found] == ["a.png", "a.png"]
    assert [sample.properties for sample in found] == [{"unsure_of": "c.png"}, {}]


def test_the_same_as_a_third_is_the_same_and_sets_held_apart_share_no_name():
    def asked(one, other, word):
        return answer(
            Interface.IDENTITY_PAIRS, [crop(one, "X"), crop(other, "X")], [choices("answer", word)]
        )

    losses = Losses()
    groups = [asked("a", "b", "different"), asked("b", "c", "same"), asked("c", "d", "same")]
    found = {sample.path[0]: sample.identity for sample in joined_identities(groups, losses)}
    assert found == {"a": None, "b": "X", "c": "X", "d": "X"}
    assert not losses
    joined_identities([*groups, asked("d", "a", "same")], losses)
    assert losses.counts == {"identity.conflict": 1}


def test_ticked_crops_leave_the_cluster_and_the_others_belong():
    cluster = [
        crop("a", "X"),
        crop("b", "X"),
        crop("c", "X"),
        crop("d", "Z", properties={"cluster": "X"}),
    ]
    found = answer(Interface.IDENTITY_CLUSTERS, cluster, [choices("outsiders", "b.png", "d.png")])
    assert [sample.identity for sample in found] == ["X", None, "X", "Z"]
    assert found[1].properties == {"cluster": "X"}
    with pytest.raises(LabelError, match=r"expected its samples, got \['q.png'\]"):
        answer(Interface.IDENTITY_CLUSTERS, cluster, [choices("outsiders", "q.png")])


def test_a_large_cluster_is_asked_on_several_pages_with_the_same_first_crop():
    cluster = [crop(f"{number:02d}", "X") for number in range(26)]
    pages = list(group_samples(Interface.IDENTITY_CLUSTERS, cluster))
    assert [len(page) for page in pages] == [25, 2]
    assert pages[0][0] is pages[1][0] is cluster[0]
    assert (
        task_data(Interface.IDENTITY_CLUSTERS, pages[0], str)["key"]
        != (task_data(Interface.IDENTITY_CLUSTERS, pages[1], str)["key"])
    )


def test_addresses_and_camera_names_cannot_break_out_of_the_gallery():
    cluster = [crop("a", "X"), crop("b", "X", camera="<script>alert(1)</script>")]
    data = task_data(Interface.IDENTITY_CLUSTERS, cluster, lambda s: "/x\" onerror='alert(1)'")
    (choice,) = data["crops"]
    assert "<script" not in choice["html"]
    assert 'src="/x&quot; onerror=&#x27;alert(1)&#x27;"' in choice["html"]


def test_pairs_and_clusters_come_back(tmp_path):
    pairs = [
        crop("a", "X", properties={"pair": "1"}),
        crop("b", "Y", properties={"pair": "1"}),
        crop("c", properties={"pair": "2", "unsure_of": "d.png"}),
        crop("d", properties={"pair": "2", "unsure_of": "c.png"}),
        crop("e", "X"),
        crop("f", "X"),
        crop("g", "X"),
    ]
    assert written(Interface.IDENTITY_PAIRS, pairs, tmp_path) == (pairs, {})
    cluster = [crop(f"{number:02d}", "X") for number in range(40)]
    cluster.append(crop("z", properties={"cluster": "X"}))
    assert written(Interface.IDENTITY_CLUSTERS, cluster, tmp_path) == (cluster, {})


# Faces


def test_unsure_is_an_answer_and_no_label():
    results = [
        choices("age_band", "20-29"),
        choices("gender", "unsure"),
        choices("mask", "incorrect"),
    ]
    (sample,) = answer(Interface.FACE_ATTRIBUTES, [PICTURE], results)
    assert sample.attributes == Attributes(age_band=AgeBand.FROM_20_TO_29, mask=Mask.INCORRECT)
    assert sample.properties == {"gender": "unsure"}


def test_an_age_in_years_outside_the_chosen_band_goes_and_is_counted():
    known = Sample("f.png", attributes=Attributes(age_years=29.5, gender=Gender.MALE))
    losses = Losses()
    (kept,) = answer(Interface.FACE_ATTRIBUTES, [known], [choices("age_band", "20-29")], losses)
    assert kept.attributes == Attributes(age_band=AgeBand.FROM_20_TO_29, age_years=29.5)
    assert not losses
    (changed,) = answer(Interface.FACE_ATTRIBUTES, [known], [choices("age_band", "30-39")], losses)
    assert changed.attributes == Attributes(age_band=AgeBand.FROM_30_TO_39)
    assert losses.counts == {"attributes.age_years": 1}


def test_a_choice_outside_the_vocabulary_and_two_at_once_are_refused():
    with pytest.raises(LabelError, match="expected gender of .*, got 'unknown'"):
        answer(Interface.FACE_ATTRIBUTES, [PICTURE], [choices("gender", "unknown")])
    with pytest.raises(LabelError, match="expected one choice of 'mask'"):
        answer(Interface.FACE_ATTRIBUTES, [PICTURE], [choices("mask", "masked", "unmasked")])


# Behaviour


def clip(*spans, label=None):
    return Sample("c.mp4", spans=spans, label=label, duration_s=3.0, properties=RATE)


def span_entry(start, end):
    value = {"ranges": [{"start": start, "end": end}], "timelinelabels": ["concealing"]}
    return {
        "id": "s",
        "from_name": "span",
        "to_name": "video",
        "type": "timelinelabels",
        "value": value,
    }


def test_both_frames_of_a_range_belong_to_it():
    (sample,) = answer(
        Interface.BEHAVIOUR, [clip()], [span_entry(1, 5), choices("clip_class", "normal")]
    )
    assert sample.spans == (Span(0.0, 0.5, "concealing"),)  # five frames at 10 Hz
    assert sample.label == "normal"


@pytest.mark.parametrize(
    "start_s, end_s, rate_hz, frames",
    [
        (0, 0.5, 10, (1, 5)),
        (0.31, 0.69, 10, (4, 7)),
        (0.3, 0.7, 10, (4, 7)),
        (1.0, 1.0, 10, (11, 11)),
        (0.57, 0.6, 100, (58, 60)),  # 0.57 × 100 is a little below 57 in floating point
        (0.0, 0.07, 100, (1, 7)),  # and 0.07 × 100 a little above 7
    ],
)
def test_a_span_covers_the_frames_that_it_touches(start_s, end_s, rate_hz, frames):
    assert frames_of(start_s, end_s, rate_hz) == frames


def test_an_unmoved_span_keeps_its_exact_seconds_and_a_moved_one_takes_the_frames():
    (entry,) = result_of(Interface.BEHAVIOUR, [clip(Span(0.312, 0.687, "concealing"))])
    (same,) = answer(Interface.BEHAVIOUR, [clip()], [entry])
    assert same.spans == (Span(0.312, 0.687, "concealing"),)
    entry["value"]["ranges"][0]["end"] = 9
    (moved,) = answer(Interface.BEHAVIOUR, [clip()], [entry])
    assert moved.spans == (Span(0.3, 0.9, "concealing"),)


def test_a_clip_without_a_frame_rate_is_named():
    with pytest.raises(LabelError, match=r"'c.mp4': expected a frame rate in property"):
        task_of(Interface.BEHAVIOUR, [Sample("c.mp4")])
    data = task_of(Interface.BEHAVIOUR, [Sample("c.mp4")], frame_rate_hz=29.97)["data"]
    assert data["frame_rate_hz"] == 29.97


def test_clips_come_back(tmp_path):
    clips = [
        clip(Span(0.123, 1.77, "taking"), Span(1.0, 1.0, "x"), label="shoplifting"),
        Sample("d.mp4", properties={**RATE, "clip_class": "unsure"}),
        Sample("e.mp4", properties=RATE, is_labelled=False, spans=(Span(0, 1, "taking", 0.7),)),
    ]
    assert written(Interface.BEHAVIOUR, clips, tmp_path) == (clips, {})


# Tasks and files


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(min_size=1).filter(lambda t: t.strip("./") and not set("/\\\0") & set(t)),
    camera=st.none() | st.text(min_size=1),
    tags=st.lists(st.text(), max_size=3),
    is_labelled=st.booleans(),
)
def test_a_sample_is_rebuilt_from_its_task_alone(name, camera, tags, is_labelled):
    try:
        sample = Sample(name, camera=camera, tags=tuple(tags), is_labelled=is_labelled)
    except ValueError:
        return
    task = json.loads(json.dumps(task_of(Interface.PERSON_BOXES, [sample])))
    assert task["data"]["key"] == name
    (read,) = samples_of(
        Interface.PERSON_BOXES, task, {"result": [], "model_version": "m"}, Losses()
    )
    assert read == sample


def export(folder, *tasks):
    path = folder / "export.json"
    path.write_text(json.dumps(tasks))
    return path


def test_the_last_answer_that_was_not_skipped_counts(tmp_path):
    one, two = ({"result": [rectangle(x=x)], **BY} for x in (0, 10))
    skipped = {"result": [], "was_cancelled": True}
    task = {**task_of(Interface.PERSON_BOXES, [PICTURE]), "annotations": [one, two, skipped]}
    losses = Losses()
    (sample,) = LabelStudio().read(export(tmp_path, task), losses)
    assert sample.boxes[0].xyxy_px[0] == 20
    assert losses.counts == {"annotation": 1, "annotation.skipped": 1}


def test_a_task_that_was_skipped_or_never_answered_stays_unlabelled(tmp_path):
    skipped = {"annotations": [{"result": [], "was_cancelled": True}]}
    tasks = [
        {**task_of(Interface.PERSON_BOXES, [PICTURE]), **skipped},
        task_of(Interface.PERSON_BOXES, [Sample("b.jpg")]),
    ]
    read = list(LabelStudio().read(export(tmp_path, *tasks), Losses()))
    assert [sample.is_labelled for sample in read] == [False, False]


def test_predictions_of_an_export_are_numbers_and_are_passed_over(tmp_path):
    task = {**task_of(Interface.PERSON_BOXES, [PICTURE]), "annotations": [], "predictions": [7]}
    (sample,) = LabelStudio().read(export(tmp_path, task), Losses())
    assert sample == PICTURE


@pytest.mark.parametrize(
    "url, path",
    [
        ("/data/local-files/?d=shop/t%C3%BCr%201.jpg", "shop/tür 1.jpg"),
        ("/data/upload/3/0a1b2c3d-door-1.jpg", "door-1.jpg"),
        ("https://shop.example/a/b.jpg?sign=x", "a/b.jpg"),
    ],
)
def test_tasks_that_others_made_are_named_by_the_file_of_their_address(tmp_path, url, path):
    task = {"id": 1, "data": {"image": url}, "annotations": [{"result": [rectangle()], **BY}]}
    (sample,) = LabelStudio().read(export(tmp_path, task), Losses())
    assert (sample.path, sample.image_size_hw) == (path, (100, 200))
    assert sample.boxes[0].xyxy_px == (20, 20, 80, 60)


@pytest.mark.parametrize(
    "data, message",
    [
        ({"image": "/data/local-files/?d=../../etc/passwd"}, "expected one inside the data set"),
        ({"footfall": {"common": {}, "samples": [{"path": "../a.jpg"}]}}, "expected one inside"),
        ({"footfall": {"common": {}, "samples": []}}, "expected samples in 'footfall', got none"),
        ({"footfall": [1]}, "expected samples in 'footfall'"),
        ({"footfall": {"common": {}, "samples": [{"path": "a.jpg", "boxes": 3}]}}, "boxes"),
        ({"text": "?"}, "expected 'footfall', 'image' or 'video'"),
    ],
)
def test_a_task_that_names_no_sample_or_one_outside_is_refused(tmp_path, data, message):
    with pytest.raises(LabelError, match=message):
        list(LabelStudio().read(export(tmp_path, {"id": 1, "data": data}), Losses()))


@pytest.mark.parametrize(
    "text, message",
    [
        ('[{"data": {"ima', "expected JSON"),
        ("", "expected JSON"),
        ("[] 1", "more after the end of the list"),
        ('{"data": {}}', "got '{' where a list should be"),
        ('[{"image": "/a.jpg", "label": []}]', "not as JSON-MIN"),
    ],
)
def test_a_file_that_is_no_export_is_named(tmp_path, text, message):
    path = tmp_path / "export.json"
    path.write_text(text)
    with pytest.raises(LabelError, match=message) as caught:
        list(LabelStudio().read(path, Losses()))
    assert str(path) in str(caught.value)


def test_what_the_interface_cannot_show_is_not_written_and_counted(tmp_path):
    losses = Losses()
    LabelStudio().write([Sample("a.jpg"), Sample("v.mp4"), frame(3)], tmp_path, losses)
    assert losses.counts == {"sample": 2}
    with pytest.raises(LabelError, match=r"behaviour, sample 'a.jpg': expected a whole clip"):
        list(group_samples(Interface.BEHAVIOUR, [Sample("a.jpg")]))


def test_labels_are_annotations_and_scores_are_predictions(tmp_path):
    samples = [
        Sample("a.jpg", image_size_hw=(9, 9), boxes=(Box((1, 1, 2, 2), "person"),)),
        Sample("b.jpg", image_size_hw=(9, 9), boxes=(Box((1, 1, 2, 2), "person", score=0.5),)),
        Sample("c.jpg"),
        Sample("d.jpg", is_labelled=False),
    ]
    LabelStudio().write(samples, tmp_path, Losses())
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    counts = [(len(task["annotations"]), len(task["predictions"])) for task in tasks]
    assert counts == [(1, 0), (0, 1), (1, 0), (0, 0)]
    assert list(LabelStudio().read(tmp_path, Losses())) == samples
