"""What one frame shows, as association works on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.core.boxes import nms
from serving.core.detections import EMBEDDING_COLUMN, Detections
from serving.core.geometry import Homography
from serving.tracking.motion import Floats

FOOT_DOUBT = 0.3
"""Share of a person's height by which the lower edge of the box may miss the feet."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """The usable detections of a frame, one row each; `row` (N,) is where they came from.

    `foot_m` (N, 2) is the floor position of the feet and `foot_doubt_m` (N,) the metres by which it
    may be off: zeros without a floor, and infinite doubt at or above the horizon. `embedding`
    (N, E) is zero where appearance is unknown.
    """

    row: NDArray[np.intp]
    box_px: Floats
    score: Floats
    class_id: NDArray[np.int64]
    centre_px: Floats
    size_px: Floats
    foot_m: Floats
    foot_doubt_m: Floats
    embedding: Floats

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def of(
        cls,
        detections: Detections,
        *,
        low_score: float,
        duplicate_iou: float,
        floor: Homography | None,
        embedding_size: int,
    ) -> Sighting:
        """The detections from `low_score` on, without second boxes of one person.

        A box that overlaps a better one by more than `duplicate_iou` is a second one. Detections
        without an embedding get zeros of `embedding_size`.
        """
        row = np.flatnonzero(detections.score >= low_score)
        row = np.sort(row[nms(detections.xyxy_px[row], detections.score[row], duplicate_iou)])
        box_px = detections.xyxy_px[row].astype(np.float64)
        foot_m, foot_doubt_m = _on_floor(box_px, floor)
        embedding = detections.columns.get(EMBEDDING_COLUMN)
        if embedding is None:
            embedding = np.zeros((len(detections), embedding_size))
        return cls(
            row=row,
            box_px=box_px,
            score=detections.score[row].astype(np.float64),
            class_id=detections.class_id[row],
            centre_px=(box_px[:, 2:] + box_px[:, :2]) / 2,
            size_px=np.maximum(box_px[:, 2:] - box_px[:, :2], 1.0),
            foot_m=foot_m,
            foot_doubt_m=foot_doubt_m,
            embedding=embedding[row].astype(np.float64),
        )


def _on_floor(box_px: Floats, floor: Homography | None) -> tuple[Floats, Floats]:
    """(N, 2) floor positions of the feet, and (N,) metres by which they may be off.

    The doubt is how far the position moves when the lower edge comes down by `FOOT_DOUBT` of the
    height: feet are hidden more easily than the rest of a person.
    """
    count = len(box_px)
    if floor is None or not count:
        return np.zeros((count, 2)), np.zeros(count)
    points_px = np.empty((2 * count, 2))  # the feet, then where they may be
    points_px[:count, 0] = points_px[count:, 0] = (box_px[:, 0] + box_px[:, 2]) / 2
    points_px[:count, 1] = box_px[:, 3]
    points_px[count:, 1] = box_px[:, 3] + FOOT_DOUBT * (box_px[:, 3] - box_px[:, 1])
    position_m = floor.to_floor(points_px)
    above_horizon = ~np.isfinite(position_m[:, 0])
    if above_horizon.any():
        position_m[above_horizon] = 0.0
    foot_m, gap_m = position_m[:count], position_m[count:] - position_m[:count]
    doubt_m = np.hypot(gap_m[:, 0], gap_m[:, 1])
    doubt_m[above_horizon[:count] | above_horizon[count:]] = np.inf
    return foot_m, doubt_m
