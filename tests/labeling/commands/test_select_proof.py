"""`python -m labeling task=select_proof`: its keys, and a run on a made-up problem."""

import json
import re

import numpy as np
import pytest

from labeling.commands import select_proof
from labeling.commands.select_proof import PICTURE_NAME, RESULT_NAME, Request
from labeling.request import ORIGIN
from labeling.selection_proof.rounds import Problem
from serving.configuration import parse
from serving.core.errors import ConfigError


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("sets", [], "key 'sets'"),
        ("sets", ["faces"], "key 'sets"),
        ("num_seeds", 3, "key 'num_seeds': input should be greater than or equal to 4"),
        ("output", "", "key 'output': expected a path, not an empty one"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_key(key, value, told):
    with pytest.raises(ConfigError, match=re.escape(told)):
        parse(Request, {"output": "y", key: value}, ORIGIN)


@pytest.mark.parametrize(("ablation", "num_choosers"), [(False, 4), (True, 7)])
def test_numbers_curves_and_tables_are_written(
    ablation, num_choosers, tmp_path, monkeypatch, capsys
):
    random = np.random.default_rng(0)
    classes = np.arange(100) % 2
    features = (random.normal(size=(100, 2)) + 3 * classes[:, None]).astype(np.float32)
    names = ("a", "b")
    problem = Problem("plain", features, classes, features, classes, names, (10, 20, 40), "made up")
    monkeypatch.setattr(select_proof, "_problems", lambda request: [problem])
    select_proof.run(Request(output=tmp_path, num_seeds=4, ablation=ablation))
    told = capsys.readouterr().out
    assert "plain: balanced accuracy, mean of 4 seeds" in told and "made up" in told
    record = json.loads((tmp_path / RESULT_NAME).read_text())
    (measured,) = record["experiments"]
    assert len(measured["choosers"]) == num_choosers and record["first_seed"] == 0
    for chooser in measured["choosers"]:
        assert [point["labels"] for point in chooser["curve"]][:3] == [10, 20, 40]
    assert (tmp_path / PICTURE_NAME).read_bytes().startswith(b"\x89PNG")
