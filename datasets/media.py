"""Pictures and frames from disk: upright, and with a clear word about what cannot be read."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from datasets.samples import Sample
from serving.core.errors import DatasetError

_EXIF_ORIENTATION = 274
_TIFF_STARTS = (b"II", b"MM")
_AS_STORED = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that swap width and height."""

_UPRIGHT: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: image.transpose(1, 0, 2)[:, ::-1],
    7: lambda image: image.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda image: image.transpose(1, 0, 2)[::-1],
}
"""How a picture is turned upright, by its EXIF orientation."""


def image_size_hw(path: Path) -> tuple[int, int]:
    """Height and width of a picture as it is shown, from its header alone.

    Raises:
        DatasetError: no such file, an empty file, or no picture.
    """
    _check_file(path)
    try:
        with Image.open(path) as image:
            width, height = image.size
            # A TIFF's size is turned already.
            sideways = _orientation(image) in _SIDEWAYS and image.format != "TIFF"
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise DatasetError(f"{path}: expected a picture, got {_what(path)}") from error
    return (width, height) if sideways else (height, width)


def read_image(path: Path) -> NDArray[np.uint8]:
    """A picture, BGR uint8 (H, W, 3), upright by its EXIF orientation.

    Raises:
        DatasetError: no such file, an empty file, or no picture.
    """
    _check_file(path)
    try:
        image = decoded(path.read_bytes())
    except OSError:
        image = None
    if image is None:
        raise DatasetError(f"{path}: expected a picture, got {_what(path)}")
    return image


def decoded(data: bytes) -> NDArray[np.uint8] | None:
    """The picture that a file's bytes are, BGR uint8 (H, W, 3), upright; None: they are none."""
    is_tiff = data[:2] in _TIFF_STARTS
    # OpenCV turns a TIFF and a JPEG by itself, other formats not: we turn all but a TIFF.
    flags = cv2.IMREAD_COLOR if is_tiff else _AS_STORED
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error:
        image = None
    if image is None:
        return None
    upright = None if is_tiff else _UPRIGHT.get(_stored_orientation(data))
    return image if upright is None else np.ascontiguousarray(upright(image))  # type: ignore


def _stored_orientation(data: bytes) -> int:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return _orientation(image)
    except (OSError, Image.DecompressionBombError, SyntaxError):  # OpenCV reads what Pillow cannot
        return 1


def _orientation(image: Image.Image) -> int:
    # A PNG's own getexif decodes the whole picture.
    return int(Image.Image.getexif(image).get(_EXIF_ORIENTATION, 1))


def read_pictures(
    folder: Path, samples: Iterable[Sample]
) -> Iterator[tuple[Sample, NDArray[np.uint8]]]:
    """Each sample with its pixels. Neighbours of one video are read in one pass where they ascend.

    Raises:
        DatasetError: a picture or a frame cannot be read.
    """
    for path, neighbours in groupby(samples, key=lambda sample: sample.path):
        group = list(neighbours)
        if group[0].is_video:
            frames = read_frames(folder / path, [sample.frame_index or 0 for sample in group])
            yield from zip(group, frames, strict=True)
        else:
            for sample in group:
                yield sample, read_image(folder / path)


def read_frames(video: Path, frame_indices: Iterable[int]) -> Iterator[NDArray[np.uint8]]:
    """The frames of a video at these indices; ascending ones are decoded in one pass.

    Raises:
        DatasetError: the video is missing, unreadable, or ends before an index.
    """
    capture = open_video(video)
    position = 0
    try:
        for index in frame_indices:
            if index < position - 1:
                capture.release()
                capture, position = open_video(video), 0
            while position <= index:
                if not capture.grab():
                    raise DatasetError(
                        f"{video}: expected a frame {index}, got {position} frames in all"
                    )
                position += 1
            yield capture.retrieve()[1]  # type: ignore[misc]
    finally:
        capture.release()


def frame_rate_hz(video: Path) -> float:
    """Frames a second, as the file says.

    Raises:
        DatasetError: the video is missing, unreadable, or does not say.
    """
    capture = open_video(video)
    rate_hz = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    if not rate_hz > 0:
        raise DatasetError(f"{video}: expected a frame rate, got {rate_hz}")
    return float(rate_hz)


def open_video(video: Path) -> cv2.VideoCapture:
    """The open video.

    Raises:
        DatasetError: no such file, or none that can be decoded.
    """
    if not video.is_file():
        raise DatasetError(f"video: expected a file {video}, got none")
    capture = cv2.VideoCapture(str(video))
    if not capture.isOpened():
        raise DatasetError(f"{video}: expected a video, got a file that cannot be decoded")
    return capture


def _check_file(path: Path) -> None:
    """A pipe would be waited for without end."""
    if not path.is_file():
        raise DatasetError(f"{path}: expected a picture, got no file")


def _what(path: Path) -> str:
    return "an empty file" if path.stat().st_size == 0 else "a file that cannot be decoded"
