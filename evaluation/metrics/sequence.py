"""True and predicted tracks of one sequence, prepared once for all tracking metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.overlap import exact_xywh, iou_by_corners
from serving.core.detections import Tracks


@dataclass(frozen=True, slots=True, eq=False)
class FramePair:
    """One frame: rows of identities (0 … G-1 and 0 … P-1) and their overlaps.

    `truth` (n,), `predicted` (m,), `similarity` (n, m) IoU, and the `block` that the frame is of.
    """

    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    similarity: NDArray[np.float64]
    block: int


@dataclass(frozen=True, slots=True, eq=False)
class SequencePair:
    """All frames of a sequence. A block is a stretch of time, the unit of resampling."""

    frames: tuple[FramePair, ...]
    num_true_ids: int
    num_predicted_ids: int
    num_blocks: int

    @classmethod
    def from_tracks(
        cls,
        truth: Sequence[Tracks],
        predicted: Sequence[Tracks],
        block: Sequence[int] | None = None,
    ) -> SequencePair:
        """Pair the frames; entry i of each sequence is frame i.

        Args:
            truth: true tracks by frame.
            predicted: tracks to be judged, as many frames.
            block: (frames,) number of the block that each frame belongs to, from 0; one block
                when omitted.

        Raises:
            ValueError: the lengths differ.
        """
        block = [0] * len(truth) if block is None else block
        if not len(truth) == len(predicted) == len(block):
            raise ValueError(
                f"frames: expected equal numbers of true and predicted frames and blocks, "
                f"got {len(truth)}, {len(predicted)} and {len(block)}"
            )
        true_ids, true_rows = _relabel(truth)
        predicted_ids, predicted_rows = _relabel(predicted)
        frames = tuple(
            FramePair(rows, found, _similarity(true, guess), int(number))
            for rows, found, true, guess, number in zip(
                true_rows, predicted_rows, truth, predicted, block, strict=True
            )
        )
        return cls(frames, true_ids, predicted_ids, max(block, default=0) + 1)

    def true_counts(self) -> NDArray[np.float64]:
        """(B, G) boxes of each true identity in each block."""
        return self._counts([frame.truth for frame in self.frames], self.num_true_ids)

    def predicted_counts(self) -> NDArray[np.float64]:
        """(B, P) boxes of each predicted identity in each block."""
        return self._counts([frame.predicted for frame in self.frames], self.num_predicted_ids)

    def _counts(self, rows: Sequence[NDArray[np.int64]], size: int) -> NDArray[np.float64]:
        counts = np.zeros((self.num_blocks, size))
        for frame, identities in zip(self.frames, rows, strict=True):
            counts[frame.block, identities] += 1
        return counts


def _relabel(frames: Sequence[Tracks]) -> tuple[int, list[NDArray[np.int64]]]:
    """How many identities there are, and each frame's as rows from 0 in ascending order."""
    ids = np.unique(np.concatenate([np.zeros(0, np.int64), *(t.track_id for t in frames)]))
    return len(ids), [np.searchsorted(ids, tracks.track_id) for tracks in frames]


def _similarity(truth: Tracks, predicted: Tracks) -> NDArray[np.float64]:
    return iou_by_corners(exact_xywh(truth.detections), exact_xywh(predicted.detections))
