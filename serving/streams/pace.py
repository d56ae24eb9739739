"""Recorded footage as if it came from a camera now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event
from typing import Protocol

from serving.core.frame import Frame
from serving.streams.source import Source


class Clock(Protocol):
    """Where time comes from; tests give their own."""

    def now_s(self) -> float:
        """Seconds that only grow."""

    def wait(self, seconds: float, stop: Event) -> None:
        """Return after so many seconds, or as soon as `stop` is set."""


class SystemClock:
    """The machine's monotonic clock."""

    def now_s(self) -> float:
        """Seconds since an arbitrary moment."""
        return time.monotonic()

    def wait(self, seconds: float, stop: Event) -> None:
        """Return after so many seconds, or as soon as `stop` is set."""
        stop.wait(seconds)


class Paced:
    """A source whose frames come no earlier than their time, counted from the first one.

    Args:
        source: the recorded footage.
        stop: ends a wait for the next frame.
        clock: where time comes from.
    """

    def __init__(self, source: Source, stop: Event, clock: Clock | None = None) -> None:
        self.camera_id = source.camera_id
        self._source = source
        self._stop = stop
        self._clock = clock or SystemClock()

    @property
    def image_size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self._source.image_size_hw

    @property
    def num_frames(self) -> int | None:
        """How many frames the source says it has."""
        return self._source.num_frames

    def __iter__(self) -> Iterator[Frame]:
        first_due_s: float | None = None
        for frame in self._source:
            if first_due_s is None:
                first_due_s = self._clock.now_s() - frame.captured_at
            early_s = first_due_s + frame.captured_at - self._clock.now_s()
            if early_s > 0:
                self._clock.wait(early_s, self._stop)
            yield frame

    def close(self) -> None:
        """Close the source."""
        self._source.close()
