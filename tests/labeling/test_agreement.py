"""Answers derived by hand; the statistics themselves are held to their papers' examples."""

import math

import pytest

from datasets.formats.label_studio import Interface
from datasets.samples import Attributes, Box, Provenance, Sample, Span
from labeling.agreement import agreement
from labeling.annotations import Annotation, LabelledTask
from labeling.conflicts import is_conflicting
from serving.core.labels import AgeBand, Gender

ANNA, BEN, CEM = "anna@example.org", "ben@example.org", "cem@example.org"


def person(left, label="person", **values):
    return Box((left, 0.0, left + 10, 20.0), label, **values)


def task(key, **boxes_of):
    """A task of one picture; for each labeler the boxes drawn."""
    given = tuple(
        Annotation(
            f"{name}@example.org",
            1.0,
            10.0 * (row + 1),
            (Sample(key, boxes=tuple(boxes), provenance=(Provenance(name),)),),
        )
        for row, (name, boxes) in enumerate(boxes_of.items())
    )
    return LabelledTask(key, (Sample(key, is_labelled=False),), given)


def face(key, **answer_of):
    given = tuple(
        Annotation(f"{name}@example.org", 1.0, None, (sample_of(key, answer),))
        for name, answer in answer_of.items()
    )
    return LabelledTask(key, (Sample(key, is_labelled=False),), given)


def sample_of(key, answer):
    if answer == "unsure":
        return Sample(key, properties={"gender": "unsure"})
    return Sample(key, attributes=answer)


WOMAN, MAN = Attributes(gender=Gender.FEMALE), Attributes(gender=Gender.MALE)


def test_boxes_that_overlap_are_one_person_and_others_count_against_both():
    """In common: two of Anna's three and of Ben's two, 2·2 / 5."""
    found = agreement(
        Interface.PERSON_BOXES,
        [task("a.jpg", anna=[person(0), person(100), person(200)], ben=[person(0), person(102)])],
    )
    (people,) = found.boxes
    assert (people.label, people.num_boxes) == ("person", 5)
    assert people.f1 == pytest.approx(4 / 5)
    assert people.mean_iou == pytest.approx((1 + 8 / 12) / 2)
    assert people.interval is None  # of one task nothing can be drawn


def test_a_box_of_another_class_counts_against_both_classes():
    found = agreement(
        Interface.PERSON_BOXES, [task("a.jpg", anna=[person(0)], ben=[person(0, "bag")])]
    )
    assert {each.label: (each.f1, each.num_boxes) for each in found.boxes} == {
        "bag": (0.0, 1),
        "person": (0.0, 1),
    }
    assert found.tasks[0].score == 0


def test_an_ignored_box_is_no_disagreement():
    crowd = person(100, is_ignored=True)
    (people,) = agreement(
        Interface.PERSON_BOXES,
        [task("a.jpg", anna=[person(0), crowd], ben=[person(0), person(101)])],
    ).boxes
    assert (people.f1, people.num_boxes) == (1.0, 2)


def test_two_who_both_see_nobody_agree():
    (only,) = agreement(Interface.PERSON_BOXES, [task("a.jpg", anna=[], ben=[])]).tasks
    assert only.score == 1


def test_a_labeler_is_compared_with_all_others():
    """Cem misses one of two people that the others see: 2·1 / 3 with each."""
    both = [person(0), person(100)]
    found = agreement(Interface.PERSON_BOXES, [task("a.jpg", anna=both, ben=both, cem=[person(0)])])
    by_name = {each.labeler: each for each in found.labelers}
    assert by_name[CEM].boxes == pytest.approx(2 / 3)
    assert by_name[ANNA].boxes == pytest.approx((2 * 2 + 2 * 1) / (4 + 3))
    assert by_name[BEN].median_lead_time_s == 20
    assert by_name[BEN].num_compared == 1


def test_a_task_of_one_labeler_is_not_scored():
    found = agreement(Interface.PERSON_BOXES, [task("a.jpg", anna=[person(0)])])
    assert math.isnan(found.tasks[0].score)
    assert found.below(0.5) == ()
    assert math.isnan(found.labelers[0].boxes)


def test_tasks_under_the_threshold_come_worst_first():
    found = agreement(
        Interface.PERSON_BOXES,
        [
            task("fine.jpg", anna=[person(0)], ben=[person(0)]),
            task("half.jpg", anna=[person(0), person(50)], ben=[person(0)]),
            task("none.jpg", anna=[person(0)], ben=[person(50)]),
        ],
    )
    assert [each.key for each in found.below(0.9)] == ["none.jpg", "half.jpg"]


def test_spans_are_compared_by_time_in_the_same_way():
    def clip(start_s, end_s):
        return (Sample("c.mp4", spans=(Span(start_s, end_s, "taking"),)),)

    given = (Annotation(ANNA, 1.0, None, clip(1, 3)), Annotation(BEN, 1.0, None, clip(1, 4)))
    found = agreement(Interface.BEHAVIOUR, [LabelledTask("c.mp4", (Sample("c.mp4"),), given)])
    assert [(each.label, each.f1) for each in found.boxes] == [("taking", 1.0)]
    assert found.boxes[0].mean_iou == pytest.approx(2 / 3)


def test_answers_are_held_against_chance():
    """Of four faces three alike; shares 3:1 and 2:2 are alike by chance in half of them."""
    faces = [
        face("a", anna=WOMAN, ben=WOMAN),
        face("b", anna=WOMAN, ben=WOMAN),
        face("c", anna=WOMAN, ben=MAN),
        face("d", anna=MAN, ben=MAN),
    ]
    (gender,) = agreement(Interface.FACE_ATTRIBUTES, faces).answers
    assert gender.question == "gender" and gender.num_things == 4
    assert gender.observed == 0.75
    assert gender.cohen == {(ANNA, BEN): pytest.approx(0.5)}
    # Of 8 answers 5 and 3: by chance 1 − 2·5·3 / (8·7); alpha = 1 − (2/8) / (30/56).
    assert gender.alpha == pytest.approx(1 - (2 / 8) / (30 / 56))
    # Of all pairs by chance (5/8)² + (3/8)².
    assert gender.fleiss == pytest.approx((0.75 - 34 / 64) / (1 - 34 / 64))
    assert gender.interval.low <= gender.alpha <= gender.interval.high


def test_unsure_is_an_answer():
    (gender,) = agreement(
        Interface.FACE_ATTRIBUTES,
        [face("a", anna=WOMAN, ben="unsure"), face("b", anna=MAN, ben=MAN)],
    ).answers
    assert gender.observed == 0.5


def test_neighbouring_age_bands_are_closer_than_far_ones():
    def age(band):
        return Attributes(age_band=band)

    def alpha(other):
        faces = [
            face("a", anna=age(AgeBand.FROM_20_TO_29), ben=age(other)),
            face("b", anna=age(AgeBand.FROM_3_TO_9), ben=age(AgeBand.FROM_3_TO_9)),
            face("c", anna=age(AgeBand.FROM_70), ben=age(AgeBand.FROM_70)),
        ]
        (bands,) = agreement(Interface.FACE_ATTRIBUTES, faces).answers
        assert bands.scale == "ordinal"
        return bands.alpha

    assert alpha(AgeBand.FROM_30_TO_39) > alpha(AgeBand.FROM_70)


def test_fleiss_is_not_stated_where_some_faces_have_more_answers_than_others():
    faces = [face("a", anna=WOMAN, ben=WOMAN), face("b", anna=MAN, ben=MAN, cem=WOMAN)]
    (gender,) = agreement(Interface.FACE_ATTRIBUTES, faces).answers
    assert math.isnan(gender.fleiss)
    assert not math.isnan(gender.alpha)


def test_a_face_that_only_one_answered_scores_the_task_down():
    (only,) = agreement(Interface.FACE_ATTRIBUTES, [face("a", anna=WOMAN, ben=Attributes())]).tasks
    assert only.score == 0


def test_a_person_and_a_bag_at_one_place_are_agreed_on_in_any_order():
    bag = person(0, "bag")
    found = agreement(
        Interface.PERSON_BOXES, [task("a.jpg", anna=[person(0), bag], ben=[bag, person(0)])]
    )
    assert [each.f1 for each in found.boxes] == [1.0, 1.0] and found.tasks[0].score == 1


def test_where_nobody_can_tell_an_age_there_is_nothing_to_measure():
    def unsure(key):
        return (Sample(key, properties={"age_band": "unsure"}),)

    faces = [
        LabelledTask(
            key,
            (Sample(key),),
            tuple(Annotation(name, 1.0, None, unsure(key)) for name in (ANNA, BEN)),
        )
        for key in "abcdef"
    ]
    (bands,) = agreement(Interface.FACE_ATTRIBUTES, faces).answers
    assert bands.num_things == 0 and math.isnan(bands.alpha) and bands.interval is None


def test_two_who_mark_the_same_moment_agree():
    """A span without length overlaps with nothing by area."""
    moment = (Sample("c.mp4", spans=(Span(2.0, 2.0, "taking"),)),)
    given = (Annotation(ANNA, 1.0, None, moment), Annotation(BEN, 1.0, None, moment))
    found = agreement(Interface.BEHAVIOUR, [LabelledTask("c.mp4", (Sample("c.mp4"),), given)])
    assert found.tasks[0].score == 1


def test_without_tasks_there_is_nothing():
    found = agreement(Interface.PERSON_BOXES, [])
    assert (found.boxes, found.answers, found.labelers, found.tasks) == ((), (), (), ())


def video(**tracks_of):
    """A video of four frames; for each labeler the names of two people, left and right, in each."""
    given = tuple(
        Annotation(
            f"{name}@example.org",
            1.0,
            None,
            tuple(
                Sample(
                    "v.mp4",
                    frame_index=index,
                    boxes=(person(0, track_id=left), person(100, track_id=right)),
                )
                for index, (left, right) in enumerate(frames)
            ),
        )
        for name, frames in tracks_of.items()
    )
    return LabelledTask("v.mp4", (Sample("v.mp4", is_labelled=False),), given)


def test_what_labelers_call_a_person_is_no_disagreement():
    task = video(anna=["ab"] * 4, ben=["ba"] * 4)
    assert agreement(Interface.PERSON_TRACKS, [task]).tasks[0].score == 1
    assert not is_conflicting(Interface.PERSON_TRACKS, task)


def test_two_people_who_are_swapped_are_a_disagreement():
    """Ben swaps both in the last of four frames: of eight pairs six are the same person."""
    task = video(anna=["ab"] * 4, ben=["xy", "xy", "xy", "yx"])
    found = agreement(Interface.PERSON_TRACKS, [task])
    assert found.tasks[0].score == found.boxes[0].f1 == 2 * 6 / (2 * 6 + 4)
    assert found.labelers[0].boxes == 0.75
    assert is_conflicting(Interface.PERSON_TRACKS, task)


def test_a_person_whom_one_follows_as_two_is_a_disagreement():
    """Of the left person's four boxes one belongs to somebody else for Ben."""
    task = video(anna=["ab"] * 4, ben=["xy", "xy", "xy", "zy"])
    assert agreement(Interface.PERSON_TRACKS, [task]).tasks[0].score == 2 * 7 / (2 * 7 + 2)


def test_single_pictures_do_not_say_who_is_who():
    boxes = {"anna": [person(0, track_id="a")], "ben": [person(0)]}
    assert agreement(Interface.PERSON_BOXES, [task("a.jpg", **boxes)]).tasks[0].score == 1
