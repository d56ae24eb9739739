"""Writing files so that a reader sees the whole or nothing."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.core.errors import SinkError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What the system says of a place that is full, or that takes nothing at all."""


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Write `content` beside `path` and move it into place; parents are created.

    Raises:
        OSError: the disk is full, the folder is not writable, or `path` is no file but a folder, a
            device or a pipe, which it would replace; `path` is then as it was.
    """
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a device or a pipe"
        code = errno.EISDIR if path.is_dir() else errno.EINVAL
        raise OSError(code, f"expected a file to write, got {kind}", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    handle, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    return path


@contextmanager
def room_for(what: str) -> Iterator[None]:
    """Say what there was no room for where a disk turns out to be full.

    Raises:
        SinkError: one of `NO_ROOM`; other errors pass.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        path = written_path(error)
        where = f" ({path})" if path else ""
        raise SinkError(f"{what}: expected room for it, got {error.strerror}{where}") from error


def written_path(error: OSError) -> str | None:
    """The file that an error is about, where it says one; of a copy, the file that is written."""
    path: str | None = error.filename2 or error.filename
    return path
