"""The benchmark file, what it refuses, and verdicts."""

from __future__ import annotations

import pytest

from evaluation.figure import Figure, Metric, Task
from evaluation.targets import Benchmark
from serving.core.errors import ConfigError

ENTRY = {
    "task": "tracking",
    "metric": "IDF1",
    "target": 0.72,
    "kind": "floor",
    "definition": "IDF1",
    "source": "case study",
}


def benchmark(**entries):
    return Benchmark.from_values({"targets": entries}, "conf/benchmark/x.yaml")


def idf1(value, dataset="shop"):
    return Figure(Metric.IDF1, value, 10, "true boxes", dataset)


def test_the_benchmark_of_the_repository_is_valid_and_every_target_has_a_source(repository):
    targets = Benchmark.load(repository / "conf" / "benchmark" / "default.yaml").targets
    assert targets["counting"].target == 0.95
    assert all(target.source and target.definition for target in targets.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metric": "IDF2"}, "key 'targets.a.metric': input should be 'AP'"),
        ({"task": "racing"}, "key 'targets.a.task': input should be 'detection'"),
        ({"kind": "wish"}, "key 'targets.a.kind': input should be 'floor' or 'goal', got 'wish'"),
        ({"tarket": 1}, "key 'targets.a.tarket'"),
        ({"target": "high"}, "key 'targets.a.target': input should be a valid number"),
        ({"source": ""}, "key 'targets.a.source'"),
    ],
)
def test_a_mistyped_entry_names_key_and_file(change, message):
    with pytest.raises(ConfigError) as error:
        benchmark(a={**ENTRY, **change})
    assert message in str(error.value)
    assert "conf/benchmark/x.yaml" in str(error.value)


def test_a_missing_or_broken_file_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigError, match="expected a benchmark in YAML"):
        Benchmark.load(tmp_path / "none.yaml")
    (tmp_path / "broken.yaml").write_text("targets: [")
    with pytest.raises(ConfigError, match="expected a benchmark in YAML"):
        Benchmark.load(tmp_path / "broken.yaml")
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(ConfigError, match="key 'targets': expected a value, got none"):
        Benchmark.load(tmp_path / "empty.yaml")


def test_a_figure_that_reaches_its_target_exactly_meets_it():
    verdicts = [benchmark(a=ENTRY).judge([idf1(value)], Task.TRACKING)[0] for value in (0.72, 0.71)]
    assert [verdict.met for verdict in verdicts] == [True, False]


def test_where_less_is_better_a_lower_figure_meets():
    time = {**ENTRY, "task": "speed", "metric": "tracker_ms_per_frame", "better": "lower"}
    figure = Figure(Metric.TRACKER_TIME, 0.5, 795, "frames", "shop")
    assert benchmark(a=time).judge([figure], Task.SPEED)[0].met is True


def test_a_figure_without_target_or_without_value_is_neither_met_nor_missed():
    other = Figure(Metric.HOTA, 0.5, 10, "true boxes", "shop")
    unmeasured = idf1(float("nan"))
    assert unmeasured.value is None
    verdicts = benchmark(a=ENTRY).judge([other, unmeasured], Task.TRACKING)
    assert [verdict.met for verdict in verdicts] == [None, None]


def test_a_target_of_one_data_set_is_not_held_against_another():
    both = benchmark(a=ENTRY, b={**ENTRY, "dataset": "sample", "target": 0.8})
    assert [v.target_name for v in both.judge([idf1(0.75)], Task.TRACKING)] == ["a"]
    on_sample = both.judge([idf1(0.75, "sample")], Task.TRACKING)
    assert [(v.target_name, v.met) for v in on_sample] == [("a", True), ("b", False)]


def test_the_same_metric_of_another_task_has_its_own_target():
    assert benchmark(a=ENTRY).judge([idf1(0.5)], Task.PATHS)[0].target is None


def test_what_was_not_measured_is_listed():
    both = benchmark(a=ENTRY, b={**ENTRY, "metric": "HOTA"})
    verdicts = both.judge([idf1(0.75)], Task.TRACKING)
    assert list(both.not_measured(verdicts)) == ["b"]
