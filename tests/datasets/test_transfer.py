"""Labels with their pictures from one place to another: whole, checked, or not at all."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from datasets.dataset import Dataset
from datasets.formats.coco_samples import CocoFormat
from datasets.formats.cvat import CvatFormat
from datasets.formats.format import Losses
from datasets.formats.yolo import YoloFormat
from datasets.media import read_image
from datasets.samples import Box, Sample, Split
from datasets.transfer import Media, export_samples, import_folder
from serving.core.errors import DatasetError, LabelError

TERMS = {"name": "shop", "source": "a camera", "licence": "CC0", "commercial_use": True}
BOX = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}


@pytest.fixture
def foreign(tmp_path):
    """A COCO file over two pictures, one of them in a folder with a name in another script."""
    root = tmp_path / "foreign"
    (root / "入口").mkdir(parents=True)
    Image.new("RGB", (20, 10), "red").save(root / "a.jpg")
    Image.new("RGB", (8, 9), "blue").save(root / "入口" / "b.png")
    write_labels(root)
    return root


def write_labels(root, width=20):
    images = [
        {"id": 1, "file_name": "a.jpg", "width": width, "height": 10},
        {"id": 2, "file_name": "入口/b.png", "width": 8, "height": 9},
    ]
    sections = {
        "images": images,
        "annotations": [{"id": 1, "segmentation": [1, 2], **BOX}],
        "categories": [{"id": 1, "name": "person"}],
    }
    (root / "labels.json").write_text(json.dumps(sections))


def taken(foreign, folder, **options):
    losses = Losses()
    return import_folder(CocoFormat(), foreign, folder, losses, **TERMS, **options), losses


def test_an_imported_folder_is_a_data_set_that_holds_its_files(foreign, tmp_path):
    made, losses = taken(foreign, tmp_path / "set", camera="door", split=Split.TEST)
    assert Dataset.load(tmp_path / "set") == made
    assert {entry.path for entry in made.manifest.files} == {"a.jpg", "samples.jsonl", "入口/b.png"}
    assert (made.manifest.name, made.manifest.licence) == ("shop", "CC0")
    assert made.samples[0].boxes == (Box((1, 2, 4, 6), "person"),)
    assert {(sample.camera, sample.split) for sample in made.samples} == {("door", Split.TEST)}
    assert dict(losses.counts) == {"annotation.segmentation": 1}
    made.manifest.verify(made.folder)


@pytest.mark.parametrize(("media", "is_same"), [(Media.LINK, True), (Media.COPY, False)])
def test_pictures_are_linked_or_copied(foreign, tmp_path, media, is_same):
    taken(foreign, tmp_path / "set", media=media)
    assert (tmp_path / "set" / "a.jpg").samefile(foreign / "a.jpg") is is_same
    assert (tmp_path / "set" / "a.jpg").read_bytes() == (foreign / "a.jpg").read_bytes()


def test_pictures_may_lie_elsewhere_or_be_left_out(foreign, tmp_path):
    (foreign / "labels.json").rename(tmp_path / "labels.json")
    made, _ = taken(tmp_path / "labels.json", tmp_path / "set", pictures=foreign)
    assert len(made.manifest.files) == 3
    made, _ = taken(tmp_path / "labels.json", tmp_path / "labels", media=Media.NONE)
    assert [entry.path for entry in made.manifest.files] == ["samples.jsonl"]


def missing(foreign):
    (foreign / "a.jpg").unlink()
    return "a.jpg: expected a picture, got no file"


def empty(foreign):
    (foreign / "a.jpg").write_bytes(b"")
    return "a.jpg: expected a picture, got an empty file"


def another_size(foreign):
    write_labels(foreign, width=21)
    return "a.jpg: expected 21×10 px as its labels say, got 20×10"


def turned(foreign):
    picture = Image.new("RGB", (20, 10))
    exif = picture.getexif()
    exif[274] = 6
    picture.save(foreign / "a.jpg", exif=exif)
    return "a.jpg: expected 20×10 px as its labels say, got 10×20, turned by its EXIF orientation"


def leads_outside(foreign):
    (foreign / "a.jpg").unlink()
    (foreign / "a.jpg").symlink_to("/etc/passwd")
    return "expected a path inside it, got 'a.jpg'"


def cut_off(foreign):
    text = (foreign / "labels.json").read_text()
    (foreign / "labels.json").write_text(text[:-40])
    return "labels.json: expected JSON"


@pytest.mark.parametrize("spoil", [missing, empty, another_size, turned, leads_outside, cut_off])
def test_what_is_wrong_is_named_and_nothing_is_left(foreign, tmp_path, spoil):
    message = spoil(foreign)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises((DatasetError, LabelError)) as error:
        taken(foreign, tmp_path / "set")
    assert message in str(error.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_of_many_faults_a_few_are_named_and_the_others_counted(tmp_path):
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 5, "height": 5} for n in range(8)]
    (tmp_path / "labels.json").write_text(
        json.dumps({"images": images, "annotations": [], "categories": []})
    )
    with pytest.raises(DatasetError) as error:
        taken(tmp_path / "labels.json", tmp_path / "set")
    assert len(str(error.value).splitlines()) == 6
    assert str(error.value).endswith("and 3 more")


def test_a_folder_with_content_is_not_touched(foreign, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine.txt").write_text("mine")
    with pytest.raises(DatasetError, match="expected a new or an empty folder"):
        taken(foreign, tmp_path / "set")
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["mine.txt"]


def test_exported_labels_lie_beside_their_pictures_and_come_back(foreign, tmp_path):
    made, _ = taken(foreign, tmp_path / "set", split=Split.TRAIN)
    losses = Losses()
    export_samples(YoloFormat(), made.samples, made.folder, tmp_path / "yolo", losses)
    assert (tmp_path / "yolo/images/train/入口/b.png").samefile(foreign / "入口" / "b.png")
    back = import_folder(YoloFormat(), tmp_path / "yolo", tmp_path / "again", Losses(), **TERMS)
    assert [s.boxes for s in back.samples] == [s.boxes for s in made.samples]
    assert [s.image_size_hw for s in back.samples] == [(10, 20), (9, 8)]


def test_a_size_that_is_not_known_is_taken_from_the_picture(foreign, tmp_path):
    export_samples(CocoFormat(), [Sample("a.jpg")], foreign, tmp_path / "coco", Losses())
    (sample,) = CocoFormat().read(tmp_path / "coco", Losses())
    assert sample.image_size_hw == (10, 20)


def test_an_export_that_fails_leaves_nothing(foreign, tmp_path):
    samples = [Sample("a.jpg"), Sample("none.jpg", image_size_hw=(5, 5))]
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DatasetError, match="none.jpg: expected a picture, got no file"):
        export_samples(YoloFormat(), samples, foreign, tmp_path / "yolo", Losses())
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def footage(tmp_path):
    """A video of 6 frames, each as bright as its number times 40."""
    (tmp_path / "footage").mkdir()
    path = tmp_path / "footage" / "door.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5, (64, 48))
    for number in range(6):
        writer.write(np.full((48, 64, 3), number * 40, np.uint8))
    writer.release()
    return path.parent


def test_frames_become_pictures_where_the_format_wants_them(footage, tmp_path):
    samples = [Sample("door.avi", frame_index) for frame_index in (4, 1)]
    export_samples(YoloFormat(), samples, footage, tmp_path / "yolo", Losses())
    folder = tmp_path / "yolo" / "images" / "all"
    brightness = {path.name: read_image(path).mean() for path in sorted(folder.iterdir())}
    assert brightness == {
        "door_000001.jpg": pytest.approx(40, abs=2),
        "door_000004.jpg": pytest.approx(160, abs=2),
    }


def test_frames_stay_in_their_video_where_the_format_knows_videos(footage, tmp_path):
    samples = [Sample("door.avi", frame_index, (48, 64)) for frame_index in range(3)]
    for number, format_ in enumerate((CocoFormat(), CvatFormat())):
        root = tmp_path / f"{number}"
        export_samples(format_, samples, footage, root, Losses())
        assert (root / "door.avi").samefile(footage / "door.avi")
        assert list(format_.read(root, Losses())) == samples


def test_labels_without_pictures_can_be_exported(tmp_path):
    sample = Sample("a.jpg", image_size_hw=(10, 20))
    export_samples(CocoFormat(), [sample], tmp_path, tmp_path / "out", Losses(), Media.NONE)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["annotations"]
