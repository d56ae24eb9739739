"""Tracks and detections as MOTChallenge text.

A row is `frame,id,left,top,width,height,score,-1,-1,-1`. Frames count from 1, so a row's frame is
`Frame.index + 1`. Corners are written as they are, from the picture's top left corner (0, 0), and
`datasets.formats.mot` reads them so. MOTChallenge's own tools count pixels from 1, but its boxes
fit the pictures of the sample better unshifted. Detections have the id −1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from serving.core.boxes import xywh_from_xyxy
from serving.core.detections import Detections, Tracks
from serving.core.events import Event
from serving.core.frame import Frame
from serving.sinks.sink import WholeFile

_NO_ID = -1
_LOWEST_SCORE = 0.00001
"""The least that the five decimals of a row can say; MOTChallenge's tools ignore a row of 0."""


class MotTracks:
    """The tracks of one camera.

    Args:
        path: the file; one that exists is replaced when this one is complete.

    Raises:
        SinkError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._file = WholeFile(path)

    def write(
        self, frame: Frame, detections: Detections, tracks: Tracks, events: Sequence[Event]
    ) -> None:
        """Append the frame's tracks."""
        self._file.write(_rows(frame, tracks.detections, tracks.track_id))

    def close(self) -> None:
        """Complete the file."""
        self._file.close()

    def abandon(self) -> None:
        """Leave the rows so far in `PATH.partial`."""
        self._file.abandon()


class MotDetections(MotTracks):
    """The detections of one camera, before any tracking; otherwise as `MotTracks`."""

    def write(
        self, frame: Frame, detections: Detections, tracks: Tracks, events: Sequence[Event]
    ) -> None:
        """Append the frame's detections."""
        ids = np.full(len(detections), _NO_ID, np.int64)
        self._file.write(_rows(frame, detections, ids))


def _rows(frame: Frame, detections: Detections, ids: NDArray[np.int64]) -> str:
    xywh_px = xywh_from_xyxy(detections.xyxy_px)
    return "".join(
        f"{frame.index + 1},{track_id},{left:.2f},{top:.2f},{width:.2f},{height:.2f},"
        f"{max(score, _LOWEST_SCORE):.5f},-1,-1,-1\n"
        for track_id, (left, top, width, height), score in zip(
            ids.tolist(), xywh_px.tolist(), detections.score.tolist(), strict=True
        )
    )
