"""A result as a record and as a table."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from evaluation.figure import Figure, Metric, Task
from evaluation.result import EvaluationResult, read_record
from evaluation.targets import Benchmark, MissedFloorError
from serving.core.errors import LabelError

TARGET = {
    "task": "tracking",
    "metric": "IDF1",
    "target": 0.72,
    "kind": "floor",
    "definition": "IDF1",
    "source": "case study",
}
BENCHMARK = Benchmark.from_values(
    {
        "targets": {
            "low": TARGET,
            "high": {**TARGET, "target": 0.8, "kind": "goal"},
            "mask": {**TARGET, "task": "mask", "metric": "mask_f1"},
        }
    },
    "benchmark",
)
FIGURES = [
    Figure(Metric.IDF1, 0.75, 100, "true boxes", "shop", 0.7, 0.8),
    Figure(Metric.ID_SWITCHES, 3.0, 100, "true boxes", "shop", 1.0, 5.0, unit="count"),
    Figure(Metric.PRECISION, None, 0, "predicted boxes", "shop"),
    Figure(Metric.IDF1, 0.5, 40, "true boxes", "shop, held out"),
]


def result():
    verdicts = tuple(BENCHMARK.judge(FIGURES, Task.TRACKING))
    not_measured = BENCHMARK.not_measured(verdicts)
    return EvaluationResult("tracking", "shop", verdicts, not_measured, {"seed": 0}, ("A note.",))


def test_the_record_holds_bare_values_and_every_verdict():
    record = json.loads(json.dumps(result().to_record()))
    assert record["metrics"] == {"IDF1": 0.75, "IDSW": 3.0, "precision": None}
    rows = [(row["metric"], row["target"], row["met"]) for row in record["figures"]]
    assert rows[:3] == [("IDF1", 0.72, True), ("IDF1", 0.8, False), ("IDSW", None, None)]
    assert record["not_measured"] == ["mask"]


def test_a_record_is_read_back_and_judged_again():
    record = json.loads(json.dumps(result().to_record()))
    assert EvaluationResult.from_record(record, BENCHMARK) == result()


@pytest.mark.parametrize(
    "change", [{"figures": [{}]}, {"figures": [{"task": "racing"}]}, {"notes": None}]
)
def test_a_record_that_lacks_something_is_an_error(change):
    with pytest.raises(LabelError, match="result of an evaluation: expected what `output` writes"):
        EvaluationResult.from_record({**result().to_record(), **change}, BENCHMARK)


def test_a_file_that_is_no_result_is_named(tmp_path):
    with pytest.raises(LabelError, match=r"none.json: expected the JSON of an evaluation: No such"):
        read_record(tmp_path / "none.json")
    for text in ("{", "[]", "{}"):
        (tmp_path / "broken.json").write_text(text)
        with pytest.raises(LabelError, match=r"broken.json: expected the JSON of an evaluation"):
            read_record(tmp_path / "broken.json")


def test_a_missed_floor_is_an_error_that_says_what_was_expected_and_got():
    """0.75 reaches the floor of 0.72 and misses the goal of 0.8; 0.5 misses the floor."""
    with pytest.raises(MissedFloorError) as error:
        result().require_floors()
    message = "floor missed, low: expected IDF1 ≥ 0.72 (floor) on shop, held out, got 0.500"
    assert (str(error.value), error.value.exit_code) == (message, 1)
    verdicts = tuple(BENCHMARK.judge(FIGURES[:3], Task.TRACKING))
    EvaluationResult("tracking", "shop", verdicts).require_floors()


def test_the_table_shows_value_interval_n_target_and_verdict():
    console = Console(width=120)
    with console.capture() as capture:
        console.print(*result().tables())
    lines = [" ".join(line.split()) for line in capture.get().splitlines()]
    assert "IDF1 0.750 0.700 – 0.800 100 true boxes ≥ 0.72 (floor) yes" in lines
    assert "≥ 0.8 (goal) no" in lines
    assert "IDSW 3 1 – 5 100 true boxes" in lines
    assert "precision undefined 0 predicted boxes" in lines
    assert "mask ≥ 0.72 (floor)" in lines
