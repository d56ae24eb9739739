"""From what an operator writes about outputs to the sinks.

The two tables are all that is to be told of a sink, by its key in `serving.settings.Outputs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from serving.core.errors import ConfigError
from serving.settings import Camera, Mode, Outputs
from serving.sinks.jsonl import JsonLines, JsonLinesLog
from serving.sinks.mot import MotDetections, MotTracks
from serving.sinks.sink import FrameSink, Sink, partial_path
from serving.sinks.store import RunStore, Store
from serving.sinks.video import AnnotatedVideo

_EVENT_SINKS: dict[str, dict[Mode, Callable[[Path], Sink]]] = {
    "store": {Mode.REPLAY: RunStore, Mode.LIVE: Store},
    "jsonl": {Mode.REPLAY: JsonLines, Mode.LIVE: JsonLinesLog},
}
"""One for all cameras; a replay's is its own, a live one is added to."""

_FRAME_SINKS: dict[str, Callable[[Path, Camera], FrameSink]] = {
    "mot": lambda path, camera: MotTracks(path),
    "mot_detections": lambda path, camera: MotDetections(path),
    "video": lambda path, camera: AnnotatedVideo(
        path, camera.counting_lines(), camera.watched_zones()
    ),
}
"""One for each camera."""


def open_event_sinks(outputs: Outputs, mode: Mode) -> list[Sink]:
    """The sinks for the events of all cameras: a replay's are its own, live ones are added to.

    Raises:
        SinkError: an output cannot be written.
    """
    return [_EVENT_SINKS[key][mode](path) for key, path in _chosen(outputs, _EVENT_SINKS)]


def open_frame_sinks(
    outputs: Outputs, cameras: Mapping[str, Camera]
) -> dict[str, tuple[FrameSink, ...]]:
    """The sinks for the frames' results, by camera.

    Raises:
        SinkError: an output cannot be written.
    """
    sinks: dict[str, tuple[FrameSink, ...]] = {}
    for camera_id, camera in cameras.items():
        own = camera_outputs(outputs, camera_id, alone=len(cameras) == 1)
        sinks[camera_id] = tuple(
            _FRAME_SINKS[key](path, camera) for key, path in _chosen(own, _FRAME_SINKS)
        )
    return sinks


def camera_outputs(outputs: Outputs, camera_id: str, alone: bool) -> Outputs:
    """The files of one camera; where it is not alone its name stands before the suffix."""
    if alone:
        return outputs
    named = {
        key: path.with_stem(f"{path.stem}-{camera_id}")
        for key, path in _chosen(outputs, _FRAME_SINKS)
    }
    return outputs.model_copy(update=named)


def event_paths(outputs: Outputs) -> list[Path]:
    """The files that all cameras share: a live run adds to them and never makes partial ones."""
    return [path for _, path in _chosen(outputs, _EVENT_SINKS)]


def all_paths(outputs: Outputs, cameras: Mapping[str, Camera]) -> list[Path]:
    """Every file that a run of the cameras writes.

    Raises:
        ConfigError: two outputs share one file, whole or partial, under whatever name or link.
    """
    paths = event_paths(outputs)
    for camera_id in cameras:
        own = camera_outputs(outputs, camera_id, alone=len(cameras) == 1)
        paths += [path for _, path in _chosen(own, _FRAME_SINKS)]
    taken: set[Path] = set()
    for path in paths:
        places = {path.resolve(), partial_path(path).resolve()}
        if taken & places:
            raise ConfigError(f"key 'sink': expected a file for each output, got {path} twice")
        taken |= places
    return paths


def _chosen(outputs: Outputs, keys: Mapping[str, object]) -> list[tuple[str, Path]]:
    """Those of the keys that an output is wanted for, with its file."""
    paths = [(key, getattr(outputs, key)) for key in keys]
    return [(key, path) for key, path in paths if path is not None]
