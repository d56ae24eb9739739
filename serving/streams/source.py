"""What a source of frames is, and the states that it passes through."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from serving.core.errors import SourceError
from serving.core.frame import Frame


class StreamState(StrEnum):
    """What a camera does; every change is a `CameraState` event."""

    STREAMING = "streaming"
    ENDED = "ended"
    """The source was read to its end."""
    STOPPED = "stopped"
    """The run was asked to stop before the source's end."""
    FAILED = "failed"


class Source(Protocol):
    """Frames of one camera, once, in the order of time.

    Iterating raises `SourceError` where the source ends before it should, after the frames that
    could be read. `num_frames` is how many the source says it has, None where it does not say.
    """

    camera_id: str

    @property
    def image_size_hw(self) -> tuple[int, int]:
        """Height and width in pixels of its frames."""
        ...

    @property
    def num_frames(self) -> int | None:
        """How many frames it says it has."""
        ...

    def __iter__(self) -> Iterator[Frame]: ...

    def close(self) -> None:
        """Let go of files; no frame comes afterwards."""


def missing_source(camera_id: str, path: Path, hint: str) -> SourceError:
    """The error for a path at which there is nothing."""
    advice = f"; {hint}" if hint else ""
    return SourceError(
        f"camera '{camera_id}': expected a video file or a folder of pictures, "
        f"got nothing at '{path}' (working directory {Path.cwd()}){advice}"
    )
