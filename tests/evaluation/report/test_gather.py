"""From files and a request to a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.figure import Figure, Metric, Task
from evaluation.report.gather import gather, make_report
from evaluation.request import Command, Parts, ReportSettings, Request
from evaluation.result import EvaluationResult
from evaluation.targets import Benchmark
from serving.core.bundle import Bundle
from serving.core.errors import ConfigError, LabelError
from serving.core.events import Event
from serving.settings import Camera, DetectorSettings, Site
from tests.evaluation.report.conftest import CAMERA_ID, FPS, state, write_events


@pytest.fixture
def parts(camera: Camera, benchmark: Benchmark) -> Parts:
    site = Site(name="corner shop", cameras={CAMERA_ID: camera})
    return Parts(benchmark, site, "conf/site/corner.yaml", lambda group: None)


@pytest.fixture
def tracking_json(tmp_path: Path, benchmark: Benchmark, figures: list[Figure]) -> Path:
    return _write(tmp_path / "tracking.json", benchmark, figures, Task.TRACKING, ("a note",))


@pytest.fixture
def request_(
    tmp_path: Path, zoo_bundle: Path, events_path: Path, tracks_path: Path, tracking_json: Path
) -> Request:
    """With events that the zoo's bundle made."""
    text = events_path.read_text().replace("net@1", Bundle.load(zoo_bundle).ref)
    events_path.write_text(text)
    return Request(
        task=Command.REPORT,
        detector=DetectorSettings(bundle=str(zoo_bundle)),
        report=ReportSettings(
            html=tmp_path / "report.html",
            events=events_path,
            tracks=tracks_path,
            results=(tracking_json,),
        ),
    )


def test_the_page_shows_the_figures_of_the_json(
    request_: Request, parts: Parts, tracking_json: Path
) -> None:
    result = make_report(request_, parts)
    page = request_.report.html.read_text()
    for row in json.loads(tracking_json.read_text())["figures"]:
        shown = f"{row['value']:.0f}" if row["unit"] == "count" else f"{100 * row['value']:.1f} %"
        assert f">{shown}<" in page
    assert "a note" in page
    assert f"The report is {request_.report.html}" in result.notes
    assert list(result.not_measured) == ["watchlist"]


def test_the_page_says_how_to_make_it_again(request_: Request, parts: Parts) -> None:
    events = request_.report.events
    arguments = (
        "task=report",
        "site=corner",
        "site.cameras.door.source=other place/clip.avi",
        "detector.bundle=zoo",
        "report.results=[a.json]",
    )
    serve, report = gather(request_, replace(parts, arguments=arguments)).commands
    assert serve == (
        "python serve.py site=corner 'site.cameras.door.source=other place/clip.avi' "
        f"detector.bundle=zoo sink.jsonl={events} sink.mot={request_.report.tracks}"
    )
    assert report == (
        "python -m evaluation task=report site=corner "
        "'site.cameras.door.source=other place/clip.avi' detector.bundle=zoo "
        "'report.results=[a.json]'"
    )


def test_a_live_run_that_was_cut_is_made_again_as_one(
    request_: Request, parts: Parts, events: list[Event]
) -> None:
    ref = Bundle.load(request_.detector.bundle).ref
    states = [state(1.8e9, "streaming"), state(1.8e9 + 7 / FPS, "ended", "after 8 frames")]
    path = replace(events[2], at_s=1.8e9 + 0.5, bundles=(ref,))
    write_events(request_.report.events, [states[0], path, states[1]])
    inputs = gather(request_, replace(parts, arguments=("site=corner",)))
    assert "python serve.py site=corner mode=live max_frames=8 sink" in inputs.commands[0]
    assert inputs.data[0].description == "8 of 21 pictures of camera door"


def test_before_and_after_are_detection_figures(
    request_: Request, parts: Parts, tmp_path: Path
) -> None:
    for name, value in (("before", 0.5), ("after", 0.7)):
        figures = [Figure(Metric.AP50, value, 9, "true boxes", "clip")]
        _write(tmp_path / f"{name}.json", parts.benchmark, figures, Task.DETECTION)
    inputs = gather(
        _with(request_, before=tmp_path / "before.json", after=tmp_path / "after.json"), parts
    )
    assert [figure.value for figure in inputs.before] == [0.5]
    assert [figure.value for figure in inputs.after] == [0.7]


def test_missing_and_foreign_results_are_said_by_name(
    request_: Request, parts: Parts, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign.json"
    for path, content in ((tmp_path / "none.json", None), (foreign, "{}"), (foreign, "no json")):
        if content is not None:
            path.write_text(content)
        with pytest.raises(LabelError, match=f"{path.name}: expected the JSON of an evaluation"):
            gather(_with(request_, results=(path,)), parts)


def test_a_bundle_that_did_not_make_the_events_is_refused(
    request_: Request, parts: Parts, events_path: Path
) -> None:
    ref = Bundle.load(request_.detector.bundle).ref
    events_path.write_text(events_path.read_text().replace(ref, "other@2"))
    with pytest.raises(ConfigError, match=r"detector\.bundle.*expected .*other@2, got"):
        gather(request_, parts)


def test_a_report_is_about_a_site_and_its_cameras(request_: Request, parts: Parts) -> None:
    no_site = Parts(parts.benchmark, None, parts.site_origin, parts.build)
    with pytest.raises(ConfigError, match="key 'site'.*expected site=NAME, got none"):
        gather(request_, no_site)
    with pytest.raises(ConfigError, match="did you mean 'door'"):
        gather(request_.model_copy(update={"camera": "dor"}), parts)


def test_nothing_is_left_where_the_report_cannot_be_made(
    request_: Request, parts: Parts, tmp_path: Path
) -> None:
    with pytest.raises(LabelError):
        make_report(_with(request_, events=tmp_path / "none.jsonl"), parts)
    assert not request_.report.html.exists()


def _write(
    path: Path,
    benchmark: Benchmark,
    figures: Sequence[Figure],
    task: Task,
    notes: tuple[str, ...] = (),
) -> Path:
    verdicts = tuple(benchmark.judge(figures, task))
    path.write_text(
        json.dumps(EvaluationResult(task.value, "clip", verdicts, notes=notes).to_record())
    )
    return path


def _with(request: Request, **changes: Any) -> Request:
    report = request.report.model_copy(update=changes)
    return request.model_copy(update={"report": report})
