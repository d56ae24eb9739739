"""`task=card`: figures go into the bundle that they were measured of, and into no other."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from evaluation.card import write_card
from evaluation.figure import Figure, Metric, Task
from evaluation.request import Parts, Request
from evaluation.result import EvaluationResult
from evaluation.targets import Benchmark
from serving.core.bundle import Bundle
from serving.core.errors import ConfigError

PARTS = Parts(Benchmark(targets={}), None, "", {}.__getitem__)
AP50 = Figure(Metric.AP50, 0.8765, 321, "true boxes", "sample", 0.8, 0.9)


@pytest.fixture
def folder(zoo_bundle, tmp_path):
    return shutil.copytree(zoo_bundle, tmp_path / "bundle")


@pytest.fixture
def request_(folder, tmp_path):
    return Request(
        task="card",
        detector={"bundle": str(folder)},
        card={"results": tmp_path / "results.json"},
    )


def write_results(path, **inputs):
    verdicts = tuple(PARTS.benchmark.judge([AP50], Task.DETECTION))
    result = EvaluationResult("sample", "sample", verdicts, inputs=inputs)
    path.write_text(json.dumps(result.to_record()))


def test_the_figures_stand_in_bundle_and_card_with_the_command(folder, request_):
    bundle = Bundle.load(folder)
    write_results(request_.card.results, bundle=bundle.ref, model_sha256=bundle.model_sha256)
    assert write_card(request_, PARTS).figures == (AP50,)
    card = (folder / "MODEL_CARD.md").read_text()
    assert "0.876" in card or "0.877" in card
    assert f"python -m evaluation task=sample detector.bundle={folder}" in card
    assert Bundle.load(folder).metrics["evaluation"]["figures"][0]["n"] == 321


def test_a_figure_that_is_held_against_two_targets_stands_once(folder, request_):
    bundle = Bundle.load(folder)
    goal = {"task": "detection", "metric": "AP50", "kind": "goal", "source": "s", "definition": "d"}
    targets = {name: {**goal, "target": at} for name, at in (("good", 0.7), ("best", 0.9))}
    parts = replace(PARTS, benchmark=Benchmark.from_values({"targets": targets}, "test"))
    write_results(request_.card.results, bundle=bundle.ref, model_sha256=bundle.model_sha256)
    assert len(write_card(request_, parts).verdicts) == 2
    assert len(Bundle.load(folder).metrics["evaluation"]["figures"]) == 1


@pytest.mark.parametrize("wrong", ["bundle", "model_sha256"])
def test_results_of_another_bundle_or_another_model_are_refused(folder, request_, wrong):
    bundle = Bundle.load(folder)
    inputs = {"bundle": bundle.ref, "model_sha256": bundle.model_sha256, wrong: "other"}
    write_results(request_.card.results, **inputs)
    with pytest.raises(ConfigError, match=r"key 'card.results'.*expected results of"):
        write_card(request_, PARTS)
