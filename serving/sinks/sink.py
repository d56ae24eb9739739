"""What an output is, and files that stand under their name only when they are whole."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from serving.core.detections import Detections, Tracks
from serving.core.errors import ConfigError, SinkError
from serving.core.events import Event
from serving.core.frame import Frame

PARTIAL_SUFFIX = ".partial"


class Sink(Protocol):
    """Takes events. All methods raise `SinkError` when the output cannot be written."""

    def write(self, events: Sequence[Event]) -> None:
        """Take the events; they outlive this process once it returns."""

    def close(self) -> None:
        """Complete the output."""

    def abandon(self) -> None:
        """Give the output up: what was written is kept, but not under the name of a whole one."""


class FrameSink(Protocol):
    """Takes what was found in each frame of one camera; otherwise as `Sink`."""

    def write(
        self, frame: Frame, detections: Detections, tracks: Tracks, events: Sequence[Event]
    ) -> None:
        """Take one frame's results, in the order of time."""

    def close(self) -> None:
        """Complete the output."""

    def abandon(self) -> None:
        """Give the output up: what was written is kept, but not under the name of a whole one."""


def partial_path(path: Path) -> Path:
    """Where a file grows before it is whole.

    Raises:
        ConfigError: the path is that of no file.
    """
    if not path.name:
        raise ConfigError(f"output: expected the path of a file, got '{path}'")
    return path.with_name(path.name + PARTIAL_SUFFIX)


def require_apart(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse to write over what is read, under whatever name or link.

    Args:
        outputs: the files to be written.
        inputs: the files that are read, and the folders that are read from.

    Raises:
        ConfigError: an output, or the partial file that it grows as, is an input or lies in one.
    """
    inputs = tuple(inputs)
    for output in outputs:
        grows_as = output.resolve(), partial_path(output).resolve()
        for path in inputs:
            if any(file.is_relative_to(path.resolve()) for file in grows_as):
                raise ConfigError(
                    f"output {output}: expected a path apart from what is read, got one that "
                    f"changes {path}"
                )


def make_folder(path: Path) -> None:
    """Make the folder that `path` shall lie in.

    Raises:
        SinkError: it cannot be made, or `path` is itself a folder, a device or a pipe, which a
            whole file would replace.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "a device or a pipe"
            raise SinkError(f"{path}: expected a file to write, got {kind}")


def replace_with_partial(path: Path) -> None:
    """Give the whole file its name, on the disk when this returns."""
    with writing(path):
        partial_path(path).replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def writing(path: Path, *also: type[Exception]) -> Iterator[None]:
    """Turn what the system says about a failed write into a `SinkError` that names the file.

    `also` are errors that the library which does the writing raises in the system's place.
    """
    errors: tuple[type[Exception], ...] = (OSError, *also)
    try:
        yield
    except errors as error:
        reason = getattr(error, "strerror", None) or error
        raise SinkError(f"{path}: cannot be written: {reason}") from error


class WholeFile:
    """A file that grows as `PATH.partial` and is renamed to PATH when it is closed.

    Each `write` reaches the operating system before it returns, so a crash of the process loses
    nothing; `close` waits for the disk. `abandon` leaves the partial file behind.

    Raises:
        SinkError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        make_folder(path)
        with writing(path):
            self._file: BinaryIO = partial_path(path).open("wb", buffering=0)

    def write(self, text: str) -> None:
        """Append the text in UTF-8."""
        data = memoryview(text.encode())
        with writing(self.path):
            while data:
                data = data[self._file.write(data) :]

    def close(self) -> None:
        """Wait for the disk, then give the file its name."""
        with writing(self.path):
            os.fsync(self._file.fileno())
            self._file.close()
        replace_with_partial(self.path)

    def abandon(self) -> None:
        """Leave what was written as `PATH.partial`."""
        self._file.close()
