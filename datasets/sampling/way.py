"""What a way of choosing frames is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from datasets.sampling.footage import Shot
from serving.core.detections import Detections
from serving.core.errors import ConfigError
from serving.core.frame import Frame

SLACK_S = 1e-4
"""Times of frames are rounded by their containers."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One frame that is worth labelling.

    Args:
        origin: names it, as `Shot.origin` does.
        tag: why it was chosen.
        shot: the frame; None where it is no longer at hand and must be read again.
    """

    origin: str
    tag: str
    shot: Shot | None = None

    @classmethod
    def of(cls, shot: Shot, tag: str) -> Choice:
        """The choice of a frame that is at hand."""
        return cls(shot.origin, tag, shot)


class Way(Protocol):
    """A way of choosing; it sees every frame once, one footage after the other."""

    def see(self, shot: Shot) -> Iterable[Choice]:
        """The choices that are clear now, of this frame or earlier ones."""
        ...

    def end(self) -> Iterable[Choice]:
        """The footage has ended: what is still open in it is decided, the next one starts anew."""
        ...

    def finish(self) -> Iterable[Choice]:
        """All footage has ended: the choices that needed all of it."""
        ...


class Detects(Protocol):
    """Finds people; `serving.inference.detector.Detector` does."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """One `Detections` a frame."""
        ...


class DetectsOnce:
    """A detector that remembers its last frame: several parts ask for the same one."""

    def __init__(self, detector: Detects) -> None:
        self._detector = detector
        self._last: tuple[Frame, Detections] | None = None

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """One `Detections` a frame."""
        if len(frames) != 1:
            return self._detector.detect(frames)
        if self._last is None or self._last[0] is not frames[0]:
            self._last = frames[0], self._detector.detect(frames)[0]
        return [self._last[1]]


class Gap:
    """Lets a frame through when enough time has passed since the last one that it let through."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = above_zero("gap_s", gap_s)
        self._next_s: float | None = None

    def is_over(self, at_s: float) -> bool:
        """Whether enough time has passed; the gap then begins anew."""
        if self._next_s is not None and at_s < self._next_s - SLACK_S:
            return False
        self._next_s = at_s + self._gap_s
        return True

    def forget(self) -> None:
        """Let the next frame through."""
        self._next_s = None


def above_zero(name: str, value: float) -> float:
    """The value itself.

    Raises:
        ConfigError: it is not above zero.
    """
    if not value > 0:
        raise ConfigError(f"{name}: expected more than 0, got {value}")
    return value
