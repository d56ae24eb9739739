"""The data set that sampled frames go into: it grows, and it is whole whenever one stops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.dataset import SAMPLES_NAME, Dataset, check_samples, write_version
from datasets.files import write_atomically
from datasets.manifest import FILE_NAME as MANIFEST_NAME
from datasets.manifest import FileEntry, Manifest
from datasets.samples import Sample
from datasets.sampling.footage import Shot, file_name
from serving.core.errors import ConfigError, DatasetError
from serving.core.frame import Frame

PictureFormat = Literal["jpg", "png"]

ORIGIN, FRAME, AT, FACES = "origin", "frame", "at_s", "faces"
"""Properties of a sample: which picture of which recording, its number and its time in it, and
whether faces are hidden."""
BLURRED = "blurred"

_PICTURES = "images"
_JPEG_QUALITY = 95
_SAVED_EVERY = 100
"""New frames after which labels and manifest are written: what a power cut costs at most."""


class Blurs(Protocol):
    """Hides faces; `datasets.sampling.blur.FaceBlur` does."""

    def blurred(self, frame: Frame) -> NDArray[np.uint8]:
        """A copy of the picture without recognisable faces."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a new data set says of itself; one that is there keeps what it says."""

    name: str
    source: str = "own footage"
    licence: str = "not stated"
    commercial_use: bool = False


class Collection:
    """A data set of single frames that frames are added to.

    A frame that is there already is not written again; only its tags grow. `save` makes one new
    version of all that was added.

    Args:
        folder: of the data set; made where it is missing.
        about: what a new data set says of itself.
        blur: hides faces in all that is added; None leaves them.
        picture_format: `jpg` in quality 95, or `png`.

    Raises:
        DatasetError: the folder holds other things, a broken data set, or frames in which faces
            are treated otherwise than now.
    """

    def __init__(
        self,
        folder: Path,
        about: About,
        blur: Blurs | None = None,
        picture_format: PictureFormat = "jpg",
    ) -> None:
        self.folder, self._about, self._blur = folder, about, blur
        self._format = picture_format
        self._parent = _read(folder)
        samples = self._parent.samples if self._parent is not None else ()
        self._check_faces(samples)
        self._samples = {sample.key: sample for sample in samples}
        self._entries = (
            {entry.path: entry for entry in self._parent.manifest.files} if self._parent else {}
        )
        self._paths = {
            origin: sample.key
            for sample in samples
            if (origin := sample.properties.get(ORIGIN)) is not None
        }
        self._num_unsaved = 0
        self._before = frozenset(self._paths)
        self._met: set[str] = set()
        self.num_added = 0
        self.tags: Counter[str] = Counter()

    def __contains__(self, origin: str) -> bool:
        """Whether a frame is there, by its `Shot.origin`."""
        return origin in self._paths

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def num_known(self) -> int:
        """Frames that were chosen and had been there before."""
        return len(self._met)

    def add(self, shot: Shot, tags: Iterable[str]) -> None:
        """Write a frame, or add tags to the one that is there.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        if shot.origin in self._paths:
            self.tag(shot.origin, tags)
            return
        path = self._free_path(shot)
        image = shot.frame.image if self._blur is None else self._blur.blurred(shot.frame)
        write_atomically(self.folder / path, _encoded(image, self._format))
        self._entries[path] = FileEntry.of(self.folder / path, self.folder)
        self._samples[path] = _sample(shot, path, tuple(tags), self._blur is not None)
        self._paths[shot.origin] = path
        self.num_added += 1
        self._changed(tags)

    def tag(self, origin: str, tags: Iterable[str]) -> None:
        """Add tags to a frame that is there; those that it has are not added again."""
        key = self._paths[origin]
        self._met |= {origin} & self._before
        sample = self._samples[key]
        new = [tag for tag in dict.fromkeys(tags) if tag not in sample.tags]
        if new:
            self._samples[key] = replace(sample, tags=(*sample.tags, *new))
            self._changed(new)

    def save(self) -> None:
        """Write samples and manifest; nothing where nothing was added.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        if not self._num_unsaved:
            return
        samples = tuple(self._samples.values())
        check_samples(samples, f"{self.folder}")
        write_version(self.folder, samples, self._manifest())
        self._num_unsaved = 0

    def _changed(self, tags: Iterable[str]) -> None:
        self.tags.update(tags)
        self._num_unsaved += 1
        if self._num_unsaved >= _SAVED_EVERY:
            self.save()

    def _manifest(self) -> Manifest:
        files = tuple(self._entries.values())
        if self._parent is None:
            about = self._about
            return Manifest(about.name, about.source, about.licence, about.commercial_use, files)
        before = self._parent.manifest
        return replace(before, files=files, version=before.version + 1, parent_sha256=before.sha256)

    def _free_path(self, shot: Shot) -> str:
        """Where a frame goes; its file's name says when it was captured, or which one it is."""
        camera = file_name(shot.frame.camera_id)
        stem = _clock_name(shot.frame.captured_at) if shot.is_clock_time else shot.stem
        path = f"{_PICTURES}/{camera}/{stem}.{self._format}"
        if path in self._samples:  # another recording of the same moment
            path = f"{_PICTURES}/{camera}/{stem}-{shot.stem}.{self._format}"
        if path in self._samples:
            raise DatasetError(f"{self.folder}: expected each frame once, got {path} twice")
        return path

    def _check_faces(self, samples: Iterable[Sample]) -> None:
        wanted = BLURRED if self._blur is not None else None
        others = sum(sample.properties.get(FACES) != wanted for sample in samples)
        if others:
            how = ("hidden", "shown") if wanted else ("shown", "hidden")
            raise DatasetError(
                f"{self.folder}: expected only frames with faces {how[0]}, got {others:,} with "
                f"faces {how[1]}: a data set is one or the other; take another folder"
            )


def _read(folder: Path) -> Dataset | None:
    if (folder / MANIFEST_NAME).exists():
        return Dataset.load(folder)
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder}: expected a folder, got a file")
    if (folder / SAMPLES_NAME).exists():
        raise DatasetError(f"{folder}: expected a {MANIFEST_NAME} beside {SAMPLES_NAME}, got none")
    # Pictures alone are what a run leaves that was cut off before it first saved.
    others = sorted(path.name for path in folder.glob("[!.]*") if path.name != _PICTURES)
    if others:
        raise DatasetError(f"{folder}: expected a data set or an empty folder, got {others[:3]}")
    return None


def _sample(shot: Shot, path: str, tags: tuple[str, ...], is_blurred: bool) -> Sample:
    frame = shot.frame
    properties: Mapping[str, str] = {ORIGIN: shot.origin, FRAME: str(frame.index)}
    if not shot.is_clock_time:
        properties = {**properties, AT: f"{frame.captured_at:.3f}"}
    if is_blurred:
        properties = {**properties, FACES: BLURRED}
    return Sample(
        path=path,
        image_size_hw=frame.image_size_hw,
        camera=frame.camera_id,
        captured_at=frame.captured_at if shot.is_clock_time else None,
        source=shot.source,
        is_labelled=False,
        tags=tuple(dict.fromkeys(tags)),
        properties=properties,
    )


def _clock_name(at_s: float) -> str:
    try:
        moment = datetime.fromtimestamp(at_s, UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"frame: expected a time of our calendar, got {at_s:g} s UTC") from error
    return moment.strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"


def _encoded(image: NDArray[np.uint8], picture_format: PictureFormat) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if picture_format == "jpg" else []
    is_done, data = cv2.imencode(f".{picture_format}", image, options)
    if not is_done:
        raise ConfigError(f"picture format: expected jpg or png, got {picture_format}")
    return data.tobytes()
