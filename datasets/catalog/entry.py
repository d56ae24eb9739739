"""What the catalogue knows of a public file, and the places to get it from, in order."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from datasets.downloads import download
from datasets.files import NO_ROOM, written_path
from serving.core.bundle import sha256_of
from serving.core.errors import DatasetError

_REPOSITORY = Path(__file__).resolve().parents[2]


def mirror_root() -> Path | None:
    """The local mirror: the folder `shared` beside the repository, where there is one."""
    root = _REPOSITORY.parent / "shared"
    return root if (root / "data").is_dir() else None


class Origin(Protocol):
    """A place that may hold the file."""

    @property
    def description(self) -> str:
        """The place in words, for progress and errors."""

    def fetch(self, destination: Path) -> None:
        """Write the file to `destination`.

        Raises:
            OSError: the place cannot be reached or does not hold the file.
        """


@dataclass(frozen=True, slots=True)
class MirrorOrigin:
    """A file in the local mirror."""

    path: str

    @property
    def description(self) -> str:
        return f"local mirror, {self.path}"

    def fetch(self, destination: Path) -> None:
        root = mirror_root()
        if root is None:
            raise FileNotFoundError("no mirror beside the repository")
        shutil.copyfile(root / self.path, destination)


@dataclass(frozen=True, slots=True)
class DebianOrigin:
    """A file inside a Debian or Ubuntu package, downloaded and unpacked without root."""

    package: str
    path: str

    @property
    def description(self) -> str:
        return f"Debian package {self.package}"

    def fetch(self, destination: Path) -> None:
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise FileNotFoundError("no apt-get on this machine")
        with tempfile.TemporaryDirectory(prefix="footfall-apt-") as folder:
            archive = self._download(Path(folder))
            self._unpack(archive, destination)

    def _download(self, folder: Path) -> Path:
        """Download the package with package lists of our own, so that stale ones do not matter."""
        for part in ("lists/partial", "archives/partial"):
            (folder / part).mkdir(parents=True)
        options = [f"-oDir::State::Lists={folder}/lists", f"-oDir::Cache={folder}"]
        options.append("-oAPT::Sandbox::User=")
        _run(["apt-get", "-qq", *options, "update"], folder)
        _run(["apt-get", "-qq", *options, "download", self.package], folder)
        archives = list(folder.glob("*.deb"))
        if not archives:
            raise FileNotFoundError(f"apt-get downloaded no {self.package}")
        return archives[0]

    def _unpack(self, archive: Path, destination: Path) -> None:
        unpacked = archive.parent / "unpacked"
        _run(["dpkg-deb", "--extract", str(archive), str(unpacked)], archive.parent)
        shutil.copyfile(unpacked / self.path, destination)


@dataclass(frozen=True, slots=True)
class AddressOrigin:
    """A file at a public address."""

    url: str

    @property
    def description(self) -> str:
        return self.url

    def fetch(self, destination: Path) -> None:
        with tempfile.TemporaryDirectory(prefix=".part.", dir=destination.parent) as folder:
            fetched = Path(folder) / destination.name
            download(self.url, fetched)
            fetched.replace(destination)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A public file: name, hash, licence, and where to get it, the nearest place first."""

    name: str
    file_name: str
    sha256: str
    size_bytes: int
    licence: str
    commercial_use: bool
    origins: tuple[Origin, ...]

    def get(self, data_dir: Path) -> Path:
        """Make sure that the file lies in `data_dir`, and return its path.

        A file that is there with the right hash is kept; nothing half-written is ever left.

        Raises:
            DatasetError: `data_dir` cannot be written, or no origin gave a file with the right
                hash; names what each said.
        """
        path = data_dir / self.file_name
        try:
            if path.is_file() and sha256_of(path) == self.sha256:
                return path
            data_dir.mkdir(parents=True, exist_ok=True)
            return self._fetched(path)
        except OSError as error:
            raise DatasetError(
                f"data set '{self.name}': expected to write {path} of {self.size_bytes:,} bytes, "
                f"got {error.strerror} ({written_path(error) or data_dir})"
            ) from error

    def _fetched(self, path: Path) -> Path:
        refusals = []
        for origin in self.origins:
            refusal = self._try(origin, path)
            if refusal is None:
                return path
            refusals.append(f"  {origin.description}: {refusal}")
        raise DatasetError(
            f"data set '{self.name}': expected {path} with sha256 {self.sha256}, got it nowhere:\n"
            + "\n".join(refusals)
        )

    def _try(self, origin: Origin, path: Path) -> str | None:
        """Fetch from one origin; None when the file is in place, else the reason why not.

        Raises:
            OSError: the folder of `path` cannot be written, or is full.
        """
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        partial = Path(name)
        try:
            origin.fetch(partial)
            got = sha256_of(partial)
            if got != self.sha256:
                return f"expected sha256 {self.sha256}, got {got}"
            partial.chmod(0o644)
            partial.replace(path)
        except OSError as error:
            if error.errno in NO_ROOM:  # no other origin helps
                raise
            return str(error)
        finally:
            partial.unlink(missing_ok=True)
        return None


def _run(command: list[str], folder: Path) -> None:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
        raise OSError(f"{' '.join(command[:1])}: {lines[-1]}")
