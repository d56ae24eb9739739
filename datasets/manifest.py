"""The manifest: which files a data set consists of, from where, under which licence.

One hash over it names the data of a training run: it stands in every MLflow run and every bundle.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from datasets.files import write_atomically
from serving.core.bundle import sha256_of
from serving.core.errors import DatasetError

SCHEMA = 1
FILE_NAME = "manifest.json"


@dataclass(frozen=True, slots=True, order=True)
class FileEntry:
    """One file: its path relative to the data set's folder, and its content's hash."""

    path: str
    sha256: str
    size_bytes: int

    @classmethod
    def of(cls, path: Path, folder: Path) -> FileEntry:
        """The entry of an existing file below `folder`."""
        return cls(path.relative_to(folder).as_posix(), sha256_of(path), path.stat().st_size)


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
    """A data set's name, origin, licence and files; the files are kept sorted by path."""

    name: str
    source: str
    licence: str
    commercial_use: bool
    files: tuple[FileEntry, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", tuple(sorted(self.files)))
        paths = [entry.path for entry in self.files]
        repeated = {path for path in paths if paths.count(path) > 1}
        if repeated:
            raise DatasetError(f"manifest '{self.name}': expected each file once, got {repeated}")

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
    ) -> Manifest:
        """The manifest of existing files below `folder`."""
        files = tuple(FileEntry.of(path, folder) for path in paths)
        return cls(name, source, licence, commercial_use, files)

    def verify(self, folder: Path) -> None:
        """Check that every file is there unchanged.

        Raises:
            DatasetError: names the first file that is missing or changed.
        """
        for entry in self.files:
            path = folder / entry.path
            if not path.is_file():
                raise DatasetError(f"data set '{self.name}': expected file {path}, got none")
            got = sha256_of(path)
            if got != entry.sha256:
                raise DatasetError(
                    f"data set '{self.name}', file {path}: expected sha256 {entry.sha256}, "
                    f"got {got}"
                )

    def write(self, folder: Path) -> Path:
        """Write `manifest.json` into `folder`; an interrupted write leaves the old one."""
        text = json.dumps({"schema": SCHEMA, "sha256": self.sha256, **asdict(self)}, indent=2)
        return write_atomically(folder / FILE_NAME, text + "\n")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read `manifest.json` from `folder`.

        Raises:
            DatasetError: no such file, another schema, or an edited list of files.
        """
        path = folder / FILE_NAME
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            stated = values.pop("sha256")
            schema = values.pop("schema")
            files = tuple(FileEntry(**entry) for entry in values.pop("files"))
            manifest = cls(**values, files=files)
        except FileNotFoundError as error:
            raise DatasetError(f"data set '{folder}': expected a {FILE_NAME}, got none") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DatasetError(f"{path}: expected a manifest, got {error!r}") from error
        if schema != SCHEMA or stated != manifest.sha256:
            raise DatasetError(
                f"{path}: expected schema {SCHEMA} and sha256 {manifest.sha256}, "
                f"got {schema} and {stated}"
            )
        return manifest
