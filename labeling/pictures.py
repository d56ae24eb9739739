"""Where the labeler's browser finds the pictures: uploaded, or linked where they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import quote

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.files import inside
from datasets.formats.label_studio import Interface
from datasets.media import frame_rate_hz, image_size_hw, open_video
from datasets.samples import Sample
from labeling.client import MAX_UPLOAD_FILES, Client, Project, TooLargeError
from labeling.cutting import FrameCutter
from serving.core.errors import DatasetError, LabelingError

LOCAL_FILES = "/data/local-files/?d="
"""Where a server that serves files of its own disk has them, below its root."""

SHOWN_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpg", ".jpeg", ".mp4", ".png", ".svg", ".webm", ".webp"}
)
"""Endings of files that Label Studio takes and a browser shows."""

_MAX_UPLOAD_BYTES = 32_000_000
_JPEG_QUALITY = 95


class Pictures(Protocol):
    """A way to show the samples of a data set."""

    def check(self, sample: Sample) -> None:
        """Check that it can be shown, without sending anything.

        Raises:
            DatasetError: it cannot; says what to do.
        """

    def addresses(self, samples: Sequence[Sample]) -> Mapping[str, str]:
        """The address of each sample's picture by its key, each there to be fetched.

        Raises:
            DatasetError: a file cannot be read.
            LabelingError: the server does not take it.
        """


class LinkedPictures:
    """Pictures that stay where they are, below an address that the labelers' browsers reach.

    Args:
        prefix: what stands before the path of a sample's file.
        interface: whether videos are shown whole.
    """

    def __init__(self, prefix: str, interface: Interface) -> None:
        self._prefix = prefix
        self._interface = interface

    def check(self, sample: Sample) -> None:
        """See `Pictures`."""
        if is_cut_out(sample, self._interface):
            raise DatasetError(
                f"sample '{sample.key}': expected a picture to link, got a frame of a video; "
                "upload it, or cut frames with python -m datasets sample"
            )
        _check_suffix(sample)

    def addresses(self, samples: Sequence[Sample]) -> Mapping[str, str]:
        """See `Pictures`."""
        return {sample.key: self._prefix + quote(sample.path) for sample in samples}


class UploadedPictures:
    """Pictures that Label Studio keeps. A file is sent once, whatever it is called.

    Args:
        client: of the server.
        project: which keeps them.
        folder: of the data set.
        interface: whether videos are shown whole, or their frames as pictures.
    """

    def __init__(
        self, client: Client, project: Project, folder: Path, interface: Interface
    ) -> None:
        self._client = client
        self._project = project
        self._folder = folder
        self._interface = interface
        self._there: dict[str, str] | None = None
        self._cutter = FrameCutter()

    def check(self, sample: Sample) -> None:
        """See `Pictures`."""
        if not is_cut_out(sample, self._interface):
            _check_suffix(sample)

    def addresses(self, samples: Sequence[Sample]) -> Mapping[str, str]:
        """See `Pictures`."""
        if self._there is None:  # of a push that was cut off, too
            self._there = self._client.uploads(self._project)
        names: dict[str, str] = {}
        waiting: dict[str, bytes] = {}
        for sample, content in self._contents(samples):
            suffix = ".jpg" if is_cut_out(sample, self._interface) else _suffix(sample)
            name = hashlib.sha256(content).hexdigest()[:32] + suffix
            names[sample.key] = name
            if name in self._there or name in waiting:
                continue
            size = sum(map(len, waiting.values())) + len(content)
            if waiting and (size > _MAX_UPLOAD_BYTES or len(waiting) == MAX_UPLOAD_FILES):
                self._send(waiting)
                waiting = {}
            waiting[name] = content
        self._send(waiting)
        return {key: self._there[name] for key, name in names.items()}

    def _send(self, files: Mapping[str, bytes]) -> None:
        if not files:
            return
        assert self._there is not None
        try:
            self._there |= self._client.upload(self._project, files)
        except TooLargeError as error:
            if len(files) == 1:
                ((name, content),) = files.items()
                raise LabelingError(
                    f"{error} (one file of {len(content):,} bytes, {name}; raise the limit of the "
                    "proxy, or link the files with url_prefix or files_root)"
                ) from error
            entries = list(files.items())
            for half in (entries[: len(entries) // 2], entries[len(entries) // 2 :]):
                self._send(dict(half))

    def _contents(self, samples: Sequence[Sample]) -> Iterator[tuple[Sample, bytes]]:
        """Each sample with its file, frames of a video in one pass, over batches that ascend."""
        frames: dict[str, list[Sample]] = {}
        for sample in samples:
            if is_cut_out(sample, self._interface):
                frames.setdefault(sample.path, []).append(sample)
                continue
            path = inside(self._folder, sample.path)
            try:
                yield sample, path.read_bytes()
            except OSError as error:
                raise DatasetError(f"{path}: expected a file, got {error.strerror}") from error
        for video, group in frames.items():
            group.sort(key=lambda sample: sample.frame_index or 0)
            path = inside(self._folder, video)
            for sample in group:
                yield sample, _jpeg(self._cutter.frame(path, sample.frame_index or 0))


def is_cut_out(sample: Sample, interface: Interface) -> bool:
    """Whether a frame of a video is shown as a picture of its own."""
    return sample.frame_index is not None and interface is not Interface.PERSON_TRACKS


class Measures:
    """Sizes of pictures and frame rates of videos, read once a video.

    Args:
        folder: of the data set.
        must_exist: whether a missing file is an error; a linked one may lie elsewhere.
    """

    def __init__(self, folder: Path, *, must_exist: bool) -> None:
        self._folder = folder
        self._must_exist = must_exist
        self._videos: dict[str, tuple[tuple[int, int], float]] = {}

    def sized(self, sample: Sample) -> Sample:
        """The sample with the size of its picture, which results are drawn by.

        Raises:
            DatasetError: the file is missing or cannot be read.
        """
        if not self._is_there(sample):
            return sample
        if sample.is_video:
            return replace(sample, image_size_hw=self._video(sample)[0])
        return replace(sample, image_size_hw=image_size_hw(inside(self._folder, sample.path)))

    def frame_rate_hz(self, sample: Sample) -> float | None:
        """Frames a second of a sample's video; None of a picture, or where the file is not here.

        Raises:
            DatasetError: the file is missing or cannot be read.
        """
        if not sample.is_video or not self._is_there(sample):
            return None
        return self._video(sample)[1]

    def _is_there(self, sample: Sample) -> bool:
        return self._must_exist or inside(self._folder, sample.path).is_file()

    def _video(self, sample: Sample) -> tuple[tuple[int, int], float]:
        if sample.path not in self._videos:
            path = inside(self._folder, sample.path)
            self._videos[sample.path] = video_size_hw(path), frame_rate_hz(path)
        return self._videos[sample.path]


def video_size_hw(video: Path) -> tuple[int, int]:
    """Height and width of a video's frames.

    Raises:
        DatasetError: the video is missing or unreadable.
    """
    capture = open_video(video)
    height, width = (
        int(capture.get(which)) for which in (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH)
    )
    capture.release()
    return height, width


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()


def _suffix(sample: Sample) -> str:
    return PurePosixPath(sample.path).suffix.lower()


def _check_suffix(sample: Sample) -> None:
    if _suffix(sample) not in SHOWN_SUFFIXES:
        raise DatasetError(
            f"sample '{sample.key}': expected a file that a browser shows, one of "
            f"{', '.join(sorted(SHOWN_SUFFIXES))}, got '{_suffix(sample)}'"
        )
