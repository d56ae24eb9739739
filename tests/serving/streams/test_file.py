"""Video files: their frames, their times, and everything that can be wrong with them."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from serving.core.errors import SourceError
from serving.streams.file import VideoFile


def test_sample_has_795_frames_of_its_size(sample_video):
    video = VideoFile(sample_video, "crossing", fps=7)
    frames = [(frame.index, frame.captured_at, frame.image.shape) for frame in video]

    assert video.num_frames == 795
    assert video.image_size_hw == (576, 768)
    assert [index for index, _, _ in frames] == list(range(795))
    assert frames[7][1] == pytest.approx(1.0)
    assert {shape for _, _, shape in frames} == {(576, 768, 3)}


def test_decoded_picture_is_the_one_that_opencv_gives(sample_video):
    ours = next(iter(VideoFile(sample_video, "crossing"))).image
    _, theirs = cv2.VideoCapture(str(sample_video)).read()

    assert np.abs(ours.astype(int) - theirs).max() <= 2


def test_time_comes_from_the_file(encode):
    path = encode("film.mkv", num_frames=4, pts=[0, 100, 700, 800])
    times = [frame.captured_at for frame in VideoFile(path, "door", starts_at_s=50.0)]

    assert times == pytest.approx([50.0, 50.1, 50.7, 50.8])


def test_given_rate_replaces_the_files_times(encode):
    path = encode("film.mkv", num_frames=3, pts=[0, 100, 700])

    times = [frame.captured_at for frame in VideoFile(path, "door", fps=4.0)]
    assert times == pytest.approx([0.0, 0.25, 0.5])


def test_frames_come_in_their_order(encode):
    levels = [frame.image.mean() for frame in VideoFile(encode(), "door")]
    assert levels == pytest.approx([6 * index for index in range(12)], abs=5)


@pytest.mark.parametrize(
    ("turned", "size_hw", "white"),
    [
        (90, (64, 48), np.s_[:, :16]),
        (-90, (64, 48), np.s_[:, 32:]),
        (180, (48, 64), np.s_[32:]),
        (0, (48, 64), np.s_[:16]),
    ],
)
def test_film_that_was_filmed_sideways_is_turned_upright(turned, size_hw, white, encode):
    path = encode("film.mp4", turned=turned)
    video = VideoFile(path, "door")
    first = next(iter(video)).image
    _, theirs = cv2.VideoCapture(str(path)).read()

    assert video.image_size_hw == first.shape[:2] == size_hw
    assert first[white].min() > 200
    assert first.mean() == pytest.approx(128, abs=10)
    assert np.abs(first.astype(int) - theirs).max() <= 8


def test_picture_that_changes_its_size_ends_the_source_after_those_before_it(encode, tmp_path):
    parts = [encode("a.h264", num_frames=3), encode("b.h264", num_frames=3, size_hw=(64, 48))]
    path = tmp_path / "film.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    seen = []

    with pytest.raises(SourceError) as refusal:
        seen.extend(VideoFile(path, "door"))
    assert str(refusal.value) == (
        f"camera 'door', {path}: frame 3: expected (48, 64) px (height, width) as in the first "
        f"picture, got (64, 48)"
    )
    assert len(seen) == 3


def test_missing_file_says_where_it_looked_and_what_to_do(tmp_path):
    with pytest.raises(SourceError) as refusal:
        VideoFile(tmp_path / "none.avi", "door", hint="`make film` makes it")
    assert (
        f"camera 'door': expected a video file or a folder of pictures, got nothing at '{tmp_path}"
        in str(refusal.value)
    )
    assert str(refusal.value).endswith("`make film` makes it")


def test_empty_file_is_refused(tmp_path):
    path = tmp_path / "film.avi"
    path.touch()
    with pytest.raises(SourceError, match="expected a video file, got an empty file"):
        VideoFile(path, "door")


@pytest.mark.parametrize("name", ["notes.avi", "notes.txt", "list.m3u8"])
def test_file_that_is_no_video_is_refused(name, tmp_path, encode):
    path = tmp_path / name
    film = encode("film.ts")
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:2,\n{film.name}\n#EXT-X-ENDLIST\n")
    with pytest.raises(SourceError, match="expected a video file, got one that cannot be read"):
        VideoFile(path, "door")


@pytest.mark.parametrize(
    ("name", "options", "codec"),
    [
        ("film.avi", {}, "mpeg4"),
        ("film.mkv", {}, "libx264"),
        ("film.mp4", {"movflags": "faststart"}, "libx264"),
        ("film.mp4", {"movflags": "frag_keyframe+empty_moov"}, "libx264"),
    ],
)
def test_truncated_file_gives_its_frames_and_then_says_how_many_are_missing(
    name, options, codec, encode
):
    path = encode(name, num_frames=40, options=options, codec=codec)
    whole = list(VideoFile(path, "door"))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    seen = []

    with pytest.raises(SourceError, match=r"expected 40 frames, got \d+: the file is truncated"):
        seen.extend(VideoFile(path, "door"))
    assert len(whole) == 40
    assert 0 < len(seen) < 40


def test_avi_whose_camera_dropped_frames_is_whole(encode):
    places = [0, 1, 2, 5, 6, 7, 8, 12, 13, 14]  # of 15: the file counts those left out
    path = encode("film.avi", 10, fps=10, pts=places, tick_s=Fraction(1, 10), codec="mpeg4")
    video = VideoFile(path, "door")

    assert video.num_frames == 15
    assert [frame.captured_at for frame in video] == pytest.approx([p / 10 for p in places])
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(SourceError, match="the file is truncated"):
        list(VideoFile(path, "door"))


def test_truncated_sample_says_795(sample_video, tmp_path):
    path = tmp_path / "vtest.avi"
    path.write_bytes(sample_video.read_bytes()[:1_000_000])

    with pytest.raises(SourceError, match=r"camera 'door', .*: expected 795 frames, got \d+"):
        for _ in VideoFile(path, "door"):
            pass


def test_file_cut_before_its_index_is_refused(encode):
    path = encode("film.mp4")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SourceError, match="cannot be read"):
        VideoFile(path, "door")
