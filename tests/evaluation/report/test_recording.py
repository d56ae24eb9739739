"""A run read back from its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluation.report.recording import Recording, read_events, read_recording
from serving.core.errors import LabelError, SourceError
from serving.core.events import Crossing, Event, PathPoint
from serving.settings import Camera
from serving.sinks.store import RunStore
from tests.evaluation.report.conftest import CAMERA_ID, FPS, NUM_FRAMES, write_events


def test_times_and_counts_come_from_the_footage(recording: Recording) -> None:
    assert recording.num_frames == NUM_FRAMES
    assert (recording.start_s, recording.end_s) == (0.0, pytest.approx((NUM_FRAMES - 1) / FPS))
    assert recording.num_tracks == 2
    assert recording.image_size_hw == (576, 768)
    assert recording.bundles == ["net@1"]


def test_snapshots_are_spread_evenly_and_show_their_own_frame(recording: Recording) -> None:
    # 8 evenly spaced places from 0 to 20 without the ends: 20/7, 40/7, …
    assert [shot.frame.index for shot in recording.snapshots] == [2, 5, 8, 11, 14, 17]
    for shot in recording.snapshots:
        left_px = shot.tracks.xyxy_px[list(shot.tracks.track_id).index(1), 0]
        assert left_px == 10.0 * (shot.frame.index + 1)


def test_a_trail_is_where_the_feet_were(recording: Recording) -> None:
    first = recording.snapshots[0]
    np.testing.assert_allclose(first.trails[1], [[30, 200], [40, 200], [50, 200]])
    assert first.trails.keys() == {1}


def test_events_are_chosen_by_kind_and_place(recording: Recording) -> None:
    assert len(recording.of_kind(Crossing)) == 3
    assert len(recording.of_kind(Crossing, "till")) == 3
    assert recording.of_kind(Crossing, "elsewhere") == []
    assert len(recording.of_kind(PathPoint)) == 12


def test_the_store_gives_the_events_that_the_log_gives(
    tmp_path: Path, events: list[Event], events_path: Path
) -> None:
    store = RunStore(tmp_path / "events.sqlite")
    store.write(events)
    store.close()
    by_id = {event.to_record()["id"] for event in read_events(tmp_path / "events.sqlite")}
    assert by_id == {event.to_record()["id"] for event in read_events(events_path)}


def test_a_run_without_tracks_shows_pictures_without_boxes(
    camera: Camera, events_path: Path
) -> None:
    recording = read_recording(CAMERA_ID, camera, events_path, None)
    assert recording.num_tracks is None
    assert all(len(shot.tracks) == 0 for shot in recording.snapshots)


def test_missing_events_are_said_by_name(camera: Camera, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"none\.jsonl: expected the events of a run, got no file"):
        read_recording(CAMERA_ID, camera, tmp_path / "none.jsonl", None)


def test_a_line_that_is_no_event_is_said_by_number(tmp_path: Path, events: list[Event]) -> None:
    path = write_events(tmp_path / "events.jsonl", events[:1])
    path.write_text(path.read_text() + "{broken\n")
    with pytest.raises(LabelError, match=r"events\.jsonl:2: expected an event as JSON"):
        read_events(path)
    path.write_text('{"kind": "parade"}\n')
    with pytest.raises(LabelError, match=r"events\.jsonl:1: event: expected a kind"):
        read_events(path)
    path.write_text("[]\n")
    with pytest.raises(LabelError, match=r"events\.jsonl:1: expected an event as JSON"):
        read_events(path)


def test_events_of_another_camera_are_no_recording(camera: Camera, events_path: Path) -> None:
    message = "expected events of camera 'window', got "
    with pytest.raises(LabelError, match=rf"{message}events of \['{CAMERA_ID}'\]$"):
        read_recording("window", camera, events_path, None)
    events_path.write_text("")
    with pytest.raises(LabelError, match=rf"{message}no events$"):
        read_recording("window", camera, events_path, None)


def test_missing_tracks_and_footage_are_said_by_name(
    camera: Camera, events_path: Path, tmp_path: Path
) -> None:
    with pytest.raises(LabelError, match="tracks.txt"):
        read_recording(CAMERA_ID, camera, events_path, tmp_path / "tracks.txt")
    gone = camera.model_copy(update={"source": str(tmp_path / "gone.avi")})
    with pytest.raises(SourceError, match="gone.avi"):
        read_recording(CAMERA_ID, gone, events_path, None)
