"""Labels and their pictures from one place to another: import, export, convert; all or nothing."""

from __future__ import annotations

import filecmp
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import cv2

from datasets.dataset import Dataset
from datasets.files import copy_atomically, inside, new_folder, place_file, write_atomically
from datasets.formats.format import Format, Losses
from datasets.media import image_size_hw, open_video, read_frames
from datasets.samples import PICTURE_SUFFIXES, Sample, Split
from serving.core.errors import DatasetError, LabelError

_JPEG_QUALITY = 95
"""Of frames that become pictures: more changes no detector's boxes."""

_MAX_NAMED = 5
"""Faults that one message names."""

_Size = tuple[int, int] | None


class Media(StrEnum):
    """What becomes of pictures and videos: linked where the disk can, copied, or left out."""

    LINK = "link"
    COPY = "copy"
    NONE = "none"


def import_folder(
    labels: Format,
    root: Path,
    folder: Path,
    losses: Losses,
    *,
    name: str,
    source: str,
    licence: str,
    commercial_use: bool,
    pictures: Path | None = None,
    media: Media = Media.LINK,
    camera: str | None = None,
    split: Split | None = None,
) -> Dataset:
    """Make a data set of labels in a foreign format, with their pictures.

    Each picture must be there and have the size that the labels say; where these say none, it is
    taken from the picture.

    Args:
        labels: the format.
        root: a folder or a file of it.
        folder: of the new data set; it must not hold anything yet.
        losses: filled with what a sample cannot hold.
        name: of the data set.
        source: where it comes from.
        licence: of pictures and labels.
        commercial_use: whether the licence allows it.
        pictures: the folder that the paths of the samples are relative to, where it is not the one
            of the labels.
        media: what becomes of the pictures; with `NONE` they are not looked for.
        camera: of all samples that do not say theirs.
        split: of all samples that do not say theirs.

    Raises:
        LabelError: the labels break their format.
        DatasetError: pictures are missing, broken or of another size, a sample stands twice, or
            the folder is not empty.
    """
    shelf = _Shelf(pictures or (root if root.is_dir() else root.parent))
    with new_folder(folder) as work:
        samples = [
            replace(sample, camera=sample.camera or camera, split=sample.split or split)
            for sample in shelf.sized(labels.read(root, losses), media)
        ]
        shelf.check()
        if not samples:
            raise LabelError(f"{root}: expected samples, got none")
        if media is not Media.NONE:
            for path in dict.fromkeys(sample.path for sample in samples):
                _put(shelf.path_of(path), work / path, media)
        made = Dataset.create(
            work,
            samples,
            name=name,
            source=source,
            licence=licence,
            commercial_use=commercial_use,
        )
    return replace(made, folder=folder)


def export_samples(
    labels: Format,
    samples: Iterable[Sample],
    pictures: Path,
    root: Path,
    losses: Losses,
    media: Media = Media.LINK,
) -> None:
    """Write samples in a format into a new folder, with their pictures at its places.

    A frame of a video that the format wants as a picture is taken from the video, as JPEG where
    the name says so.

    Args:
        labels: the format.
        samples: one after the other; they are not kept.
        pictures: the folder that their paths are relative to.
        root: the folder to make; it must not hold anything yet.
        losses: filled with what the format cannot hold.
        media: what becomes of the pictures; with `NONE` only labels are written.

    Raises:
        LabelError: a sample that the format cannot write, as for want of its size.
        DatasetError: pictures are missing or broken, or the folder is not empty.
    """
    shelf = _Shelf(pictures)
    with new_folder(root) as work:
        frames = _Frames()

        def place(sample: Sample, path: str) -> None:
            destination = inside(work, path)
            if sample.frame_index is not None and destination.suffix.lower() in PICTURE_SUFFIXES:
                frames.add(shelf.path_of(sample.path), sample.frame_index, destination)
            elif media is not Media.NONE and shelf.has(sample.path):
                _put(shelf.path_of(sample.path), destination, media)

        labels.write(shelf.sized(samples, media), work, losses, place)
        shelf.check()
        if media is not Media.NONE:
            frames.write()


class _Shelf:
    """The folder of pictures and videos: what lies there, and what was found wrong with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._size_hw: dict[str, _Size] = {}
        self._faults: list[str] = []

    def path_of(self, path: str) -> Path:
        """Where a sample's file lies.

        Raises:
            DatasetError: outside the folder.
        """
        return inside(self._folder, path)

    def has(self, path: str) -> bool:
        """Whether the file lies there."""
        return self.path_of(path).is_file()

    def sized(self, samples: Iterable[Sample], media: Media) -> Iterator[Sample]:
        """The samples with the sizes of their pictures; what is wrong is kept for `check`."""
        for sample in samples:
            if media is Media.NONE and not self.has(sample.path):
                yield sample
                continue
            size_hw = self._found(sample)
            if size_hw is not None and sample.image_size_hw not in (None, size_hw):
                self._faults.append(_other_size(self.path_of(sample.path), sample, size_hw))
            yield replace(sample, image_size_hw=sample.image_size_hw or size_hw)

    def check(self) -> None:
        """Check that nothing was wrong.

        Raises:
            DatasetError: names the first few faults.
        """
        if self._faults:
            more = len(self._faults) - _MAX_NAMED
            named = self._faults[:_MAX_NAMED] + ([f"and {more:,} more"] if more > 0 else [])
            raise DatasetError("\n".join(named))

    def _found(self, sample: Sample) -> _Size:
        """The size of a picture, or of a video, which is looked at once."""
        if not sample.is_video:
            return self._measured(sample.path, image_size_hw)
        if sample.path not in self._size_hw:
            self._size_hw[sample.path] = self._measured(sample.path, _video_size_hw)
        return self._size_hw[sample.path]

    def _measured(self, path: str, measure: Callable[[Path], tuple[int, int]]) -> _Size:
        where = self.path_of(path)
        try:
            return measure(where)
        except DatasetError as error:
            self._faults.append(str(error))
            return None


def _video_size_hw(path: Path) -> tuple[int, int]:
    capture = open_video(path)
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    capture.release()
    return height, width


def _other_size(path: Path, sample: Sample, got: tuple[int, int]) -> str:
    height, width = sample.image_size_hw or got
    turned = ", turned by its EXIF orientation" if got == (width, height) != (height, width) else ""
    return f"{path}: expected {width}×{height} px as its labels say, got {got[1]}×{got[0]}{turned}"


class _Frames:
    """Frames that become pictures: each video is decoded once."""

    def __init__(self) -> None:
        self._wanted: dict[Path, list[tuple[int, Path]]] = {}

    def add(self, video: Path, frame_index: int, destination: Path) -> None:
        self._wanted.setdefault(video, []).append((frame_index, destination))

    def write(self) -> None:
        for video, wanted in self._wanted.items():
            wanted.sort()
            frames = read_frames(video, [index for index, _ in wanted])
            for (_, destination), frame in zip(wanted, frames, strict=True):
                options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
                _, data = cv2.imencode(destination.suffix, frame, options)
                write_atomically(destination, data.tobytes())


def _put(source: Path, destination: Path, media: Media) -> None:
    if media is Media.LINK:
        place_file(source, destination)
    elif not destination.exists():
        destination.parent.mkdir(parents=True, exist_ok=True)
        copy_atomically(source, destination)
    elif not filecmp.cmp(source, destination, shallow=False):
        raise DatasetError(f"{destination}: expected one file of this name, got two")
