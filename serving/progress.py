"""Saying how far a run has come, on the error stream: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from serving.summary import CameraSummary

log = logging.getLogger(__name__)

_LINE_EVERY_S = 10.0


class Progress:
    """Log lines: each change of a camera's state, and how far it is every ten seconds."""

    def __init__(self) -> None:
        self._last_line_s: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def state_changed(self, summary: CameraSummary) -> None:
        """A camera is in another state."""
        self._last_line_s[summary.camera_id] = time.monotonic()
        if summary.error is not None:
            log.error("error: %s", summary.reason)
        else:
            reason = f" {summary.reason}" if summary.reason else ""
            log.info("camera '%s': %s%s", summary.camera_id, summary.state, reason)

    def advance(self, summary: CameraSummary) -> None:
        """A camera's next frame was written."""
        now_s = time.monotonic()
        if now_s - self._last_line_s[summary.camera_id] >= _LINE_EVERY_S:
            self._last_line_s[summary.camera_id] = now_s
            of = f" of {summary.num_frames_expected}" if summary.num_frames_expected else ""
            log.info("camera '%s': %d%s frames", summary.camera_id, summary.num_frames, of)


class ProgressBars(Progress):
    """A bar a camera, and log lines above them for changes of state."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def advance(self, summary: CameraSummary) -> None:
        """A camera's next frame was written."""
        task = self._tasks.get(summary.camera_id)
        if task is None:
            task = self._bars.add_task(summary.camera_id, total=summary.num_frames_expected)
            self._tasks[summary.camera_id] = task
        self._bars.update(task, completed=summary.num_frames)


def progress_on_stderr() -> Progress:
    """Bars where the error stream is a terminal, else lines; log messages go the same way."""
    console = Console(stderr=True)
    if console.is_terminal:
        handler = RichHandler(console=console, show_path=False)
        logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
        return ProgressBars(console)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    return Progress()
