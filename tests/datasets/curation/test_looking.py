"""The pass over the pixels: files that FiftyOne can show, and what models say, by key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from datasets.curation.looking import look
from datasets.dataset import Dataset
from datasets.samples import Sample
from serving.core.detections import Detections
from serving.core.errors import DatasetError
from serving.core.frame import Frame
from tests.datasets.curation.conftest import SIZE_HW, Made

GREYS = (0, 80, 160, 240)


class Brightness:
    """Says how bright a picture is, and sees one person as wide as that."""

    def embed(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return np.array([[image.mean()] for image in images], np.float32)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [
            Detections(np.array([[0, 0, frame.image.mean(), 9]]), np.array([0.5]))
            for frame in frames
        ]


@pytest.fixture
def video_set(tmp_path: Path) -> Dataset:
    """Frames 3 and 1 of a video of four grey frames, and the clip as a whole."""
    folder = tmp_path / "data"
    folder.mkdir()
    writer = cv2.VideoWriter(
        str(folder / "ü.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, SIZE_HW[::-1]
    )
    for grey in GREYS:
        writer.write(np.full((*SIZE_HW, 3), grey, np.uint8))
    writer.release()
    samples = [Sample("ü.avi", 3), Sample("ü.avi", 1), Sample("ü.avi", label="walking")]
    about = {"name": "clips", "source": "drawn", "licence": "CC0"}
    return Dataset.create(folder, samples, **about, commercial_use=True)


def test_frames_of_a_video_become_files_outside_the_data_set(
    video_set: Dataset, tmp_path: Path
) -> None:
    before = sorted(video_set.folder.rglob("*"))

    looked = look(video_set, tmp_path / "frames")

    assert sorted(video_set.folder.rglob("*")) == before
    shown = {key: cv2.imread(str(path)).mean() for key, path in looked.pictures.items()}
    assert shown == pytest.approx({"ü.avi#3": 240, "ü.avi#1": 80, "ü.avi": 0}, abs=3)
    assert all(path.is_relative_to(tmp_path / "frames") for path in looked.pictures.values())
    assert set(looked.sizes_hw.values()) == {SIZE_HW}


def test_models_are_asked_about_each_sample_by_its_key(video_set: Dataset, tmp_path: Path) -> None:
    looked = look(video_set, tmp_path / "frames", Brightness(), Brightness())

    vectors = {key: float(vector[0]) for key, vector in looked.vectors.items()}
    assert vectors == pytest.approx({"ü.avi#3": 240, "ü.avi#1": 80, "ü.avi": 0}, abs=3)
    (box,) = looked.predictions["ü.avi#1"]
    assert box.xyxy_px == pytest.approx((0, 0, 80, 9), abs=3)
    assert (box.label, box.score) == ("person", 0.5)


def test_frame_that_is_there_is_kept(video_set: Dataset, tmp_path: Path) -> None:
    first = look(video_set, tmp_path / "frames").pictures["ü.avi#3"]
    written_at = first.stat().st_mtime_ns

    assert look(video_set, tmp_path / "frames").pictures["ü.avi#3"] == first
    assert first.stat().st_mtime_ns == written_at


def test_label_without_a_picture_is_told_and_left_out(made: Made, tmp_path: Path) -> None:
    dataset = made([Sample("a.png"), Sample("b.png")])
    dataset.path_of(Sample("b.png")).unlink()

    looked = look(dataset, tmp_path / "frames")

    assert list(looked.pictures) == ["a.png"]
    assert looked.without_file == ["b.png"]


@pytest.mark.parametrize("content", [b"", b"\x89PNG cut off"])
def test_broken_picture_is_named(made: Made, tmp_path: Path, content: bytes) -> None:
    dataset = made([Sample("a.png"), Sample("b.png")])
    dataset.path_of(Sample("b.png")).write_bytes(content)

    with pytest.raises(DatasetError, match=r"b\.png: expected a picture"):
        look(dataset, tmp_path / "frames")


def test_size_is_that_of_the_upright_picture(made: Made, tmp_path: Path) -> None:
    dataset = made([Sample("a.png")])
    exif = Image.Exif()
    exif[274] = 6  # a quarter turn
    Image.new("RGB", (64, 48)).save(dataset.folder / "a.png", format="JPEG", exif=exif)

    assert look(dataset, tmp_path / "frames").sizes_hw == {"a.png": (64, 48)}


def test_progress_is_told_of_all_pictures(made: Made, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    dataset = made(Sample(f"{n}.png") for n in range(10))

    look(dataset, tmp_path / "frames", progress=lambda done, total: told.append((done, total)))

    assert told == [(8, 10), (10, 10)]
