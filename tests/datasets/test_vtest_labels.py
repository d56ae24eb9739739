"""Our labels of the sample video: well formed, and in agreement with the public ground truth."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from datasets.catalog.vtest import HELD_OUT_FROM_FRAME, LABELS_PATH
from datasets.formats import coco

WIDTH_PX, HEIGHT_PX = 768, 576

FAR_BELOW_PX = 60
"""People less high than this are marked `iscrowd`: too far to be judged, not scored."""


@pytest.fixture(scope="module")
def labels():
    return json.loads(LABELS_PATH.read_text(encoding="utf-8"))


def test_the_project_reads_the_file():
    dataset = coco.read(LABELS_PATH)
    assert [category.name for category in dataset.categories] == ["person"]
    assert dataset.annotations


def test_at_least_100_frames_are_labelled_and_each_once(labels):
    frames = [image["frame_index"] for image in labels["images"]]
    assert len(frames) >= 100
    assert len(set(frames)) == len(frames)


def test_no_labelled_frame_lies_in_the_held_out_part(labels):
    frames = [image["frame_index"] for image in labels["images"]]
    assert min(frames) >= 0
    assert max(frames) < HELD_OUT_FROM_FRAME


def test_file_names_give_the_frame(labels):
    for image in labels["images"]:
        assert image["file_name"] == f"vtest_{image['frame_index']:06d}.jpg"
        assert image["video"] == "vtest.avi"
        assert (image["width"], image["height"]) == (WIDTH_PX, HEIGHT_PX)


def test_ids_are_unique(labels):
    for section in ("images", "annotations"):
        ids = [entry["id"] for entry in labels[section]]
        assert len(set(ids)) == len(ids)


def test_boxes_lie_inside_the_picture_and_have_an_area(labels):
    for annotation in labels["annotations"]:
        left, top, width, height = annotation["bbox"]
        assert left >= 0 and top >= 0 and width > 0 and height > 0, annotation
        assert left + width <= WIDTH_PX + 0.05 and top + height <= HEIGHT_PX + 0.05, annotation
        assert annotation["area"] == pytest.approx(width * height, abs=0.1)


def test_a_person_has_one_box_a_frame(labels):
    pairs = Counter((a["image_id"], a["track_id"]) for a in labels["annotations"])
    assert max(pairs.values()) == 1


def test_people_too_far_to_judge_are_marked(labels):
    for annotation in labels["annotations"]:
        assert annotation["iscrowd"] == int(annotation["bbox"][3] < FAR_BELOW_PX)


def test_identities_do_not_jump(labels):
    """Between labels 4 frames apart (0.6 s) nobody here walks further than a body height."""
    frame_of = {image["id"]: image["frame_index"] for image in labels["images"]}
    last_seen: dict[int, tuple[int, float, float]] = {}
    for annotation in sorted(labels["annotations"], key=lambda a: frame_of[a["image_id"]]):
        frame, (left, top, width, height) = frame_of[annotation["image_id"]], annotation["bbox"]
        middle_px, foot_px = left + width / 2, top + height
        if annotation["track_id"] in last_seen:
            frame_before, middle_before_px, foot_before_px = last_seen[annotation["track_id"]]
            limit_px = height * (frame - frame_before) / 4
            assert np.hypot(middle_px - middle_before_px, foot_px - foot_before_px) < limit_px
        last_seen[annotation["track_id"]] = (frame, middle_px, foot_px)
