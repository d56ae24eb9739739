"""Progress of long work: a bar that moves on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

Report = Callable[[int, int | None], None]
"""Told how much is done, and of how much in all where that is known."""

_PERCENT_STEP = 10
_BYTES_STEP = 100_000_000
_COUNT_STEP = 10_000


class Progress(Protocol):
    """What `shown` gives."""

    def begin(self, what: str, *, is_bytes: bool) -> Report:
        """A new piece of work, named; ends the one before."""


class Lines:
    """A line at the start of each piece of work and at every tenth of it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def begin(self, what: str, *, is_bytes: bool) -> Report:
        print(what, file=self._stream, flush=True)
        last = 0

        def report(done: int, total: int | None) -> None:
            nonlocal last
            step = _step(done, total, is_bytes)
            if step > last and done != total:
                last = step
                text = _amount(done, total, is_bytes)
                print(f"  {what}: {text}", file=self._stream, flush=True)

        return report


class MovingBars:
    """One bar for each piece of work, with its speed and the time that is left."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    def begin(self, what: str, *, is_bytes: bool) -> Report:
        for task in self._bars.tasks:
            if not task.finished:
                self._bars.update(task.id, total=1, completed=1)
        task_id = self._bars.add_task(what, total=None, amount="")

        def report(done: int, total: int | None) -> None:
            amount = _amount(done, total, is_bytes)
            self._bars.update(task_id, completed=done, total=total, amount=amount)

        return report


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[Progress]:
    """Progress on standard error, or `stream`: bars where it is a terminal, else lines."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield Lines(stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=stream)) as bars:
        yield MovingBars(bars)


def _step(done: int, total: int | None, is_bytes: bool) -> int:
    if total:
        return done * 100 // total // _PERCENT_STEP
    return done // (_BYTES_STEP if is_bytes else _COUNT_STEP)


def _amount(done: int, total: int | None, is_bytes: bool) -> str:
    def text(number: int) -> str:
        return f"{number / 1e6:,.1f} MB" if is_bytes else f"{number:,}"

    return text(done) if total is None else f"{text(done)} of {text(total)}"
