"""Errors of a detector on labelled pictures, counted by hand."""

from dataclasses import replace

from datasets.curation.measures import Measures
from datasets.samples import Sample
from labeling.selection.errors import detection_errors, measured_errors
from tests.labeling.made_up import person


def test_false_and_missed_boxes_are_a_share_of_all_that_were_drawn_or_found():
    samples = [
        Sample("all right.jpg", boxes=(person(),)),
        Sample("missed.jpg", boxes=(person(), person(40))),
        Sample("false.jpg", boxes=(person(),)),
        Sample("nobody.jpg"),
        Sample("only false.jpg"),
        Sample("weak.jpg", boxes=(person(),)),
        Sample("not labelled.jpg", is_labelled=False),
        Sample("not looked at.jpg"),
    ]
    predictions = {
        "all right.jpg": [person(score=0.9)],
        "missed.jpg": [person(score=0.9)],
        "false.jpg": [person(score=0.9), person(40, score=0.8), person(8, 40, score=0.8)],
        "nobody.jpg": [],
        "only false.jpg": [person(score=0.9)],
        "weak.jpg": [person(score=0.2)],
        "not labelled.jpg": [person(score=0.9)],
    }
    assert detection_errors(samples, predictions, 0.5) == {
        "all right.jpg": 0,
        "missed.jpg": 1 / 2,
        "false.jpg": 2 / 3,
        "nobody.jpg": 0,
        "only false.jpg": 1,
        "weak.jpg": 1,
    }


def test_ignored_regions_count_neither_way():
    crowd = replace(person(40), is_ignored=True)
    sample = Sample("a.jpg", boxes=(person(), crowd))
    found = {"a.jpg": [person(score=0.9), person(40, score=0.9)]}
    assert detection_errors([sample], found, 0.5) == {"a.jpg": 0}


def test_without_pictures_there_are_no_errors():
    assert detection_errors([], {}, 0.5) == {}


def test_what_fiftyone_found_missing_and_spurious_serves_as_well():
    samples = [
        Sample("a.jpg", boxes=(person(), person(40), person(20))),
        Sample("b.jpg"),
        Sample("not measured.jpg", boxes=(person(),)),
        Sample("not labelled.jpg", is_labelled=False),
    ]
    measures = {
        # 1 of 3 labels is spurious, 1 box more is missing: 2 of 4 are wrong.
        "a.jpg": Measures("a.jpg", num_missing=1, num_spurious=1),
        "b.jpg": Measures("b.jpg", num_missing=0, num_spurious=0),
        "not measured.jpg": Measures("not measured.jpg", hardness=0.5),
        "not labelled.jpg": Measures("not labelled.jpg", num_missing=2),
    }
    assert measured_errors(samples, measures) == {"a.jpg": 0.5, "b.jpg": 0}
