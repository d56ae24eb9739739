import pytest

from datasets.formats.label_studio import Interface
from datasets.samples import Attributes, Box, Provenance, Sample, Span
from labeling.annotations import Annotation, LabelledTask
from labeling.consensus import PROPERTY, consensus
from serving.core.labels import AgeBand, Gender, Mask


def box(left, right=None, label="person", **values):
    return Box((left, 0.0, right if right is not None else left + 10, 20.0), label, **values)


def given(*each, pushed=None, key="a.jpg"):
    """A task with one annotation for each tuple of samples."""
    annotations = tuple(
        Annotation(f"labeler{row}", float(row), None, tuple(samples))
        for row, samples in enumerate(each)
    )
    return LabelledTask(key, pushed or (Sample("a.jpg", is_labelled=False),), annotations)


def picture(*boxes, who="x"):
    return [Sample("a.jpg", boxes=boxes, provenance=(Provenance(who, 1.0),))]


def test_of_three_the_box_of_two_stays_and_that_of_one_is_disputed():
    found = consensus(
        Interface.PERSON_BOXES,
        given(picture(box(0), box(100)), picture(box(2)), picture(box(50, 60))),
    )
    (sample,) = found.samples
    assert [one.xyxy_px for one in sample.boxes] == [(1.0, 0.0, 11.0, 20.0)]
    assert len(found.disputed) == 2
    assert "'person' of 1 of 3 at [100, 0.0, 110, 20.0]" in found.disputed


def test_of_two_only_what_both_drew_stays():
    found = consensus(Interface.PERSON_BOXES, given(picture(box(0), box(50)), picture(box(0))))
    assert len(found.samples[0].boxes) == 1 and len(found.disputed) == 1


def test_edges_are_the_median_of_all_who_drew_the_box():
    found = consensus(
        Interface.PERSON_BOXES,
        given(picture(box(0, 10)), picture(box(1, 12)), picture(box(2, 11))),
    )
    assert found.samples[0].boxes[0].xyxy_px == (1, 0, 11, 20)
    assert found.disputed == ()


def test_of_each_labeler_a_box_counts_once():
    """Two boxes of one labeler are no majority of two."""
    found = consensus(Interface.PERSON_BOXES, given(picture(box(0), box(1)), picture()))
    assert found.samples[0].boxes == ()


def test_the_class_is_that_of_the_majority_and_a_tie_is_disputed():
    three = given(picture(box(0)), picture(box(0, label="bag")), picture(box(0)))
    assert consensus(Interface.PERSON_BOXES, three).samples[0].boxes[0].label == "person"
    two = given(picture(box(0)), picture(box(0, label="bag")))
    assert consensus(Interface.PERSON_BOXES, two).disputed == ("class of a box: ['bag', 'person']",)


def test_the_rule_and_everyone_who_labelled_stand_in_the_sample():
    found = consensus(
        Interface.PERSON_BOXES, given(picture(box(0), who="anna"), picture(box(0), who="ben"))
    )
    (sample,) = found.samples
    assert sample.properties[PROPERTY].startswith("more than half of 2 labelers; boxes at IoU 0.5")
    assert [one.labelled_by for one in sample.provenance] == ["anna", "ben"]
    assert sample.is_labelled


def test_of_one_labeler_all_stays_as_it_is():
    samples = picture(box(0), who="anna")
    assert consensus(Interface.PERSON_BOXES, given(samples)).samples == tuple(samples)


def test_without_a_labeler_there_is_no_consensus():
    with pytest.raises(ValueError, match="task 'a.jpg': expected an annotation"):
        consensus(Interface.PERSON_BOXES, given())


def test_attributes_are_chosen_one_by_one_and_a_tie_is_unsure():
    young, old = AgeBand.FROM_20_TO_29, AgeBand.FROM_60_TO_69
    faces = [
        [Sample("a.jpg", attributes=Attributes(young, gender=Gender.MALE, mask=Mask.MASKED))],
        [Sample("a.jpg", attributes=Attributes(old, gender=Gender.MALE))],
    ]
    found = consensus(Interface.FACE_ATTRIBUTES, given(*faces))
    (sample,) = found.samples
    assert sample.attributes == Attributes(gender=Gender.MALE)
    assert sample.properties["age_band"] == "unsure"
    assert sample.properties["mask"] == "unsure"  # one of two is no majority
    assert len(found.disputed) == 2


def test_spans_are_joined_by_time():
    def clip(start_s, end_s):
        return [Sample("c.mp4", spans=(Span(start_s, end_s, "taking"),), label="shoplifting")]

    task = given(
        clip(1, 3), clip(1.2, 3.4), clip(8, 9), pushed=(Sample("c.mp4", is_labelled=False),)
    )
    found = consensus(Interface.BEHAVIOUR, task)
    (sample,) = found.samples
    assert [(s.start_s, s.end_s) for s in sample.spans] == [(pytest.approx(1.1), 3.2)]
    assert sample.label == "shoplifting"


PAIR = (Sample("a.jpg", camera="1"), Sample("b.jpg", camera="2"))


def pair(answer):
    one, other = PAIR
    if answer == "same":
        return [Sample("a.jpg", identity="p"), Sample("b.jpg", identity="p")]
    name = "different_from" if answer == "different" else "unsure_of"
    return [
        Sample(one.path, properties={name: other.key}),
        Sample(other.path, properties={name: one.key}),
    ]


@pytest.mark.parametrize(
    ("words", "same", "num_disputed"),
    [
        (["same", "same", "different"], True, 0),
        (["different", "different", "same"], False, 0),
        (["same", "different"], False, 1),
    ],
)
def test_two_pictures_show_one_person_where_most_say_so(words, same, num_disputed):
    task = given(*map(pair, words), pushed=PAIR, key="a.jpg|b.jpg")
    found = consensus(Interface.IDENTITY_PAIRS, task)
    one, other = found.samples
    assert (one.identity is not None and one.identity == other.identity) is same
    assert len(found.disputed) == num_disputed
    if num_disputed:
        assert one.properties["unsure_of"] == "b.jpg"


def test_a_crop_belongs_to_a_cluster_where_most_leave_it_in():
    def cluster(*outsiders):
        return [
            Sample(
                f"{n}.jpg", identity=None if n in outsiders else "p", properties={"cluster": "p"}
            )
            for n in range(3)
        ]

    pushed = tuple(
        Sample(f"{n}.jpg", properties={"cluster": "p"}, is_labelled=False) for n in range(3)
    )
    task = given(cluster(1), cluster(1, 2), cluster(1), pushed=pushed, key="p")
    found = consensus(Interface.IDENTITY_CLUSTERS, task)
    assert [sample.identity for sample in found.samples] == ["p", None, "p"]
    assert found.disputed == ()


VIDEO = (Sample("v.mp4", is_labelled=False),)


def frames(*rows):
    """Frames of a video; a row holds the left edge of each track, by its name."""
    return [
        Sample(
            "v.mp4",
            frame_index=index,
            boxes=tuple(box(left, track_id=name) for name, left in row.items()),
        )
        for index, row in enumerate(rows)
    ]


def tracks_of(found):
    return [{each.track_id: each.xyxy_px[0] for each in sample.boxes} for sample in found.samples]


def test_people_are_followed_though_each_labeler_calls_them_otherwise():
    """What one calls a and b the other calls b and c."""
    one = frames({"a": 0, "b": 50}, {"a": 2, "b": 52})
    other = frames({"b": 0, "c": 50}, {"b": 2, "c": 52})
    found = consensus(Interface.PERSON_TRACKS, given(one, other, pushed=VIDEO, key="v.mp4"))
    assert tracks_of(found) == [{"a": 0, "b": 50}, {"a": 2, "b": 52}]
    assert found.disputed == ()


def test_who_is_only_in_later_answers_gets_a_name_that_is_free():
    """Two of three see a second person, whom both of them call a as well as the first one."""
    one = frames({"a": 0})
    two, three = frames({"x": 0, "a": 50}), frames({"y": 0, "a": 50})
    found = consensus(Interface.PERSON_TRACKS, given(one, two, three, pushed=VIDEO, key="v.mp4"))
    assert tracks_of(found) == [{"a": 0, "a-2": 50}]


def test_a_track_that_one_labeler_takes_for_two_people_is_disputed_once():
    one = frames({"a": 0}, {"a": 0}, {"a": 0}, {"a": 0}, {"a": 0})
    other = frames({"p": 0}, {"p": 0}, {"p": 0}, {"q": 0}, {"q": 0})
    found = consensus(Interface.PERSON_TRACKS, given(one, other, pushed=VIDEO, key="v.mp4"))
    assert [list(row) for row in tracks_of(found)] == [["a"], ["a"], ["a"], [None], [None]]
    assert found.disputed == ("track of a box: ['a', 'q']",)


def test_a_person_and_a_bag_at_one_place_are_what_both_labelers_say():
    """Drawn in another order by each."""
    person, bag = box(0), box(0, label="bag")
    found = consensus(Interface.PERSON_BOXES, given(picture(person, bag), picture(bag, person)))
    assert {each.label for each in found.samples[0].boxes} == {"person", "bag"}
    assert found.disputed == ()


def test_a_box_that_both_drew_twice_stays_twice():
    found = consensus(
        Interface.PERSON_BOXES, given(picture(box(0), box(0)), picture(box(0), box(0)))
    )
    assert len(found.samples[0].boxes) == 2
