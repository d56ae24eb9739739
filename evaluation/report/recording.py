"""What one camera gave in one run of the server, read back from the files that the run wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from datasets.formats import mot
from serving.core.boxes import foot_points
from serving.core.detections import Tracks
from serving.core.errors import LabelError, SourceError
from serving.core.events import Event, from_record
from serving.core.frame import Frame
from serving.settings import Camera
from serving.sinks import store
from serving.streams.opening import open_sources

NUM_SNAPSHOTS = 6
_TRAIL_S = 4.0

EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A frame with the tracks in it, and the way of each: (P, 2) pixels of its foot by track id."""

    frame: Frame
    tracks: Tracks
    trails: Mapping[int, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Recording:
    """One camera's footage and what the server found in it.

    `num_tracks` is how many different people the tracker told apart; None where the run wrote no
    tracks.
    """

    camera_id: str
    camera: Camera
    events: tuple[Event, ...]
    num_frames: int
    start_s: float
    end_s: float
    num_tracks: int | None
    snapshots: tuple[Snapshot, ...]

    @property
    def image_size_hw(self) -> tuple[int, int]:
        """Height and width of the pictures in pixels."""
        return self.snapshots[0].frame.image_size_hw

    def of_kind(self, kind: type[EventT], place: str | None = None) -> list[EventT]:
        """The events of a kind, of one place where given, in the order of time."""
        return [
            event
            for event in self.events
            if isinstance(event, kind) and place in (None, event.place)
        ]

    @property
    def bundles(self) -> list[str]:
        """The bundles that made the events, as `name@version`."""
        return sorted({bundle for event in self.events for bundle in event.bundles})


def read_recording(
    camera_id: str,
    camera: Camera,
    events: Path,
    tracks: Path | None,
    num_snapshots: int = NUM_SNAPSHOTS,
) -> Recording:
    """Read a camera's events and tracks, and the frames that show them best.

    The footage is decoded once, whole: its times are what the events refer to.

    Args:
        camera_id: as the events name it.
        camera: its settings in the run; the source must still be there.
        events: what the run wrote as `sink.jsonl` or `sink.store`.
        tracks: what the run wrote as `sink.mot`; without it snapshots show no boxes.
        num_snapshots: evenly spread over the footage.

    Raises:
        LabelError: the events or the tracks are missing or unreadable, or none is this camera's.
        SourceError: the footage is missing or damaged.
    """
    recorded = read_events(events)
    found = tuple(event for event in recorded if event.camera_id == camera_id)
    if not found:
        others = sorted({event.camera_id for event in recorded})
        got = f"events of {others}" if others else "no events"
        raise LabelError(f"{events}: expected events of camera '{camera_id}', got {got}")
    sequence = None if tracks is None else mot.read_tracks(tracks).frames
    source = open_sources({camera_id: camera})[camera_id]
    try:
        num_frames = source.num_frames or sum(1 for _ in source)
    finally:
        source.close()
    wanted = {int(index) for index in np.linspace(0, num_frames - 1, num_snapshots + 2)[1:-1]}
    snapshots, times_s = [], []
    source = open_sources({camera_id: camera})[camera_id]
    try:
        for frame in source:
            times_s.append(frame.captured_at)
            if frame.index in wanted:
                snapshots.append(_snapshot(frame, sequence or {}, times_s))
    finally:
        source.close()
    if not snapshots:
        raise SourceError(f"camera '{camera_id}', {camera.source}: expected frames, got none")
    ids = {int(i) for tracks in (sequence or {}).values() for i in tracks.track_id}
    return Recording(
        camera_id=camera_id,
        camera=camera,
        events=found,
        num_frames=len(times_s),
        start_s=times_s[0],
        end_s=times_s[-1],
        num_tracks=None if sequence is None else len(ids),
        snapshots=tuple(snapshots),
    )


def read_events(path: Path) -> list[Event]:
    """The events of a run in the order of time, from its JSONL file or its SQLite store.

    Raises:
        LabelError: there is no such file, or a line that is no event; names file and line.
        SinkError: the store cannot be read.
    """
    if not path.is_file():
        raise LabelError(f"{path}: expected the events of a run, got no file")
    if path.suffix != ".jsonl":
        return list(store.read_events(path))
    events = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            events.append(from_record(json.loads(line)))
        except (ValueError, AttributeError) as error:
            raise LabelError(f"{path}:{number}: expected an event as JSON: {error}") from error
        except LabelError as error:
            raise LabelError(f"{path}:{number}: {error}") from error
    return sorted(events, key=lambda event: event.at_s)


def _snapshot(frame: Frame, sequence: Mapping[int, Tracks], times_s: Sequence[float]) -> Snapshot:
    """The frame with its tracks; `sequence` counts frames from 1, as MOT files do."""
    tracks = sequence.get(frame.index + 1, Tracks.empty())
    feet: dict[int, list[NDArray[np.float64]]] = {int(i): [] for i in tracks.track_id}
    first = int(np.searchsorted(times_s, frame.captured_at - _TRAIL_S))
    for index in range(first, frame.index + 1):
        earlier = sequence.get(index + 1, Tracks.empty())
        for track_id, foot in zip(
            earlier.track_id.tolist(), foot_points(earlier.xyxy_px), strict=True
        ):
            if track_id in feet:
                feet[track_id].append(foot)
    trails = {i: np.array(points, np.float64).reshape(-1, 2) for i, points in feet.items()}
    return Snapshot(frame, tracks, trails)
