"""COCO files: what is refused, what is kept, and results beside labels."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats import coco
from datasets.formats.coco import Annotation, Category, CocoDataset, Image
from serving.core.detections import Detections
from serving.core.errors import LabelError

GOOD = {
    "images": [{"id": 4, "file_name": "a.jpg", "width": 100, "height": 50, "frame_index": 0}],
    "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "bag"}],
    "annotations": [
        {"id": 7, "image_id": 4, "category_id": 1, "bbox": [10, 10, 20, 30], "area": 500},
        {"id": 8, "image_id": 4, "category_id": 2, "bbox": [0, 0, 5, 5], "iscrowd": 1},
    ],
}


@pytest.fixture
def file(tmp_path):
    def write(values):
        path = tmp_path / "labels.json"
        path.write_text(values if isinstance(values, str) else json.dumps(values))
        return path

    return write


def changed(**sections):
    return {**GOOD, **sections}


def annotation(**values):
    return changed(annotations=[{**GOOD["annotations"][0], **values}])


def test_a_label_file_becomes_detections_of_the_wanted_classes(file):
    found = coco.read(file(GOOD)).detections(["bag", "person"])[4]
    assert found.xyxy_px.tolist() == [[10, 10, 30, 40], [0, 0, 5, 5]]
    assert found.class_id.tolist() == [1, 0]
    assert found.columns[coco.CROWD_COLUMN].tolist() == [False, True]
    assert found.columns[coco.AREA_COLUMN].tolist() == [500, 25]
    assert len(coco.read(file(GOOD)).detections(["person"])[4]) == 1


def test_an_image_without_labels_is_an_empty_entry(file):
    assert len(coco.read(file(changed(annotations=[]))).detections(["person"])[4]) == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("{", "expected JSON"),
        ([], "expected an object with images, annotations and categories"),
        ({}, "expected a list 'images', got NoneType"),
        (changed(images=[7]), "image 0: expected an object, got 7"),
        (changed(images=GOOD["images"] * 2), "image 4: expected each id once"),
        (changed(annotations=GOOD["annotations"] * 2), "annotation 7: expected each id once"),
        (annotation(image_id=5), "annotation 7: expected the id of an image, got 5"),
        (annotation(category_id=3), "annotation 7: expected a category of [1, 2], got 3"),
        (
            annotation(bbox=[90, 10, 20, 30]),
            "annotation 7: expected a box with an area inside 100×50",
        ),
        (
            annotation(bbox=[10, 10, 0, 30]),
            "annotation 7: expected a box with an area inside 100×50",
        ),
        (annotation(bbox=[10, 10, -2, 30]), "width and height of at least 0, got [10, 10, -2, 30]"),
        (annotation(bbox=[10, 10, "x", 30]), "expected a bbox of four numbers"),
        (annotation(bbox=None), "expected a bbox of four numbers, got None"),
        (annotation(image_id="4"), "expected a whole number for 'image_id', got '4'"),
        (annotation(area="big"), "expected a number for 'area', got 'big'"),
    ],
)
def test_a_broken_file_names_the_entry(file, values, message):
    path = file(values)
    with pytest.raises(LabelError) as error:
        coco.read(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LabelError, match=r"none.json: expected a COCO file: No such file"):
        coco.read(tmp_path / "none.json")


def test_a_box_rounded_outwards_at_the_border_is_taken(file):
    coco.read(file(annotation(bbox=[-0.5, 10, 101, 30])))


def test_results_are_read_as_a_list_and_as_a_label_file_with_scores(file):
    truth = coco.read(file(GOOD))
    entry = {"image_id": 4, "category_id": 1, "bbox": [90, 10, 20, 30], "score": 0.5}
    for values in ([entry], changed(annotations=[{"id": 1, **entry}])):
        found = coco.read_results(file(values), truth).detections(["person"])[4]
        assert (found.score.tolist(), found.xyxy_px.tolist()) == ([0.5], [[90, 10, 110, 40]])


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"image_id": 5}, "expected the id of an image, got 5"),
        ({"score": None}, "result 1: expected a 'score', got none"),
        ({"score": 1.5}, "result 1: expected a score in [0, 1], got 1.5"),
    ],
)
def test_broken_results_name_the_entry(file, entry, message):
    truth = coco.read(file(GOOD))
    good = {"image_id": 4, "category_id": 1, "bbox": [0, 0, 5, 5], "score": 0.5}
    with pytest.raises(LabelError) as error:
        coco.read_results(file([{**good, **entry}]), truth)
    assert message in str(error.value)


def test_a_label_file_as_results_needs_no_scores_but_the_images_of_the_truth(file, tmp_path):
    truth = coco.read(file(GOOD))
    assert coco.read_results(file(GOOD), truth).detections(["person"])[4].score.tolist() == [1]
    assert coco.read_results(file(GOOD)) == truth
    other = changed(images=[{**GOOD["images"][0], "file_name": "b.jpg"}])
    with pytest.raises(
        LabelError, match="image 4: expected an image of the truth, 'a.jpg', got 'b"
    ):
        coco.read_results(file(other), truth)


def test_a_list_of_results_is_nothing_without_its_truth(file):
    with pytest.raises(LabelError, match="expected a label file, got a list"):
        coco.read_results(file([]))


def test_written_results_are_read_back(file, tmp_path):
    truth = coco.read(file(GOOD))
    path = tmp_path / "results.json"
    coco.write_results(path, {4: Detections([[1, 2, 3, 5]], [0.25])}, category_id=1)
    found = coco.read_results(path, truth).detections(["person"])[4]
    assert (found.score.tolist(), found.xyxy_px.tolist()) == ([0.25], [[1, 2, 3, 5]])


@st.composite
def label_files(draw):
    num_images = draw(st.integers(0, 3))
    images = tuple(
        Image(row + 1, draw(st.text(max_size=5)), 640, 480, draw(st.none() | st.integers(0, 999)))
        for row in range(num_images)
    )
    lengths = st.floats(0.5, 100)
    annotations = tuple(
        Annotation(
            row,
            draw(st.integers(1, num_images)),
            1,
            draw(st.tuples(lengths, lengths, lengths, lengths)),
            draw(lengths),
            draw(st.booleans()),
            track_id=draw(st.none() | st.integers(0, 99)),
        )
        for row in range(draw(st.integers(0, 5)) if num_images else 0)
    )
    info = draw(st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2))
    return CocoDataset(images, annotations, (Category(1, "person"),), info)


@given(label_files())
def test_what_is_written_is_read_back_exactly(tmp_path_factory, dataset):
    path = tmp_path_factory.getbasetemp() / "round_trip.json"
    coco.write(path, dataset)
    assert coco.read(path) == dataset
