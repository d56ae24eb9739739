"""Person boxes: percent and pixels, what rides along, what is counted."""

import math

import pytest

from datasets.formats.format import Losses
from datasets.formats.label_studio import (
    Interface,
    result_of,
)
from datasets.samples import Box, Provenance, Sample
from serving.core.errors import LabelError
from tests.datasets.formats.label_studio.made_up import AT, BY, PICTURE, answer, rectangle


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
