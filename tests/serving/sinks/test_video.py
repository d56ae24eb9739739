"""The annotated video: its times, its size, what is drawn, what is forgotten."""

import av
import numpy as np
import pytest

from serving.core.detections import Tracks
from serving.core.errors import SinkError
from serving.core.zones import Line, Zone
from serving.sinks.video import AnnotatedVideo, Drawing, colour_of

LINE = Line("entry", (0, 40), (60, 40))
ZONE = Zone("till", ((2, 2), (60, 2), (60, 20), (2, 20)))


def test_video_keeps_the_frames_and_their_uneven_times(tmp_path, seen, crossing):
    path = tmp_path / "annotated.mp4"
    times_s = [7.0, 7.1, 7.7, 7.8]
    sink = AnnotatedVideo(path, [LINE], [ZONE])
    for index, at_s in enumerate(times_s):
        sink.write(*seen(index, at_s), events=[crossing(at_s)])
    assert not path.exists()
    sink.close()

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert stream.codec_context.name == "h264"
        assert [float(frame.time) for frame in frames] == pytest.approx([0.0, 0.1, 0.7, 0.8])
        assert (frames[0].height, frames[0].width) == (48, 64)


def test_odd_pictures_lose_their_last_row_and_column(tmp_path, seen):
    path = tmp_path / "annotated.mp4"
    sink = AnnotatedVideo(path)
    sink.write(*seen(0, 0.0, size_hw=(49, 65)), events=())
    sink.close()

    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.width == 64


def test_abandoned_video_stays_partial(tmp_path, seen):
    sink = AnnotatedVideo(tmp_path / "annotated.mp4")
    sink.write(*seen(0, 0.0), events=())
    sink.abandon()
    sink.abandon()

    assert [file.name for file in tmp_path.iterdir()] == ["annotated.mp4.partial"]


def test_video_without_a_frame_is_no_file(tmp_path):
    (tmp_path / "annotated.mp4.partial").touch()  # left by a run that failed
    AnnotatedVideo(tmp_path / "annotated.mp4").close()

    assert list(tmp_path.iterdir()) == []


def test_picture_that_the_encoder_refuses_is_a_failed_output(tmp_path, seen):
    sink = AnnotatedVideo(tmp_path / "annotated.mp4")
    with pytest.raises(SinkError, match=r"annotated\.mp4: cannot be written: "):
        sink.write(*seen(0, 0.0, size_hw=(2, 20_000)), events=())  # wider than x264 takes
    sink.abandon()

    assert not (tmp_path / "annotated.mp4").exists()


def test_drawing_leaves_the_frame_itself_alone(seen):
    frame, _, tracks = seen(0, 0.0)
    drawn = Drawing([LINE], [ZONE], trail_s=4.0).draw(frame, tracks, events=())

    assert (frame.image == 90).all()
    assert (drawn[25:35, 10] == colour_of(3)).all()  # left edge of the box
    assert not (drawn == 90).all()


def test_trail_is_forgotten_after_its_time(seen):
    drawing = Drawing([], [], trail_s=1.0)
    for index, at_s in enumerate([0.0, 0.5, 0.7]):
        frame, _, tracks = seen(index, at_s, left=10.0 + 5 * index)
        drawing.draw(frame, tracks, events=())
    frame, _, _ = seen(3, 1.2)
    faint = drawing.draw(frame, Tracks.empty(), events=())
    gone = drawing.draw(seen(4, 1.8)[0], Tracks.empty(), events=())

    assert not (faint == 90).all()
    assert (gone == 90).all()


def test_neighbouring_identities_have_clearly_different_colours():
    colours = np.array([colour_of(track_id) for track_id in range(1, 30)], float)
    assert (np.abs(np.diff(colours, axis=0)).sum(axis=1) > 60).all()
