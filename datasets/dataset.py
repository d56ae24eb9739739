"""A data set: a folder with a manifest, its typed samples, and the files that they name.

`manifest.json` lists every file with its hash, `samples.jsonl` among them: so the manifest's hash
names the labels as well as the pictures. What is cut off while it is written, at any moment, leaves
the version before or the new one.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from datasets.files import inside, new_folder, place_file, write_atomically
from datasets.manifest import FileEntry, Manifest
from datasets.samples import Sample, Split, in_words, repeated_keys
from serving.core.bundle import sha256_of
from serving.core.errors import DatasetError

SAMPLES_NAME = "samples.jsonl"

_WAITING_NAME = f".{SAMPLES_NAME}.next"
"""New samples until the manifest names them; then they take the place of the old ones."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One version of a data set, read and checked. `samples` keep the order of the file."""

    folder: Path
    manifest: Manifest
    samples: tuple[Sample, ...]

    @classmethod
    def load(cls, folder: str | Path) -> Dataset:
        """Read the manifest and the samples of a folder; pictures are not opened.

        Raises:
            DatasetError: no such data set, a line that is no sample, a sample that stands twice
                or whose file the manifest does not list, or samples changed since the manifest.
        """
        with _no_collection():
            return cls._read(Path(folder))

    @classmethod
    def _read(cls, folder: Path) -> Dataset:
        manifest = Manifest.read(folder)
        path = samples_file(folder, manifest)
        if path is None:
            raise DatasetError(f"data set '{folder}': expected a {SAMPLES_NAME}, got none")
        listed, got = _listed_samples(manifest), FileEntry.of(path, folder)
        if listed is None or got.sha256 != listed.sha256:
            expected = "it in the manifest" if listed is None else f"sha256 {listed.sha256}"
            raise DatasetError(
                f"data set '{manifest.name}', file {path}: expected {expected}, got {got.sha256}"
            )
        samples = tuple(read_samples(path))
        check_samples(samples, f"{path}")
        return cls(folder, manifest, samples)

    @classmethod
    def create(
        cls,
        folder: str | Path,
        samples: Iterable[Sample],
        *,
        name: str,
        source: str,
        licence: str,
        commercial_use: bool,
        version: int = 1,
        parent: Manifest | None = None,
        more_files: Iterable[str] = (),
    ) -> Dataset:
        """Make a data set of the files that lie in `folder` already: write samples and manifest.

        One that is there becomes the new one at once; cut off before, it is what it was.

        A sample whose file is not there is a label without a picture, which some public sets are;
        `check` counts these.

        Args:
            folder: of the data set.
            samples: in any order; they are kept in it.
            name: of the data set, the same in all its versions.
            source: where it comes from.
            licence: of pictures and labels.
            commercial_use: whether the licence allows it.
            version: counts from 1.
            parent: the version that this one was made from.
            more_files: further files to list, relative to `folder`.

        Raises:
            DatasetError: a sample stands twice.
        """
        folder, samples = Path(folder), tuple(samples)
        check_samples(samples, f"data set '{name}'")
        paths = dict.fromkeys([*more_files, *(sample.path for sample in samples)])
        paths.pop(SAMPLES_NAME, None)
        manifest = Manifest.of_files(
            [folder / path for path in paths if (folder / path).is_file()],
            folder,
            name=name,
            source=source,
            licence=licence,
            commercial_use=commercial_use,
            version=version,
            parent_sha256=parent.sha256 if parent is not None else None,
        )
        return cls(folder, write_version(folder, samples, manifest), samples)

    def derive(self, folder: str | Path, samples: Iterable[Sample]) -> Dataset:
        """The next version in a new folder: other samples over the same files, which are linked.

        Raises:
            DatasetError: `folder` holds something already, a sample stands twice, or names a file
                that is missing, changed since this version, or led out to by a link.
        """
        folder, samples = Path(folder), tuple(samples)
        known = {sample.path for sample in self.samples}
        manifest = self.manifest
        listed = {entry.path for entry in manifest.files}
        with new_folder(folder) as work:
            for path in dict.fromkeys(sample.path for sample in samples):
                place = inside(self.folder, path)
                if place.is_file():
                    place_file(place, work / path)
                elif path in listed or path not in known:
                    raise DatasetError(f"new version: expected a file {place}, got none")
            made = Dataset.create(
                work,
                samples,
                name=manifest.name,
                source=manifest.source,
                licence=manifest.licence,
                commercial_use=manifest.commercial_use,
                version=manifest.version + 1,
                parent=manifest,
            )
            self._check_unchanged(made.manifest)
        return replace(made, folder=folder)

    def _check_unchanged(self, made: Manifest) -> None:
        """Check that a new version has the files that this one lists, and no others in their place.

        Raises:
            DatasetError: names the first that differs.
        """
        listed = {entry.path: entry for entry in self.manifest.files}
        for entry in made.files:
            if entry.path != SAMPLES_NAME and listed.get(entry.path, entry) != entry:
                raise DatasetError(
                    f"new version: expected {self.folder / entry.path} as in version "
                    f"{self.manifest.version}, sha256 {listed[entry.path].sha256}, got "
                    f"{entry.sha256}"
                )

    def of_split(self, split: Split | None) -> tuple[Sample, ...]:
        """The samples of one split; None: those without one."""
        return tuple(sample for sample in self.samples if sample.split == split)

    def path_of(self, sample: Sample) -> Path:
        """Where a sample's file lies."""
        return self.folder / sample.path


def read_samples(path: Path) -> Iterator[Sample]:
    """The samples of a `.jsonl` file, one a line.

    Raises:
        DatasetError: no such file, or a line that is no sample; names line, key and value.
    """
    validate = _adapter().validate_json
    number = 0
    try:
        with path.open("rb") as file:
            for line in file:
                number += 1
                yield validate(line)
    except OSError as error:
        raise DatasetError(f"{path}: expected samples: {error.strerror}") from error
    except ValidationError as error:
        raise DatasetError(f"{path}, line {number}: {in_words(error)}") from error


def parse_sample(line: bytes) -> Sample:
    """The sample of one line of a `.jsonl` file.

    Raises:
        ValueError: it is none; in words, with key and value.
    """
    try:
        return _adapter().validate_json(line)
    except ValidationError as error:
        raise ValueError(in_words(error)) from error


def write_samples(path: Path, samples: Iterable[Sample]) -> Path:
    """Write samples, one a line, what is at its default left out; all or nothing."""
    dump = _adapter().dump_json
    return write_atomically(
        path, b"".join(dump(sample, exclude_defaults=True) + b"\n" for sample in samples)
    )


def write_version(folder: Path, samples: Iterable[Sample], others: Manifest) -> Manifest:
    """Write samples and the manifest of a new version, so that a reader finds it or the one before.

    The manifest decides: until it is written the new samples wait beside the old ones, and whoever
    reads after that puts them in their place if the writer could not.

    Args:
        folder: of the data set.
        samples: of the new version.
        others: its manifest; what it says of the samples' own file is replaced.

    Returns:
        The manifest with that file in it.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
    """
    waiting = write_samples(folder / _WAITING_NAME, samples)
    entry = replace(FileEntry.of(waiting, folder), path=SAMPLES_NAME)
    files = (entry, *(one for one in others.files if one.path != SAMPLES_NAME))
    manifest = replace(others, files=files)
    manifest.write(folder)
    with suppress(FileNotFoundError):  # a reader has done it
        waiting.replace(folder / SAMPLES_NAME)
    return manifest


def samples_file(folder: Path, manifest: Manifest) -> Path | None:
    """The file of the samples that the manifest names, or what lies in its place; None: nothing.

    Where a write was cut off it is finished, or read from where it waits if the folder is closed to
    writing.
    """
    path, waiting = folder / SAMPLES_NAME, folder / _WAITING_NAME
    listed = _listed_samples(manifest)
    if listed is not None and waiting.is_file() and sha256_of(waiting) == listed.sha256:
        try:
            waiting.replace(path)
        except OSError:
            return waiting if waiting.is_file() else path
    return path if path.is_file() else None


def _listed_samples(manifest: Manifest) -> FileEntry | None:
    return next((entry for entry in manifest.files if entry.path == SAMPLES_NAME), None)


def check_samples(samples: Sequence[Sample], where: str) -> None:
    """Check that each sample stands once.

    Raises:
        DatasetError: names the first keys that more than one sample has.
    """
    repeated = repeated_keys(samples)
    if repeated:
        raise DatasetError(
            f"{where}: expected each sample once, got {repeated[:3]} more than once"
            + (f" and {len(repeated) - 3} others" if len(repeated) > 3 else "")
        )


def with_splits(samples: Iterable[Sample], split: Split | None) -> Iterator[Sample]:
    """The samples, all of one split."""
    return (replace(sample, split=split) for sample in samples)


@cache
def _adapter() -> TypeAdapter[Sample]:
    return TypeAdapter(Sample)


@contextmanager
def _no_collection() -> Iterator[None]:
    """No search for garbage while many objects come into being that all stay: it takes as long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
