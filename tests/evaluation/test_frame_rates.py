"""Tracking at fewer frames a second, judged on those frames alone."""

from __future__ import annotations

import functools

import pytest
import yaml

from datasets.formats.mot import MotSequence
from evaluation import frame_rates
from evaluation.figure import Metric
from evaluation.frame_rates import evaluate_frame_rates, tracking_at
from evaluation.request import Parts, Request
from evaluation.sample import SampleRun
from evaluation.sample_truth import SampleTruth
from evaluation.targets import Benchmark
from serving.analytics.counting import LineCounter
from serving.analytics.heatmap import Heatmap
from serving.core.bundle import Bundle
from serving.core.detections import Detections, Tracks
from serving.core.errors import LabelError
from serving.inference.openvino import OpenVinoBackend
from serving.settings import Camera, parse_site
from serving.tracking.two_stage import TwoStageTracker

FACTORIES = {
    "backend": functools.partial(OpenVinoBackend, num_threads=2),
    "tracker": TwoStageTracker,
    "analytics": {"counting": LineCounter, "heatmap": Heatmap},
}


@pytest.fixture
def parts(repository):
    site = parse_site(yaml.safe_load((repository / "conf/site/demo.yaml").read_text()), "demo")
    return Parts(Benchmark(targets={}), site, "demo", FACTORIES.__getitem__)


def test_frames_that_were_not_run_are_no_misses(zoo_bundle):
    """9 true frames of one person; every 3rd is run: 1, 4 and 7, of which 2 are found."""
    person = Tracks(Detections([[0, 0, 20, 40]], [1.0]), [1], [0.0])
    truth = SampleTruth("x", MotSequence(dict.fromkeys(range(1, 10), person)), range(1, 10))
    found = {1: person, 4: person, 7: Tracks.empty()}
    run = SampleRun("cam", Camera(source="x"), 7.0, Bundle.load(zoo_bundle), {}, found)
    figures = tracking_at(run, truth, 3, Request(task="frame_rates"))
    assert {figure.dataset for figure in figures} == {"sample at 2.33 Hz"}
    mota = next(figure for figure in figures if figure.metric is Metric.MOTA)
    assert (mota.value, mota.n) == (pytest.approx(2 / 3), 3)


def test_the_pipeline_runs_at_the_lower_rate(parts, sample_video, mirror, monkeypatch):
    monkeypatch.setattr(frame_rates, "EVERY", (7,))
    request = Request(task="frame_rates", data_dir=sample_video.parent, num_resamples=0)
    result = evaluate_frame_rates(request, parts)
    assert result.dataset == "sample at 1 Hz"
    assert result.figures[0].n == 640
    assert result.metrics["IDF1"] > 0.55
    assert all(verdict.target is None for verdict in result.verdicts)


def test_without_the_public_truth_nothing_is_run(parts, monkeypatch):
    monkeypatch.setattr("evaluation.sample_truth.mirror_root", lambda: None)
    with pytest.raises(LabelError, match="sample: expected its public ground truth"):
        evaluate_frame_rates(Request(task="frame_rates"), parts)
