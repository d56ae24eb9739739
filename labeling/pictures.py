"""Where the labeler's browser finds the pictures: uploaded, or linked where they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import quote

import cv2

from datasets.files import inside
from datasets.formats.label_studio import Interface
from datasets.media import image_size_hw, open_video, read_frames
from datasets.samples import Sample
from labeling.client import MAX_UPLOAD_FILES, Client, Project, TooLargeError
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
        for sample in samples:
            path = inside(self._folder, sample.path)
            if is_cut_out(sample, self._interface):
                yield sample, _jpeg(path, sample.frame_index or 0)
                continue
            try:
                yield sample, path.read_bytes()
            except OSError as error:
                raise DatasetError(f"{path}: expected a file, got {error.strerror}") from error


def is_cut_out(sample: Sample, interface: Interface) -> bool:
    """Whether a frame of a video is shown as a picture of its own."""
    return sample.frame_index is not None and interface is not Interface.PERSON_TRACKS


def measured(folder: Path, sample: Sample, *, must_exist: bool = True) -> Sample:
    """The sample with the size of its picture, which results are drawn by.

    Args:
        folder: of the data set.
        sample: one of its samples.
        must_exist: whether a missing file is an error; a linked one may lie elsewhere.

    Raises:
        DatasetError: the file is missing or cannot be read.
    """
    path = inside(folder, sample.path)
    if not must_exist and not path.is_file():
        return sample
    size_hw = _video_size_hw(path) if sample.is_video else image_size_hw(path)
    return replace(sample, image_size_hw=size_hw)


def _video_size_hw(path: Path) -> tuple[int, int]:
    capture = open_video(path)
    width, height = (
        capture.get(of) for of in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    capture.release()
    return int(height), int(width)


def _jpeg(video: Path, frame_index: int) -> bytes:
    (image,) = read_frames(video, [frame_index])
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()


def _suffix(sample: Sample) -> str:
    return PurePosixPath(sample.path).suffix.lower()


def _check_suffix(sample: Sample) -> None:
    if _suffix(sample) not in SHOWN_SUFFIXES:
        raise DatasetError(
            f"sample '{sample.key}': expected a file that a browser shows, one of "
            f"{', '.join(sorted(SHOWN_SUFFIXES))}, got '{_suffix(sample)}'"
        )
