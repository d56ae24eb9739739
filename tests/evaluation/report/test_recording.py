"""A run read back from its files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.report.recording import Recording, read_events, read_recording
from serving.core.errors import LabelError, SinkError, SourceError
from serving.core.events import Crossing, Event, PathPoint
from serving.settings import Camera
from serving.sinks.store import RunStore
from tests.evaluation.report.conftest import CAMERA_ID, FPS, NUM_FRAMES, state, write_events

LIVE_S = 1.8e9
"""A moment of 2027."""


def test_a_whole_run_has_all_of_its_footage(recording: Recording) -> None:
    assert recording.num_frames == recording.num_frames_of_footage == NUM_FRAMES
    assert not recording.is_part
    assert (recording.start_s, recording.end_s) == (0.0, pytest.approx((NUM_FRAMES - 1) / FPS))
    assert recording.num_tracks == 2
    assert recording.image_size_hw == (576, 768)
    assert recording.bundles == ["net@1"]


def test_snapshots_are_spread_evenly_and_show_their_own_frame(recording: Recording) -> None:
    # The frame at or after 8 evenly spaced places from 0 to 20, without the ends: 20/7, 40/7, …
    assert [shot.frame.index for shot in recording.snapshots] == [3, 6, 9, 12, 15, 18]
    for shot in recording.snapshots:
        left_px = shot.tracks.xyxy_px[list(shot.tracks.track_id).index(1), 0]
        assert left_px == 10.0 * (shot.frame.index + 1)


def test_a_trail_is_where_the_feet_were(recording: Recording) -> None:
    first = recording.snapshots[0]
    np.testing.assert_allclose(first.trails[1], [[30, 200], [40, 200], [50, 200], [60, 200]])
    assert first.trails.keys() == {1}


def later(events: list[Event], by_s: float) -> list[Event]:
    return [replace(event, at_s=event.at_s + by_s) for event in events]


def test_a_live_run_has_its_own_time_and_the_footage_takes_it(
    camera: Camera, tmp_path: Path, events: list[Event], tracks_path: Path
) -> None:
    path = write_events(tmp_path / "live.jsonl", later(events, LIVE_S))
    recording = read_recording(CAMERA_ID, camera, path, tracks_path)
    assert (recording.start_s, recording.end_s) == (LIVE_S, pytest.approx(LIVE_S + 20 / FPS))
    assert recording.num_frames == NUM_FRAMES and recording.was_live
    shot = recording.snapshots[0]
    assert (shot.frame.index, shot.frame.captured_at) == (3, pytest.approx(LIVE_S + 3 / FPS))
    assert len(shot.tracks) == 1


def test_a_stopped_run_has_its_own_number_of_pictures(
    camera: Camera, tmp_path: Path, events: list[Event]
) -> None:
    kept = [event for event in events if event.at_s <= 7 / FPS and event.KIND != "camera_state"]
    states = [state(0.0, "streaming"), state(7 / FPS, "stopped", "after 8 frames")]
    path = write_events(tmp_path / "cut.jsonl", [*kept, *states])
    recording = read_recording(CAMERA_ID, camera, path, None)
    assert (recording.num_frames, recording.num_frames_of_footage) == (8, NUM_FRAMES)
    assert (recording.is_part, recording.end_s) == (True, pytest.approx(7 / FPS))
    assert (recording.run.state, recording.run.reason) == ("stopped", "after 8 frames")
    assert [shot.frame.index for shot in recording.snapshots] == [1, 2, 3, 4, 5, 6]


def test_the_last_of_several_runs_is_read(
    camera: Camera, tmp_path: Path, events: list[Event]
) -> None:
    failed = state(LIVE_S + 9000, "failed", "no such file")
    runs = [*later(events, LIVE_S), *later(events, LIVE_S + 3600), failed]
    path = write_events(tmp_path / "live.jsonl", [*runs, *runs[-3:]])
    recording = read_recording(CAMERA_ID, camera, path, None)
    assert (recording.start_s, recording.run.num_earlier) == (LIVE_S + 3600, 1)
    assert len(recording.of_kind(Crossing)) == 3
    assert recording.run.state == "ended"


def test_a_run_whose_end_was_not_recorded_ends_with_its_last_event(
    camera: Camera, tmp_path: Path, events: list[Event]
) -> None:
    path = write_events(tmp_path / "killed.jsonl", [e for e in events if e != events[1]])
    recording = read_recording(CAMERA_ID, camera, path, None)
    assert (recording.run.state, recording.end_s) == ("streaming", 2.8)
    assert recording.num_frames == 20  # the 20th is at 19 / 7 s


def test_events_outside_a_run_or_beyond_the_footage_are_refused(
    camera: Camera, tmp_path: Path, events: list[Event]
) -> None:
    path = tmp_path / "events.jsonl"
    late = replace(events[2], at_s=99.0)
    message = r"between the start and the end of a run, from 0.000 to 2.857 s, got a crossing at 99"
    write_events(path, [*events, late])
    with pytest.raises(LabelError, match=message):
        read_recording(CAMERA_ID, camera, path, None)
    write_events(path, [event for event in events if event.KIND != "camera_state"])
    with pytest.raises(LabelError, match="expected the start of a run of camera 'door', got none"):
        read_recording(CAMERA_ID, camera, path, None)
    write_events(path, [events[0], *events[2:], late, state(99.0, "ended")])
    with pytest.raises(LabelError, match=r"clip.avi, which lasts 2.9 s, got one of 99.0 s"):
        read_recording(CAMERA_ID, camera, path, None)


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


@pytest.mark.parametrize(("name", "sink"), [("none.jsonl", "jsonl"), ("none.sqlite", "store")])
def test_missing_events_are_said_by_name_and_how_to_make_them(
    camera: Camera, tmp_path: Path, name: str, sink: str
) -> None:
    path = tmp_path / name
    with pytest.raises(LabelError) as raised:
        read_recording(CAMERA_ID, camera, path, None)
    assert str(raised.value) == (
        f"{path}: expected the events of a run, got no file; "
        f"python serve.py site=NAME sink.{sink}={path} makes it"
    )


def test_a_file_that_is_neither_store_nor_log_is_told_what_events_are(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("no database\n" * 100)
    with pytest.raises(SinkError, match=r"bad\.txt: .*; events are a store \(\.sqlite\) or a log"):
        read_events(tmp_path / "bad.txt")


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
