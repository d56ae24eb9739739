"""Writing files so that a reader sees the whole or nothing."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path


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
