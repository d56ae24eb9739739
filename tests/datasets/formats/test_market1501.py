"""Market-1501: what the names say, junk and distractors, and names for other people's samples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.format import Losses
from datasets.formats.market1501 import NOBODY, Market1501
from datasets.samples import Sample, Split
from serving.core.errors import LabelError
from tests.datasets.formats.round_trip import few, ids, likely, paths, written_and_read

NAMES = (
    "bounding_box_train/0002_c1s1_000451_03.jpg",
    "query/0007_c6s4_001377_00.jpg",
    "bounding_box_test/-1_c1s1_000401_03.jpg",
    "bounding_box_test/0000_c2s1_000151_01.jpg",
    "bounding_box_test/0007_c3s3_077419_03.jpg",
)


@pytest.fixture
def root(tmp_path):
    for name in (*NAMES, "query/Thumbs.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_the_names_say_person_camera_and_split(root):
    losses = Losses()
    train, query, junk, distractor, found = Market1501().read(root, losses)
    assert train == Sample(NAMES[0], identity="0002", camera="1", split=Split.TRAIN)
    assert query == Sample(NAMES[1], identity="0007", camera="6", split=Split.QUERY)
    assert (found.identity, found.split) == (query.identity, Split.GALLERY)
    assert (junk.identity, junk.properties) == (None, {NOBODY: "junk"})
    assert (distractor.identity, distractor.properties) == (None, {NOBODY: "distractor"})
    assert losses.counts == {"file": 1}


def test_what_was_read_is_written_under_the_same_names(root, tmp_path):
    placed, losses = [], Losses()
    samples = list(Market1501().read(root, Losses()))
    Market1501().write(samples, tmp_path / "new", losses, lambda _, path: placed.append(path))
    assert sorted(placed) == sorted(NAMES)
    assert not losses


def test_people_and_cameras_that_are_no_numbers_get_some_and_are_counted(tmp_path):
    placed, losses = [], Losses()
    samples = [
        Sample("a.png", identity=person, camera="door", split=Split.QUERY)
        for person in ("ann", "bob", "ann", "7", "07")
    ]
    Market1501().write(samples, tmp_path, losses, lambda _, path: placed.append(path))
    assert placed == [
        "query/100000_c1000s1_000001_01.png",
        "query/100001_c1000s1_000001_01.png",
        "query/100000_c1000s1_000002_01.png",
        "query/7_c1000s1_000001_01.png",
        "query/100003_c1000s1_000001_01.png",
    ]
    assert losses.counts == {"sample.identity": 4, "sample.camera": 5}


def test_two_pictures_of_one_name_stay_two(tmp_path):
    placed = []
    samples = [
        Sample(f"{folder}/0002_c1s1_000451_03.jpg", identity="0002", camera="1", split=Split.TRAIN)
        for folder in "ab"
    ]
    Market1501().write(samples, tmp_path, Losses(), lambda _, path: placed.append(path))
    assert placed == [NAMES[0], "bounding_box_train/0002_c1s1_000001_01.jpg"]


def test_who_has_no_identity_camera_or_split_is_a_lost_sample(tmp_path):
    losses = Losses()
    whole = {"identity": "1", "camera": "1", "split": Split.TRAIN}
    samples = [Sample("a.jpg", **{**whole, name: None}) for name in whole]
    Market1501().write([*samples, Sample("a.mp4", **whole)], tmp_path, losses)
    assert losses.counts == {"sample": 4}


@pytest.mark.parametrize("name", ["0002_c1_000451_03.jpg", "person.jpg", "0002c1s1_000451_03.jpg"])
def test_a_name_that_breaks_the_pattern_is_named(root, name):
    (root / "query" / name).touch()
    with pytest.raises(LabelError, match=rf"query/{name}: expected a name such as 0002_c1s1_"):
        list(Market1501().read(root, Losses()))


def test_a_folder_of_another_layout_is_an_error(tmp_path):
    with pytest.raises(LabelError, match="expected one of the folders .*'query'.*, got none"):
        list(Market1501().read(tmp_path, Losses()))


people = likely(
    path=paths,
    identity=st.none() | ids,
    camera=ids,
    split=st.sampled_from([Split.TRAIN, Split.QUERY, Split.GALLERY]),
    properties=st.sampled_from([{}, {NOBODY: "junk"}, {NOBODY: "distractor"}, {NOBODY: "x"}]),
)


@few
@given(people)
def test_what_does_not_come_back_is_what_was_reported(samples):
    read = written_and_read(Market1501(), samples)
    assert len(read) >= sum(sample.identity is not None for sample in samples)
