"""Who runs in the speed measurement: decoding, inference, the whole server, the peer's loop."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.speed.peer_loop import PeerLoop
from serving.assembly import (
    AnalysisFactory,
    BackendFactory,
    TrackerFactory,
    build_detector,
    build_pipeline,
    load_bundle,
)
from serving.core.bundle import Bundle
from serving.core.letterbox import Letterbox
from serving.inference.backend import Inference
from serving.runtime import CameraRun, Runtime
from serving.settings import Camera, DetectorSettings, Mode
from serving.settings import Outputs as OutputFiles
from serving.sinks.opening import open_event_sinks
from serving.streams.opening import open_sources
from serving.streams.source import Source

_USUAL_RATE_HZ = 25.0
_NUM_INPUTS = 64
"""Different pictures that inference alone goes through, again and again: all would fill memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The parts of which the server would build the camera's pipeline.

    Attributes:
        camera_id: the camera's name.
        camera: its settings; the source must be a video file.
        detector: which bundle, and its thresholds.
        backend: makes the backend from the bundle; its thread budget is `num_threads`.
        tracker: as `serving.assembly.build_pipeline` takes it.
        analyses: as `serving.assembly.build_pipeline` takes them.
        num_threads: what the backend was given, and what the peer gets.
        max_frames: end each pass after so many frames; None: at the source's end.
    """

    camera_id: str
    camera: Camera
    detector: DetectorSettings
    backend: BackendFactory
    tracker: TrackerFactory
    analyses: Mapping[str, AnalysisFactory]
    num_threads: int
    max_frames: int | None = None

    @property
    def bundle(self) -> Bundle:
        """The detector's model, read from its folder.

        Raises:
            BundleError: there is none, or it is not whole.
        """
        return load_bundle(self.detector.bundle)

    @property
    def frame_rate_hz(self) -> float:
        """Of the footage, for a tracker that wants to know it beforehand."""
        return self.camera.fps or _USUAL_RATE_HZ

    def frames(self) -> Source:
        """The footage from its first frame."""
        return open_sources({self.camera_id: self.camera})[self.camera_id]


@dataclass(frozen=True, slots=True)
class DecodeAlone:
    """The server's own source, every frame decoded to BGR and dropped."""

    server: Server

    def prepare(self) -> Callable[[], int]:
        """See `Contestant.prepare`."""
        source = self.server.frames()

        def run() -> int:
            num_frames = 0
            for _ in source:
                num_frames += 1
                if num_frames == self.server.max_frames:
                    break
            source.close()
            return num_frames

        return run


@dataclass(slots=True)
class InferenceAlone:
    """The server's own backend on pictures that already have the network's size.

    As many of them are on their way at once as the backend can use: nothing is left to gain.
    """

    server: Server
    num_frames: int
    _inputs: NDArray[np.uint8] | None = None

    def prepare(self) -> Callable[[], int]:
        """See `Contestant.prepare`."""
        inputs = self._inputs = self._letterboxed() if self._inputs is None else self._inputs
        backend = self.server.backend(self.server.bundle)
        backend.infer(inputs[:1])

        def run() -> int:
            under_way: deque[Inference] = deque()
            for index in range(self.num_frames):
                if len(under_way) == backend.num_in_flight:
                    under_way.popleft().result()
                place = index % len(inputs)
                under_way.append(backend.start(inputs[place : place + 1]))
            for inference in under_way:
                inference.result()
            return self.num_frames

        return run

    def _letterboxed(self) -> NDArray[np.uint8]:
        source = self.server.frames()
        fit = Letterbox(source.image_size_hw, self.server.bundle.input_size_hw)
        step = max(1, self.num_frames // _NUM_INPUTS)
        inputs = [fit.apply(f.image) for f in source if f.index % step == 0]
        source.close()
        return np.stack(inputs[:_NUM_INPUTS])


@dataclass(frozen=True, slots=True)
class ServerPipeline:
    """The server as it runs: all of its threads, tracking, analyses, SQLite and JSONL on disk."""

    server: Server

    def prepare(self) -> Callable[[], int]:
        """See `Contestant.prepare`."""
        server, bundle = self.server, self.server.bundle
        pipeline = build_pipeline(
            server.camera_id,
            server.camera,
            build_detector(bundle, server.detector, server.backend),
            server.tracker,
            server.analyses,
            bundle,
        )

        def run() -> int:
            with tempfile.TemporaryDirectory(prefix="footfall-speed-") as folder:
                runtime = Runtime(
                    [CameraRun(server.frames(), pipeline)],
                    open_event_sinks(event_outputs(Path(folder)), Mode.REPLAY),
                    max_frames=server.max_frames,
                )
                return runtime.run().cameras[0].num_frames

        return run


@dataclass(frozen=True, slots=True)
class Peer:
    """See `evaluation.speed.peer_loop`."""

    server: Server

    def prepare(self) -> Callable[[], int]:
        """See `Contestant.prepare`."""
        server = self.server
        loop = PeerLoop(server.bundle, server.num_threads, server.frame_rate_hz)
        return lambda: loop.run(Path(server.camera.source), server.max_frames)


def event_outputs(folder: Path) -> OutputFiles:
    """What a server writes by default: the events, as SQLite and as JSONL."""
    return OutputFiles(store=folder / "events.sqlite", jsonl=folder / "events.jsonl")
