"""Recorded footage as timed frames, each with a name that stays the same in every run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from datasets.media import read_image
from datasets.samples import PICTURE_SUFFIXES
from serving.core.bundle import sha256_of
from serving.core.errors import ConfigError, DatasetError, SourceError
from serving.core.frame import Frame

_HASH_DIGITS = 16
"""Of a SHA-256: enough to tell recordings apart."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame of footage.

    Args:
        frame: the picture; its time is seconds UTC where `is_clock_time`, else seconds from the
            start of the recording.
        source: the recording, as the data set states it; never with credentials.
        origin: names this very picture, in this run and in any other.
        stem: the name of its file, without an ending, where the time does not name it.
        is_clock_time: whether it is known when it was captured.
    """

    frame: Frame
    source: str
    origin: str
    stem: str
    is_clock_time: bool


class Footage(Protocol):
    """Frames of one camera in the order of time."""

    source: str
    """The recording or stream, as the data set states it; never with credentials."""
    can_repeat: bool
    """Whether iterating again gives the same frames again."""

    def __iter__(self) -> Iterator[Shot]:
        """The frames.

        Raises:
            SourceError: the footage ends before it should, after the frames that could be read.
        """
        ...

    def notes(self) -> list[str]:
        """What the user should know of the last pass, in words."""
        ...


class Recording:
    """A video file.

    Args:
        path: the file.
        opened: gives its frames from the first one, timed from 0 or in seconds UTC.
        is_clock_time: whether the frames are timed in seconds UTC.
        limit_s: how much of it is looked at, from its start; None: all.
    """

    can_repeat = True

    def __init__(
        self,
        path: Path,
        opened: Callable[[], Iterable[Frame]],
        is_clock_time: bool = False,
        limit_s: float | None = None,
    ) -> None:
        self.source = path.name
        self._opened = opened
        self._is_clock_time = is_clock_time
        self._limit_s = limit_s
        self._sha256 = sha256_of(path)[:_HASH_DIGITS]
        self._stem = f"{file_name(path.stem)}-{self._sha256[:8]}"

    def __iter__(self) -> Iterator[Shot]:
        for frame in within(self._opened(), self._limit_s):
            yield Shot(
                frame,
                self.source,
                f"{self._sha256}#{frame.index}",
                f"{self._stem}-{frame.index:06d}",
                self._is_clock_time,
            )

    def notes(self) -> list[str]:
        """Nothing: a damaged file ends with an error."""
        return []


class PictureFolder:
    """A folder of pictures as footage, `2.jpg` before `10.jpg`; they may differ in size.

    A picture that cannot be read is left out and told. Pictures that are added later do not change
    the names of those that were there.

    Args:
        folder: the folder.
        camera: the camera's id.
        fps: pictures a second.
        starts_at_s: seconds UTC of the first one; None where it is not known.
        limit_s: how much of it is looked at, from its start; None: all.

    Raises:
        SourceError: it holds no picture.
        ConfigError: `fps` is not above zero.
    """

    can_repeat = True

    def __init__(
        self,
        folder: Path,
        camera: str,
        fps: float = 1.0,
        starts_at_s: float | None = None,
        limit_s: float | None = None,
    ) -> None:
        if not fps > 0:
            raise ConfigError(f"{folder}: expected fps above 0, got {fps}")
        self.source = folder.resolve().name
        self._camera, self._fps = camera, fps
        self._starts_at_s, self._limit_s = starts_at_s, limit_s
        self._files = _pictures(folder)
        self._notes: list[str] = []
        if not self._files:
            raise SourceError(f"{folder}: expected pictures {sorted(PICTURE_SUFFIXES)}, got none")

    def __iter__(self) -> Iterator[Shot]:
        self._notes = []
        for frame in within(self._frames(), self._limit_s):
            file = self._files[frame.index]
            sha256 = sha256_of(file)[:_HASH_DIGITS]
            yield Shot(
                frame,
                self.source,
                sha256,
                f"{file_name(file.stem)}-{sha256[:8]}",
                self._starts_at_s is not None,
            )

    def notes(self) -> list[str]:
        """The pictures that could not be read."""
        return self._notes

    def _frames(self) -> Iterator[Frame]:
        starts_at_s = self._starts_at_s or 0.0
        for index, file in enumerate(self._files):
            try:
                image = read_image(file)
            except DatasetError as error:
                self._notes.append(f"{error}; left out")
                continue
            yield Frame(image, self._camera, index, starts_at_s + index / self._fps)


def within(frames: Iterable[Frame], limit_s: float | None) -> Iterator[Frame]:
    """The frames of the first seconds; all where there is no limit."""
    first_s: float | None = None
    for frame in frames:
        first_s = frame.captured_at if first_s is None else first_s
        if limit_s is not None and frame.captured_at - first_s >= limit_s:
            return
        yield frame


def file_name(text: str) -> str:
    """The text as the name of a file: letters of any script, digits, `.`, `-` and `_` stay."""
    return re.sub(r"[^\w.-]+", "_", text).strip(".") or "_"


def _pictures(folder: Path) -> list[Path]:
    files = (file for file in folder.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES)
    return sorted(files, key=lambda file: _digits_as_numbers(file.name))


def _digits_as_numbers(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
