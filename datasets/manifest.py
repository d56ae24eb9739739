"""The manifest: which files a data set consists of, from where, under which licence.

One hash over it names the data of a training run: it stands in every MLflow run and every bundle.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import cache
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from datasets.files import write_atomically
from datasets.samples import STRICT, check_relative, in_words
from serving.core.bundle import sha256_of
from serving.core.errors import DatasetError

SCHEMA = 1
FILE_NAME = "manifest.json"

_MAX_NAMED = 5
"""Files that one message names."""


@dataclass(frozen=True, slots=True, order=True)
class FileEntry:
    """One file: its path relative to the data set's folder, and its content's hash."""

    path: str
    sha256: str
    size_bytes: int

    __pydantic_config__ = STRICT

    @classmethod
    def of(cls, path: Path, folder: Path) -> FileEntry:
        """The entry of an existing file below `folder`."""
        return cls(path.relative_to(folder).as_posix(), sha256_of(path), path.stat().st_size)


@dataclass(frozen=True, slots=True)
class _Written:
    """What stands in `manifest.json`."""

    __pydantic_config__ = STRICT

    schema: int
    sha256: str
    name: str
    source: str
    licence: str
    commercial_use: bool
    files: tuple[FileEntry, ...]
    version: int = 1
    parent_sha256: str | None = None

    def __post_init__(self) -> None:
        for entry in self.files:
            check_relative(entry.path)


@cache
def _adapter() -> TypeAdapter[_Written]:
    return TypeAdapter(_Written)


def distinct_names(paths: Iterable[Path]) -> dict[Path, str]:
    """For each path the shortest end of it that no other has: mostly the name of the file.

    So `a/labels.json` and `b/labels.json` keep their folders, and no name says where these lie.
    """
    names: dict[Path, str] = {}
    unnamed, num_parts = set(paths), 1
    while unnamed:
        ends = {path: Path(*path.parts[-num_parts:]).as_posix() for path in unnamed}
        times = Counter(ends.values())
        names |= {path: end for path, end in ends.items() if times[end] == 1}
        unnamed -= names.keys()
        num_parts += 1
    return names


@dataclass(frozen=True, slots=True)
class Manifest:
    """A data set's name, origin, licence and files; the files are kept sorted by path.

    `version` counts from 1; `parent_sha256` is the hash of the version that this one was made from.
    """

    name: str
    source: str
    licence: str
    commercial_use: bool
    files: tuple[FileEntry, ...]
    version: int = 1
    parent_sha256: str | None = None

    def __post_init__(self) -> None:
        files = tuple(sorted(self.files, key=attrgetter("path")))
        object.__setattr__(self, "files", files)
        for before, entry in pairwise(files):
            if before.path == entry.path:
                raise DatasetError(
                    f"manifest '{self.name}': expected each file once, got '{entry.path}' twice"
                )

    @property
    def sha256(self) -> str:
        """The hash that names exactly this data: over the name, the paths and the contents."""
        lines = [self.name, *(f"{entry.sha256}  {entry.path}" for entry in self.files)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @classmethod
    def of_files(
        cls,
        paths: Iterable[Path],
        folder: Path,
        *,
        name: str,
        source: str,
        licence: str,
        commercial_use: bool,
        version: int = 1,
        parent_sha256: str | None = None,
    ) -> Manifest:
        """The manifest of existing files below `folder`."""
        files = tuple(FileEntry.of(path, folder) for path in paths)
        return cls(name, source, licence, commercial_use, files, version, parent_sha256)

    def differences(self, folder: Path) -> Iterator[str]:
        """Each file that is missing or changed, in words."""
        for entry in self.files:
            path = folder / entry.path
            if not path.is_file():
                yield f"data set '{self.name}': expected file {path}, got none"
            elif path.stat().st_size != entry.size_bytes:
                yield (
                    f"data set '{self.name}', file {path}: expected {entry.size_bytes:,} bytes, "
                    f"got {path.stat().st_size:,}"
                )
            elif (got := sha256_of(path)) != entry.sha256:
                yield (
                    f"data set '{self.name}', file {path}: expected sha256 {entry.sha256}, "
                    f"got {got}"
                )

    def verify(self, folder: Path) -> None:
        """Check that every file is there unchanged.

        Raises:
            DatasetError: names the files that are missing or changed, the first few of many.
        """
        found = list(self.differences(folder))
        if found:
            more = [f"and {len(found) - _MAX_NAMED} files more"] if len(found) > _MAX_NAMED else []
            raise DatasetError("\n".join(found[:_MAX_NAMED] + more))

    def write(self, folder: Path) -> Path:
        """Write `manifest.json` into `folder`; an interrupted write leaves the old one."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        files = ",\n  ".join(
            json.dumps(asdict(entry), ensure_ascii=False) for entry in values.pop("files")
        )
        head = json.dumps(
            {"schema": SCHEMA, "sha256": self.sha256, **values}, indent=1, ensure_ascii=False
        )
        return write_atomically(
            folder / FILE_NAME, f'{head[:-2]},\n "files": [\n  {files}\n ]\n}}\n'
        )

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read `manifest.json` from `folder`.

        Raises:
            DatasetError: no such file, another schema, or an edited list of files.
        """
        path = folder / FILE_NAME
        try:
            written = _adapter().validate_json(path.read_bytes())
        except FileNotFoundError as error:
            raise DatasetError(f"data set '{folder}': expected a {FILE_NAME}, got none") from error
        except ValidationError as error:
            raise DatasetError(f"{path}: expected a manifest: {in_words(error)}") from error
        schema, stated = written.schema, written.sha256
        manifest = cls(**{f.name: getattr(written, f.name) for f in fields(cls)})
        if schema != SCHEMA or stated != manifest.sha256:
            raise DatasetError(
                f"{path}: expected schema {SCHEMA} and sha256 {manifest.sha256}, "
                f"got {schema} and {stated}"
            )
        return manifest
