"""WIDER FACE: a name, a count, a line a face; files that are cut or out of step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.format import Losses
from datasets.formats.wider_face import FACE, WiderFace
from datasets.samples import Box, Sample, Split
from serving.core.errors import LabelError
from tests.datasets.formats.round_trip import few, likely, likely_boxes, paths, written_and_read

TEXT = """0--Parade/a b.jpg
2
10 20 30 40 0 0 0 0 0 0 \n5 6 0 0 2 1 0 1 2 1 \n0--Parade/nobody.jpg
0
0 0 0 0 0 0 0 0 0 0 \n"""


@pytest.fixture
def read(tmp_path):
    def read(text, name="wider_face_train_bbx_gt.txt"):
        (tmp_path / "wider_face_split").mkdir(exist_ok=True)
        (tmp_path / "wider_face_split" / name).write_text(text, encoding="utf-8")
        losses = Losses()
        samples = list(WiderFace().read(tmp_path, losses))
        assert not losses
        return samples

    return read


def test_faces_and_their_levels_are_read(read):
    crowd, nobody = read(TEXT)
    assert (crowd.path, crowd.split) == ("WIDER_train/images/0--Parade/a b.jpg", Split.TRAIN)
    assert crowd.boxes == (
        Box((10, 20, 40, 60), FACE, is_occluded=False),
        Box(
            (5, 6, 5, 6),
            FACE,
            is_ignored=True,
            is_occluded=True,
            properties={"blur": "2", "expression": "1", "pose": "1", "occlusion": "2"},
        ),
    )
    assert (nobody.boxes, nobody.is_labelled) == ((), True)


def test_what_was_read_is_written_as_it_was(read, tmp_path):
    samples = read(TEXT)
    placed = []
    WiderFace().write(samples, tmp_path / "out", Losses(), lambda sample, path: placed.append(path))
    text = (tmp_path / "out/wider_face_split/wider_face_train_bbx_gt.txt").read_text()
    assert text == TEXT.replace(" \n", "\n")
    assert placed == [sample.path for sample in samples]


def test_a_list_of_the_test_pictures_has_no_labels(read):
    samples = read("0--Parade/a.jpg\n", name="wider_face_test_filelist.txt")
    path = "WIDER_test/images/0--Parade/a.jpg"
    assert samples == [Sample(path, split=Split.TEST, is_labelled=False)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.jpg\n", ", end: expected the number of faces in 'a.jpg', got ''"),
        ("a.jpg\nb.jpg\n", ":2: expected the number of faces in 'a.jpg', got 'b.jpg'"),
        ("a.jpg\n" + "1" * 9999, ":2: expected the number of faces"),
        ("a.jpg\n2\n1 1 1 1 0 0 0 0 0 0\n", ", end: expected 10 columns"),
        ("a.jpg\n1\n1 1 1 1\n", ":3: expected 10 columns"),
        ("a.jpg\n1\n1 1 1 x 0 0 0 0 0 0\n", ":3: expected numbers"),
        ("a.jpg\n1\n1 1 -1 1 0 0 0 0 0 0\n", ":3: expected a width and height of at least 0"),
        ("a.jpg\n1\n1 1 nan 1 0 0 0 0 0 0\n", ":3: expected a width and height of at least 0"),
        ("a.jpg\n1\n1 1 1 1 0 0 0 0 0 -1\n", ":3: expected a level of 'pose' from 0 on"),
        ("a.jpg\n0\nb.jpg\n", ":3: expected a line of zeros for no face, got 'b.jpg'"),
        ("../../etc/passwd\n0\n0 0 0 0 0 0 0 0 0 0\n", ":1: path: expected one inside"),
        (TEXT + TEXT, ":8: expected each picture once"),
    ],
)
def test_a_broken_file_is_named_with_its_line(read, text, message):
    with pytest.raises(LabelError) as error:
        read(text)
    assert f"wider_face_train_bbx_gt.txt{message}" in str(error.value)


def test_a_folder_without_labels_is_refused(tmp_path):
    with pytest.raises(LabelError, match=r"expected wider_face_\*_bbx_gt.txt, got none"):
        list(WiderFace().read(tmp_path, Losses()))


def test_a_name_of_two_lines_is_not_written(tmp_path):
    losses = Losses()
    WiderFace().write([Sample("a\nb.jpg")], tmp_path, losses)
    assert dict(losses.counts) == {"sample": 1}


levels = st.dictionaries(
    st.sampled_from(["blur", "occlusion", "pose"]), st.sampled_from(["0", "1", "2", "00", "x"])
)

faces = likely_boxes(
    label=st.just(FACE),
    is_ignored=st.booleans(),
    is_occluded=st.sampled_from([None, True, False]),
    properties=levels,
)


@few
@given(likely(path=paths, boxes=faces))
def test_faces_come_back_but_for_what_is_told(samples):
    written_and_read(WiderFace(), samples)
