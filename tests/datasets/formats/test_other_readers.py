"""What we write is read by those whom it is written for: FiftyOne's readers and pycocotools."""

from __future__ import annotations

import pytest

from datasets.formats.coco_samples import CocoFormat
from datasets.formats.cvat import CvatFormat
from datasets.formats.format import Losses
from datasets.formats.voc import VocFormat
from datasets.formats.yolo import YoloFormat
from datasets.samples import Box, Sample

PERSON = Box((10, 10, 30, 40), "person", track_id="3", is_occluded=True, properties={"coat": "red"})
BAG = Box((0.5, 1.5, 20, 30), "bag", track_id="4", is_occluded=False)
PICTURE = Sample("a/é.jpg", None, (50, 100), boxes=(PERSON, BAG))
SHARES = [pytest.approx([0.1, 0.2, 0.2, 0.6]), pytest.approx([0.005, 0.03, 0.195, 0.57])]
"""Left, top, width and height in the 100×50 picture."""


def test_pycocotools_reads_boxes_crowds_and_names(tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    CocoFormat().write([PICTURE], tmp_path / "labels.json", Losses())
    found = coco.COCO(str(tmp_path / "labels.json"))
    assert [image["file_name"] for image in found.imgs.values()] == ["a/é.jpg"]
    assert [a["bbox"] for a in found.anns.values()] == [[10, 10, 20, 30], [0.5, 1.5, 19.5, 28.5]]
    assert [c["name"] for c in found.loadCats(found.getCatIds())] == ["person", "bag"]


def test_fiftyone_reads_yolo(tmp_path):
    yolo = pytest.importorskip("fiftyone.utils.yolo")
    YoloFormat().write([PICTURE], tmp_path, Losses())
    path = tmp_path / "labels" / "all" / "a" / "é.txt"
    found = yolo.load_yolo_annotations(str(path), ["person", "bag"]).detections
    assert [detection.label for detection in found] == ["person", "bag"]
    assert [detection.bounding_box for detection in found] == SHARES


def test_fiftyone_reads_voc_with_its_attributes(tmp_path):
    voc = pytest.importorskip("fiftyone.utils.voc")
    VocFormat().write([PICTURE], tmp_path, Losses())
    path = tmp_path / "Annotations" / "a" / "é.xml"
    found = voc.load_voc_detection_annotations(str(path)).to_detections().detections
    assert [detection.label for detection in found] == ["person", "bag"]
    assert (found[0]["coat"], found[0]["occluded"], found[1]["occluded"]) == ("red", 1, 0)
    # It takes corners for edges, and whole pixels of them.
    assert found[0].bounding_box == pytest.approx([0.11, 0.22, 0.19, 0.58])


def test_fiftyone_reads_pictures_and_tracks_of_cvat(tmp_path):
    cvat = pytest.importorskip("fiftyone.utils.cvat")
    frames = [Sample("door.avi", n, (50, 100), boxes=(PERSON, BAG)) for n in range(3)]
    CvatFormat().write([PICTURE, *frames], tmp_path, Losses())
    image = cvat.load_cvat_image_annotations(str(tmp_path / "annotations.xml"))[2][0]
    assert (image.name, image.width, image.height) == ("a/é.jpg", 100, 50)
    assert [(b.label, b.occluded) for b in image.boxes] == [("person", 1), ("bag", 0)]
    tracks = cvat.load_cvat_video_annotations(str(tmp_path / "door.avi.xml"))[2]
    assert {track.label: sorted(track.boxes) for track in tracks} == {
        "person": [0, 1, 2],
        "bag": [0, 1, 2],
    }
