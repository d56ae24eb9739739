"""CrowdHuman: three boxes of a person tied together, ignored regions, broken lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.crowdhuman import HEAD, VISIBLE, CrowdHuman
from datasets.formats.format import Losses
from datasets.samples import Box, Sample, Split
from serving.core.errors import LabelError
from serving.core.labels import PERSON
from tests.datasets.formats.round_trip import few, likely, likely_boxes, paths, written_and_read

ENTRY = {
    "tag": "person",
    "fbox": [-10, 5, 40, 100],
    "vbox": [0, 5, 30, 50],
    "hbox": [5, 6, 10, 12],
    "head_attr": {"ignore": 0, "occ": 1, "unsure": 0},
    "extra": {"box_id": 4, "occ": 0},
}
CROWD = {"tag": "mask", "fbox": [1, 2, 3, 4], "extra": {"ignore": 1}}


@pytest.fixture
def read(tmp_path):
    def read(*entries, name="annotation_val.odgt", **line):
        text = json.dumps({"ID": "27,c9", "gtboxes": entries, **line})
        (tmp_path / name).write_text(f"{text}\n\n")
        losses = Losses()
        return list(CrowdHuman().read(tmp_path, losses)), dict(losses.counts)

    return read


def test_the_boxes_of_a_person_are_tied_by_its_id(read):
    (sample,), losses = read(ENTRY, CROWD)
    assert (sample.path, sample.split) == ("Images/27,c9.jpg", Split.VALIDATION)
    assert sample.boxes == (
        Box((-10, 5, 30, 105), PERSON, group="4", is_occluded=False),
        Box((0, 5, 30, 55), VISIBLE, group="4", is_occluded=False),
        Box((5, 6, 15, 18), HEAD, group="4", is_occluded=True, properties={"unsure": "0"}),
        Box((1, 2, 4, 6), PERSON, is_ignored=True, properties={"tag": "mask"}),
    )
    assert losses == {}


def test_boxes_without_an_id_are_tied_by_a_free_one(read):
    (sample,), _ = read({**ENTRY, "extra": {"box_id": 0}}, {**ENTRY, "extra": {}})
    assert [box.group for box in sample.boxes] == ["0"] * 3 + ["1"] * 3


def test_what_a_sample_cannot_hold_is_counted(read):
    _, losses = read({**ENTRY, "pose": 1, "extra": {"depth": 2}}, more=3)
    assert losses == {"gtbox.pose": 1, "extra.depth": 1, "more": 1}


def test_one_person_is_written_as_one_entry_again(tmp_path, read):
    samples, _ = read(ENTRY, CROWD)
    CrowdHuman().write(samples, tmp_path / "out", Losses())
    line = json.loads((tmp_path / "out" / "annotation_val.odgt").read_text())
    assert line["ID"] == "27,c9"
    assert [entry["tag"] for entry in line["gtboxes"]] == ["person", "mask"]
    assert line["gtboxes"][0]["fbox"] == ENTRY["fbox"]
    assert line["gtboxes"][0]["extra"] == ENTRY["extra"]
    assert line["gtboxes"][0]["head_attr"] == {"occ": 1, "unsure": 0}


@pytest.mark.parametrize(
    ("entry", "line", "message"),
    [
        (7, {}, ":1, gtbox 1 of '27,c9': expected an object, got 7"),
        ({"fbox": [1, 2, -3, 4]}, {}, "fbox: expected a width and height of at least 0"),
        ({"fbox": [1, 2, 3]}, {}, "fbox: expected left, top, width and height, got [1, 2, 3]"),
        ({"fbox": [1, 2, 3, True]}, {}, "fbox: expected left, top, width and height"),
        ({"fbox": [1, float("nan"), 3, 4]}, {}, "fbox: expected left, top, width and height"),
        ({"fbox": [1, 10**400, 3, 4]}, {}, "fbox: expected left, top, width and height"),
        ({"extra": [1]}, {}, "expected an object 'extra', got [1]"),
        (ENTRY, {"ID": 7}, ":1: expected an 'ID' and a list 'gtboxes'"),
        (ENTRY, {"ID": "../../etc/passwd"}, ":1: path: expected one inside"),
        (ENTRY, {"ID": "\ud800"}, ":1: expected JSON, got"),
    ],
)
def test_a_broken_line_is_named(read, entry, line, message):
    with pytest.raises(LabelError) as error:
        read(entry, **line)
    assert f"annotation_val.odgt{message}" in str(error.value) or message in str(error.value)


def test_a_cut_line_a_picture_twice_and_an_empty_folder_are_named(tmp_path, read):
    with pytest.raises(LabelError, match=r"expected .odgt files"):
        list(CrowdHuman().read(tmp_path, Losses()))
    read(ENTRY, name="annotation_train.odgt")
    with pytest.raises(
        LabelError, match=r"val.odgt:1: expected each picture once.*train.odgt:1 too"
    ):
        read(ENTRY)
    (tmp_path / "annotation_train.odgt").write_text('{"ID": "a", "gtbo')
    with pytest.raises(LabelError, match=r"annotation_train.odgt:1: expected JSON, got Untermin"):
        list(CrowdHuman().read(tmp_path, Losses()))


people = likely_boxes(
    label=st.sampled_from([PERSON, VISIBLE, HEAD]),
    group=st.sampled_from([None, "0", "1", "é"]),
    is_occluded=st.sampled_from([None, True]),
    properties=st.sampled_from([{}, {"tag": "mask"}, {"tag": "person"}, {"unsure": "1"}]),
)


@few
@given(likely(path=paths, boxes=people))
def test_people_come_back_but_for_what_is_told(samples):
    written_and_read(CrowdHuman(), samples)


def test_a_name_that_ends_like_a_picture_twice_keeps_its_end(tmp_path):
    samples = [Sample("a.png.jpg"), Sample("a.png"), Sample("a.jpg")]
    placed = []
    CrowdHuman().write(samples, tmp_path, Losses(), lambda sample, path: placed.append(path))
    assert [sample.path for sample in CrowdHuman().read(tmp_path, Losses())] == placed
    assert placed == ["Images/a.png.jpg", "Images/a.png", "Images/a.jpg"]


def test_parts_that_are_not_hidden_alike_stand_in_entries_of_their_own(tmp_path):
    boxes = (
        Box((0, 0, 9, 9), PERSON, group="4", is_occluded=True),
        Box((0, 0, 9, 5), VISIBLE, group="4", is_ignored=True),
    )
    CrowdHuman().write([Sample("a.jpg", boxes=boxes)], tmp_path, Losses())
    (sample,) = CrowdHuman().read(tmp_path, Losses())
    assert sample.boxes == boxes
