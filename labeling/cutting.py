"""Frames of videos, decoded in as few passes as the order of the questions allows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.media import open_video, read_frames
from serving.core.errors import DatasetError


class FrameCutter:
    """Gives single frames of videos. While those of one ascend, it is decoded once.

    It keeps the last video open, so that frames asked for in batches cost one pass in all.
    """

    def __init__(self) -> None:
        self._video: Path | None = None
        self._index = 0
        self._frames: Iterator[NDArray[np.uint8]] = iter(())

    def frame(self, video: Path, index: int) -> NDArray[np.uint8]:
        """One frame, BGR uint8 (H, W, 3), by its index from 0.

        Raises:
            DatasetError: the video is missing, unreadable, or ends before.
        """
        if video != self._video:
            self._video, self._frames = video, read_frames(video, self._asked())
        self._index = index
        try:
            return next(self._frames)
        except DatasetError:
            self._video = None  # the pass has ended; the next question begins another
            raise

    def _asked(self) -> Iterator[int]:
        while True:
            yield self._index


def every_frame(video: Path, step: int = 1) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Every `step`-th frame of a video from its start to its end, with its index.

    Raises:
        DatasetError: the video is missing, or a frame cannot be decoded.
    """
    capture, index = open_video(video), 0
    try:
        while capture.grab():
            if index % step == 0:
                is_there, image = capture.retrieve()
                if not is_there:
                    raise DatasetError(f"{video}: expected a frame {index}, got a damaged one")
                yield index, image  # type: ignore[misc]
            index += 1
    finally:
        capture.release()
