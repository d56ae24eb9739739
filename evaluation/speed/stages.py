"""Where the time of a frame goes, stage by stage, and the tracker's time alone."""

from __future__ import annotations

import functools
import inspect
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.speed.contestants import Server, event_outputs
from evaluation.speed.peer_loop import LOWEST_SCORE, peer_tracker
from serving.assembly import build_detector, build_pipeline
from serving.core.bundle import Bundle
from serving.core.detections import Detections, Tracks
from serving.core.events import Event
from serving.core.frame import Frame
from serving.inference.backend import Backend, Done, Inference, Outputs
from serving.settings import Mode
from serving.sinks.opening import open_event_sinks
from serving.streams.source import Source
from serving.tracking.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Stages:
    """Where the pipeline's time goes.

    Attributes:
        spent_ms: milliseconds a frame by stage, in the order in which a frame passes them.
        detections: what was detected in each frame, and the frame's time in seconds.
    """

    spent_ms: dict[str, float]
    detections: list[tuple[Detections, float]]


def time_stages(server: Server, clock: Callable[[], float] = time.perf_counter) -> Stages:
    """Run the pipeline in one thread, so that no stage waits for another, and time each."""
    laps = _Laps(clock)
    detections: list[tuple[Detections, float]] = []

    @functools.wraps(server.tracker)
    def tracker(**places: Any) -> Tracker:
        return _TimedTracker(server.tracker(**places), laps, detections)

    def backend(bundle: Bundle) -> Backend:
        return _TimedBackend(server.backend(bundle), laps)

    bundle = server.bundle
    pipeline = build_pipeline(
        server.camera_id,
        server.camera,
        build_detector(bundle, server.detector, backend),
        tracker,
        server.analyses,
        bundle,
    )
    events: list[Event] = []
    source = server.frames()
    laps.start()
    for result in pipeline.process(_decoded(source, laps)):
        laps.lap("analyse")
        events += result.events
        if len(detections) == server.max_frames:
            break
    source.close()
    with tempfile.TemporaryDirectory(prefix="footfall-speed-") as folder:
        laps.start()
        for sink in open_event_sinks(event_outputs(Path(folder)), Mode.REPLAY):
            sink.write(events)
            sink.close()
        laps.lap("write events")
    spent_ms = {stage: 1000 * spent_s / len(detections) for stage, spent_s in laps.spent_s.items()}
    return Stages(spent_ms, detections)


def _decoded(source: Source, laps: _Laps) -> Iterator[Frame]:
    for frame in source:
        laps.lap("decode")
        yield frame


Update = Callable[[Detections, float], object]
"""What a tracker does with the detections of a frame and the frame's time."""


def tracker_times_ms(
    trackers: Sequence[Callable[[], Update]],
    detections: Sequence[tuple[Detections, float]],
    num_rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[NDArray[np.float64]]:
    """For each tracker (frames,) milliseconds of its update alone, on recorded detections.

    In each round all of them, made anew, go through the footage one after the other; of a frame's
    rounds the median counts, since any of them may have been interrupted by another process.
    """
    spent_ms = np.zeros((len(trackers), num_rounds, len(detections)))
    for turn in range(num_rounds):
        for place, make in enumerate(trackers):
            update = make()
            for index, (found, at_s) in enumerate(detections):
                started_s = clock()
                update(found, at_s)
                spent_ms[place, turn, index] = 1000 * (clock() - started_s)
    return list(np.median(spent_ms, axis=1))


def server_tracker(server: Server) -> Update:
    """A new tracker as the server would make it for its camera."""
    takes_floor = "floor" in inspect.signature(server.tracker).parameters
    places = {"floor": server.camera.floor()} if takes_floor else {}
    return server.tracker(**places).update


def public_tracker(server: Server) -> Update:
    """A new ByteTrack, which is shown the detections that it would take."""
    track = peer_tracker(server.frame_rate_hz)

    def update(found: Detections, at_s: float) -> object:
        rows = found.score >= LOWEST_SCORE
        return track(found.xyxy_px[rows], found.score[rows])

    return update


class _Laps:
    """Adds the time since the last lap to the stage that has just ended."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_s = 0.0
        self.spent_s: dict[str, float] = {}

    def start(self) -> None:
        self._last_s = self._clock()

    def lap(self, stage: str) -> None:
        now_s = self._clock()
        self.spent_s[stage] = self.spent_s.get(stage, 0.0) + now_s - self._last_s
        self._last_s = now_s


class _TimedBackend:
    """What comes before it in the detector is the letterbox."""

    def __init__(self, backend: Backend, laps: _Laps) -> None:
        self._backend = backend
        self._laps = laps

    @property
    def bundle(self) -> Bundle:
        return self._backend.bundle

    @property
    def num_in_flight(self) -> int:
        return 1

    def start(self, batch: NDArray[np.uint8]) -> Inference:
        return Done(self.infer(batch))

    def infer(self, batch: NDArray[np.uint8]) -> Outputs:
        self._laps.lap("letterbox")
        outputs = self._backend.infer(batch)
        self._laps.lap("infer")
        return outputs

    def close(self) -> None:
        self._backend.close()


class _TimedTracker:
    """What comes between the backend and it is the detector's threshold and suppression."""

    def __init__(
        self, tracker: Tracker, laps: _Laps, detections: list[tuple[Detections, float]]
    ) -> None:
        self._tracker = tracker
        self._laps = laps
        self._detections = detections

    def update(self, detections: Detections, at_s: float) -> Tracks:
        self._laps.lap("select boxes")
        self._detections.append((detections, at_s))
        tracks = self._tracker.update(detections, at_s)
        self._laps.lap("track")
        return tracks

    def reset(self) -> None:
        self._tracker.reset()
