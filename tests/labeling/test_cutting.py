import cv2
import numpy as np
import pytest

from datasets import media
from labeling.cutting import FrameCutter, every_frame
from serving.core.errors import DatasetError


@pytest.fixture
def video(tmp_path):
    return shades(tmp_path / "v.avi")


def shades(path, first=0):
    """Twelve frames, each 20 brighter than the one before."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for index in range(12):
        writer.write(np.full((48, 64, 3), first + 20 * index, np.uint8))
    writer.release()
    return path


def shade(image):
    return round(float(image.mean()) / 20)


@pytest.fixture
def passes(monkeypatch):
    """How often videos are opened."""
    opened = []
    true_open = media.open_video
    monkeypatch.setattr(media, "open_video", lambda path: opened.append(path) or true_open(path))
    return opened


def test_frames_that_ascend_over_many_questions_cost_one_pass(video, passes):
    cutter = FrameCutter()
    asked = [0, 3, 3, 4, 11]
    assert [shade(cutter.frame(video, index)) for index in asked] == asked
    assert len(passes) == 1


def test_a_frame_that_is_passed_is_found_again(video, passes):
    cutter = FrameCutter()
    assert [shade(cutter.frame(video, index)) for index in (5, 2, 6)] == [5, 2, 6]
    assert len(passes) == 2


def test_another_video_is_not_mistaken_for_the_last_one(video, tmp_path):
    other = shades(tmp_path / "w.avi", first=20)
    cutter = FrameCutter()
    asked = [(video, 1), (other, 2), (video, 3)]
    assert [shade(cutter.frame(path, index)) for path, index in asked] == [1, 3, 3]


def test_after_a_frame_that_is_not_there_others_are(video):
    cutter = FrameCutter()
    with pytest.raises(DatasetError, match="expected a frame 12, got 12 frames in all"):
        cutter.frame(video, 12)
    assert shade(cutter.frame(video, 3)) == 3


def test_every_frame_comes_with_its_index_to_the_end(video):
    assert [(index, shade(image)) for index, image in every_frame(video, 5)] == [
        (0, 0),
        (5, 5),
        (10, 10),
    ]
    assert len(list(every_frame(video))) == 12
