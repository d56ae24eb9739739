"""What a public set is put together from: published files, and files of the local mirror."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

from datasets.archives import extract
from datasets.catalog.entry import CatalogEntry, mirror_root
from datasets.downloads import download
from datasets.files import place_file
from serving.core.errors import DatasetError

Report = Callable[[int, int | None], None]


class Progress(Protocol):
    """Whom the parts tell how far they are."""

    def begin(self, what: str, *, is_bytes: bool) -> Report:
        """A new piece of work; the result is told how much is done, and of how much in all."""


class Part(Protocol):
    """One piece of a set."""

    @property
    def size_bytes(self) -> int | None:
        """How much there is to bring, where it is known."""

    def lacking(self, downloads: Path) -> str | None:
        """What a person must do before it can be brought; None: nothing."""

    def bring(self, folder: Path, downloads: Path, progress: Progress) -> None:
        """Put it into the set's folder.

        Args:
            folder: of the set.
            downloads: where what was fetched is kept.
            progress: told of each piece of work.

        Raises:
            DatasetError: it cannot be had, or is not what it should be.
            OSError: there is no room.
        """


@dataclass(frozen=True, slots=True)
class Published:
    """A file as its publisher gives it, which is unpacked or placed.

    Args:
        file_name: the file's name.
        url: its address; of a file that is fetched by hand, the page that leads to it.
        by_hand: what a person does on that page, where no program may.
        digest: `md5:…` or `sha256:…`; None where no checksum is published or known.
        size_bytes: None where it is not known.
        is_archive: whether to unpack it.
        into: below the set's folder.
        wanted: patterns of the names to unpack, such as `train/*`.
    """

    file_name: str
    url: str
    by_hand: str | None = None
    digest: str | None = None
    size_bytes: int | None = None
    is_archive: bool = True
    into: str = ""
    wanted: tuple[str, ...] = ("*",)

    def lacking(self, downloads: Path) -> str | None:
        path = downloads / self.file_name
        if self.by_hand is None or path.is_file():
            return None
        return f"  {self.file_name}\n    from: {self.url}\n    how: {self.by_hand}\n    to: {path}"

    def bring(self, folder: Path, downloads: Path, progress: Progress) -> None:
        path = downloads / self.file_name
        if not path.is_file():
            self._fetch(path, progress)
        self._verify(path, progress)
        if self.is_archive:
            _unpack(path, folder / self.into, self.wanted, progress)
        else:
            place_file(path, folder / self.into / self.file_name)

    def _fetch(self, path: Path, progress: Progress) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        report = progress.begin(f"fetching {self.file_name}", is_bytes=True)
        try:
            download(self.url, path, report=report)
        except OSError as error:
            raise DatasetError(
                f"{self.file_name}: expected it from {self.url}, got {error}; where the address "
                f"has moved, put the file at {path} yourself"
            ) from error

    def _verify(self, path: Path, progress: Progress) -> None:
        if self.digest is None:
            return
        progress.begin(f"checking {self.file_name}", is_bytes=True)
        algorithm, _, expected = self.digest.partition(":")
        with path.open("rb") as file:
            got = hashlib.file_digest(file, algorithm).hexdigest()
        if got != expected:
            raise DatasetError(
                f"{path}: expected {algorithm} {expected}, got {got}; remove it and try again"
            )


@dataclass(frozen=True, slots=True)
class MirrorArchive:
    """An archive in the local mirror, which is unpacked from there."""

    path: str
    digest: str
    size_bytes: int
    into: str = ""
    wanted: tuple[str, ...] = ("*",)

    def lacking(self, downloads: Path) -> str | None:
        return None if _in_mirror(self.path) else f"  {self.path} in a local mirror"

    def bring(self, folder: Path, downloads: Path, progress: Progress) -> None:
        path = _present(self.path)
        Published(path.name, "", digest=self.digest)._verify(path, progress)
        _unpack(path, folder / self.into, self.wanted, progress)


@dataclass(frozen=True, slots=True)
class MirrorFiles:
    """Files of a folder in the local mirror, which get a second place in the set's folder.

    Args:
        path: the folder.
        size_bytes: of those that are wanted.
        into: below the set's folder.
        wanted: which of the folder's files, as patterns of their paths in it.
    """

    path: str
    size_bytes: int
    into: str = ""
    wanted: tuple[str, ...] = ("*",)

    def lacking(self, downloads: Path) -> str | None:
        return None if _in_mirror(self.path) else f"  {self.path} in a local mirror"

    def bring(self, folder: Path, downloads: Path, progress: Progress) -> None:
        root = _present(self.path)
        paths = self._paths(root)
        report = progress.begin(f"placing {self.path}", is_bytes=False)
        for number, path in enumerate(paths, start=1):
            place_file(path, folder / self.into / path.relative_to(root))
            report(number, len(paths))

    def _paths(self, root: Path) -> list[Path]:
        found = sorted(path for path in root.rglob("*") if path.is_file())
        return [path for path in found if _matches(path.relative_to(root).as_posix(), self.wanted)]


@dataclass(frozen=True, slots=True)
class SingleFile:
    """A file that has an entry of its own, with its places and its hash."""

    entry: CatalogEntry
    into: str = ""

    @property
    def size_bytes(self) -> int | None:
        return self.entry.size_bytes

    def lacking(self, downloads: Path) -> str | None:
        return None

    def bring(self, folder: Path, downloads: Path, progress: Progress) -> None:
        progress.begin(f"getting {self.entry.file_name}", is_bytes=True)
        place_file(self.entry.get(downloads), folder / self.into / self.entry.file_name)


def _unpack(archive: Path, folder: Path, patterns: tuple[str, ...], progress: Progress) -> None:
    report = progress.begin(f"unpacking {archive.name}", is_bytes=False)
    extract(archive, folder, wanted=lambda name: _matches(name, patterns), report=report)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _in_mirror(path: str) -> Path | None:
    root = mirror_root()
    return root / path if root is not None and (root / path).exists() else None


def _present(path: str) -> Path:
    found = _in_mirror(path)
    if found is None:
        raise DatasetError(f"local mirror: expected {path}, got none")
    return found
