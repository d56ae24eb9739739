"""From what an operator writes about outputs to the sinks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from serving.core.errors import ConfigError
from serving.settings import Camera, Mode, Outputs
from serving.sinks.jsonl import JsonLines, JsonLinesLog
from serving.sinks.mot import MotDetections, MotTracks
from serving.sinks.sink import FrameSink, Sink
from serving.sinks.store import RunStore, Store
from serving.sinks.video import AnnotatedVideo


def open_event_sinks(outputs: Outputs, mode: Mode) -> list[Sink]:
    """The sinks for the events of all cameras: a replay's are its own, live ones are added to.

    Raises:
        SinkError: an output cannot be written.
    """
    live = mode is Mode.LIVE
    sinks: list[Sink] = []
    if outputs.store is not None:
        sinks.append(Store(outputs.store) if live else RunStore(outputs.store))
    if outputs.jsonl is not None:
        sinks.append(JsonLinesLog(outputs.jsonl) if live else JsonLines(outputs.jsonl))
    return sinks


def open_frame_sinks(
    outputs: Outputs, cameras: Mapping[str, Camera]
) -> dict[str, tuple[FrameSink, ...]]:
    """The sinks for the frames' results, by camera.

    Raises:
        SinkError: an output cannot be written.
    """
    sinks: dict[str, tuple[FrameSink, ...]] = {}
    for camera_id, camera in cameras.items():
        paths = camera_outputs(outputs, camera_id, alone=len(cameras) == 1)
        opened: list[FrameSink] = []
        if paths.mot is not None:
            opened.append(MotTracks(paths.mot))
        if paths.mot_detections is not None:
            opened.append(MotDetections(paths.mot_detections))
        if paths.video is not None:
            places = camera.counting_lines(), camera.watched_zones()
            opened.append(AnnotatedVideo(paths.video, *places))
        sinks[camera_id] = tuple(opened)
    return sinks


def camera_outputs(outputs: Outputs, camera_id: str, alone: bool) -> Outputs:
    """The files of one camera; where it is not alone its name stands before the suffix."""
    if alone:
        return outputs
    per_camera = ("mot", "mot_detections", "video")
    paths = {name: getattr(outputs, name) for name in per_camera}
    named = {n: p.with_stem(f"{p.stem}-{camera_id}") for n, p in paths.items() if p is not None}
    return outputs.model_copy(update=named)


def all_paths(outputs: Outputs, cameras: Mapping[str, Camera]) -> list[Path]:
    """Every file that a run of the cameras writes.

    Raises:
        ConfigError: two outputs share one file.
    """
    alone = len(cameras) == 1
    paths = [path for path in (outputs.store, outputs.jsonl) if path is not None]
    for camera_id in cameras:
        own = camera_outputs(outputs, camera_id, alone)
        paths += [p for p in (own.mot, own.mot_detections, own.video) if p is not None]
    for path, count in Counter(path.absolute() for path in paths).items():
        if count > 1:
            raise ConfigError(f"key 'sink': expected a file for each output, got {path} twice")
    return paths
