"""Counting on moved lines, derived by hand."""

from __future__ import annotations

import pytest

from datasets.formats.mot import MotSequence
from evaluation import line_shift
from evaluation.figure import Metric
from evaluation.line_shift import SHIFTS_PX, evaluate_line_shift, shifted_lines
from evaluation.request import Parts, Request
from evaluation.sample import SampleRun
from evaluation.sample_truth import SampleTruth
from evaluation.targets import Benchmark
from serving.analytics.counting import LineCounter
from serving.core.bundle import Bundle
from serving.core.detections import Detections, Tracks
from serving.core.zones import Line
from serving.settings import Camera, LineSettings, Site

DOOR = Line("door", (0.0, 100.0), (200.0, 100.0))


def test_a_line_moves_to_both_sides_and_stays_parallel():
    moved = shifted_lines((DOOR,))
    assert list(moved) == [f"door{shift_px:+d}" for shift_px in SHIFTS_PX]
    assert moved["door+20"] == LineSettings(start_px=(0, 120), end_px=(200, 120))
    assert moved["door-60"] == LineSettings(start_px=(0, 40), end_px=(200, 40))


def walk(num_frames: int) -> dict[int, Tracks]:
    """Somebody 40 px high whose feet come down the picture, 2 px a frame."""
    return {
        n: Tracks(Detections([[90, 2 * n - 40, 110, 2 * n]], [1.0]), [1], [0.0])
        for n in range(1, num_frames + 1)
    }


def test_lines_that_the_tracks_do_not_reach_are_missed(monkeypatch, zoo_bundle):
    """True feet come to 200 px and pass all six lines, tracked ones to 134: those up to 120."""
    camera = Camera(
        source="x", lines={"door": LineSettings(start_px=DOOR.start_px, end_px=DOOR.end_px)}
    )
    run = SampleRun("cam", camera, 10.0, Bundle.load(zoo_bundle), {}, walk(67))
    truth = SampleTruth("sample", MotSequence(walk(100)), range(1, 101))
    monkeypatch.setattr(line_shift, "run_sample", lambda *_: run)
    monkeypatch.setattr(line_shift, "best_truth", lambda: truth)
    site = Site(name="shop", cameras={"cam": camera})
    parts = Parts(Benchmark(targets={}), site, "x", lambda group: {"counting": LineCounter})
    result = evaluate_line_shift(Request(task="line_shift", num_resamples=20), parts)
    together, worst = result.figures
    assert (together.metric, together.n) == (Metric.COUNTING_ACCURACY, 6)
    assert together.value == pytest.approx(4 / 6)
    assert (worst.value, worst.n, worst.n_of) == (0, 6, "shifted lines")
    assert "door+20: 1.000 of 1 true crossings" in result.notes
    assert "door+40: 0.000 of 1 true crossings" in result.notes
    assert all(verdict.target is None for verdict in result.verdicts)
