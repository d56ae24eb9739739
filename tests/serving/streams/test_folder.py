"""Folders of pictures as sources."""

import cv2
import numpy as np
import pytest

from serving.core.errors import ConfigError, SourceError
from serving.streams.folder import ImageFolder


def picture(path, level=0, size_hw=(8, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*size_hw, 3), level, np.uint8))


def test_numbers_in_names_are_compared_as_numbers(tmp_path):
    for number in (10, 9, 100, 1):
        picture(tmp_path / f"frame{number}.png", level=number)
    (tmp_path / "notes.txt").write_text("not a picture")

    folder = ImageFolder(tmp_path, "door", fps=2.0, starts_at_s=10.0)
    frames = list(folder)

    assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 9, 10, 100]
    assert [frame.captured_at for frame in frames] == [10.0, 10.5, 11.0, 11.5]
    assert folder.num_frames == 4
    assert folder.image_size_hw == (8, 10)


def test_sequence_folder_gives_the_pictures_of_img1(tmp_path):
    picture(tmp_path / "img1" / "000001.jpg")
    (tmp_path / "seqinfo.ini").write_text("[Sequence]")

    assert len(list(ImageFolder(tmp_path, "door", fps=25))) == 1


def test_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"expected pictures \(\.jpg.*got none"):
        ImageFolder(tmp_path, "door", fps=5)


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(SourceError, match="got nothing at"):
        ImageFolder(tmp_path / "none", "door", fps=5)


def test_folder_without_rate_is_refused(tmp_path):
    picture(tmp_path / "1.png")
    with pytest.raises(ConfigError, match="expected fps for a folder of pictures, got none"):
        ImageFolder(tmp_path, "door", fps=None)


def test_picture_that_cannot_be_decoded_ends_the_source_after_those_before_it(tmp_path):
    picture(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes(b"no picture")
    seen = []

    with pytest.raises(SourceError, match=r"2\.png: expected a picture"):
        seen.extend(ImageFolder(tmp_path, "door", fps=5))
    assert len(seen) == 1


def test_picture_of_another_size_is_refused(tmp_path):
    picture(tmp_path / "1.png", size_hw=(8, 10))
    picture(tmp_path / "2.png", size_hw=(10, 8))

    with pytest.raises(SourceError, match=r"expected \(8, 10\) px .* got \(10, 8\)"):
        list(ImageFolder(tmp_path, "door", fps=5))
