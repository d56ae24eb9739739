"""Samples and COCO: names and not numbers, what is lost by name, and files that lie."""

from __future__ import annotations

import json

import pytest

from datasets.catalog.vtest import LABELS_PATH
from datasets.formats import coco
from datasets.formats.coco_samples import CocoFormat
from datasets.formats.format import Losses
from datasets.samples import Box, Sample, Split
from serving.core.errors import LabelError

IMAGE = {"id": 4, "file_name": "a.jpg", "width": 100, "height": 50}
ANNOTATION = {"id": 7, "image_id": 4, "category_id": 9, "bbox": [10, 10, 20, 30]}
CATEGORIES = [{"id": 9, "name": "person"}, {"id": 2, "name": "bag"}]


def label_file(tmp_path, images=(IMAGE,), annotations=(ANNOTATION,), categories=CATEGORIES, **more):
    path = tmp_path / "labels.json"
    sections = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps({**sections, **more}), encoding="utf-8")
    return path


def read(path):
    losses = Losses()
    return list(CocoFormat().read(path, losses)), dict(losses.counts)


def test_a_file_becomes_samples_with_the_names_of_classes(tmp_path):
    path = label_file(
        tmp_path,
        annotations=[
            {**ANNOTATION, "track_id": 3, "score": 0.5},
            {**ANNOTATION, "id": 8, "category_id": 2, "iscrowd": 1, "attributes": {"a": 1.5}},
        ],
    )
    (sample,), losses = read(path)
    assert (sample.path, sample.image_size_hw, sample.split) == ("a.jpg", (50, 100), None)
    assert sample.boxes == (
        Box((10, 10, 30, 40), "person", track_id="3", score=0.5),
        Box((10, 10, 30, 40), "bag", is_ignored=True, properties={"a": "1.5"}),
    )
    assert losses == {}


def test_annotations_may_stand_before_their_images_in_any_order(tmp_path):
    path = tmp_path / "labels.json"
    annotations = [{**ANNOTATION, "id": n, "image_id": 5 - n % 2} for n in range(4)]
    sections = {
        "annotations": annotations,
        "categories": CATEGORIES[:1],
        "images": [IMAGE, {**IMAGE, "id": 5, "file_name": "b.jpg"}],
    }
    path.write_text(json.dumps(sections))
    samples, _ = read(path)
    assert [len(sample.boxes) for sample in samples] == [2, 2]


def test_what_a_sample_cannot_hold_is_counted_by_name(tmp_path):
    path = label_file(
        tmp_path,
        annotations=[
            {**ANNOTATION, "segmentation": [[1, 2, 3, 4, 5, 6]], "area": 300, "keypoints": [1, 2]},
            {**ANNOTATION, "id": 8, "segmentation": [], "area": 600},
            {**ANNOTATION, "id": 9, "bbox": [20, 10, 0, 30]},  # as COCO 2017 has
        ],
        categories=[{**CATEGORIES[0], "supercategory": "being"}, CATEGORIES[1]],
        info={"year": 2020},
        licenses=[{"id": 1}, {"id": 2}],
    )
    assert read(path)[1] == {
        "annotation.area": 1,
        "annotation.keypoints": 1,
        "annotation.segmentation": 1,
        "annotation.without_area": 1,
        "category": 1,
        "category.supercategory": 1,
        "info": 1,
        "licenses": 2,
    }


def test_the_split_is_in_the_name_of_the_file_and_pictures_are_found(tmp_path):
    for name in ("instances_val2017.json", "captions_val2017.json"):
        (tmp_path / "annotations").mkdir(exist_ok=True)
        label_file(tmp_path).rename(tmp_path / "annotations" / name)
    (tmp_path / "val2017").mkdir()
    (tmp_path / "val2017" / "a.jpg").touch()
    ((sample,), _) = read(tmp_path)
    assert (sample.path, sample.split) == ("val2017/a.jpg", Split.VALIDATION)


def test_a_folder_of_each_split_as_roboflow_exports_it_is_read(tmp_path):
    for split in ("train", "valid"):
        (tmp_path / split).mkdir()
        label_file(tmp_path).rename(tmp_path / split / "_annotations.coco.json")
        (tmp_path / split / "a.jpg").touch()
    samples, _ = read(tmp_path)
    assert {sample.path: sample.split for sample in samples} == {
        "train/a.jpg": Split.TRAIN,
        "valid/a.jpg": Split.VALIDATION,
    }


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"images": [IMAGE, IMAGE]}, "image 4: expected each id once"),
        (
            {"images": [IMAGE, {**IMAGE, "id": 5}]},
            "image 5: expected each picture once, got 'a.jpg'",
        ),
        ({"annotations": [ANNOTATION] * 2}, "annotation 7: expected each id once"),
        (
            {"annotations": [{**ANNOTATION, "image_id": 5}]},
            "annotation 7: expected the id of an im",
        ),
        ({"annotations": [{**ANNOTATION, "category_id": 1}]}, "annotation 7: expected a category"),
        ({"annotations": [{**ANNOTATION, "bbox": [90, 10, 20, 30]}]}, "area inside 100×50 px"),
        ({"annotations": [{**ANNOTATION, "bbox": [20, 10, -5, 30]}]}, "height of at least 0"),
        ({"annotations": [{**ANNOTATION, "bbox": [20, 10, 5]}]}, "a bbox of four numbers"),
        ({"annotations": [7]}, "annotation: expected an object, got 7"),
        ({"images": [{**IMAGE, "file_name": "../../etc/passwd"}]}, "got '../../etc/passwd'"),
        ({"images": [{**IMAGE, "file_name": "/etc/passwd"}]}, "image 4: path: expected one inside"),
        ({"images": [{**IMAGE, "file_name": "\ud800.jpg"}]}, "expected whole characters"),
        (
            {"images": [{**IMAGE, "width": 10**400}]},
            "image 4: expected a positive width and height",
        ),
        ({"images": [{**IMAGE, "id": 10**400}]}, "expected a whole number for 'id'"),
        ({"categories": CATEGORIES[:1] * 2}, "category 9: expected each id once"),
        ({"categories": [{"id": 9, "name": ""}]}, "label: expected a class name"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_with_the_entry(tmp_path, sections, message):
    path = tmp_path / "labels.json"
    values = {"images": [IMAGE], "annotations": [ANNOTATION], "categories": CATEGORIES[:1]}
    path.write_text(json.dumps({**values, **sections}))
    with pytest.raises(LabelError) as error:
        read(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_one_picture_in_two_splits_is_refused(tmp_path):
    for split in ("train", "val"):
        label_file(tmp_path).rename(tmp_path / f"{split}.json")
    with pytest.raises(
        LabelError, match=r"val.json: expected each picture in one file, got 'a.jpg'"
    ):
        read(tmp_path)


def test_what_evaluation_reads_is_what_was_written(tmp_path):
    boxes = (Box((10, 10, 30, 40), "person", track_id="3"), Box((90, -5, 130, 40), "bag"))
    samples = [Sample("é/a b.jpg", image_size_hw=(50, 100), boxes=boxes)]
    losses = Losses()
    CocoFormat().write(samples, tmp_path / "out.json", losses)
    found = coco.read(tmp_path / "out.json")
    assert [category.name for category in found.categories] == ["person", "bag"]
    assert found.images[0].file_name == "é/a b.jpg"
    assert [a.xywh_px for a in found.annotations] == [(10, 10, 20, 30), (90, 0, 10, 40)]
    assert found.annotations[0].track_id == 3
    assert dict(losses.counts) == {"box.xyxy_px": 1}


def test_the_labels_of_the_sample_name_their_video():
    samples, _ = read(LABELS_PATH)
    assert len(samples) == 125
    assert {sample.path for sample in samples} == {"vtest.avi"}
    assert samples[1].frame_index == 4


def test_a_sample_that_fails_leaves_no_file(tmp_path):
    samples = [Sample("a.jpg", image_size_hw=(5, 5)), Sample("b.jpg")]
    with pytest.raises(LabelError, match=r"sample 'b.jpg': expected an image size"):
        CocoFormat().write(samples, tmp_path / "new", Losses())
    assert not list(tmp_path.rglob("*.*"))


def test_a_picture_at_its_own_place_is_not_taken_for_one_in_a_folder_of_pictures(tmp_path):
    samples = [Sample(path, image_size_hw=(5, 5)) for path in ("0.jpg", "images/0.jpg")]
    CocoFormat().write(samples, tmp_path, Losses())
    (tmp_path / "images").mkdir()
    for sample in samples:
        (tmp_path / sample.path).touch()
    assert read(tmp_path)[0] == samples
