"""`python -m datasets benchmark`: its table, its record, and what it refuses."""

from __future__ import annotations

import json

import pytest

from datasets.__main__ import main


def test_json_has_targets_beside_what_was_measured(capsys):
    assert main(["benchmark", "--only", "load", "--samples", "200", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    loading, checking = record["measurements"]
    assert loading["name"] == "load manifest and 200 samples"
    assert loading["target"] == pytest.approx(0.004)
    assert loading["value"] > 0
    assert (checking["unit"], checking["target"], checking["is_least"]) == ("samples/s", 1000, True)
    assert record["num_cpus"] >= 1


def test_a_table_without_a_terminal_is_not_cut(capsys):
    assert main(["benchmark", "--only", "check", "--pictures", "12"]) == 0
    out = capsys.readouterr().out
    assert "check pixels, 1 core" in out
    assert "12 JPEG files of 128 × 128 px" in out
    assert "processors, load at the end" in out


@pytest.mark.parametrize("option", ["samples", "pictures", "converted", "loaded", "workers"])
def test_a_benchmark_of_nothing_is_refused_with_code_2(option, capsys):
    assert main(["benchmark", f"--{option}", "0"]) == 2
    assert capsys.readouterr().err == f"error: --{option}: expected at least 1, got 0\n"


@pytest.mark.parametrize("place", ["nowhere.at:all", "json", "json:nothing", ":x"])
def test_a_step_that_is_not_there_is_refused_with_code_2(place, capsys):
    arguments = ["benchmark", "--only", "loaders", "--loaded", "2", "--step", place]
    assert main(arguments) == 2
    assert "error: --step: expected such as package.module:name" in capsys.readouterr().err
