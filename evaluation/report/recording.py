"""What one camera gave in one run of the server, read back from the files that the run wrote.

When the run began and ended, and how, its `CameraState` events say: it need not have seen all of
its footage, and a live run has the clock's time. A live run adds to the files of the runs before
it; the last one is read.
"""

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
from serving.core.errors import LabelError, SinkError, SourceError
from serving.core.events import CameraState, Event, from_record
from serving.core.frame import Frame
from serving.settings import Camera
from serving.sinks import store
from serving.streams.opening import open_sources
from serving.streams.source import StreamState

NUM_SNAPSHOTS = 6
_TRAIL_S = 4.0
_TOLERANCE_S = 1e-3
"""Times since 1970 are exact to less than a microsecond; frames are farther apart than this."""

EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A frame with the tracks in it, and the way of each: (P, 2) pixels of its foot by track id."""

    frame: Frame
    tracks: Tracks
    trails: Mapping[int, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a camera as its events tell it.

    Attributes:
        start_s: time of the first picture, seconds UTC.
        end_s: time of the last one; of the last event where no end was recorded.
        state: how it ended; `streaming` where no end was recorded.
        reason: why, in the server's words.
        num_earlier: runs before it in the same file.
    """

    start_s: float
    end_s: float
    state: str
    reason: str
    num_earlier: int = 0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Recording:
    """What the server found in one camera's footage, in one run.

    Attributes:
        events: of this camera and run, in the order of time.
        run: when it began and ended, and how.
        num_frames: pictures of the footage from the run's start to its end.
        num_frames_of_footage: all that there are.
        num_tracks: how many different people the tracker told apart; None where the run wrote no
            tracks.
        snapshots: spread over the run, at least one.
    """

    camera_id: str
    camera: Camera
    events: tuple[Event, ...]
    run: Run
    num_frames: int
    num_frames_of_footage: int
    num_tracks: int | None
    snapshots: tuple[Snapshot, ...]

    @property
    def start_s(self) -> float:
        """Time of the run's first picture, seconds UTC; a replay without a date begins at 0."""
        return self.run.start_s

    @property
    def end_s(self) -> float:
        """Time of its last picture."""
        return self.run.end_s

    @property
    def was_live(self) -> bool:
        """Whether the run had the clock's time, as far as times tell: a dated replay has a date."""
        return self.camera.starts_at is None and self.start_s > 0

    @property
    def is_part(self) -> bool:
        """Whether the run ended before its footage did."""
        return self.num_frames < self.num_frames_of_footage

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

    The footage is decoded once, whole, and its pictures get the times that they had in the run.

    Args:
        camera_id: as the events name it.
        camera: its settings in the run; the source must still be there.
        events: what the run wrote as `sink.jsonl` or `sink.store`.
        tracks: what the run wrote as `sink.mot`; without it snapshots show no boxes.
        num_snapshots: evenly spread over the run.

    Raises:
        LabelError: the events or the tracks are missing or unreadable, none is this camera's, an
            event lies outside every run, or the run lasted longer than the footage.
        SourceError: the footage is missing or damaged.
    """
    found, run = _last_run(read_events(events), camera_id, events)
    sequence = None if tracks is None else mot.read_tracks(tracks).frames
    wanted_s = np.linspace(run.start_s, run.end_s, num_snapshots + 2)[1:-1].tolist()
    undated = camera.model_copy(update={"starts_at": None})
    source = open_sources({camera_id: undated}, run.start_s)[camera_id]
    snapshots: list[Snapshot] = []
    times_s: list[float] = []
    try:
        for frame in source:
            times_s.append(frame.captured_at)
            if wanted_s and frame.captured_at >= wanted_s[0] - _TOLERANCE_S:
                snapshots.append(_snapshot(frame, sequence or {}, times_s))
                wanted_s = [at_s for at_s in wanted_s if at_s > frame.captured_at + _TOLERANCE_S]
    finally:
        source.close()
    if not times_s:
        raise SourceError(f"camera '{camera_id}', {camera.source}: expected frames, got none")
    if run.end_s > times_s[-1] + _TOLERANCE_S:
        raise LabelError(
            f"{events}: expected a run on {camera.source}, which lasts "
            f"{times_s[-1] - run.start_s:.1f} s, got one of {run.end_s - run.start_s:.1f} s"
        )
    ids = {int(i) for tracks in (sequence or {}).values() for i in tracks.track_id}
    return Recording(
        camera_id=camera_id,
        camera=camera,
        events=found,
        run=run,
        num_frames=int(np.searchsorted(times_s, run.end_s + _TOLERANCE_S)),
        num_frames_of_footage=len(times_s),
        num_tracks=None if sequence is None else len(ids),
        snapshots=tuple(snapshots),
    )


def _last_run(
    recorded: Sequence[Event], camera_id: str, path: Path
) -> tuple[tuple[Event, ...], Run]:
    """The events of a camera's last run, and when and how it went."""
    found = [event for event in recorded if event.camera_id == camera_id]
    if not found:
        others = sorted({event.camera_id for event in recorded})
        got = f"events of {others}" if others else "no events"
        raise LabelError(f"{path}: expected events of camera '{camera_id}', got {got}")
    states = [event for event in found if isinstance(event, CameraState)]
    starts_s = [event.at_s for event in states if event.state == StreamState.STREAMING]
    if not starts_s:
        raise LabelError(f"{path}: expected the start of a run of camera '{camera_id}', got none")
    start_s, since = starts_s[-1], [event for event in found if event.at_s >= starts_s[-1]]
    state, reason, end_s = StreamState.STREAMING.value, "", since[-1].at_s
    for event in since:
        if isinstance(event, CameraState) and event.state != StreamState.STREAMING:
            state, reason, end_s = event.state, event.reason, event.at_s
            break
    for event in found:
        outside = event.at_s < starts_s[0] or event.at_s > end_s
        if outside and not isinstance(event, CameraState):
            raise LabelError(
                f"{path}: expected events of camera '{camera_id}' between the start and the end "
                f"of a run, from {starts_s[0]:.3f} to {end_s:.3f} s, "
                f"got a {event.KIND} at {event.at_s:.3f} s"
            )
    of_run = tuple(event for event in since if event.at_s <= end_s)
    return of_run, Run(start_s, end_s, state, reason, len(starts_s) - 1)


def read_events(path: Path) -> list[Event]:
    """The events of a file in the order of time, from JSONL or a SQLite store.

    What an event says is its identity, so one that stands twice is read once, from either.

    Raises:
        LabelError: there is no such file, or a line that is no event; names file and line.
        SinkError: the store cannot be read.
    """
    if not path.is_file():
        sink = "jsonl" if path.suffix == ".jsonl" else "store"
        raise LabelError(
            f"{path}: expected the events of a run, got no file; "
            f"python serve.py site=NAME sink.{sink}={path} makes it"
        )
    if path.suffix != ".jsonl":
        try:
            return list(store.read_events(path))
        except SinkError as error:
            raise SinkError(f"{error}; events are a store (.sqlite) or a log (.jsonl)") from error
    events = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            events.append(from_record(json.loads(line)))
        except (ValueError, AttributeError) as error:
            raise LabelError(f"{path}:{number}: expected an event as JSON: {error}") from error
        except LabelError as error:
            raise LabelError(f"{path}:{number}: {error}") from error
    return sorted(dict.fromkeys(events), key=lambda event: event.at_s)


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
