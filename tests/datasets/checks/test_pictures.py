"""What is told of files that are no whole pictures."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from datasets.checks.pictures import Job, _without_ctrl_c, examine
from tests.datasets.checks.site import picture


def look(folder, name, data):
    (folder / name).write_bytes(data)
    job = Job(name, (None,), is_video=False)
    ((_, file),) = examine(folder, [job], decode=True)
    return file.looks[0]


def encoded(suffix, *parameters):
    return cv2.imencode(suffix, picture(3, (120, 160)), list(parameters))[1].tobytes()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
def test_a_whole_picture_has_a_size_and_a_signature(tmp_path, suffix):
    whole = look(tmp_path, f"a{suffix}", encoded(suffix))
    assert (whole.fault, whole.image_size_hw) == (None, (120, 160))
    assert whole.signature is not None


@pytest.mark.parametrize("decode", [True, False])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tiff"])
def test_the_size_is_that_of_the_picture_as_it_is_shown(tmp_path, suffix, decode):
    path = tmp_path / f"a{suffix}"
    lying = Image.fromarray(picture(3, (120, 160)))
    exif = lying.getexif()
    exif[274] = 6
    lying.save(path, exif=exif)
    ((_, file),) = examine(tmp_path, [Job(path.name, (None,), is_video=False)], decode=decode)
    assert [one.image_size_hw for one in file.looks] == [(160, 120)]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
def test_a_picture_that_ends_early_says_so(tmp_path, suffix):
    cut = look(tmp_path, f"a{suffix}", encoded(suffix)[:-60])
    assert cut.fault.startswith("a damaged file (image file is truncated")
    assert cut.signature is None


def test_damage_in_the_middle_that_opencv_decodes_over_is_found(tmp_path):
    data = bytearray(encoded(".tiff"))
    data[len(data) // 2] ^= 0xFF
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None
    assert look(tmp_path, "a.tiff", bytes(data)).fault.startswith("a damaged file")


@pytest.mark.parametrize(
    ("data", "fault"),
    [(b"", "an empty file"), (b"<html>404</html>", "a file that cannot be decoded")],
)
def test_what_is_no_picture_is_told_apart_from_an_empty_file(tmp_path, data, fault):
    assert look(tmp_path, "a.jpg", data).fault == fault


def test_a_video_that_cannot_be_opened_is_told_for_each_of_its_frames(tmp_path):
    (tmp_path / "v.mp4").write_bytes(b"no video")
    ((_, file),) = examine(tmp_path, [Job("v.mp4", (0, 5), is_video=True)], decode=True)
    assert [one.fault for one in file.looks] == ["a file that cannot be decoded"] * 2


def test_headers_alone_give_sizes_and_no_hash(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(".png"))
    ((_, file),) = examine(tmp_path, [Job("a.png", (None,), is_video=False)], decode=False)
    assert (file.sha256, file.looks[0].image_size_hw) == (None, (120, 160))
    assert file.looks[0].signature is None


def test_processes_that_help_do_not_hear_of_ctrl_c():
    hears = "import signal; print(signal.SIGINT not in signal.pthread_sigmask(0, []))"
    with _without_ctrl_c():
        helper = subprocess.check_output([sys.executable, "-c", hears], text=True)
    assert helper == "False\n"
    assert subprocess.check_output([sys.executable, "-c", hears], text=True) == "True\n"
