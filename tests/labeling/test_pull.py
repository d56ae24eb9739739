"""Answers brought to samples, an interface at a time, without a server."""

from dataclasses import replace

import pytest

from datasets.formats.format import Losses
from datasets.formats.label_studio import Interface, group_samples, result_of, task_data
from datasets.samples import Attributes, Box, Sample, Span
from labeling.annotations import LabelledTask, labelled_task, labelled_tasks
from labeling.conflicts import ConflictRule
from labeling.exports import tasks_of_file
from labeling.pull import Pull, joined_tasks
from serving.core.errors import LabelError
from serving.core.labels import AgeBand, Gender, Mask

PERSON = Box((10, 10, 30, 60), "person")
FACE = Sample("face.jpg", is_labelled=False, properties={"race": "x"})


def answered(interface, group, *answers, frame_rate_hz=None) -> LabelledTask:
    """A task of a group, and the samples that each labeler would have, one after the other."""
    data = task_data(interface, group, lambda sample: "/x", frame_rate_hz=frame_rate_hz)
    annotations = [
        {
            "completed_by": number,
            "result": result_of(interface, answer, frame_rate_hz=frame_rate_hz),
            "updated_at": f"2026-01-0{number + 1}T00:00:00Z",
        }
        for number, answer in enumerate(answers)
    ]
    task = {"id": 7, "data": data, "annotations": annotations}
    return labelled_task(interface, task, {0: "ada", 1: "zoe"}, Losses())


def pulled(interface, samples, *tasks, rule=ConflictRule.REVIEW):
    pull = Pull(interface, rule, Losses())
    return pull.into(samples, tasks), pull.result


def test_attributes_come_without_touching_what_else_is_known():
    answer = replace(FACE, attributes=Attributes(AgeBand.FROM_70, gender=Gender.FEMALE))
    later = replace(FACE, identity="ida", tags=("hard",))
    ((sample,), _) = pulled(
        Interface.FACE_ATTRIBUTES, [later], answered(Interface.FACE_ATTRIBUTES, [FACE], [answer])
    )
    assert sample.attributes == answer.attributes and sample.is_labelled
    assert (sample.identity, sample.tags) == ("ida", ("hard",))
    assert sample.properties == {"race": "x"}


def test_unsure_is_kept_and_replaced_by_a_later_answer():
    unsure = replace(FACE, properties={"race": "x", "mask": "unsure"})
    task = answered(Interface.FACE_ATTRIBUTES, [FACE], [unsure])
    ((once,), _) = pulled(Interface.FACE_ATTRIBUTES, [FACE], task)
    assert once.properties == {"race": "x", "mask": "unsure"}
    sure = replace(FACE, attributes=Attributes(mask=Mask.MASKED))
    task = answered(Interface.FACE_ATTRIBUTES, [once], [sure])
    ((twice,), _) = pulled(Interface.FACE_ATTRIBUTES, [once], task)
    assert twice.attributes.mask is Mask.MASKED and twice.properties == {"race": "x"}


def test_two_who_choose_differently_differ():
    masked, unmasked = (replace(FACE, attributes=Attributes(mask=mask)) for mask in list(Mask)[:2])
    task = answered(Interface.FACE_ATTRIBUTES, [FACE], [masked], [unmasked])
    ((sample,), result) = pulled(Interface.FACE_ATTRIBUTES, [FACE], task)
    assert result.conflicting == result.unresolved == ["face.jpg"]
    assert sample == replace(FACE, tags=("conflict",))


def test_two_who_draw_the_same_box_with_another_label_differ():
    picture = Sample("a.jpg", image_size_hw=(100, 100), is_labelled=False)
    one = replace(picture, boxes=(PERSON,))
    other = replace(picture, boxes=(replace(PERSON, label="trolley"),))
    _, result = pulled(
        Interface.PERSON_BOXES,
        [picture],
        answered(Interface.PERSON_BOXES, [picture], [one], [other]),
    )
    assert result.conflicting == ["a.jpg"]


@pytest.mark.parametrize("order", [1, -1])
def test_who_sees_nobody_and_who_sees_somebody_differ(order):
    picture = Sample("a.jpg", image_size_hw=(100, 100), is_labelled=False)
    answers = [[replace(picture, boxes=(PERSON,))], [picture]][::order]
    task = answered(Interface.PERSON_BOXES, [picture], *answers)
    _, result = pulled(Interface.PERSON_BOXES, [picture], task)
    assert result.conflicting == ["a.jpg"] and result.empty == []


def test_the_frames_of_a_video_come_back_each_to_its_own():
    frames = [
        Sample("v.mp4", frame_index=index, image_size_hw=(100, 100), is_labelled=False)
        for index in (0, 5)
    ]
    seen = [replace(frames[0], boxes=(replace(PERSON, track_id="1"),)), frames[1]]
    task = answered(Interface.PERSON_TRACKS, frames, seen, frame_rate_hz=10.0)
    (samples, result) = pulled(Interface.PERSON_TRACKS, frames, task)
    assert [len(sample.boxes) for sample in samples] == [1, 0]
    assert all(sample.is_labelled for sample in samples) and result.num_samples == 2


def test_the_frames_of_a_video_that_was_asked_as_a_whole_take_its_place():
    video = Sample("v.mp4", image_size_hw=(100, 100), is_labelled=False)
    frame = replace(video, frame_index=5, boxes=(replace(PERSON, track_id="1"),))
    task = answered(Interface.PERSON_TRACKS, [video], [frame], frame_rate_hz=10.0)
    other = Sample("w.mp4", is_labelled=False)
    samples, _ = pulled(Interface.PERSON_TRACKS, [other, video], task)
    assert [sample.key for sample in samples] == ["w.mp4", "v.mp4#5"]
    assert samples[1].boxes[0].xyxy_px == PERSON.xyxy_px


WHOLE = Sample("v.mp4", image_size_hw=(100, 100), is_labelled=False)
"""A video that is asked as one sample."""


def seen_at(*indices):
    """Frames of the whole video, each with a person."""
    box = replace(PERSON, track_id="1")
    return [replace(WHOLE, frame_index=index, boxes=(box,)) for index in indices]


def asked_whole(*answers):
    return answered(Interface.PERSON_TRACKS, [WHOLE], *answers, frame_rate_hz=10.0)


@pytest.mark.parametrize("rule", list(ConflictRule))
def test_a_whole_video_that_shows_nobody_is_labelled(rule):
    other = Sample("w.mp4", is_labelled=False)
    samples, result = pulled(
        Interface.PERSON_TRACKS, [WHOLE, other], asked_whole([], []), rule=rule
    )
    assert [(sample.key, sample.is_labelled) for sample in samples] == [
        ("v.mp4", True),
        ("w.mp4", False),
    ]
    assert samples[0].boxes == () and result.empty == result.labelled == ["v.mp4"]
    assert [by.labelled_by for by in samples[0].provenance] == ["ada", "zoe"]
    assert result.num_samples == 1


def test_frames_of_a_former_pull_of_a_whole_video_are_replaced():
    """Frame 2 was labelled and split; now a person is there from 5 to 6 and in no other frame."""
    old = replace(WHOLE, frame_index=2, is_labelled=True, boxes=(PERSON,), tags=("hard",))
    kept = replace(seen_at(5)[0], boxes=(), camera="door")
    samples, result = pulled(Interface.PERSON_TRACKS, [old, kept], asked_whole(seen_at(5, 6)))
    assert [(sample.key, len(sample.boxes)) for sample in samples] == [
        ("v.mp4#2", 0),
        ("v.mp4#5", 1),
        ("v.mp4#6", 1),
    ]
    assert (samples[0].tags, samples[1].camera) == (("hard",), "door")
    assert all(sample.is_labelled for sample in samples)
    assert result.unknown == result.without_task == []


def test_frames_of_a_former_pull_show_nobody_where_the_video_now_does():
    samples, _ = pulled(Interface.PERSON_TRACKS, seen_at(2, 3), asked_whole([]))
    assert [(sample.key, sample.boxes) for sample in samples] == [("v.mp4#2", ()), ("v.mp4#3", ())]


def test_frames_of_a_former_pull_are_left_to_review_where_labelers_differ():
    samples, _ = pulled(Interface.PERSON_TRACKS, seen_at(2), asked_whole(seen_at(2), []))
    assert samples[0].tags == ("conflict",) and len(samples[0].boxes) == 1


def test_two_with_other_frames_of_a_video_keep_what_both_drew():
    """One sees a person in the frames 0 to 2, one in 2 and 3: together only in frame 2."""
    task = asked_whole(seen_at(0, 1, 2), seen_at(2, 3))
    samples, result = pulled(Interface.PERSON_TRACKS, [WHOLE], task, rule=ConflictRule.CONSENSUS)
    assert [(sample.frame_index, len(sample.boxes)) for sample in samples] == [
        (0, 0),
        (1, 0),
        (2, 1),
        (3, 0),
    ]
    assert samples[2].boxes[0].track_id == "1" and len(result.disputed) == 1


def test_a_line_does_not_name_a_thousand_disputes():
    task = asked_whole(seen_at(*range(0, 200, 2)), [])
    _, result = pulled(Interface.PERSON_TRACKS, [WHOLE], task, rule=ConflictRule.CONSENSUS)
    (line,) = [line for line in result.lines(ConflictRule.CONSENSUS) if "partly open" in line]
    assert len(line) < 300 and line.startswith("of these partly open in the consensus: 1 (v.mp4: ")


def test_spans_and_class_of_a_clip_come_back():
    clip = Sample("c.mp4", is_labelled=False, duration_s=8.0)
    answer = replace(clip, spans=(Span(1.0, 2.5, "taking"),), label="theft")
    task = answered(Interface.BEHAVIOUR, [clip], [answer], frame_rate_hz=25.0)
    ((sample,), _) = pulled(Interface.BEHAVIOUR, [clip], task)
    assert (sample.spans, sample.label) == (answer.spans, "theft")


def test_pairs_make_one_person_of_all_who_are_the_same():
    crops = [Sample(f"{name}.jpg", is_labelled=False, identity="guess") for name in "abc"]
    tasks = []
    for pair in group_samples(Interface.IDENTITY_PAIRS, crops):
        same = [replace(sample, identity="p1") for sample in pair]
        tasks.append(answered(Interface.IDENTITY_PAIRS, pair, same))
    samples, result = pulled(Interface.IDENTITY_PAIRS, crops, *tasks)
    assert len({sample.identity for sample in samples}) == 1
    assert result.labelled == ["a.jpg | b.jpg", "b.jpg | c.jpg"] and result.num_samples == 3


def test_who_belongs_in_no_cluster_loses_the_identity():
    crops = [Sample(f"{name}.jpg", is_labelled=False, identity="ida") for name in "abc"]
    out = [*crops[:2], replace(crops[2], identity=None)]
    out = [replace(sample, is_labelled=True) for sample in out]
    task = answered(Interface.IDENTITY_CLUSTERS, crops, out)
    samples, _ = pulled(Interface.IDENTITY_CLUSTERS, crops, task)
    assert [sample.identity for sample in samples] == ["ida", "ida", None]


def test_a_task_that_stands_twice_counts_each_labeler_once():
    one = answered(Interface.FACE_ATTRIBUTES, [FACE], [FACE], [FACE])
    two = answered(Interface.FACE_ATTRIBUTES, [FACE], [FACE])
    (joint,) = joined_tasks([one, two])
    assert [given.labeler for given in joint.annotations] == ["ada", "zoe"]
    assert joint.num_superseded == 1


def test_tasks_of_others_are_no_labelled_tasks():
    foreign = {"id": 1, "data": {"image": "/x.jpg"}, "annotations": []}
    assert list(labelled_tasks(Interface.PERSON_BOXES, [foreign], {}, Losses())) == []


@pytest.mark.parametrize("annotations", [None, "many", [3]])
def test_a_task_without_a_list_of_annotations_is_told_by_its_key(annotations):
    data = task_data(Interface.FACE_ATTRIBUTES, [FACE], lambda sample: "/x")
    task = {"id": 7, "data": data, "annotations": annotations}
    with pytest.raises(LabelError, match=r"task 'face.jpg': expected a list 'annotations'"):
        labelled_task(Interface.FACE_ATTRIBUTES, task, {}, Losses())


@pytest.mark.parametrize(
    ("who", "name"),
    [
        (0, "ada"),
        (99, "user 99"),
        ({"id": 4, "email": "iris@example.com"}, "iris@example.com"),
        (None, "unknown"),
    ],
)
def test_a_labeler_has_a_name(who, name):
    data = task_data(Interface.FACE_ATTRIBUTES, [FACE], lambda sample: "/x")
    entry = {"completed_by": who, "result": [], "created_at": "2026-01-01T00:00:00.5Z"}
    task = {"id": 7, "data": data, "annotations": [entry]}
    (given,) = labelled_task(Interface.FACE_ATTRIBUTES, task, {0: "ada"}, Losses()).annotations
    assert given.labeler == name and given.samples[0].provenance[-1].labelled_by == name
    assert given.at == 1767225600.5 and given.is_empty


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"lead_time": "long"}, "expected a lead time in seconds, got 'long'"),
        ({"lead_time": True}, "expected a lead time in seconds, got True"),
        ({"lead_time": float("nan")}, "expected a lead time in seconds, got nan"),
        ({"lead_time": 10**400}, "expected a lead time in seconds, got 1000"),
        ({"lead_time": -1}, "expected a lead time in seconds, got -1"),
        ({"updated_at": "yesterday"}, "expected a time such as .*, got 'yesterday'"),
        ({"updated_at": 3}, "expected a time such as .*, got 3"),
    ],
)
def test_times_of_an_export_that_are_none_are_told_with_the_task(broken, told):
    with pytest.raises(LabelError, match=f"task 'face.jpg', annotation of ada: {told}"):
        labelled_with(broken)


def test_a_labeler_that_is_none_is_told():
    with pytest.raises(LabelError, match=r"expected a labeler in 'completed_by', got \[1\]"):
        labelled_with({"completed_by": [1]})


def test_a_time_without_a_zone_is_utc():
    (given,) = labelled_with({"updated_at": "2026-01-01T00:00:00"}).annotations
    assert given.at == given.samples[0].provenance[-1].labelled_at == 1767225600


def labelled_with(values):
    """A task with one annotation, of which these values are another's work."""
    data = task_data(Interface.FACE_ATTRIBUTES, [FACE], lambda sample: "/x")
    entry = {"completed_by": 0, "result": [], **values}
    task = {"id": 7, "data": data, "annotations": [entry]}
    return labelled_task(Interface.FACE_ATTRIBUTES, task, {0: "ada"}, Losses())


def test_drafts_that_are_none_are_told():
    data = task_data(Interface.FACE_ATTRIBUTES, [FACE], lambda sample: "/x")
    task = {"id": 7, "data": data, "annotations": [], "drafts": 3}
    with pytest.raises(LabelError, match="task 'face.jpg': expected a list 'drafts', got 3"):
        labelled_task(Interface.FACE_ATTRIBUTES, task, {}, Losses())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * 200_000, "expected JSON"),
        (
            '[{"id": 7, "data": {}, "annotations": [], "total_annotations": "many"}]',
            r"export.json, task 7: expected numbers of annotations, got \['many', 0\]",
        ),
    ],
)
def test_an_export_that_cannot_be_counted_is_told(tmp_path, text, told):
    path = tmp_path / "export.json"
    path.write_text(text)
    with pytest.raises(LabelError, match=told):
        tasks_of_file(path)
