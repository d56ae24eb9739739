"""From the files of a run and of its evaluations to the inputs of a report."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets.catalog import CATALOG
from evaluation.figure import Figure, Task
from evaluation.report.cameras import pictures_text
from evaluation.report.inputs import DataSource, ReportInputs
from evaluation.report.page import write_report
from evaluation.report.recording import Recording, read_recording
from evaluation.request import ORIGIN, Parts, ReportSettings, Request
from evaluation.result import EvaluationResult, read_record
from evaluation.speed.result import SpeedResult
from evaluation.targets import Benchmark
from serving.core.errors import ConfigError, LabelError
from serving.core.zoo import load_bundle
from serving.settings import Outputs, Site
from serving.sinks.opening import camera_outputs

_OF_BOTH = ("site", "camera", "detector", "backend", "tracker", "analytics")
"""Keys that mean the same to serve.py."""


def make_report(request: Request, parts: Parts) -> EvaluationResult:
    """Write the report that `request.report` asks for; the figures that stand in it.

    Raises:
        ConfigError: no site, a camera that it does not have, or the model of another run.
        FootfallError: a file of the run or of an evaluation is missing or cannot be read.
    """
    inputs = gather(request, parts)
    write_report(inputs, request.report.html)
    return EvaluationResult(
        request.task.value,
        inputs.site,
        inputs.verdicts,
        inputs.not_measured,
        {"site": parts.site_origin, **request.report.model_dump(mode="json")},
        (f"The report is {request.report.html}",),
    )


def gather(request: Request, parts: Parts) -> ReportInputs:
    """Read everything that the report shows.

    Raises:
        ConfigError: no site, a camera that it does not have, or the model of another run.
        FootfallError: a file of the run or of an evaluation is missing or cannot be read.
    """
    settings = request.report
    if parts.site is None:
        raise ConfigError(f"key 'site' ({ORIGIN}): expected site=NAME, got none")
    names = [] if request.camera is None else [request.camera]
    site = parts.site.select(names, parts.site_origin)
    records = [read_record(path) for path in settings.results]
    results = [_result(record, parts.benchmark) for record in records]
    verdicts = [verdict for result in results for verdict in result.verdicts]
    recordings = _recordings(site, settings)
    bundle = load_bundle(request.detector.bundle)
    made_by = {ref for recording in recordings for ref in recording.bundles}
    if made_by and bundle.ref not in made_by:
        raise ConfigError(
            f"key 'detector.bundle' ({ORIGIN}): expected the bundle that made {settings.events}, "
            f"{' or '.join(sorted(made_by))}, got {bundle.ref}"
        )
    return ReportInputs(
        site=site.name,
        recordings=tuple(recordings),
        verdicts=tuple(dict.fromkeys(verdicts)),
        not_measured=parts.benchmark.not_measured(verdicts),
        before=_detection_figures(settings.before, parts.benchmark),
        after=_detection_figures(settings.after, parts.benchmark),
        speed=_speed(records, settings.results),
        bundles=(bundle,),
        data=tuple(_data(recording) for recording in recordings),
        commands=_commands(settings, recordings, parts.arguments),
        limits=tuple(dict.fromkeys(note for result in results for note in result.notes)),
    )


def _recordings(site: Site, settings: ReportSettings) -> list[Recording]:
    written = Outputs(jsonl=settings.events, mot=settings.tracks)
    alone = len(site.cameras) == 1
    return [
        read_recording(name, camera, settings.events, camera_outputs(written, name, alone).mot)
        for name, camera in site.cameras.items()
    ]


def _result(record: Mapping[str, Any], benchmark: Benchmark) -> EvaluationResult:
    return EvaluationResult.from_record(record, benchmark)


def _detection_figures(path: Path | None, benchmark: Benchmark) -> tuple[Figure, ...]:
    if path is None:
        return ()
    verdicts = _result(read_record(path), benchmark).verdicts
    return tuple(dict.fromkeys(v.figure for v in verdicts if v.task is Task.DETECTION))


def _speed(records: Sequence[Mapping[str, Any]], paths: Sequence[Path]) -> SpeedResult | None:
    """The last of the speed measurements among the results."""
    found = None
    for record, path in zip(records, paths, strict=True):
        if "speed" in record:
            try:
                found = SpeedResult.from_record(record["speed"])
            except (KeyError, TypeError) as error:
                raise LabelError(f"{path}: expected a speed measurement, got {error}") from error
    return found


def _data(recording: Recording) -> DataSource:
    name = Path(recording.camera.source).name
    what = f"{pictures_text(recording)} pictures of camera {recording.camera_id}"
    for entry in CATALOG.values():
        if entry.file_name == name:
            terms = entry.licence if entry.commercial_use else f"{entry.licence}; not commercial"
            return DataSource(name, what, terms)
    return DataSource(name, what, "the site's own footage")


def _commands(
    settings: ReportSettings, recordings: Sequence[Recording], arguments: Sequence[str]
) -> tuple[str, ...]:
    """The server's run and this report, to be typed again.

    The run left its events; what it shares with the report, such as the site with another source,
    stands in the report's own arguments.
    """
    serve = [text for text in arguments if re.match(rf"[+~]*({'|'.join(_OF_BOTH)})\b", text)]
    if all(recording.was_live for recording in recordings):
        serve.append("mode=live")
    num_seen = {recording.num_frames for recording in recordings}
    if len(num_seen) == 1 and all(recording.is_part for recording in recordings):
        serve.append(f"max_frames={num_seen.pop()}")
    sink = "jsonl" if settings.events.suffix == ".jsonl" else "store"
    serve.append(f"sink.{sink}={settings.events}")
    if settings.tracks is not None:
        serve.append(f"sink.mot={settings.tracks}")
    return (
        shlex.join(["python", "serve.py", *serve]),
        shlex.join(["python", "-m", "evaluation", *arguments]),
    )
