"""MOTChallenge text: what a row holds, to the digit."""

import numpy as np

from serving.core.detections import Detections, Tracks
from serving.core.frame import Frame
from serving.sinks.mot import MotDetections, MotTracks


def test_track_row_counts_frames_from_one_and_pixels_from_zero(tmp_path, seen):
    sink = MotTracks(tmp_path / "tracks.txt")
    sink.write(*seen(index=0, at_s=0.0), events=())
    sink.write(*seen(index=4, at_s=0.8, left=0.0), events=())
    sink.close()

    assert (tmp_path / "tracks.txt").read_text() == (
        "1,3,10.00,5.50,20.00,39.75,0.87500,-1,-1,-1\n5,3,0.00,5.50,20.00,39.75,0.87500,-1,-1,-1\n"
    )


def test_detection_row_has_no_identity(tmp_path, seen):
    frame, detections, _ = seen(index=0, at_s=0.0)
    sink = MotDetections(tmp_path / "detections.txt")
    sink.write(frame, detections, Tracks.empty(), events=())
    sink.close()

    assert (tmp_path / "detections.txt").read_text() == (
        "1,-1,10.00,5.50,20.00,39.75,0.87500,-1,-1,-1\n"
    )


def test_frame_without_people_has_no_row(tmp_path):
    frame = Frame(np.zeros((4, 4, 3), np.uint8), "door", 0, 0.0)
    sink = MotTracks(tmp_path / "tracks.txt")
    sink.write(frame, Detections.empty(), Tracks.empty(), events=())
    sink.close()

    assert (tmp_path / "tracks.txt").read_text() == ""


def test_score_that_rounds_to_0_is_written_as_the_least_that_is_not_ignored(tmp_path, seen):
    frame, detections, _ = seen(index=0, at_s=0.0)
    faint = Detections(detections.xyxy_px, [0.000001])
    sink = MotDetections(tmp_path / "detections.txt")
    sink.write(frame, faint, Tracks.empty(), events=())
    sink.close()

    assert (tmp_path / "detections.txt").read_text() == (
        "1,-1,10.00,5.50,20.00,39.75,0.00001,-1,-1,-1\n"
    )
