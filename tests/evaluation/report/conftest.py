"""A small run on the sample's pictures: hand-written events and tracks, one camera."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import av
import pytest

from datasets.formats import mot
from evaluation.figure import Figure, Metric, Task
from evaluation.report.inputs import ReportInputs
from evaluation.report.recording import Recording, read_recording
from evaluation.targets import Benchmark, Kind, Target
from serving.core.detections import Detections, Tracks
from serving.core.events import (
    CameraState,
    Crossing,
    Dwell,
    Event,
    HeatmapTile,
    Occupancy,
    PathPoint,
)
from serving.core.labels import Direction
from serving.settings import Calibration, Camera, LineSettings, ZoneSettings

NUM_FRAMES = 21
FPS = 7.0
CAMERA_ID = "door"
WHERE = {"camera_id": CAMERA_ID, "bundles": ("net@1",)}


@pytest.fixture(scope="session")
def clip(sample_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 3 seconds of the sample."""
    path = tmp_path_factory.mktemp("clip") / "clip.avi"
    with av.open(str(sample_video)) as source, av.open(str(path), "w") as copy:
        stream = copy.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(source.demux(source.streams.video[0])):
            if index == NUM_FRAMES:
                break
            packet.stream = stream
            copy.mux(packet)
    return path


@pytest.fixture
def camera(clip: Path) -> Camera:
    """Calibrated, with a line and a zone."""
    return Camera(
        source=str(clip),
        fps=FPS,
        calibration=Calibration(
            image_px=((0, 200), (767, 200), (767, 575), (0, 575)),
            floor_m=((-12, 25), (12, 25), (4, 6), (-4, 6)),
        ),
        lines={"till": LineSettings(start_px=(0, 330), end_px=(767, 330))},
        zones={"lawn": ZoneSettings(polygon_px=((400, 60), (760, 60), (760, 260)))},
    )


def state(at_s: float, name: str, reason: str = "") -> CameraState:
    """The camera came into a state."""
    return CameraState(camera_id=CAMERA_ID, at_s=at_s, state=name, reason=reason)


@pytest.fixture
def events() -> list[Event]:
    """2 in, 1 out; a zone with 1 person for 1 s and 3 for 2 s; a stay of 2 s; two paths alike."""
    return [
        state(0.0, "streaming"),
        state(20 / FPS, "ended", "after 21 frames"),
        Crossing(**WHERE, place="till", at_s=0.5, track_id=1, direction=Direction.IN),
        Crossing(**WHERE, place="till", at_s=1.0, track_id=2, direction=Direction.IN),
        Crossing(**WHERE, place="till", at_s=2.5, track_id=1, direction=Direction.OUT),
        Occupancy(**WHERE, place="lawn", at_s=0.0, count=1),
        Occupancy(**WHERE, place="lawn", at_s=20 / FPS / 3, count=3),
        Dwell(**WHERE, place="lawn", at_s=2.8, track_id=2, dwell_s=2.0),
        HeatmapTile(
            **WHERE,
            at_s=2.8,
            period_s=10.0,
            cell_m=0.5,
            origin_m=(-20.0, 0.0),
            cells=((40, 30, 4.0), (41, 30, 1.0)),
        ),
        *_walk(1, 300.0),
        *_walk(2, 310.0),
    ]


def _walk(track_id: int, y: float) -> list[Event]:
    return [
        PathPoint(**WHERE, at_s=step / 2, track_id=track_id, xy_px=(100.0 * step, y), xy_m=None)
        for step in range(6)
    ]


def write_events(path: Path, events: Sequence[Event]) -> Path:
    """The events as the server's JSONL."""
    path.write_text("".join(json.dumps(event.to_record()) + "\n" for event in events))
    return path


@pytest.fixture
def events_path(tmp_path: Path, events: list[Event]) -> Path:
    """The events in a file."""
    return write_events(tmp_path / "events.jsonl", events)


@pytest.fixture
def tracks_path(tmp_path: Path) -> Path:
    """Person 1 in every frame, person 2 from the 11th on."""
    frames = {}
    for number in range(1, NUM_FRAMES + 1):
        boxes = [(10.0 * number, 100.0, 10.0 * number + 40, 200.0), (500.0, 80.0, 540.0, 190.0)]
        ids = [1, 2] if number > 10 else [1]
        found = Detections(boxes[: len(ids)], [0.9] * len(ids))
        frames[number] = Tracks(found, ids, [0.0] * len(ids))
    path = tmp_path / "tracks.txt"
    mot.write_tracks(path, frames)
    return path


@pytest.fixture
def recording(camera: Camera, events_path: Path, tracks_path: Path) -> Recording:
    """The run read back."""
    return read_recording(CAMERA_ID, camera, events_path, tracks_path)


def target(task: Task, metric: Metric, value: float, kind: Kind = Kind.GOAL) -> Target:
    """A target for any data."""
    return Target(
        task=task, metric=metric, target=value, kind=kind, definition="a rule", source="a paper"
    )


@pytest.fixture
def benchmark() -> Benchmark:
    """One target that will be met, one missed, one that nothing is measured for."""
    return Benchmark(
        targets={
            "idf1": target(Task.TRACKING, Metric.IDF1, 0.72, Kind.FLOOR),
            "hota": target(Task.TRACKING, Metric.HOTA, 0.60),
            "watchlist": target(Task.WATCHLIST, Metric.TPIR_AT_1_FPIR, 0.90),
        }
    )


@pytest.fixture
def figures() -> list[Figure]:
    """Tracking on 21 frames; the last has no target."""
    return [
        Figure(Metric.IDF1, 0.8123, 21, "frames", "clip", 0.77, 0.85),
        Figure(Metric.HOTA, 0.5511, 21, "frames", "clip", 0.50, 0.59),
        Figure(Metric.ID_SWITCHES, 3, 21, "frames", "clip", unit="count"),
    ]


@pytest.fixture
def inputs(recording: Recording, benchmark: Benchmark, figures: list[Figure]) -> ReportInputs:
    """A report of one camera."""
    verdicts = benchmark.judge(figures, Task.TRACKING)
    return ReportInputs(
        site="corner shop",
        recordings=(recording,),
        verdicts=tuple(verdicts),
        not_measured=benchmark.not_measured(verdicts),
    )
