"""A frame every so many seconds."""

from __future__ import annotations

import math
from collections.abc import Iterator

from datasets.sampling.footage import Shot
from datasets.sampling.way import SLACK_S, Choice, above_zero


class Every:
    """The first frame, and from then on the first at or after every `period_s`.

    By time and not by frames: the rate may vary, and a gap is not made up for.

    Args:
        period_s: seconds from one frame to the next.

    Raises:
        ConfigError: `period_s` is not above zero.
    """

    TAG = "every"

    def __init__(self, period_s: float = 2.0) -> None:
        self._period_s = above_zero("every", period_s)
        self._first_s: float | None = None
        self._next = 0

    def see(self, shot: Shot) -> Iterator[Choice]:
        """This frame, where it is its turn."""
        if self._first_s is None:
            self._first_s = shot.frame.captured_at
        at = (shot.frame.captured_at - self._first_s + SLACK_S) / self._period_s
        if at >= self._next:
            self._next = math.floor(at) + 1
            yield Choice.of(shot, self.TAG)

    def end(self) -> Iterator[Choice]:
        """Nothing is open; the next footage starts with its first frame."""
        self._first_s, self._next = None, 0
        yield from ()

    def finish(self) -> Iterator[Choice]:
        """Nothing is open."""
        yield from ()
