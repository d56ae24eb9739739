"""`python -m datasets import`, `export` and `convert`: what they say and how they end."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from datasets.__main__ import main
from datasets.dataset import Dataset
from datasets.formats.known import FORMATS


@pytest.fixture
def yolo(tmp_path):
    """One picture with a person and a bag."""
    for folder in ("images", "labels"):
        (tmp_path / "yolo" / folder).mkdir(parents=True)
    Image.new("RGB", (100, 50)).save(tmp_path / "yolo" / "images" / "a.jpg")
    (tmp_path / "yolo" / "labels" / "a.txt").write_text("0 0.5 0.5 0.2 0.4\n1 0.1 0.1 0.1 0.1\n")
    (tmp_path / "yolo" / "data.yaml").write_text("train: images\nnames: [person, bag]\n")
    return str(tmp_path / "yolo")


def test_import_and_export_say_what_came_and_what_was_lost(yolo, tmp_path, capsys):
    folder = str(tmp_path / "set")
    options = ["--licence", "CC0", "--camera", "door", "--name", "shop", "--commercial-use"]
    assert main(["import", "yolo", yolo, folder, *options]) == 0
    assert capsys.readouterr().out.startswith("'shop': 1 samples, 2 boxes, 2 files in ")
    manifest = Dataset.load(folder).manifest
    assert (manifest.licence, manifest.commercial_use) == ("CC0", True)
    assert manifest.source == "yolo: yolo"

    assert main(["export", folder, "voc", str(tmp_path / "voc")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"1 of 1 samples as voc: {tmp_path / 'voc'}"
    assert out[1:] == ["lost, as voc cannot hold it:", "  sample.camera: 1"]
    assert (tmp_path / "voc" / "JPEGImages" / "a.jpg").is_file()


def test_strict_ends_with_1_when_something_was_lost(yolo, tmp_path):
    options = ["--licence", "CC0", "--camera", "door"]
    assert main(["import", "yolo", yolo, str(tmp_path / "set"), *options, "--strict"]) == 0
    assert main(["export", str(tmp_path / "set"), "yolo", str(tmp_path / "out"), "--strict"]) == 1


def test_an_export_that_holds_no_sample_ends_with_1(yolo, tmp_path, capsys):
    assert main(["import", "yolo", yolo, str(tmp_path / "set"), "--licence", "CC0"]) == 0
    assert main(["export", str(tmp_path / "set"), "market1501", str(tmp_path / "out")]) == 1
    assert "0 of 1 samples as market1501" in capsys.readouterr().out


def test_convert_gives_classes_the_numbers_that_are_asked_for(yolo, tmp_path):
    into = str(tmp_path / "other")
    assert main(["convert", "yolo", yolo, "coco", into, "--labels-only"]) == 0
    text = (tmp_path / "other" / "annotations" / "instances_train.json").read_text()
    assert [c["name"] for c in json.loads(text)["categories"]] == ["person", "bag"]
    again = ["convert", "coco", into, "yolo", str(tmp_path / "again"), "--media", yolo]
    assert main([*again, "--class-names", "bag,person"]) == 0
    labels = (tmp_path / "again" / "labels" / "train" / "a.txt").read_text()
    assert labels == "1 0.5 0.5 0.2 0.4\n0 0.1 0.1 0.1 0.1\n"


def test_labels_without_their_pictures_are_no_import(yolo, tmp_path, capsys):
    into = str(tmp_path / "other")
    assert main(["convert", "yolo", yolo, "coco", into, "--labels-only"]) == 0
    assert main(["import", "coco", into, str(tmp_path / "set"), "--licence", "x"]) == 1
    assert "a.jpg: expected a picture, got no file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["import", "yoko", "a", "b", "--licence", "x"],
            2,
            f"one of {sorted(FORMATS)}, got 'yoko'",
        ),
        (["import", "voc", "a", "b", "--licence", "x"], 1, "a: expected a folder with Annotations"),
        (["import", "voc", "a", "b", "--licence", "x", "--class-names", "a"], 2, "--class-names"),
        (["import", "voc", "a", "b", "--licence", "x", "--video", "a.avi"], 2, "--video: expected"),
        (["import", "voc", "a", "b", "--licence", "x", "--split", "half"], 2, "--split: expected"),
        (["export", "a", "voc", "b"], 1, "expected a manifest.json, got none"),
        (["convert", "voc", "a", "coco", "b"], 1, "a: expected a folder with Annotations"),
    ],
)
def test_a_mistake_is_one_message_and_a_code(
    arguments, code, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
