"""What `python -m datasets` says and how it ends."""

import os
import signal
import subprocess
import sys

import pytest

from datasets import generated
from datasets.__main__ import main


@pytest.fixture
def heeded_ctrl_c():
    """Who is started in the background of a shell is deaf to Ctrl-C, and so are its tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_ended_says_so_in_a_word_and_leaves_no_half(
    tmp_path, capsys, monkeypatch, number
):
    generated.with_pictures(tmp_path / "set", 2)

    def interrupted(*arguments):
        os.kill(os.getpid(), number)
        raise AssertionError("the signal came to nothing")

    monkeypatch.setattr("datasets.dataset.place_file", interrupted)
    arguments = ["--into", str(tmp_path / "new"), "--by", "source", "--shares", "train=1"]
    assert main(["split", str(tmp_path / "set"), *arguments]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_reader_that_has_seen_enough_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "datasets", "get", "--list", "--markdown"]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_a_place_that_is_no_folder_is_one_line_and_code_1(tmp_path, capsys):
    taken = tmp_path / "taken"
    taken.write_text("a file, not a folder")
    assert main(["get", "vtest", "--data-dir", str(taken)]) == 1
    path = taken / "vtest.avi"
    expected = f"error: data set 'vtest': expected to write {path} of 8,131,690 bytes, got File"
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(expected)
    assert taken.read_text() == "a file, not a folder"
