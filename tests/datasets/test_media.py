import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from datasets.media import image_size_hw, read_frames, read_image, read_pictures
from datasets.samples import Sample
from serving.core.errors import DatasetError


@pytest.fixture
def sideways(tmp_path) -> Path:
    """A picture of 20×10 px whose EXIF orientation says that it stands on its side."""
    picture = Image.new("RGB", (20, 10), (255, 0, 0))
    exif = picture.getexif()
    exif[274] = 6
    picture.save(tmp_path / "sideways.jpg", exif=exif)
    return tmp_path / "sideways.jpg"


def test_size_and_pixels_of_a_rotated_picture_are_those_that_are_shown(sideways):
    assert image_size_hw(sideways) == (20, 10)
    assert read_image(sideways).shape == (20, 10, 3)


def test_the_size_of_a_turned_tiff_is_the_one_shown(tmp_path):
    path = tmp_path / "sideways.tiff"
    Image.new("RGB", (20, 10)).save(path, tiffinfo={274: 6})
    assert image_size_hw(path) == read_image(path).shape[:2] == (20, 10)


def test_the_size_of_a_png_is_read_without_its_pixels(tmp_path):
    path = tmp_path / "cut.png"
    Image.effect_noise((300, 200), 9).save(path)
    path.write_bytes(path.read_bytes()[:1000])
    assert image_size_hw(path) == (200, 300)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "webp", "png", "tiff"])
def test_every_orientation_in_every_format_is_shown_upright(tmp_path, orientation, ending):
    """Pillow's own way of turning it upright is the measure."""
    stored = Image.new("RGB", (48, 32), (0, 0, 255))
    stored.paste((255, 0, 0), (0, 0, 16, 16))
    exif = stored.getexif()
    exif[274] = orientation
    path = tmp_path / f"a.{ending}"
    stored.save(path, exif=exif, quality=100)
    with Image.open(path) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))[:, :, ::-1]
    assert image_size_hw(path) == expected.shape[:2]
    assert np.abs(read_image(path).astype(int) - expected).mean() < 8


def test_a_name_may_be_in_any_script(tmp_path):
    path = tmp_path / "Eingang Süd 入口.png"
    Image.new("RGB", (4, 3)).save(path)
    assert image_size_hw(path) == (3, 4)
    assert read_image(path).shape == (3, 4, 3)


@pytest.mark.parametrize("read", [image_size_hw, read_image])
@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "no file"), (b"", "an empty file"), (b"text", "a file that cannot be decoded")],
)
def test_what_is_no_picture_is_told(tmp_path, read, content, told):
    path = tmp_path / "a.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"a\.jpg: expected a picture, got {told}"):
        read(path)


def test_frames_are_read_at_their_index_in_any_order(sample_video):
    capture = cv2.VideoCapture(str(sample_video))
    expected = [capture.read()[1] for _ in range(6)]
    indices = [0, 2, 5, 5, 1]
    for frame, index in zip(read_frames(sample_video, indices), indices, strict=True):
        np.testing.assert_array_equal(frame, expected[index])


def test_a_frame_after_the_end_of_the_video_is_refused(sample_video):
    with pytest.raises(DatasetError, match="expected a frame 900, got 795 frames in all"):
        list(read_frames(sample_video, [0, 900]))


def test_samples_come_with_their_pixels_be_they_pictures_or_frames(tmp_path, sample_video):
    (tmp_path / "v.avi").symlink_to(sample_video.resolve())
    Image.new("RGB", (4, 3)).save(tmp_path / "a.png")
    samples = [Sample("v.avi", frame_index=3), Sample("a.png"), Sample("v.avi", frame_index=1)]
    found = list(read_pictures(tmp_path, samples))
    assert [sample for sample, _ in found] == samples
    assert [image.shape for _, image in found] == [(576, 768, 3), (3, 4, 3), (576, 768, 3)]
    np.testing.assert_array_equal(found[2][1], next(read_frames(sample_video, [1])))


@pytest.mark.parametrize("read", [read_image, image_size_hw])
def test_a_pipe_is_no_picture_and_is_not_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(DatasetError, match=r"pipe\.jpg: expected a picture, got no file"):
        read(tmp_path / "pipe.jpg")
