"""A data set: a folder with a manifest, its typed samples, and the files that they name.

`manifest.json` lists every file with its hash, `samples.jsonl` among them: so the manifest's hash
names the labels as well as the pictures.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from datasets.files import place_file, write_atomically
from datasets.manifest import FILE_NAME as MANIFEST_NAME
from datasets.manifest import FileEntry, Manifest
from datasets.samples import Sample, Split, repeated_keys
from serving.core.errors import DatasetError

SAMPLES_NAME = "samples.jsonl"


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
        path = folder / SAMPLES_NAME
        listed = {entry.path: entry for entry in manifest.files}
        if SAMPLES_NAME not in listed or not path.is_file():
            raise DatasetError(f"data set '{folder}': expected a {SAMPLES_NAME}, got none")
        got = FileEntry.of(path, folder)
        if got != listed[SAMPLES_NAME]:
            raise DatasetError(
                f"data set '{manifest.name}', file {path}: expected sha256 "
                f"{listed[SAMPLES_NAME].sha256}, got {got.sha256}"
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
        write_samples(folder / SAMPLES_NAME, samples)
        paths = dict.fromkeys([SAMPLES_NAME, *more_files, *(sample.path for sample in samples)])
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
        manifest.write(folder)
        return cls(folder, manifest, samples)

    def derive(self, folder: str | Path, samples: Iterable[Sample]) -> Dataset:
        """The next version in a new folder: other samples over the same files, which are linked.

        Raises:
            DatasetError: `folder` holds a data set already, a sample stands twice, or names a
                file that this version does not have.
        """
        folder, samples = Path(folder), tuple(samples)
        if (folder / MANIFEST_NAME).exists():
            raise DatasetError(f"new version: expected no data set in {folder}, got one")
        known = {sample.path for sample in self.samples}
        for path in dict.fromkeys(sample.path for sample in samples):
            if (self.folder / path).is_file():
                place_file(self.folder / path, folder / path)
            elif path not in known:
                raise DatasetError(f"new version: expected a file {self.folder / path}, got none")
        manifest = self.manifest
        return Dataset.create(
            folder,
            samples,
            name=manifest.name,
            source=manifest.source,
            licence=manifest.licence,
            commercial_use=manifest.commercial_use,
            version=manifest.version + 1,
            parent=manifest,
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
        raise DatasetError(f"{path}, line {number}: {_in_words(error)}") from error


def parse_sample(line: bytes) -> Sample:
    """The sample of one line of a `.jsonl` file.

    Raises:
        ValueError: it is none; in words, with key and value.
    """
    try:
        return _adapter().validate_json(line)
    except ValidationError as error:
        raise ValueError(_in_words(error)) from error


def write_samples(path: Path, samples: Iterable[Sample]) -> Path:
    """Write samples, one a line, what is at its default left out; all or nothing."""
    dump = _adapter().dump_json
    return write_atomically(
        path, b"".join(dump(sample, exclude_defaults=True) + b"\n" for sample in samples)
    )


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


def _in_words(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("value_error", "json_invalid"):
        return f"{where}: {message}" if where else message
    return f"{where}: {message.lower()}, got {first['input']!r}"
