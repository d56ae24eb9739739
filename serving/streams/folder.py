"""A folder of pictures as a source of frames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from serving.core.errors import ConfigError, SourceError
from serving.core.frame import Frame
from serving.streams.source import missing_source

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")


class ImageFolder:
    """The pictures of a folder as frames, `frame2.jpg` before `frame10.jpg`.

    A MOTChallenge sequence may be named by its own folder: the pictures then come from `img1`.

    Args:
        path: the folder.
        camera_id: the camera that took them.
        fps: pictures a second.
        starts_at_s: time of the first picture, seconds UTC.
        hint: what to do when the folder is missing, for the error.

    Raises:
        ConfigError: `fps` is not given.
        SourceError: the folder is missing or holds no picture; while iterating, a picture cannot
            be read or differs in size.
    """

    def __init__(
        self,
        path: str | Path,
        camera_id: str,
        fps: float | None,
        starts_at_s: float = 0.0,
        hint: str = "",
    ) -> None:
        self.path = Path(path)
        self.camera_id = camera_id
        self._starts_at_s = starts_at_s
        if not self.path.is_dir():
            raise missing_source(camera_id, self.path, hint)
        self._files = _pictures(self.path) or _pictures(self.path / "img1")
        if not self._files:
            raise SourceError(
                f"camera '{camera_id}', {self.path}: expected pictures ({', '.join(SUFFIXES)}), "
                f"got none"
            )
        if fps is None:
            raise ConfigError(
                f"camera '{camera_id}', {self.path}: expected fps for a folder of pictures, "
                f"got none"
            )
        self._fps = fps
        height, width = self._read(self._files[0]).shape[:2]
        self.image_size_hw = (height, width)

    @property
    def num_frames(self) -> int:
        """How many pictures there are."""
        return len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        for index, file in enumerate(self._files):
            image = self._read(file)
            if image.shape[:2] != self.image_size_hw:
                raise SourceError(
                    f"camera '{self.camera_id}', {file}: expected {self.image_size_hw} px (height, "
                    f"width) as in the first picture, got {image.shape[:2]}"
                )
            yield Frame(image, self.camera_id, index, self._starts_at_s + index / self._fps)

    def close(self) -> None:
        """Nothing is held open."""

    def _read(self, file: Path) -> NDArray[np.uint8]:
        image = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if image is None:
            raise SourceError(
                f"camera '{self.camera_id}', {file}: expected a picture, "
                f"got a file that cannot be decoded"
            )
        return cast(NDArray[np.uint8], image)


def _pictures(folder: Path) -> list[Path]:
    """The picture files of a folder, digits compared as numbers."""
    if not folder.is_dir():
        return []
    files = [file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES]
    return sorted(files, key=lambda file: _natural(file.name))


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]
