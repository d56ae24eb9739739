"""The page as a browser takes it: well-formed, self-contained, saying what was measured."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from evaluation.figure import Figure, Metric, Task
from evaluation.report.cameras import camera_view
from evaluation.report.figures import figure_rows, open_row
from evaluation.report.inputs import ReportInputs
from evaluation.report.page import render_report, verdict_text, write_report
from evaluation.report.recording import Run
from evaluation.speed.result import DECODE, INFERENCE, PEER, PIPELINE, Machine, Pass, SpeedResult
from evaluation.targets import Benchmark
from serving.core.errors import LabelError
from serving.settings import LineSettings

_VOID = {"meta", "br", "img", "link", "input", "hr", "col", "source"}
_MAX_BYTES = 3_000_000


class Page(HTMLParser):
    """Checks that tags nest, and collects texts, addresses and what pictures are called."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open_tags: list[str] = []
        self.addresses: list[str] = []
        self.pictures: list[str | None] = []
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open_tags, f"never closed: {self.open_tags}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.add(tag)
        self.handlers += [name for name in values if name.startswith("on")]
        for name in ("src", "href", "xlink:href", "action", "data"):
            if name in values:
                self.addresses.append(values[name] or "")
        if tag == "img" or values.get("role") == "img":
            self.pictures.append(values.get("alt") or values.get("aria-label"))
        if tag == "svg" and "role" not in values:
            assert "svg" in self.open_tags, "a drawing without a role"
        if tag not in _VOID:
            self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags and self.open_tags[-1] == tag, f"</{tag}> after {self.open_tags}"
        self.open_tags.pop()

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open_tags):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture
def speed() -> SpeedResult:
    return SpeedResult(
        dataset="sample",
        bundle="net@1",
        num_threads=2,
        machine=Machine("a CPU", 2, (0.1, 0.2)),
        passes={
            DECODE: [Pass(100, 0.1, 0.1)],
            INFERENCE: [Pass(100, 0.9, 1.8)],
            PIPELINE: [Pass(100, 1.1, 2.0)],
            PEER: [Pass(100, 2.0, 4.0)],
        },
        stages_ms={"infer": 9.0},
        tracker_ms=np.array([0.2]),
    )


def test_every_tag_is_closed_and_nothing_is_loaded_or_run(
    inputs: ReportInputs, speed: SpeedResult
) -> None:
    text = render_report(replace(inputs, speed=speed, before=_ap(0.5), after=_ap(0.7)))
    page = Page(text)
    assert all(address.startswith("data:image/jpeg;base64,") for address in page.addresses)
    assert len(page.addresses) >= 8, "six snapshots, heat and routes"
    assert not re.search(r"url\(|@import", text)
    assert "script" not in page.tags and not page.handlers
    assert len(text.encode()) < _MAX_BYTES


def test_every_picture_says_what_it_shows(inputs: ReportInputs) -> None:
    pictures = Page(render_report(inputs)).pictures
    assert len(pictures) > 10
    assert all(pictures)


def test_figures_are_printed_as_measured(inputs: ReportInputs) -> None:
    text = Page(render_report(inputs)).text
    assert "81.2 % 77.0 – 85.0 %" in text
    assert "21 frames, clip" in text
    assert "✓ Met ≥ 72.0 % must a paper" in text
    assert "✕ Not met ≥ 60.0 % a paper" in text


def test_a_target_without_a_figure_is_shown_as_not_measured(inputs: ReportInputs) -> None:
    text = Page(render_report(inputs)).text
    assert "Watchlist How many listed people" in text
    assert "○ Not measured yet ≥ 90.0 %" in text
    assert "1 of 2 measured targets are met; not met: Finding and following." in text
    assert "1 more are not measured yet." in text


def test_nothing_measured_is_said_so(inputs: ReportInputs, benchmark: Benchmark) -> None:
    bare = replace(inputs, verdicts=(), not_measured=benchmark.targets)
    assert "No figure has been measured against a target yet." in Page(render_report(bare)).text


def test_a_figure_without_a_target_stands_among_the_others(inputs: ReportInputs) -> None:
    text = Page(render_report(inputs)).text
    assert text.index("All other figures") < text.index("IDSW 3")


def test_what_was_counted_stands_on_the_page(inputs: ReportInputs) -> None:
    text = Page(render_report(inputs)).text
    assert "Camera door : 21 pictures over 3 s." in text
    assert "Line till: 2 in, 1 out" in text
    assert "Zone lawn: 2.3 people on average, 3 at most" in text
    assert "1 stay: half of them shorter than 2 s, the longest 2 s." in text
    assert "2 people followed" in text


def test_counts_over_time_stand_in_their_own_column(inputs: ReportInputs) -> None:
    """3 crossings in 3 s, in columns of 1 s: at 0.5 in, at 1.0 in, at 2.5 out; live the same."""
    (recording,) = inputs.recordings
    live = replace(
        recording,
        events=tuple(replace(e, at_s=e.at_s + 1.8e9) for e in recording.events),
        run=replace(recording.run, start_s=1.8e9, end_s=1.8e9 + recording.end_s),
    )
    for each, times in ((recording, ("0:00", "0:01", "0:02")), (live, ("08:00",) * 3)):
        chart = camera_view(each).lines[0].chart
        notes = re.findall(r"<title>([^<]*: \d (?:in|out))</title>", chart)
        assert notes == [
            f"{at}: 1 {way}" for at, way in zip(times, ("in", "in", "out"), strict=True)
        ]
        lefts = [float(x) for x in re.findall(r'<rect x="([\d.]+)"', chart)]
        assert lefts == sorted(lefts) and len(set(lefts)) == 3


def test_a_run_that_did_not_see_all_says_so_first(inputs: ReportInputs) -> None:
    (recording,) = inputs.recordings
    assert "stopped early" not in Page(render_report(inputs)).text

    def text(state: str, reason: str, num_earlier: int = 0) -> str:
        run = Run(0.0, 1.0, state, reason, num_earlier)
        part = replace(recording, run=run, num_frames=8, events=recording.events[:1])
        return Page(render_report(replace(inputs, recordings=(part,)))).text

    shown = "this report is about 8 of 21 pictures of its footage."
    stopped = text("stopped", "after 8 frames")
    assert "Camera door : 8 of 21 pictures over 1 s." in stopped
    message = f"The run of camera door was stopped early (stopped, after 8 frames): {shown}"
    assert message in stopped
    assert stopped.index(message) < stopped.index("measured targets")
    assert f"was stopped early (ended, after 8 frames): {shown}" in text("ended", "after 8 frames")
    assert f"Camera door failed (no disk): {shown}" in text("failed", "no disk")
    assert f"The end of camera door's run was not recorded: {shown}" in text("streaming", "")
    assert "also hold 2 earlier runs of camera door, not shown" in text("stopped", "", 2)


def test_names_cannot_bring_markup_into_the_page(inputs: ReportInputs) -> None:
    evil = "<script>alert(1)</script>"
    (recording,) = inputs.recordings
    line = LineSettings(start_px=(0, 9), end_px=(9, 9))
    camera = recording.camera.model_copy(update={"lines": {evil: line}})
    text = render_report(
        replace(
            inputs,
            site=evil,
            recordings=(replace(recording, camera_id=evil, camera=camera),),
            commands=(evil,),
        )
    )
    assert "script" not in Page(text).tags
    assert text.count("&lt;script&gt;alert(1)") >= 6


def test_a_camera_without_calibration_lines_or_tracks_still_has_a_page(
    inputs: ReportInputs,
) -> None:
    (recording,) = inputs.recordings
    bare = recording.camera.model_copy(update={"calibration": None, "lines": {}, "zones": {}})
    text = Page(
        render_report(
            replace(
                inputs, recordings=(replace(recording, camera=bare, events=(), num_tracks=None),)
            )
        )
    ).text
    assert "the camera is not calibrated" in text
    assert "Neither a counting line nor a zone" in text
    assert "No paths were recorded." in text
    assert "told apart" not in text


def test_training_on_the_site_is_shown_before_and_after(inputs: ReportInputs) -> None:
    page = Page(render_report(replace(inputs, before=_ap(0.5), after=_ap(0.7))))
    (chart,) = [name for name in page.pictures if name and "fine-tuning" in name]
    assert chart.startswith(
        "Average precision on clip: AP50 0.500 before and 0.700 after fine-tuning"
    )
    assert "before and after training" not in Page(render_report(inputs)).text


def test_speed_is_shown_beside_the_limit_and_the_peer(
    inputs: ReportInputs, speed: SpeedResult
) -> None:
    text = Page(render_report(replace(inputs, speed=speed))).text
    assert "the limit: decoding, then inference 100.0" in text
    assert "Footfall, the whole server 90.9" in text
    assert "OpenCV + ONNX Runtime + ByteTrack 50.0" in text


def test_two_targets_of_one_figure_share_its_row(benchmark: Benchmark) -> None:
    harder = benchmark.targets["idf1"].model_copy(update={"target": 0.9})
    both = Benchmark(targets={**benchmark.targets, "idf1_hard": harder})
    figure = Figure(Metric.IDF1, 0.8, 21, "frames", "clip")
    (row,) = figure_rows(both.judge([figure], Task.TRACKING))
    assert [(goal.status.value, goal.target) for goal in row.goals] == [
        ("met", "≥ 72.0 %"),
        ("not met", "≥ 90.0 %"),
    ]


def test_a_figure_without_a_value_is_no_failure(benchmark: Benchmark) -> None:
    figure = Figure(Metric.IDF1, None, 0, "frames", "clip")
    rows = figure_rows(benchmark.judge([figure], Task.TRACKING))
    assert rows[0].value == "–"
    assert verdict_text(rows) == "No figure has been measured against a target yet."


def test_less_is_better_where_the_target_says_so(benchmark: Benchmark) -> None:
    late = benchmark.targets["hota"].model_copy(
        update={"better": "lower", "unit": "ms", "target": 0.3}
    )
    assert open_row(late).goals[0].target == "≤ 0.3 ms"


def test_a_report_needs_a_recording() -> None:
    with pytest.raises(LabelError, match="site 'shop': expected a recording, got none"):
        ReportInputs(site="shop", recordings=())


def test_the_same_inputs_give_the_same_file(inputs: ReportInputs, tmp_path: Path) -> None:
    write_report(inputs, tmp_path / "new" / "a.html")
    write_report(inputs, tmp_path / "b.html")
    assert (tmp_path / "new" / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def _ap(value: float) -> tuple[Figure, ...]:
    return tuple(
        Figure(metric, value, 9, "true boxes", "clip", value - 0.1, value + 0.1)
        for metric in (Metric.AP50, Metric.AP75, Metric.AP)
    )
