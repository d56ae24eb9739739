"""Writing files so that a reader sees the whole or nothing."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from serving.core.errors import DatasetError, SinkError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What the system says of a place that is full, or that takes nothing at all."""


def write_atomically(path: Path, content: str | bytes, *, sync: bool = True) -> Path:
    """Write `content` beside `path` and move it into place; parents are created.

    Args:
        path: the file.
        content: all of it; text as UTF-8.
        sync: wait until the disk has it. Without, a loss of power can leave an empty file; for one
            of thousands, which would be written again then.

    Raises:
        OSError: the disk is full, the folder is not writable, or `path` is no file but a folder, a
            device or a pipe, which it would replace; `path` is then as it was.
    """
    with open_atomically(path, sync=sync) as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return path


@contextmanager
def open_atomically(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """A file to write piece by piece beside `path`, moved into place when the block ends well.

    Parents are created. When the block ends with an error, `path` is as it was.

    Raises:
        OSError: as `write_atomically`.
    """
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a device or a pipe"
        code = errno.EISDIR if path.is_dir() else errno.EINVAL
        raise OSError(code, f"expected a file to write, got {kind}", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = _partial(path)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


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


def place_file(source: Path, destination: Path) -> None:
    """Give a file a second place: a hard link where the system allows one, else a copy.

    What lies at `destination` already is kept where it is the same file or has the same content.

    Raises:
        FileExistsError: another file lies there.
        OSError: `source` cannot be read, or there is no room.
    """
    if destination.exists():
        if destination.samefile(source) or filecmp.cmp(source, destination, shallow=False):
            return
        raise FileExistsError(errno.EEXIST, "expected no other file", str(destination))
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), destination)
    except OSError as error:
        if error.errno in (errno.ENOENT, *NO_ROOM):
            raise
        copy_atomically(source, destination)


def copy_atomically(source: Path, destination: Path) -> None:
    """Copy a file so that `destination` is the whole file or none.

    Raises:
        OSError: `source` cannot be read, or there is no room.
    """
    handle, partial = _partial(destination)
    os.close(handle)
    try:
        shutil.copyfile(source, partial)
        Path(partial).chmod(0o644)
        Path(partial).replace(destination)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _partial(path: Path) -> tuple[int, str]:
    """A new file beside `path`; where none can be made, the error names `path`."""
    try:
        return tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill beside `folder`, which it becomes when the block ends well.

    Raises:
        DatasetError: `folder` holds something already.
        OSError: it cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DatasetError(f"{folder}: expected a new or an empty folder, got one with content")
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    try:
        yield work
        work.chmod(0o755)
        work.replace(folder)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def inside(folder: Path, relative: str) -> Path:
    """The path of a file below `folder` that a label file or an archive names.

    Raises:
        DatasetError: it would lie outside, also by a link.
    """
    path = folder / relative
    real = os.path.realpath(path)  # of links in a circle `Path.resolve` raises
    if not Path(real).is_relative_to(os.path.realpath(folder)):
        led = f", a link to {real}" if path.is_symlink() else ""
        raise DatasetError(f"{folder}: expected a path inside it, got {relative!r}{led}")
    return path
