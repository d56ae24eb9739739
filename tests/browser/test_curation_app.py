"""FiftyOne's app as `curate --app` opens it, in a real browser."""

from __future__ import annotations

import importlib.util
import os
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser

from datasets.dataset import Dataset, write_samples
from datasets.samples import Box, Sample
from tests.browser.conftest import VIEWPORT

_START_S = 60
FONTS = ("fonts.googleapis.com", "fonts.gstatic.com")
"""The page of FiftyOne names fonts there; it does without."""

_PICTURES_CAME = """number => performance.getEntriesByType("resource")
    .filter(entry => entry.name.includes("/media")).length >= number"""

COLOURS = ((40, 40, 200), (40, 160, 40), (200, 90, 40))


@dataclass(frozen=True, slots=True)
class App:
    address: str
    process: subprocess.Popen[str]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _data_set(folder: Path) -> Dataset:
    samples = []
    for number, colour in enumerate(COLOURS):
        image = np.full((240, 320, 3), colour, np.uint8)
        box = Box((60, 40, 160, 220), "person", properties={"tags": "wrong"} if number else {})
        cv2.rectangle(image, (60, 40), (160, 220), (255, 255, 255), -1)
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{number}.png"), image)
        samples.append(Sample(f"{number}.png", boxes=(box,), tags=("seen",)))
    about = {"name": "three pictures", "source": "drawn", "licence": "CC0"}
    return Dataset.create(folder, samples, **about, commercial_use=True)


def _address(process: subprocess.Popen[str]) -> str:
    """The address that the command prints."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    said = []
    while (line := lines.get(timeout=_START_S)) is not None:
        said.append(line)
        if found := re.match(r"app: (\S+)", line):
            return found[1]
    raise AssertionError("".join(said))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """The command, running; ended as a person ends it."""
    if importlib.util.find_spec("fiftyone") is None:
        reason = "needs FiftyOne (pip install 'footfall[curate]')"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    dataset = _data_set(tmp_path / "data")
    found = [
        Sample(sample.path, boxes=(Box((62, 42, 160, 220), "person", score=0.9),))
        for sample in dataset.samples
    ]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FIFTYONE_")}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "datasets", "curate", str(dataset.folder)),
            *("--into", str(tmp_path / "curation"), "--app", "--port", str(_free_port())),
            *("--predictions", str(write_samples(tmp_path / "found.jsonl", found))),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        yield App(_address(process), process)
    finally:
        process.terminate()
        process.wait(_START_S)


def test_app_shows_the_pictures_and_tells_no_other_host_of_them(
    app: App, browser: Browser, pictures: Path
) -> None:
    page = browser.new_page(viewport=VIEWPORT)
    page.set_default_timeout(_START_S * 1000)
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname or ""))
    page.goto(app.address)
    page.get_by_text("3 samples").first.wait_for()
    page.wait_for_function("document.querySelectorAll('[data-cy=looker]').length === 3")
    page.wait_for_function(_PICTURES_CAME, arg=len(COLOURS))
    page.screenshot(path=str(pictures / "curation_app.png"))

    assert page.title().startswith("FiftyOne")
    assert app.process.poll() is None
    assert asked <= {"127.0.0.1", *FONTS}
    page.close()


def test_app_ends_with_exit_code_0(app: App) -> None:
    app.process.terminate()

    assert app.process.wait(_START_S) == 0
