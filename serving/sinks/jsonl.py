"""Events as JSON, one a line."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from serving.core.events import Event
from serving.sinks.sink import WholeFile, make_folder, writing


class JsonLines:
    """The events of one run. The file stands under its name when the run has ended.

    The same events give the same bytes.

    Args:
        path: the file; one that exists is replaced when this one is complete.

    Raises:
        SinkError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._file = WholeFile(path)

    def write(self, events: Sequence[Event]) -> None:
        """Append the events; they have left the process when this returns."""
        self._file.write(_lines(events))

    def close(self) -> None:
        """Complete the file."""
        self._file.close()

    def abandon(self) -> None:
        """Leave the events so far in `PATH.partial`."""
        self._file.abandon()


class JsonLinesLog:
    """An event log that runs append to, one after the other. It is never a part of a whole.

    A last line that a crash has cut off is dropped at the next start.

    Args:
        path: the file; made where there is none.

    Raises:
        SinkError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        make_folder(path)
        with writing(path):
            self._file = path.open("a+b", buffering=0)
            self._file.truncate(_end_of_last_line(path))

    def write(self, events: Sequence[Event]) -> None:
        """Append the events; they have left the process when this returns."""
        data = memoryview(_lines(events).encode())
        with writing(self.path):
            while data:
                data = data[self._file.write(data) :]

    def close(self) -> None:
        """Wait for the disk and close the file."""
        with writing(self.path):
            os.fsync(self._file.fileno())
            self._file.close()

    def abandon(self) -> None:
        """Close the file; its whole lines stay what they are."""
        self._file.close()


def _lines(events: Sequence[Event]) -> str:
    return "".join(
        json.dumps(event.to_record(), ensure_ascii=False, separators=(",", ":")) + "\n"
        for event in events
    )


def _end_of_last_line(path: Path, block_bytes: int = 1 << 16) -> int:
    """Offset after the last line break of the file."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - block_bytes)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0
