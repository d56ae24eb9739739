"""A labeling page as a labeler has it: keys, the mouse, and the button that submits."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Locator, Page, Response

from datasets.formats.format import Losses
from datasets.formats.label_studio import (
    Interface,
    group_samples,
    result_of,
    samples_of,
    task_data,
)
from datasets.samples import Sample
from labeling.interface import instruction, label_config
from tests.label_studio import RunningLabelStudio

MODEL = "made-up-model 1"
_NUM_COLOURS = 192

XyPx = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a picture or video is drawn on the page, and how large."""

    left: float
    top: float
    scale: float

    def at(self, point: XyPx) -> XyPx:
        """The place on the page of a point of the picture."""
        return self.left + point[0] * self.scale, self.top + point[1] * self.scale


@dataclass
class LabelingPage:
    """The next task of a project, open in a browser.

    `faults` collects what no labeler should meet: errors of the page's scripts and requests that
    the server refused.
    """

    page: Page
    interface: Interface
    url: str
    tasks: list[Mapping[str, Any]]
    faults: list[str] = field(default_factory=list)

    def show(self, project: int) -> None:
        """Open the first task that nobody answered."""
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("response", self._note)
        self.page.goto(f"{self.url}/projects/{project}/data?labeling=1")
        self.page.locator(".lsf-main-view__annotation").wait_for()
        self.page.get_by_label("Submit current annotation").wait_for()

    def _note(self, response: Response) -> None:
        if response.status >= 400 and "next_task" not in response.url:  # none is left
            self.faults.append(f"{response.status} {response.url}")

    def instructions(self) -> str:
        """Close the window with the instructions that a first visit opens; its text."""
        window = self.page.locator(".lsf-modal-ls_visible")
        text = window.inner_text()
        window.locator(".lsf-modal-ls__header button").click()
        window.wait_for(state="detached")
        return text

    def press(self, key: str) -> None:
        """Press a key, as if over the page and in no field."""
        self.page.keyboard.press(key)

    def chosen(self) -> list[str]:
        """The words of the choices that are on, in the order of the page."""
        return [
            str(box.get_attribute("name"))
            for box in self.page.locator(
                ".lsf-choices:not(.lsf-choices_hidden) input:checked"
            ).all()
        ]

    def text_colours(self, selector: str) -> tuple[str, str]:
        """The colours of a text and of its own background, as the browser computes them."""
        script = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
        text, background = self.page.locator(selector).first.evaluate(script)
        return text, background

    def regions(self) -> list[str]:
        """What the list of regions shows, an entry each: its label, and its score if any."""
        entries = self.page.locator(".lsf-outliner-item").all()
        return [" ".join(entry.inner_text().split()) for entry in entries]

    def wait_for_regions(self, count: int) -> None:
        """Until the list shows so many regions."""
        self.page.wait_for_function(
            "count => document.querySelectorAll('.lsf-outliner-item').length === count", arg=count
        )

    def wait_for_task(self, index: int) -> None:
        """Until the page shows this task of the project, from 0."""
        shown = f"{self.tasks[index]['id']}{index + 1} of {len(self.tasks)}"
        self.page.locator(".lsf-current-task__task-id", has_text=shown).wait_for()

    def select(self, region: int) -> None:
        """Choose a region in the list, from 0."""
        self.page.locator(".lsf-outliner-item").nth(region).click()

    def picture(self, index: int = 0) -> Locator:
        """A picture of the page, loaded."""
        image = self.page.locator(".lsf-image img").nth(index)
        image.wait_for()
        self.page.wait_for_function(
            "index => document.querySelectorAll('.lsf-image img')[index].naturalWidth > 0",
            arg=index,
        )
        return image

    def picture_stage(self, width_px: int) -> Stage:
        """Where the first picture is drawn."""
        box = self.picture().bounding_box()
        assert box is not None
        return Stage(box["x"], box["y"], box["width"] / width_px)

    def video_stage(self, size_hw: tuple[int, int], num_frames: int) -> Stage:
        """Where the video is drawn, when it has loaded and its frames are counted."""
        self.page.get_by_text(f"of {num_frames}", exact=False).first.wait_for()
        box = self.page.locator(".lsf-video-canvas__view canvas").first.bounding_box()
        assert box is not None
        scale = min(box["width"] / size_hw[1], box["height"] / size_hw[0])
        left = box["x"] + (box["width"] - size_hw[1] * scale) / 2
        return Stage(left, box["y"] + (box["height"] - size_hw[0] * scale) / 2, scale)

    def timeline(self, frames: Sequence[int]) -> list[XyPx]:
        """Places of the timeline at these frames, below the spans that are there.

        Two spans that start at different frames show how wide a frame is.
        """
        starts = sorted(self._span_starts().items())
        (first, left), (other, right) = starts[0], starts[-1]
        step = (right - left) / (other - first)
        box = self.page.locator(".lsf-timeline-frames__scroll").bounding_box()
        assert box is not None
        return [(left + (frame - first) * step, box["y"] + box["height"] - 20) for frame in frames]

    def _span_starts(self) -> dict[int, float]:
        """The middle of the first frame of each span, by frame."""
        starts = {}
        for row in self.page.locator(".lsf-timeline-frames__scroll [data-id][data-start]").all():
            box = row.locator(".lsf-keypoints__lifespan").first.bounding_box()
            assert box is not None
            starts[int(row.get_attribute("data-start") or 0)] = box["x"]
        return starts

    def drag(self, start: XyPx, end: XyPx) -> None:
        """Move the mouse from one place of the page to another with the button down."""
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.page.mouse.move(*start)
        self.page.mouse.down()
        for point in (middle, end):
            self.page.mouse.move(*point, steps=4)
        self.page.mouse.up()

    def draw(self, stage: Stage, xyxy_px: Sequence[float], *, over_another: bool = False) -> None:
        """Draw a box from its top left to its bottom right corner."""
        if over_another:
            self.page.keyboard.down("Control")
        self.drag(stage.at((xyxy_px[0], xyxy_px[1])), stage.at((xyxy_px[2], xyxy_px[3])))
        if over_another:
            self.page.keyboard.up("Control")

    def save_picture(self, folder: Path, name: str) -> Path:
        """A picture of the page as it is."""
        return save_picture(self.page, folder / f"{name}.png")

    def press_submit(self) -> None:
        """Click the button."""
        self.page.get_by_label("Submit current annotation").click()

    def warning(self) -> str:
        """Close the window that says what is missing; its text."""
        window = self.page.locator(".ant-modal-confirm")
        text = window.locator(".ant-modal-confirm-content").inner_text()
        window.get_by_role("button").click()
        window.wait_for(state="hidden")
        return text

    def submit(self, losses: Losses | None = None) -> tuple[Sample, ...]:
        """Submit by the button; the samples of what arrived at the server."""
        with self.page.expect_response(_is_submission) as arrived:
            self.press_submit()
        answer = arrived.value.json()
        task = next(each for each in self.tasks if each["id"] == answer["task"])
        listed = self.page.request.get(f"{self.url}/api/tasks/{task['id']}/annotations/").json()
        (annotation,) = [each for each in listed if each["id"] == answer["id"]]
        return samples_of(self.interface, task, annotation, losses or Losses())


def save_picture(page: Page, path: Path, height_px: int | None = None) -> Path:
    """A picture of a page, in few colours: a page has no more, and a README is quickly loaded.

    With `height_px` only of its upper part.
    """
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot = shot.crop((0, 0, shot.width, height_px or shot.height))
    shot.quantize(_NUM_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def _is_submission(response: Response) -> bool:
    return response.request.method == "POST" and "/annotations" in response.url


def make_project(
    label_studio: RunningLabelStudio,
    interface: Interface,
    samples: Iterable[Sample],
    title: str | None = None,
) -> tuple[int, list[Mapping[str, Any]]]:
    """A project with a task for each group of samples, whose files lie in `files_root`/title.

    The title is that of the interface where none is given.

    What samples say that are not labelled is shown as a prediction.
    """
    client = label_studio.client
    title = title or f"{interface}"
    project = client.projects.create(
        title=title,
        label_config=label_config(interface),
        expert_instruction=instruction(interface),
        show_instruction=True,
        show_collab_predictions=True,
        model_version=MODEL,
    )
    client.import_storage.local.create(
        project=project.id, path=str(label_studio.files_root / title), use_blob_urls=True
    )

    def url_of(sample: Sample) -> str:
        return "/data/local-files/?d=" + quote(f"{title}/{sample.path}")

    tasks = []
    for group in group_samples(interface, samples):
        result = result_of(interface, group)
        prediction = {"model_version": MODEL, "result": result, "score": 0.5}
        tasks.append(
            {
                "data": task_data(interface, group, url_of),
                "predictions": [prediction] if result else [],
            }
        )
    client.projects.import_tasks(id=project.id, request=tasks)
    listed = [{"id": task.id, "data": task.data} for task in client.tasks.list(project=project.id)]
    assert len(listed) == len(tasks)
    return project.id, sorted(listed, key=lambda task: task["id"])
