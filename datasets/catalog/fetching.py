"""From an entry of the catalogue to a data set's folder: fetch, verify, unpack, read, count."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datasets.catalog.count import check_counts
from datasets.catalog.parts import Progress
from datasets.catalog.public_set import Edition, Place, PublicSet
from datasets.dataset import Dataset
from datasets.files import written_path
from datasets.formats.format import Losses
from datasets.manifest import FILE_NAME as MANIFEST_NAME
from datasets.samples import Sample
from serving.core.errors import DatasetError

DOWNLOADS = "downloads"
"""The folder, below that of all data, that keeps what was fetched."""

_MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """A set in its folder; `losses` and `edition` only where it was read just now."""

    dataset: Dataset
    edition: Edition | None = None
    losses: Losses | None = None


def get_set(
    public_set: PublicSet,
    data_dir: Path,
    progress: Progress,
    *,
    place: Place | None = None,
    must_count: bool = True,
) -> Fetched:
    """Make sure that `data_dir/NAME` is the data set, with its published counts.

    One that is there is kept. A new one is put together beside its place and moved there when all
    is right, so nothing half-made is ever found; what was fetched stays in `data_dir/downloads`.

    Args:
        public_set: which.
        data_dir: the folder of all data.
        progress: told of each piece of work.
        place: where to take it from; None: the first that has it.
        must_count: False keeps a set whose counts differ from the published ones.

    Raises:
        DatasetError: the set is not to be had there, a person must fetch something first, a file
            is damaged, pictures are missing or the counts are others.
        LabelError: the labels break their format.
    """
    folder = data_dir / public_set.name
    if (folder / MANIFEST_NAME).is_file():
        return Fetched(Dataset.load(folder))
    if folder.exists():
        raise DatasetError(f"data set '{public_set.name}': expected no {folder}, got another one")
    downloads = data_dir / DOWNLOADS / public_set.name
    edition = _ready_edition(public_set, downloads, place)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return _made(public_set, edition, folder, downloads, progress, must_count)
    except OSError as error:
        raise DatasetError(
            f"data set '{public_set.name}': expected to write {folder}, got "
            f"{error.strerror or error} ({written_path(error) or data_dir})"
        ) from error


def _ready_edition(public_set: PublicSet, downloads: Path, place: Place | None) -> Edition:
    edition = public_set.edition(downloads, place)
    if edition is None:
        places = [str(one.place) for one in public_set.editions]
        raise DatasetError(f"data set '{public_set.name}': expected one of {places}, got '{place}'")
    lacking = edition.lacking(downloads)
    if not lacking:
        return edition
    if edition.place is Place.MIRROR:
        text = "\n".join(lacking)
        raise DatasetError(f"data set '{public_set.name}': expected a local mirror:\n{text}")
    text = "\n".join([*lacking, f"  licence: {public_set.licence}", f"  see {public_set.homepage}"])
    raise DatasetError(
        f"data set '{public_set.name}': expected files that only a person may fetch, got none:\n"
        f"{text}\nThen run this again: the rest is done from there."
    )


def _made(
    public_set: PublicSet,
    edition: Edition,
    folder: Path,
    downloads: Path,
    progress: Progress,
    must_count: bool,
) -> Fetched:
    name = public_set.name
    with _workplace(folder) as workplace:
        made = workplace / name
        made.mkdir()
        for part in edition.parts:
            part.bring(made, downloads, progress)
        losses = Losses()
        samples = _read(edition, made, losses, progress)
        _check_pictures(name, edition, made, samples)
        if must_count:
            check_counts(name, edition.counts, samples)
        progress.begin("hashing the files", is_bytes=True)
        Dataset.create(
            made,
            samples,
            name=name,
            source=f"{public_set.homepage} ({edition.described})",
            licence=public_set.licence,
            commercial_use=public_set.commercial_use,
            more_files=_files(made),
        )
        made.replace(folder)
    return Fetched(Dataset.load(folder), edition, losses)


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` for this process alone; what a killed one left is removed.

    Raises:
        DatasetError: another process makes the same set just now.
    """
    path = folder.with_name(f".{folder.name}.partial")
    path.mkdir(exist_ok=True)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(handle, folder.name)
        try:
            for left in path.iterdir():
                shutil.rmtree(left)
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(handle)


def _lock(handle: int, name: str) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DatasetError(
            f"data set '{name}': expected to make it alone, got another process at it"
        ) from error


def _read(edition: Edition, folder: Path, losses: Losses, progress: Progress) -> list[Sample]:
    report = progress.begin("reading the labels", is_bytes=False)
    samples: list[Sample] = []
    for sample in edition.read(folder, losses):
        samples.append(sample)
        if len(samples) % 1_000 == 0:
            report(len(samples), None)
    return samples


def _check_pictures(name: str, edition: Edition, folder: Path, samples: list[Sample]) -> None:
    if not edition.has_pictures:
        return
    paths = dict.fromkeys(sample.path for sample in samples)
    missing = [path for path in paths if not (folder / path).is_file()]
    if missing:
        named = ", ".join(missing[:_MAX_NAMED])
        raise DatasetError(
            f"data set '{name}': expected {len(paths):,} files that its labels name, "
            f"got {len(missing):,} missing: {named}{', …' if len(missing) > _MAX_NAMED else ''}"
        )


def _files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
