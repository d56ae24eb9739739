"""Unpacking zip and tar archives from elsewhere: nothing outside the folder, and all or nothing.

Names are checked before anything is written. An archive with a name that leads out, a link, a
device, a name twice, or far more content than its size can hold honestly is refused as a whole.
"""

from __future__ import annotations

import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from datasets.files import inside
from datasets.samples import check_relative
from serving.core.errors import DatasetError

_BLOCK_BYTES = 1 << 20
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1

Report = Callable[[int, int | None], None]
"""Told how many members there are now, and of how many in all."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may hold before it counts as a bomb.

    Args:
        ratio: unpacked bytes for each byte of the archive; labels as text reach 20, zeros 1,000.
        floor_bytes: archives that unpack to less are not held to `ratio`.
        num_members: files and folders.
    """

    ratio: float = 200.0
    floor_bytes: int = 64 << 20
    num_members: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its name with `/`, and its size as the archive states it."""

    name: str
    size_bytes: int


_Opened = Iterator[tuple[Member, Callable[[], IO[bytes]]]]
_Wanted = Callable[[str], bool]


def _all(name: str) -> bool:
    return True


def _unreported(done: int, total: int | None) -> None:
    pass


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or a tar, by its content and not by its name."""
    return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)


def members(archive: Path, limits: Limits = Limits()) -> list[Member]:
    """The files in an archive, in its order, all checked.

    Raises:
        DatasetError: no archive, a damaged one, or one that must not be unpacked; names the member.
    """
    with _named(archive):
        return _checked(archive, limits)


def extract(
    archive: Path,
    folder: Path,
    *,
    wanted: _Wanted = _all,
    limits: Limits = Limits(),
    report: Report = _unreported,
) -> list[str]:
    """Unpack files below `folder`, which is made where it is missing; returns their names.

    Where `folder` holds files already, the archive's come beside them.

    Args:
        archive: the zip or tar.
        folder: where to.
        wanted: tells by a file's name whether to unpack it.
        limits: what is too much.
        report: told of the progress.

    Raises:
        DatasetError: no archive, a damaged one, one that must not be unpacked, none of its files
            is wanted, or one of them lies in `folder` already. `folder` is then as it was.
        OSError: there is no room; likewise.
    """
    with _named(archive):
        chosen = [member for member in _checked(archive, limits) if wanted(member.name)]
        if not chosen:
            raise DatasetError(f"{archive}: expected files to unpack, got none that is wanted")
        _check_place(archive, folder, chosen)
        folder.parent.mkdir(parents=True, exist_ok=True)
        names = {member.name for member in chosen}
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as name:
            unpacked = Path(name) / "unpacked"
            _unpack(archive, unpacked, names, report)
            _move(unpacked, folder, names)
    return [member.name for member in chosen]


def _checked(archive: Path, limits: Limits) -> list[Member]:
    found: dict[str, Member] = {}
    folders: set[str] = set()
    total_bytes = 0
    allowed_bytes = max(limits.floor_bytes, archive.stat().st_size * limits.ratio)
    for number, member in enumerate(_listed(archive), start=1):
        total_bytes += member.size_bytes
        if number > limits.num_members or total_bytes > allowed_bytes:
            raise DatasetError(
                f"{archive}, file '{member.name}': expected at most {limits.num_members:,} files "
                f"and {allowed_bytes:,.0f} bytes in an archive of this size, got more"
            )
        if member.name in found:
            raise DatasetError(f"{archive}: expected each file once, got '{member.name}' twice")
        found[member.name] = member
        folders.update(str(parent) for parent in PurePosixPath(member.name).parents)
    for name in folders & found.keys():
        raise DatasetError(f"{archive}: expected a file or a folder, got both as '{name}'")
    return list(found.values())


def _check_place(archive: Path, folder: Path, chosen: list[Member]) -> None:
    if folder.exists():
        for member in chosen:
            if (path := inside(folder, member.name)).exists():
                raise DatasetError(f"{archive}: expected no file {path}, got one")
    place = next(parent for parent in (folder, *folder.resolve().parents) if parent.exists())
    needed, free = sum(member.size_bytes for member in chosen), shutil.disk_usage(place).free
    if needed > free:
        raise DatasetError(
            f"{archive}: expected {needed:,} free bytes to unpack it in {folder}, got {free:,}"
        )


def _unpack(archive: Path, folder: Path, names: set[str], report: Report) -> None:
    done = 0
    for member, opened in _opened(archive):
        if member.name not in names:
            continue
        path = folder / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened() as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, _BLOCK_BYTES)
        done += 1
        report(done, len(names))


def _move(unpacked: Path, folder: Path, names: set[str]) -> None:
    """Move files into place; when one cannot be moved, those before it are taken away again."""
    if not folder.exists():
        unpacked.replace(folder)
        return
    moved: list[Path] = []
    try:
        for name in sorted(names):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            (unpacked / name).rename(path)
            moved.append(path)
    except OSError:
        for path in moved:
            path.unlink()
        raise


def _listed(archive: Path) -> Iterator[Member]:
    for member, _ in _opened(archive):
        yield member


def _opened(archive: Path) -> _Opened:
    """Each file with what opens it; a tar is read in one pass, so open it before the next."""
    if zipfile.is_zipfile(archive):
        yield from _in_zip(archive)
    elif tarfile.is_tarfile(archive):
        yield from _in_tar(archive)
    else:
        raise DatasetError(f"{archive}: expected a zip or tar archive, got {_what(archive)}")


def _in_zip(archive: Path) -> _Opened:
    with zipfile.ZipFile(archive) as content:
        for info in content.infolist():
            name = _zip_name(info)
            _check_name(archive, name)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise DatasetError(_wrong_kind(archive, name, "a link or a device"))
            if info.flag_bits & _ENCRYPTED:
                raise DatasetError(_wrong_kind(archive, name, "one with a password"))
            if not info.is_dir():
                yield Member(name, info.file_size), lambda info=info: content.open(info)


def _in_tar(archive: Path) -> _Opened:
    with tarfile.open(archive) as content:
        for info in content:
            if info.isdir() and not info.name.strip("./"):
                continue
            name = info.name.removeprefix("./")
            _check_name(archive, name)
            if info.issym() or info.islnk():
                raise DatasetError(_wrong_kind(archive, name, f"a link to '{info.linkname}'"))
            if not (info.isreg() or info.isdir()):
                raise DatasetError(_wrong_kind(archive, name, "a device or a pipe"))
            if info.isreg():
                yield Member(name, info.size), lambda info=info: content.extractfile(info)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name; many tools write UTF-8 without saying so, and zipfile then reads code page 437."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _check_name(archive: Path, name: str) -> None:
    try:
        check_relative(name)
    except ValueError as error:
        raise DatasetError(f"{archive}: expected names inside it, got {name!r}") from error


def _wrong_kind(archive: Path, name: str, got: str) -> str:
    return f"{archive}, '{name}': expected a file or a folder, got {got}"


def _what(archive: Path) -> str:
    with archive.open("rb") as file:
        head = file.read(256).lstrip().lower()
    if not head:
        return "an empty file"
    return "a web page" if head.startswith((b"<!doctype html", b"<html")) else "something else"


@contextmanager
def _named(archive: Path) -> Iterator[None]:
    """Say of which archive it is that something cannot be read."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        NotImplementedError,
    ) as error:
        message = f"{archive}: expected a whole archive, got a damaged one: {error}"
        raise DatasetError(message) from error
    except FileNotFoundError as error:
        if error.filename != str(archive):
            raise
        raise DatasetError(f"{archive}: expected an archive, got no file") from error
