"""Names and numbers of layouts: free ones, and the same one for the same text."""

from __future__ import annotations

import pytest

from datasets.formats.format import Losses
from datasets.formats.layout import (
    FreeNames,
    Numbering,
    below,
    is_name,
    picture_files,
    picture_path,
    whole_number,
)
from datasets.samples import Sample
from serving.core.errors import LabelError


def test_a_name_that_is_taken_gets_the_next_number():
    names = FreeNames()
    assert [names.like("a/b.jpg") for _ in range(3)] == ["a/b.jpg", "a/b-2.jpg", "a/b-3.jpg"]
    assert names.like("a/b-2.jpg") == "a/b-2-2.jpg"
    assert [names.first("x", ".png", digits=3) for _ in range(2)] == ["x001.png", "x002.png"]


def test_numbers_are_kept_and_other_texts_get_their_own():
    numbering = Numbering(100, first=1)
    texts = ["7", "07", "ann", "0", "100", "7", "ann"]
    assert [numbering.number(text) for text in texts] == [7, 101, 102, 103, 104, 7, 102]
    assert [numbering.digits(text, width=4) for text in ("7", "07", "0042")] == [
        "7",
        "0101",
        "0042",
    ]


def test_only_ascii_digits_are_a_number():
    texts = ("12", "012", "", "-1", "1.0", "٣", "²", "1234567890")
    assert [whole_number(text) for text in texts] == [12, 12, *[None] * 6]


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "a\\b", ".hidden", "\0", "é" * 101])
def test_what_is_no_name_of_a_file(text):
    assert not is_name(text)


def test_a_frame_of_a_video_becomes_a_picture_and_a_clip_none():
    assert picture_path(Sample("a/b.png")) == "a/b.png"
    assert picture_path(Sample("a/v.mp4", frame_index=7)) == "a/v_000007.jpg"
    assert picture_path(Sample("a/v.mp4")) is None
    assert picture_path(Sample("a/notes.txt")) is None


def test_a_folder_is_put_before_a_path_once():
    assert [below("a", "b.jpg"), below("a", "a/b.jpg"), below("", "b.jpg")] == [
        "a/b.jpg",
        "a/b.jpg",
        "b.jpg",
    ]


def test_pictures_of_a_folder_are_sorted_and_the_rest_is_counted(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.png"):
        (tmp_path / name).touch()
    (tmp_path / "more").mkdir()
    (tmp_path / "apart").mkdir()
    losses = Losses()
    found = picture_files(tmp_path, losses, read_apart=[tmp_path / "apart"])
    assert [path.name for path in found] == ["a.png", "b.JPG"]
    assert losses.counts == {"file": 1, "folder": 1}
    with pytest.raises(LabelError, match="notes.txt: expected a folder, got a file"):
        list(picture_files(tmp_path / "notes.txt", losses))
