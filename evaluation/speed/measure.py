"""The speed measurement as a whole, and its table."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial

import numpy as np
from rich.table import Table

from evaluation.speed.contestants import (
    DecodeAlone,
    InferenceAlone,
    Peer,
    Server,
    ServerPipeline,
)
from evaluation.speed.result import (
    CONTESTANTS,
    DECODE,
    INFERENCE,
    PEER,
    PIPELINE,
    WALL_AND_CPU,
    Contestant,
    Machine,
    Pass,
    SpeedResult,
    Stopwatch,
    cpu_name,
    interleave,
    load_now,
    num_cores,
)
from evaluation.speed.stages import (
    public_tracker,
    server_tracker,
    time_stages,
    tracker_times_ms,
)

_PEER_PACKAGE = "trackers"


def measure_speed(
    server: Server,
    dataset: str,
    num_rounds: int = 5,
    stopwatch: Stopwatch = WALL_AND_CPU,
    on_pass: Callable[[str, Pass], None] = lambda name, run: None,
) -> SpeedResult:
    """Let everyone work through the footage in turns, `num_rounds` times.

    Args:
        server: the parts of the pipeline, its camera and its footage.
        dataset: what the footage is called.
        num_rounds: an interval needs at least four.
        stopwatch: the clocks.
        on_pass: told after each pass who ran and how.

    Raises:
        ValueError: less than one round.
        FootfallError: the footage or the bundle cannot be used.
    """
    if num_rounds < 1:
        raise ValueError(f"num_rounds: expected at least 1, got {num_rounds}")
    load_before = load_now()
    stages = time_stages(server, stopwatch.wall)
    contestants: dict[str, Contestant] = {
        DECODE: DecodeAlone(server),
        INFERENCE: InferenceAlone(server, len(stages.detections)),
        PIPELINE: ServerPipeline(server),
    }
    notes = []
    if importlib.util.find_spec(_PEER_PACKAGE):
        contestants[PEER] = Peer(server)
    else:
        notes.append(
            f"The user's own loop was left out: package '{_PEER_PACKAGE}' is not installed "
            "(pip install 'footfall[dev]')."
        )
    passes = interleave(contestants, num_rounds, stopwatch, on_pass)
    trackers = [partial(server_tracker, server)]
    if PEER in contestants:
        trackers.append(partial(public_tracker, server))
    tracker_ms, *peers_ms = tracker_times_ms(
        trackers, stages.detections, num_rounds, stopwatch.wall
    )
    return SpeedResult(
        dataset=dataset,
        bundle=server.bundle.ref,
        num_threads=server.num_threads,
        machine=Machine(cpu_name(), num_cores(), (load_before, load_now())),
        passes=passes,
        stages_ms=stages.spent_ms,
        tracker_ms=tracker_ms,
        peer_tracker_ms=peers_ms[0] if peers_ms else np.zeros(0),
        notes=tuple(notes),
    )


def speed_tables(result: SpeedResult) -> list[Table]:
    """Frames a second of everyone, and where a frame's time goes, for a terminal."""
    speed = Table(
        "who",
        "frames/s",
        "slowest – fastest round",
        "CPU ms a frame",
        title=f"{result.num_frames} frames × {result.num_rounds} rounds, {result.setting}",
    )
    for name in result.contestants:
        fps = result.fps(name)
        speed.add_row(
            CONTESTANTS[name],
            f"{np.median(fps):.1f}",
            f"{fps.min():.1f} – {fps.max():.1f}",
            f"{result.cpu_ms(name):.2f}",
        )
    stages = Table("stage, in one thread", "ms a frame")
    for stage, spent_ms in result.stages_ms.items():
        stages.add_row(stage, f"{spent_ms:.3f}")
    alone_ms = {"tracker": result.tracker_ms, "ByteTrack of the loop": result.peer_tracker_ms}
    for name, spent_ms in alone_ms.items():
        if len(spent_ms):
            median, late = np.percentile(spent_ms, [50, 95])
            stages.add_row(f"{name} alone, median", f"{median:.3f}")
            stages.add_row(f"{name} alone, 95th percentile", f"{late:.3f}")
    return [speed, stages]
