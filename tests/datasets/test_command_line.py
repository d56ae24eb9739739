"""What a user reads when a command line is wrong: exit code, output and error stream."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hydra.utils import instantiate

from datasets.command_line import command
from serving.core.errors import LabelError

REPOSITORY = Path(__file__).resolve().parents[2]

FILES = {
    "main.yaml": """
defaults:
  - _self_
  - trainer: short
  - override hydra/job_logging: none
  - override hydra/hydra_logging: none
input: ???
seed: 7
shuffle: true
names: [a, b]
hydra: {run: {dir: .}, output_subdir: null}
""",
    "trainer/short.yaml": "{max_epochs: 3, schedule: {warm_up_s: 1.5}}",
    "trainer/long.yaml": "{max_epochs: 30, schedule: {warm_up_s: 9.5}}",
    "counter/good.yaml": "{_target_: collections.Counter, n: 1}",
    "counter/bad.yaml": "{_target_: datetime.timedelta, hourz: 1}",
    "zone/till.yaml": "{_target_: serving.core.zones.Line, name: till}",
}
FOREIGN = {"site/shop.yaml": "{name: shop}"}
"""Groups of another command, which the main file does not name."""


def print_epochs(config):
    print(config.trainer.max_epochs)


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Runs a small command with arguments; gives (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    for name, text in {**FILES, **FOREIGN}.items():
        path = tmp_path / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_(*arguments: str, task=print_epochs):
        monkeypatch.setattr(sys, "argv", ["script.py", *arguments])
        code = 0
        try:
            command("main", conf_dir=tmp_path / "conf")(task)()
        except SystemExit as stop:
            code = stop.code
        return code, *capfd.readouterr()

    return run_


def test_a_good_command_line_runs_and_exits_0(run):
    assert run("trainer=long", "seed=8") == (0, "30\n", "")


def test_an_unknown_key_names_the_file_the_known_keys_and_the_closest(run):
    assert run("trainer.max_epoch=2") == (
        2,
        "",
        "error: key 'trainer.max_epoch' (conf/trainer/short.yaml): expected one of "
        "['max_epochs', 'schedule'], got 'max_epoch'; did you mean 'max_epochs'?\n",
    )


def test_an_unknown_top_level_key_names_the_main_file(run):
    code, _, errors = run("seeed=2")
    assert code == 2
    assert "key 'seeed' (conf/main.yaml)" in errors
    assert "did you mean 'seed'?" in errors


def test_a_key_below_an_unknown_key_blames_the_first_wrong_step(run):
    code, _, errors = run("trainer.shedule.warm_up_s=2")
    assert code == 2
    assert "got 'shedule'; did you mean 'schedule'?" in errors


def test_an_unknown_choice_lists_the_choices(run):
    assert run("trainer=lonng") == (
        2,
        "",
        "error: key 'trainer' (conf/trainer/): expected one of ['long', 'short'], got 'lonng'; "
        "did you mean 'long'?\n",
    )


@pytest.mark.parametrize("more", [(), ("zone=till",), ("trainer=long", "counter=good")])
def test_a_group_of_another_command_is_refused_whatever_else_is_typed(run, more):
    code, output, errors = run("site=shop", *more)
    assert (code, output) == (2, "")
    assert errors.startswith("error: key 'site' (conf/main.yaml): expected one of ['input', ")
    assert errors.endswith("got 'site'\n")


def test_a_key_of_a_file_in_a_folder_of_ones_own_is_known(run, tmp_path):
    (tmp_path / "mine/trainer").mkdir(parents=True)
    (tmp_path / "mine/trainer/slow.yaml").write_text("{patience: 3}")
    code, _, errors = run("--config-dir", "mine", "trainer=slow", "trainer.patiense=4")
    assert code == 2
    assert "expected one of ['patience'], got 'patiense'; did you mean 'patience'?" in errors
    code, _, errors = run("--config-dir", "mine", "trainer=slow", "trainer.patience=long")
    assert (code, "expected a number such as 3, got 'long'" in errors) == (2, True)


@pytest.mark.parametrize("value", ["", "0"])
def test_tracebacks_are_for_who_asks_for_them(run, monkeypatch, value):
    monkeypatch.setenv("HYDRA_FULL_ERROR", value)
    code, _, errors = run("seeed=2")
    assert (code, len(errors.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("+zone.start_px=[0,left]", "key 'zone.start_px' (conf/zone/till.yaml): expected a list"),
        ("+zone.begin_px=[0,0]", "got 'begin_px'"),
        ("+line={_target_: serving.core.zones.Lyne}", "key 'line._target_' (conf/main.yaml)"),
        ("+lines.a={_target_: serving.core.zones.Line, name: [a]}", "key 'lines.a.name'"),
    ],
)
def test_an_option_that_no_default_tells_of_is_held_against_the_constructor(run, options, expected):
    code, output, errors = run("+zone=till", options)
    assert (code, output) == (2, "")
    assert expected in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("trainer.max_epochs=abc", "expected a number such as 3, got 'abc'"),
        ("trainer.schedule.warm_up_s=true", "expected a number such as 1.5, got true"),
        ("shuffle=7", "expected true or false such as true, got 7"),
        ("names=a", "expected a list such as ['a', 'b'], got 'a'"),
        ("trainer.schedule=3", "expected a mapping such as {'warm_up_s': 1.5}, got 3"),
    ],
)
def test_a_value_of_another_kind_than_the_default_is_refused(run, override, expected):
    code, output, errors = run(override)
    assert (code, output) == (2, "")
    key = override.partition("=")[0]
    assert errors.startswith(f"error: key '{key}' (conf/")
    assert expected in errors


@pytest.mark.parametrize(
    "override", ["input=5", "input=null", "trainer.max_epochs=null", "+new=x", "seed=${names}"]
)
def test_a_value_is_taken_where_the_default_says_nothing_against_it(run, override):
    assert run(override)[0] == 0


def test_a_missing_value_is_named(run):
    code, _, errors = run(task=lambda config: config.input)
    assert code == 2
    assert errors == "error: key 'input' (conf/main.yaml): expected a value, got none\n"


def test_a_malformed_override_is_named(run):
    code, _, errors = run("seed=[1")
    assert code == 2
    assert "error: command line: expected key=value, got 'seed=[1'" in errors


def test_text_that_looks_like_more_keys_is_told_how_to_be_quoted(run):
    code, _, errors = run("seed=python train.py lr=1")
    assert code == 2
    assert errors.endswith("text with = or {} in it takes quotes of its own: seed='\"…\"'\n")


def test_an_argument_that_a_constructor_does_not_take_names_key_and_file(run):
    code, _, errors = run("+counter=bad", task=lambda config: instantiate(config.counter))
    assert code == 2
    assert "key 'counter' (conf/counter/bad.yaml)" in errors
    assert "hourz" in errors


def test_our_errors_end_with_their_message_and_code(run):
    def task(_):
        raise LabelError("gt.txt:3: expected a number, got 'x'")

    assert run(task=task) == (1, "", "error: gt.txt:3: expected a number, got 'x'\n")


def test_a_missing_file_is_named_without_a_traceback(run):
    code, _, errors = run(task=lambda _: Path("nothing.txt").read_text())
    assert (code, errors) == (1, "error: nothing.txt: No such file or directory\n")


def test_ctrl_c_exits_130(run):
    def task(_):
        raise KeyboardInterrupt

    assert run(task=task) == (130, "", "error: interrupted\n")


def test_a_defect_of_ours_is_not_dressed_up_as_a_mistake_of_the_user(run):
    with pytest.raises(ZeroDivisionError):
        run(task=lambda _: 1 / 0)


def test_help_and_cfg_still_work(run):
    assert "max_epochs: 3" in run("--cfg", "job")[1]
    assert "trainer: long, short" in run("--help")[1]


def test_an_install_without_the_configuration_says_how_to_install(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        command("main", conf_dir=tmp_path / "conf")(print_epochs)()
    (line,) = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert line.startswith(f"error: {tmp_path}/conf: expected the configuration, got no folder; ")
    assert line.endswith("pip install -c constraints.txt -e .")


def test_a_sweep_runs_every_value(run):
    assert run("-m", "trainer=short,long", "hydra/hydra_logging=none")[1] == "3\n30\n"


def test_a_real_process_ends_with_the_code(run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from datasets.command_line import command\n"
        "@command('main', conf_dir=Path(__file__).parent / 'conf')\n"
        "def main(config): print(config.seed)\n"
        "main()\n"
    )
    for argument, code, output in (("seed=9", 0, "9\n"), ("sede=9", 2, "")):
        done = subprocess.run(
            [sys.executable, script, argument],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PYTHONPATH": str(REPOSITORY)},
        )
        assert (done.returncode, done.stdout) == (code, output)
        assert "Traceback" not in done.stderr


def test_output_that_nobody_reads_any_more_ends_quietly(run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from datasets.command_line import command\n"
        "@command('main', conf_dir=Path(__file__).parent / 'conf')\n"
        "def main(config): print('x' * 1_000_000)\n"
        "main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY)},
    )
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == (b"", 141)
