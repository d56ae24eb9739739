"""Folders of identities: patterns of names, and what cannot be a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.format import Losses
from datasets.formats.identity_folders import IdentityFolders
from datasets.samples import Sample
from serving.core.errors import ConfigError, LabelError
from tests.datasets.formats.round_trip import few, ids, likely, paths, written_and_read

CAMERA_AND_DIRECTION = IdentityFolders("{camera}_{direction}")
ALL_FIELDS = IdentityFolders("x{name}-{camera}.{direction}")


def test_the_pattern_says_what_the_name_says(tmp_path):
    (tmp_path / "001").mkdir()
    (tmp_path / "001" / "01_2.png").touch()
    (sample,) = CAMERA_AND_DIRECTION.read(tmp_path, Losses())
    expected = Sample("001/01_2.png", identity="001", camera="01", properties={"direction": "2"})
    assert sample == expected
    (sample,) = IdentityFolders().read(tmp_path, Losses())
    assert sample == Sample("001/01_2.png", identity="001")


def test_a_free_name_that_is_taken_gets_a_number(tmp_path):
    placed = []
    samples = [Sample(f"{folder}/a.jpg", identity="1", camera="2") for folder in "xyz"]
    IdentityFolders("{name}-c{camera}").write(
        samples, tmp_path, Losses(), lambda _, path: placed.append(path)
    )
    assert placed == ["1/a-c2.jpg", "1/a-2-c2.jpg", "1/a-3-c2.jpg"]


@pytest.mark.parametrize(
    "sample",
    [
        Sample("a.jpg", camera="1", properties={"direction": "2"}),
        Sample("a.jpg", identity="a/b", camera="1", properties={"direction": "2"}),
        Sample("a.jpg", identity="..", camera="1", properties={"direction": "2"}),
        Sample("a.jpg", identity="1", camera="1"),
        Sample("a.jpg", identity="1", properties={"direction": "2"}),
        Sample("a.jpg", identity="1", camera="1_2", properties={"direction": "2"}),
        Sample("a.mp4", identity="1", camera="1", properties={"direction": "2"}),
    ],
)
def test_what_the_names_cannot_say_is_a_lost_sample(tmp_path, sample):
    losses = Losses()
    CAMERA_AND_DIRECTION.write([sample], tmp_path, losses)
    assert losses.counts == {"sample": 1}


def test_two_pictures_of_one_name_are_one_and_a_lost_sample(tmp_path):
    losses = Losses()
    sample = Sample("a.jpg", identity="1", camera="1", properties={"direction": "2"})
    CAMERA_AND_DIRECTION.write([sample, sample], tmp_path, losses)
    assert losses.counts == {"sample": 1}


def test_other_files_are_counted_and_broken_names_are_told(tmp_path):
    (tmp_path / "001" / "more").mkdir(parents=True)
    (tmp_path / "001" / "notes.txt").touch()
    (tmp_path / "README").touch()
    losses = Losses()
    assert list(CAMERA_AND_DIRECTION.read(tmp_path, losses)) == []
    assert losses.counts == {"file": 2, "folder": 1}
    (tmp_path / "001" / "front.png").touch()
    with pytest.raises(LabelError, match=r"001/front.png: expected a name \{camera\}_\{direction"):
        list(CAMERA_AND_DIRECTION.read(tmp_path, Losses()))
    (tmp_path / "a.png").touch()
    with pytest.raises(LabelError, match=r"/a.png: expected a picture in a person's folder"):
        list(CAMERA_AND_DIRECTION.read(tmp_path, Losses()))


@pytest.mark.parametrize("pattern", ["", "x", "{a}{b}", "{a}_{a}", "{", "{}", "{camera}/{name}"])
def test_a_pattern_that_cannot_be_read_back_is_refused(pattern):
    with pytest.raises(ConfigError, match="expected a pattern with different fields"):
        IdentityFolders(pattern)


people = likely(
    path=paths,
    identity=ids,
    camera=ids,
    properties=ids.map(lambda text: {"direction": text}),
)


@few
@given(people, st.sampled_from([CAMERA_AND_DIRECTION, ALL_FIELDS]))
def test_what_does_not_come_back_is_what_was_reported(samples, format_):
    written_and_read(format_, samples)


def test_the_shared_set_has_the_stated_counts(mirror):
    losses = Losses()
    samples = list(CAMERA_AND_DIRECTION.read(mirror / "data" / "reid", losses))
    assert (len(samples), len({sample.identity for sample in samples})) == (704, 44)
    assert {sample.camera for sample in samples} == {"01", "02"}
    assert {sample.properties["direction"] for sample in samples} == set("12345678")
    assert not losses
