"""`conf/label.yaml` and `python -m labeling` as a user types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from datasets.dataset import Dataset
from labeling.__main__ import main
from labeling.commands import TASKS
from serving.configuration import Settings
from tests.labeling.made_up import data_set, numbered

CONF = Path(__file__).resolve().parents[2] / "conf" / "label.yaml"
OURS = {"defaults", "hydra", "task"}


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command with arguments; gives (exit code, output, errors)."""

    def run_(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["labeling", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(str(stop.code))
        return code, *capsys.readouterr()

    return run_


def test_the_file_has_every_key_of_every_task_and_the_classes_alone_hold_the_defaults():
    values = yaml.safe_load(CONF.read_text(encoding="utf-8"))
    read = {key for task in TASKS for key in task.Request.model_fields}
    assert values.keys() - OURS == read
    assert {key for key in read if values[key] is not None} == set()
    assert values["task"] == "???"


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.NAME)
def test_every_task_says_what_it_does_and_what_each_key_means(task):
    assert (task.__doc__ or "").strip() and callable(task.run)
    assert issubclass(task.Request, Settings)
    described = "".join(part.__doc__ or "" for part in task.Request.__mro__)
    assert [key for key in task.Request.model_fields if f"        {key}: " not in described] == []


def test_the_names_of_all_tasks_differ_and_stand_in_the_file():
    names = [task.NAME for task in TASKS]
    assert len(set(names)) == len(names)
    comment = CONF.read_text(encoding="utf-8").split("task: ???")[0]
    assert [name for name in names if name not in comment] == []


def test_help_says_what_each_task_does_and_where_keys_are_described(run):
    code, output, _ = run("--help")
    told = {
        line.split(" ")[0] for line in output.split("== Keys ==")[0].splitlines() if "  " in line
    }
    assert code == 0 and told == {task.NAME for task in TASKS}
    assert "labeling/commands/TASK.py" in output and "powered by Hydra" not in output


def test_nothing_heavy_loads_before_the_keys_are_checked():
    heavy = ("torch", "fiftyone", "label_studio_sdk", "openvino", "scipy", "mlflow", "httpx")
    script = (
        "import sys, runpy; sys.argv = ['labeling', 'task=nothing']\n"
        "try: runpy.run_module('labeling', run_name='__main__')\n"
        "except SystemExit as stop: assert stop.code == 2, stop.code\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=CONF.parents[1], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["task=pus"],
            "expected one of [",
        ),
        (["task=push"], "key 'project': expected a value, got none (conf/label.yaml)"),
        (["task=pull", "batch_size=3"], "key 'batch_size' (conf/label.yaml): expected task=push"),
        (["task=push", "intreface=x"], "did you mean 'interface'?"),
        (["task=push", "+colour=red"], "key 'colour'"),
        (
            ["task=push", "dataset=x", "project=y", "interface=people"],
            "key 'interface': input should be 'person_boxes'",
        ),
        (
            ["task=push", "dataset=x", "project=y", "interface=person_boxes", "batch_size=0"],
            "key 'batch_size': input should be greater than 0, got 0",
        ),
        (
            ["task=push", "dataset=", "project=y", "interface=person_boxes"],
            "key 'dataset': expected a path, not an empty one",
        ),
    ],
)
def test_what_cannot_be_meant_ends_with_the_key_and_code_2(run, arguments, words):
    code, output, errors = run(*arguments)
    assert (code, output) == (2, "") and words in errors


def test_without_a_token_the_command_says_where_to_put_one(run, monkeypatch, tmp_path):
    monkeypatch.delenv("LABEL_STUDIO_TOKEN", raising=False)
    made = data_set(tmp_path, ["a.jpg"])
    code, _, errors = run(
        "task=push", f"dataset={made.folder}", "project=doors", "interface=person_boxes"
    )
    assert code == 2 and "or the variable LABEL_STUDIO_TOKEN, got neither" in errors


def test_push_and_pull_by_the_command(run, label_studio, monkeypatch, tmp_path):
    monkeypatch.setenv("LABEL_STUDIO_TOKEN", label_studio.token)
    made = data_set(tmp_path / "data", numbered(2))
    of = [f"dataset={made.folder}", "project='by hand, ü'", f"url={label_studio.url}"]
    code, output, errors = run("task=push", "interface=person_boxes", *of)
    assert code == 0 and "2 added" in output, errors
    (project,) = [p for p in label_studio.client.projects.list() if p.title == "by hand, ü"]
    task = next(iter(label_studio.client.tasks.list(project=project.id)))
    label_studio.client.annotations.create(id=task.id, result=[])
    code, output, errors = run("task=pull", f"output={tmp_path / 'new'}", *of)
    assert code == 0 and "labelled: 1 tasks, 1 samples" in output, errors
    assert [sample.is_labelled for sample in Dataset.load(tmp_path / "new").samples] == [
        True,
        False,
    ]
    code, _, errors = run("task=pull", f"output={tmp_path / 'new'}", *of)
    assert code == 1 and f"{tmp_path / 'new'}" in errors
