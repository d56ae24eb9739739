"""labeling/README.md tells the truth: its keys, its commands and its pictures."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from datasets.formats.label_studio import Interface
from labeling.commands import TASKS
from labeling.interface import hotkeys_of, label_config

FOLDER = Path(__file__).resolve().parents[2] / "labeling"
TEXT = (FOLDER / "README.md").read_text(encoding="utf-8")
MAX_PICTURE_BYTES, MAX_BYTES = 120_000, 700_000


def section(interface: Interface) -> str:
    """What the README says of an interface."""
    (start,) = [match.end() for match in re.finditer(rf"## [^\n]*\(`{interface}`\)\n", TEXT)]
    return re.split(r"\n##? ", TEXT[start:])[0]


@pytest.mark.parametrize("interface", Interface)
def test_each_interface_has_its_picture_and_its_keys_in_their_order(interface):
    text = section(interface)
    assert f"(pictures/{interface}.png)" in text
    said = re.findall(r"^\| `(\w)` \| ([\w+-]+)", text, re.MULTILINE)
    root = ElementTree.fromstring(label_config(interface))
    real = {name.split(": ")[1] + key: key for name, key in hotkeys_of(root).items()}
    assert {word + key: key for key, word in said} == real


def test_the_pictures_are_those_of_the_text_and_are_small():
    shown = set(re.findall(r"\(pictures/([^)]+)\)", TEXT))
    pictures = {path.name: path for path in (FOLDER / "pictures").iterdir()}
    assert shown == set(pictures)
    sizes = [path.stat().st_size for path in pictures.values()]
    assert max(sizes) <= MAX_PICTURE_BYTES
    assert sum(sizes) <= MAX_BYTES
    for path in pictures.values():
        with Image.open(path) as picture:
            assert 1000 <= picture.width <= 1300


def test_every_command_that_is_shown_names_a_task_and_keys_that_it_has():
    tasks = {task.NAME: task.Request.model_fields for task in TASKS}
    shown = re.findall(r"python -m labeling task=(\w+) ([^`]*?[^\\])(?:\n|`)", TEXT)
    assert {name for name, _ in shown} >= {"push", "agree", "pull", "ml_backend", "webhook", "demo"}
    for name, arguments in shown:
        words = re.findall(r'(?:[^\s"\']|"[^"]*"|\'[^\']*\')+', arguments.replace("\\\n", " "))
        keys = [key for key, sign, _ in (word.partition("=") for word in words) if sign]
        assert set(keys) <= set(tasks[name]), f"task={name}"
