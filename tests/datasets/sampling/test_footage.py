"""Recordings and folders of pictures as timed frames with lasting names."""

import cv2
import numpy as np
import pytest

from datasets.sampling.footage import PictureFolder, Recording, file_name
from serving.core.errors import ConfigError, SourceError
from serving.core.frame import Frame


def write_picture(path, value, size_hw=(24, 32)):
    data = cv2.imencode(".png", np.full((*size_hw, 3), value, np.uint8))[1]
    path.write_bytes(data.tobytes())


def frames(num_frames=5, step_s=0.5):
    return [
        Frame(np.full((24, 32, 3), index, np.uint8), "door", index, index * step_s)
        for index in range(num_frames)
    ]


def recording(path, **options):
    path.write_bytes(b"film")
    return Recording(path, frames, **options)


def test_a_recording_can_be_read_again_and_names_its_frames_alike(tmp_path):
    footage = recording(tmp_path / "a film.avi")
    first = [shot.origin for shot in footage]
    assert first == [shot.origin for shot in footage]
    assert len(set(first)) == 5


def test_a_copy_of_a_recording_has_the_same_frames_and_another_one_has_not(tmp_path):
    first = next(iter(recording(tmp_path / "one.avi")))
    copy = next(iter(recording(tmp_path / "two.avi")))
    (tmp_path / "three.avi").write_bytes(b"other")
    other = next(iter(Recording(tmp_path / "three.avi", frames)))
    assert first.origin == copy.origin != other.origin
    assert (first.source, copy.source) == ("one.avi", "two.avi")


def test_a_limit_in_seconds_ends_a_recording(tmp_path):
    times_s = [shot.frame.captured_at for shot in recording(tmp_path / "one.avi", limit_s=1.5)]
    assert times_s == [0.0, 0.5, 1.0]


def test_pictures_come_in_the_order_of_their_numbers_and_may_differ_in_size(tmp_path):
    write_picture(tmp_path / "10.png", 100)
    write_picture(tmp_path / "9.png", 90, (30, 20))
    write_picture(tmp_path / "Tür 1.png", 200)
    (tmp_path / "notes.txt").write_text("no picture")
    shots = list(PictureFolder(tmp_path, "door", fps=2))
    assert [int(shot.frame.image[0, 0, 0]) for shot in shots] == [90, 100, 200]
    assert [shot.frame.captured_at for shot in shots] == [0.0, 0.5, 1.0]
    assert [shot.stem[:-9] for shot in shots] == ["9", "10", "Tür_1"]
    assert shots[0].frame.image_size_hw == (30, 20)


def test_a_picture_keeps_its_name_when_others_are_added_before_it(tmp_path):
    write_picture(tmp_path / "5.png", 50)
    (before,) = PictureFolder(tmp_path, "door")
    write_picture(tmp_path / "1.png", 10)
    _, after = PictureFolder(tmp_path, "door")
    assert after.origin == before.origin


def test_a_picture_that_cannot_be_read_is_left_out_and_told(tmp_path):
    write_picture(tmp_path / "1.png", 10)
    (tmp_path / "2.png").write_bytes(b"")
    (tmp_path / "3.png").write_bytes((tmp_path / "1.png").read_bytes()[:20])
    footage = PictureFolder(tmp_path, "door")
    assert len(list(footage)) == 1
    assert [note.split(": ", 1)[1] for note in footage.notes()] == [
        "expected a picture, got an empty file; left out",
        "expected a picture, got a file that cannot be decoded; left out",
    ]


def test_a_start_makes_times_of_the_clock(tmp_path):
    write_picture(tmp_path / "1.png", 10)
    (shot,) = PictureFolder(tmp_path, "door", starts_at_s=1_700_000_000.0)
    assert (shot.frame.captured_at, shot.is_clock_time) == (1_700_000_000.0, True)


def test_a_folder_without_pictures_and_a_rate_of_nothing_are_refused(tmp_path):
    with pytest.raises(SourceError, match="expected pictures .* got none"):
        PictureFolder(tmp_path, "door")
    write_picture(tmp_path / "1.png", 10)
    with pytest.raises(ConfigError, match="expected fps above 0, got 0"):
        PictureFolder(tmp_path, "door", fps=0)


@pytest.mark.parametrize(
    ("text", "name"),
    [("../../etc", "_.._etc"), ("a b/c\\d", "a_b_c_d"), ("..", "_"), ("Tür-1.x", "Tür-1.x")],
)
def test_a_file_name_holds_nothing_that_leads_elsewhere(text, name):
    assert file_name(text) == name
