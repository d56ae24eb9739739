"""MSMT17: lists, whose numbers mean other people in training and test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.format import Losses
from datasets.formats.msmt17 import Msmt17
from datasets.samples import Sample, Split
from serving.core.errors import LabelError
from tests.datasets.formats.round_trip import few, ids, likely, paths, written_and_read

LISTS = {
    "list_train.txt": "0000/0000_000_01_0303morning_0015_0.jpg 0\n",
    "list_val.txt": "0000/0000_008_14_0303noon_0015_1.jpg 0\n",
    "list_query.txt": "0000/0000_001_02_0113morning_0020_2.jpg 0\n",
    "list_gallery.txt": "0000/0000_002_03_0114noon_0021_0.jpg 0\n"
    "3059/3059_013_15_0114noon_1192_1.jpg 3059\n",
}


@pytest.fixture
def root(tmp_path):
    for name, text in LISTS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_lists_say_split_person_and_camera(root):
    train, validation, query, gallery, last = Msmt17().read(root, Losses())
    path = "train/0000/0000_000_01_0303morning_0015_0.jpg"
    assert train == Sample(path, identity="train/0", camera="01", split=Split.TRAIN)
    assert (validation.split, validation.identity) == (Split.VALIDATION, train.identity)
    assert (query.split, query.identity) == (Split.QUERY, "test/0")
    assert (gallery.split, gallery.identity) == (Split.GALLERY, query.identity)
    assert (last.identity, last.camera) == ("test/3059", "15")


def test_what_was_read_is_written_as_it_was(root, tmp_path):
    losses = Losses()
    Msmt17().write(Msmt17().read(root, Losses()), tmp_path / "new", losses)
    written = {path.name: path.read_text() for path in (tmp_path / "new").iterdir()}
    assert written == LISTS
    assert not losses


def test_folders_of_the_second_version_are_named(root):
    first = next(Msmt17("mask_train_v2", "mask_test_v2").read(root, Losses()))
    assert first.path.startswith("mask_train_v2/0000/")


def test_one_number_in_training_and_test_is_written_and_counted_as_another_identity(tmp_path):
    losses, placed = Losses(), []
    samples = [
        Sample("a.jpg", identity="5", camera="2", split=Split.TRAIN),
        Sample("b.jpg", identity="train/5", camera="2", split=Split.TRAIN),
    ]
    Msmt17().write(samples, tmp_path, losses, lambda _, path: placed.append(path))
    assert placed == ["train/0005/0005_000_2_0_0_0.jpg", "train/100001/100001_000_2_0_0_0.jpg"]
    assert losses.counts == {"sample.identity": 2}


def test_a_name_with_a_line_end_is_not_kept(tmp_path):
    placed = []
    path = "train/0002/0002_000_02_a\nb_1.jpg"
    sample = Sample(path, identity="train/2", camera="02", split=Split.TRAIN)
    Msmt17().write([sample], tmp_path, Losses(), lambda _, path: placed.append(path))
    assert placed == ["train/0002/0002_000_02_0_0_0.jpg"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0000/0000_000_01_0303morning_0015_0.jpg", "expected a path and a person's number"),
        ("0000/0000_000_01_0303morning_0015_0.jpg x", "expected a path and a person's number"),
        ("0000/person.jpg 0", "expected a name such as 0012_003_01_"),
        ("../0000_000_01_a_1_0.jpg 0", "expected one inside the data set's folder"),
    ],
)
def test_a_broken_line_names_file_and_line(root, line, message):
    with (root / "list_query.txt").open("a") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(LabelError, match=r"list_query.txt:3: .*") as error:
        list(Msmt17().read(root, Losses()))
    assert message in str(error.value)


def test_a_list_that_is_no_text_and_a_folder_without_lists_are_errors(root, tmp_path):
    (root / "list_query.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(LabelError, match="list_query.txt: expected a text file in UTF-8"):
        list(Msmt17().read(root, Losses()))
    with pytest.raises(LabelError, match="expected one of the lists"):
        list(Msmt17().read(tmp_path / "none", Losses()))


people = likely(
    path=paths | st.just("train/0002/0002_000_02_a_1_1.jpg"),
    identity=ids | ids.map("train/{}".format) | ids.map("test/{}".format),
    camera=ids,
    split=st.sampled_from([Split.TRAIN, Split.VALIDATION, Split.QUERY, Split.GALLERY]),
)


@few
@given(people)
def test_what_does_not_come_back_is_what_was_reported(samples):
    assert len(written_and_read(Msmt17(), samples)) == len(samples)
