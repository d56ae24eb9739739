"""YOLO folders: classes by name, pictures of every split, labels that need their picture."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PIL import Image

from datasets.formats.format import Losses
from datasets.formats.yolo import YoloFormat
from datasets.samples import Box, Sample, Split
from serving.core.errors import DatasetError, LabelError


@pytest.fixture
def folder(tmp_path):
    """Two pictures of 200×100 px, one in each split."""
    for split in ("train", "val"):
        (tmp_path / "images" / split).mkdir(parents=True)
        (tmp_path / "labels" / split).mkdir(parents=True)
        Image.new("RGB", (200, 100)).save(tmp_path / "images" / split / f"{split} é.jpg")
        (tmp_path / "labels" / split / f"{split} é.txt").write_text("1 0.5 0.5 0.2 0.4\n")
    (tmp_path / "data.yaml").write_text(
        "path: /home/someone/data\ntrain: images/train\nval: images/val\n"
        "nc: 2\nnames: {0: bag, 1: person}\n"
    )
    return tmp_path


def read(root, **options):
    losses = Losses()
    return list(YoloFormat(**options).read(root, losses)), dict(losses.counts)


def labels_of(folder, text):
    (folder / "labels" / "train" / "train é.txt").write_text(text)


def test_a_folder_becomes_samples_with_the_names_of_classes(folder):
    samples, losses = read(folder)
    box = Box((80, 30, 120, 70), "person")
    assert samples == [
        Sample("images/train/train é.jpg", None, (100, 200), split=Split.TRAIN, boxes=(box,)),
        Sample("images/val/val é.jpg", None, (100, 200), split=Split.VALIDATION, boxes=(box,)),
    ]
    assert losses == {}
    assert read(folder / "data.yaml")[0] == samples


def test_an_empty_file_shows_nobody_and_none_says_nothing(folder):
    labels_of(folder, "")
    (folder / "labels" / "val" / "val é.txt").unlink()
    empty, unlabelled = read(folder)[0]
    assert (empty.boxes, empty.is_labelled) == ((), True)
    assert (unlabelled.boxes, unlabelled.is_labelled) == ((), False)


def test_a_polygon_is_the_box_around_it_and_a_sixth_column_a_score(folder):
    labels_of(folder, "0 0.1 0.2 0.3 0.2 0.2 0.6\n1 0.5 0.5 0.2 0.4 0.75\n")
    samples, losses = read(folder)
    assert samples[0].boxes == (
        Box((20, 20, 60, 60), "bag"),
        Box((80, 30, 120, 70), "person", score=0.75),
    )
    assert losses == {"polygon": 1}


def test_folders_above_the_file_and_lists_of_pictures_are_found(folder):
    (folder / "val.txt").write_text("./images/val/val é.jpg\n\n")
    (folder / "data.yaml").write_text(
        "train: ../images/train\nval: val.txt\nnames: [bag, person]\n"
    )
    assert [sample.split for sample in read(folder)[0]] == [Split.TRAIN, Split.VALIDATION]


def test_a_folder_with_classes_txt_as_label_studio_writes_it_is_read(folder):
    (folder / "data.yaml").unlink()
    with pytest.raises(LabelError, match="expected data.yaml, classes.txt or the names"):
        read(folder)
    (folder / "classes.txt").write_text("bag\nperson\n")
    samples = read(folder)[0]
    assert [(sample.split, sample.boxes[0].label) for sample in samples] == [(None, "person")] * 2
    assert read(folder, class_names=("x", "y"))[0][0].boxes[0].label == "y"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 0.5 0.5 0.2\n", ":1: expected 5 columns"),
        ("1 0.5 0.5 0.2 0.4\n1 0.5 0.5 0.2 0.4 0.5 0.6 0.7\n", ":2: expected 5 columns"),
        ("x 0.5 0.5 0.2 0.4\n", ":1: expected numbers, got 'x 0.5 0.5 0.2 0.4'"),
        ("2 0.5 0.5 0.2 0.4\n", ":1: expected a class of [0, 1], got 2"),
        ("1.5 0.5 0.5 0.2 0.4\n", ":1: expected a class of [0, 1], got 1.5"),
        ("1 0.5 0.5 -0.2 0.4\n", ":1: expected a box with an area inside 200×100 px"),
        ("1 0.95 0.5 0.2 0.4\n", ":1: expected a box with an area inside 200×100 px"),
        ("1 nan 0.5 0.2 0.4\n", ":1: expected a box with an area inside 200×100 px"),
        ("1 0.5 0.5 0.2 0.4 7\n", ":1: score: expected a share in [0, 1], got 7.0"),
    ],
)
def test_a_broken_line_is_named(folder, text, message):
    labels_of(folder, text)
    with pytest.raises(LabelError) as error:
        read(folder)
    assert str(folder / "labels" / "train" / "train é.txt") + message in str(error.value)


def test_a_picture_that_is_missing_or_broken_is_named(folder):
    (folder / "images" / "train" / "train é.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"train é.jpg: expected a picture, got an empty file"):
        read(folder)
    (folder / "images" / "train" / "train é.jpg").rename(folder / "images" / "val" / "b.jpg")
    Image.new("RGB", (2, 2)).save(folder / "images" / "val" / "b.jpg")
    Image.new("RGB", (2, 2)).save(folder / "images" / "train" / "c.jpg")
    (folder / "labels" / "train" / "c.txt").touch()
    with pytest.raises(LabelError, match=r"train é.txt: expected a picture of this name, got none"):
        read(folder)


LAUGHS = "a0: &a [x, x]\n" + "".join(
    f"a{n}: &{after} [*{before}, *{before}]\n"
    for n, (before, after) in enumerate(pairwise("abcdefghijklmnopqrstuvwxyz"), start=1)
)
"""Lists of the same lists: 67 million names, if they were written out."""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: [", "expected YAML"),
        (LAUGHS + "names: *z", "expected 'names'"),
        ("names", "expected names and the folders of splits"),
        ("train: images/train\n", "expected 'names'"),
        ("train: images/train\nnames: [no]\n", "expected 'names'"),
        ("train: images/none\nnames: [a]\n", "expected a folder or list of pictures, got none at"),
        ("train: ../../images\nnames: [a]\n", "got none at '../../images'"),
        ("train: images/../../\nnames: [a]\n", "path: expected one inside"),
        ("train: images/train\nval: images\nnames: [a, b]\n", "expected each picture in one split"),
        ("train: list.txt\nnames: [a, b]\n", "list.txt:1: path: expected one inside"),
    ],
)
def test_a_broken_data_yaml_is_refused(folder, text, message):
    (folder / "list.txt").write_text("../../etc/passwd\n")
    (folder / "data.yaml").write_text(text)
    with pytest.raises(LabelError) as error:
        read(folder)
    assert message in str(error.value)


def test_what_must_not_be_learned_is_not_written(tmp_path):
    losses = Losses()
    boxes = (
        Box((10, 10, 30, 40), "person"),
        Box((50, 10, 70, 40), "person", is_ignored=True),
        Box((90, 10, 130, 40), "bag"),
    )
    samples = [
        Sample("a.jpg", None, (50, 100), boxes=boxes),
        Sample("b.jpg", None, (50, 100), is_labelled=False),
        Sample("a.png", None, (50, 100)),
    ]
    placed = []
    YoloFormat(class_names=("bag",)).write(
        samples, tmp_path, losses, lambda sample, path: placed.append(path)
    )
    assert placed == ["images/all/a.jpg", "images/all/a-2.png"]
    assert (tmp_path / "labels/all/a.txt").read_text() == (
        "1 0.2 0.5 0.2 0.6\n0 0.95 0.5 0.1 0.6\n"
    )
    assert (tmp_path / "labels/all/a-2.txt").read_text() == ""
    assert dict(losses.counts) == {"sample": 1, "box": 1, "box.xyxy_px": 1}


def test_what_was_read_is_written_at_the_same_places(folder, tmp_path):
    samples, placed = read(folder)[0], []
    out = tmp_path / "out"
    YoloFormat().write(samples, out, Losses(), lambda sample, path: placed.append(path))
    assert placed == [sample.path for sample in samples]
    text = (out / "labels" / "train" / "train é.txt").read_text()
    assert text == "0 0.5 0.5 0.2 0.4\n"


def test_ultralytics_finds_the_labels_of_pictures_in_a_folder_named_images(tmp_path):
    placed = []
    sample = Sample("a/images/b.jpg", None, (50, 100), split=Split.TRAIN)
    YoloFormat().write([sample], tmp_path, Losses(), lambda sample, path: placed.append(path))
    assert placed == ["images/train/a/pictures/b.jpg"]
    assert (tmp_path / "labels/train/a/pictures/b.txt").is_file()
