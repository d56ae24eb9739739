"""A real browser, logged in to the real Label Studio of the tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datasets.formats.label_studio import Interface
from datasets.samples import Sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.labeling_page import LabelingPage
    from tests.label_studio import RunningLabelStudio

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
VIEWPORT = {"width": 1280, "height": 900}
"""Of a small screen: what fits here fits larger ones, and pictures of it suit a README."""

PICTURES_VARIABLE = "FOOTFALL_LABEL_PICTURES"
"""A folder for the pictures of the pages; without it they go where pytest puts its own files."""

OpenTask = Callable[[Interface, Iterable[Sample]], "LabelingPage"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium without a window; where there is none the tests skip, and fail in CI."""
    if not CHROMIUM.is_file():
        reason = f"needs {CHROMIUM} (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """A page of someone who has not logged in."""
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def log_in(page: Page, label_studio: RunningLabelStudio) -> None:
    """Log in through the form, which is open."""
    page.fill("input[name=email]", label_studio.email)
    page.fill("input[name=password]", label_studio.password)
    page.click("button[type=submit]")
    page.wait_for_url("**/")


@pytest.fixture(scope="session")
def session_state(browser: Browser, label_studio: RunningLabelStudio) -> dict[str, object]:
    """The cookies of someone who logged in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{label_studio.url}/user/login/")
    log_in(page, label_studio)
    state = dict(context.storage_state())
    context.close()
    return state


@pytest.fixture
def open_task(
    browser: Browser,
    session_state: dict[str, object],
    label_studio: RunningLabelStudio,
    tmp_path: Path,
) -> Iterator[OpenTask]:
    """Opens the first task of a new project with these samples; no fault may be left at the end."""
    from tests.browser.labeling_page import LabelingPage, make_project

    context = browser.new_context(viewport=VIEWPORT, storage_state=session_state)
    context.set_default_timeout(20_000)
    opened: list[LabelingPage] = []

    def open_(interface: Interface, samples: Iterable[Sample]) -> LabelingPage:
        project, tasks = make_project(label_studio, interface, samples)
        opened.append(LabelingPage(context.new_page(), interface, label_studio.url, tasks))
        opened[-1].show(project)
        return opened[-1]

    yield open_
    for page in opened:
        page.save_picture(tmp_path, "at_the_end")
    context.close()
    assert [fault for page in opened for fault in page.faults] == []


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures of the pages go."""
    folder = Path(os.environ.get(PICTURES_VARIABLE, tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
