"""The benchmark on the sample, with the zoo's detector. One run, judged in two ways."""

from __future__ import annotations

import functools

import pytest
import yaml

from datasets.formats import mot
from evaluation.figure import Metric
from evaluation.metrics.detection import average_precision
from evaluation.metrics.tracking import tracking_score
from evaluation.protocol.sampling import Sampling
from evaluation.recorded import judge_frames, true_boxes
from evaluation.request import Parts, Request
from evaluation.sample import judge_run, run_sample
from evaluation.sample_truth import DATASET, HELD_OUT, OWN_LABELS
from evaluation.targets import Benchmark
from serving.analytics.counting import LineCounter
from serving.analytics.heatmap import Heatmap
from serving.inference.openvino import OpenVinoBackend
from serving.settings import parse_site
from serving.tracking.two_stage import TwoStageTracker

FACTORIES = {
    "backend": functools.partial(OpenVinoBackend, num_threads=2),
    "tracker": TwoStageTracker,
    "analytics": {"counting": LineCounter, "heatmap": Heatmap},
}


@pytest.fixture(scope="module")
def parts(repository):
    benchmark = Benchmark.load(repository / "conf" / "benchmark" / "default.yaml")
    origin = repository / "conf" / "site" / "demo.yaml"
    site = parse_site(yaml.safe_load(origin.read_text()), str(origin))
    return Parts(benchmark, site, str(origin), FACTORIES.__getitem__)


@pytest.fixture(scope="module")
def request_(sample_video):
    return Request(task="sample", data_dir=sample_video.parent, num_resamples=20)


@pytest.fixture(scope="module")
def run(request_, parts):
    return run_sample(request_, parts)


@pytest.fixture
def truth_path(mirror):
    return mirror / "data" / "tracking" / "pets09-s2l1" / "gt.txt"


FLOORS = {
    "AP50": 0.888,
    "HOTA": 0.60,
    "IDF1": 0.80,
    "MOTA": 0.85,
    "counting_accuracy": 0.95,
    "heatmap_overlap": 0.75,
}
"""What the zoo detector and the default tracker must reach on the sample: the targets, and for the
heatmap, which misses its own, not much less than they reach."""


def assert_floors(metrics, floors):
    assert {name: metrics[name] for name, low in floors.items() if metrics[name] < low} == {}


def test_every_frame_has_detections_and_tracks(run):
    assert list(run.tracks) == list(run.detections) == list(range(1, 796))
    assert run.frame_rate_hz == 7


def test_without_the_ground_truth_our_labels_judge_all_tasks_and_say_so(run, request_, parts):
    result = judge_run(run, None, request_, parts)
    assert {figure.dataset for figure in result.figures} == {OWN_LABELS}
    assert "which the zoo detector was trained on" in result.notes[0]
    assert_floors(result.metrics, {**FLOORS, "AP50": 0.95, "MOTA": 0.90})  # training saw these
    figures = {figure.metric: figure for figure in result.figures}
    recall = figures[Metric.RECALL]
    assert (recall.n, recall.n_of) == (640, "true boxes")  # of 714; 74 are too far
    assert (figures[Metric.MOTA].n, figures[Metric.MOTA].n_of) == (640, "true boxes")
    assert recall.low < recall.value < recall.high
    assert "watchlist" in result.not_measured
    assert "sample_hota" in result.not_measured


def test_with_the_ground_truth_all_frames_and_held_out_ones_are_judged_apart(
    run, truth_path, request_, parts
):
    result = judge_run(run, truth_path, request_, parts)
    boxes = {
        dataset: next(f.n for f in result.figures if f.dataset == dataset)
        for dataset in (DATASET, HELD_OUT)
    }
    assert boxes == {DATASET: 4476, HELD_OUT: 1938}
    judged = {v.target_name: v.figure.dataset for v in result.verdicts if v.target_name}
    assert judged["sample_hota"] == DATASET
    assert_floors(result.metrics, FLOORS)
    of_labels = [v for v in result.verdicts if (v.target_name or "").startswith("sample_label")]
    assert [v.met for v in of_labels] == [True, True]


def test_on_real_detections_ours_are_the_figures_of_the_reference_tools(
    run, truth_path, trackeval_score, pycocotools_score
):
    sequence = mot.read_truth(truth_path)
    truth = sequence.aligned(795)
    predicted = [run.tracks[number] for number in range(1, 796)]
    assert tracking_score(truth, predicted).values() == pytest.approx(
        trackeval_score(truth, predicted), abs=1e-6
    )
    images = judge_frames(true_boxes(sequence), run.detections, range(1, 796), 7.0)
    ours = average_precision(images.predictions, images.truths)
    theirs = pycocotools_score(images.predictions, images.truths)
    assert {name: getattr(ours, name) for name in theirs} == pytest.approx(theirs, abs=1e-6)


def test_the_same_run_gives_the_same_intervals(run, request_, parts):
    first, second = (judge_run(run, None, request_, parts) for _ in range(2))
    assert first.figures == second.figures
    assert request_.sampling == Sampling(5.0, 20, 0)
