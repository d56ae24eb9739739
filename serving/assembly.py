"""From what an operator wrote to cameras that run: every part gets what it asks for."""

from __future__ import annotations

import inspect
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from serving.analytics.analysis import Analysis
from serving.core.bundle import Bundle
from serving.core.errors import ConfigError
from serving.core.zoo import load_bundle
from serving.inference.backend import Backend
from serving.inference.detector import Detector
from serving.pipeline import Pipeline
from serving.progress import progress_on_stderr
from serving.runtime import CameraRun, Runtime
from serving.settings import Camera, DetectorSettings, Mode, Outputs, Run, Site
from serving.sinks.opening import all_paths, event_paths, open_event_sinks, open_frame_sinks
from serving.sinks.sink import partial_path, require_apart, writing
from serving.streams.opening import open_sources
from serving.summary import Summary
from serving.tracking.tracker import Tracker

log = logging.getLogger(__name__)

_POOR_RESIDUAL_M = 0.5
"""A calibration that misses its own points by more is likely mistyped."""

Part = TypeVar("Part")
BackendFactory = Callable[[Bundle], Backend]
TrackerFactory = Callable[..., Tracker]
"""Called with `floor`, the camera's homography or None, where it takes one."""
AnalysisFactory = Callable[..., Analysis]
"""Called with those of `camera_id`, `lines`, `zones` and `floor` that it takes."""


def serve(
    site: Site,
    run: Run,
    backend: BackendFactory,
    tracker: TrackerFactory,
    analyses: Mapping[str, AnalysisFactory | None],
) -> int:
    """Run the cameras of a site to their end and say what they did; the exit code.

    What can be wrong without a model is found before one is loaded.

    Raises:
        FootfallError: nothing could be opened, a part could not be built, or an output failed.
    """
    paths = all_paths(run.sink, site.cameras)
    sources = open_sources(site.cameras, time.time() if run.mode is Mode.LIVE else 0.0)
    bundle = load_bundle(run.detector.bundle)
    require_apart(paths, read_by_run(site.cameras, bundle))
    pipelines = {
        name: build_pipeline(
            name, camera, build_detector(bundle, run.detector, backend), tracker, analyses, bundle
        )
        for name, camera in site.cameras.items()
    }
    sinks = open_frame_sinks(run.sink, site.cameras)
    cameras = [CameraRun(sources[name], pipelines[name], sinks[name]) for name in site.cameras]
    events = open_event_sinks(run.sink, run.mode)
    progress = progress_on_stderr()
    log_calibrations(site.cameras)
    summary = Runtime(cameras, events, run.mode, run.max_frames, progress).run()
    with writing(Path("standard output")):
        say(summary, paths, run)
    return summary.exit_code


def say(summary: Summary, paths: Iterable[Path], run: Run) -> None:
    """Print what a run did and which files it has left."""
    console = Console(file=sys.stdout)
    console.print(summary.table())
    for line in (*summary.notes(), *written_files(paths, run.sink, run.mode)):
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def read_by_run(cameras: Mapping[str, Camera], bundle: Bundle) -> Iterator[Path]:
    """The files and folders that a run reads while it writes."""
    yield from (Path(camera.source) for camera in cameras.values())
    if bundle.folder is not None:
        yield bundle.folder


def log_calibrations(cameras: Mapping[str, Camera]) -> None:
    """Say how well each calibrated camera's floor fits the points that were given for it."""
    for name, camera in cameras.items():
        if (floor := camera.floor()) is not None:
            level = logging.WARNING if floor.residual_m > _POOR_RESIDUAL_M else logging.INFO
            log.log(level, "camera '%s': calibration residual %.3f m", name, floor.residual_m)


def written_files(paths: Iterable[Path], outputs: Outputs, mode: Mode) -> Iterator[str]:
    """The files that a run has left, in words; those of a failed one are incomplete.

    Live events are added to a file that is never partial; a partial one beside it is of a replay.
    """
    added_to = event_paths(outputs) if mode is Mode.LIVE else ()
    for path in paths:
        if path not in added_to and partial_path(path).exists():
            yield f"{partial_path(path)} (incomplete)"
        elif path.exists():
            yield str(path)


def build_detector(bundle: Bundle, settings: DetectorSettings, backend: BackendFactory) -> Detector:
    """A detector with a backend of its own, for one worker.

    Raises:
        BundleError: the bundle is no detector, or its model is not what it says.
    """
    options = settings.model_dump(exclude={"bundle"})
    return _built("detector", Detector, _built("backend", backend, bundle), **options)


def build_pipeline(
    camera_id: str,
    camera: Camera,
    detector: Detector,
    tracker: TrackerFactory,
    analyses: Mapping[str, AnalysisFactory | None],
    bundle: Bundle,
) -> Pipeline:
    """The pipeline of one camera, with its own tracker and analyses.

    An analysis of lines, zones or the floor is left out where the camera has none of them, and so
    is None, the null of the configuration.

    Raises:
        ConfigError: a tracker or an analysis refuses its options.
    """
    places = {
        "camera_id": camera_id,
        "lines": camera.counting_lines(),
        "zones": camera.watched_zones(),
        "floor": camera.floor(),
    }
    floor = {"floor": places["floor"]}
    return Pipeline(
        camera_id,
        detector,
        _built("tracker", tracker, **_taken(tracker, floor)),
        [
            _built(f"analytics.{name}", factory, **_taken(factory, places))
            for name, factory in analyses.items()
            if factory is not None and _has_its_places(factory, places)
        ],
        (bundle.ref,),
        camera.min_height_px,
    )


def _built(key: str, factory: Callable[..., Part], *args: Any, **options: Any) -> Part:
    """What the factory makes; options that it does not take are the operator's fault."""
    try:
        return factory(*args, **options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"key '{key}': {error}") from error


def _taken(factory: Callable[..., Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the offered arguments that the factory takes and was not given yet."""
    return {name: offered[name] for name in _parameters(factory) if name in offered}


def _has_its_places(factory: Callable[..., Any], places: Mapping[str, Any]) -> bool:
    return all(
        places[name]
        for name, parameter in _parameters(factory).items()
        if name in places and parameter.default is inspect.Parameter.empty
    )


def _parameters(factory: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """What the factory takes; of a partial one, what it was not given yet."""
    given = getattr(factory, "keywords", {})
    parameters = inspect.signature(getattr(factory, "func", factory)).parameters
    return {name: value for name, value in parameters.items() if name not in given}
