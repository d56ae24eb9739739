"""CLEAR MOT (Bernardin and Stiefelhagen, Evaluating Multiple Object Tracking Performance, 2008).

MOTA = (TP - FP - ID switches) / true boxes. A match of the frame before is continued where it
still holds, as TrackEval does it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from evaluation.metrics.sequence import FramePair, SequencePair

IOU_THRESHOLD = 0.5
_EPSILON = np.finfo(np.float64).eps
_CONTINUES = 1000.0
"""Bonus that puts going on with a match above any overlap."""
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class Clear:
    """MOTA and MOTP (mean overlap of the matches), and the counts that they come from.

    `fragmentations` counts how often a found person was lost and found again; `mostly_tracked`
    and `mostly_lost` count people found in over 80 % and under 20 % of their frames.
    """

    mota: float
    motp: float
    true_positives: int
    false_positives: int
    false_negatives: int
    id_switches: int
    fragmentations: int
    mostly_tracked: int
    mostly_lost: int


@dataclass(frozen=True, slots=True, eq=False)
class ClearTotals:
    """Sums by block: (B,) `predicted` boxes, `id_switches`, summed `similarity` of the matches;
    (B, G) `true` boxes, `matched` boxes and `found`, how often a true identity was (re)found."""

    true: NDArray[np.float64]
    matched: NDArray[np.float64]
    found: NDArray[np.float64]
    predicted: NDArray[np.float64]
    id_switches: NDArray[np.float64]
    similarity: NDArray[np.float64]

    def score(self, weights: NDArray[np.integer] | None = None) -> Clear:
        """The figures where block b counts `weights[b]` times, with the matches of the whole."""
        weights = np.ones(len(self.true), np.int64) if weights is None else weights
        true, matched = weights @ self.true, weights @ self.matched
        num_true, num_matched = true.sum(), matched.sum()
        false_positives = float(weights @ self.predicted) - num_matched
        id_switches = float(weights @ self.id_switches)
        share = matched[true > 0] / true[true > 0]
        mostly_tracked = int((share > 0.8).sum())
        at_least_partly = int((share >= 0.2).sum())
        correct = num_matched - false_positives - id_switches
        found = weights @ self.found
        return Clear(
            mota=float(correct / num_true) if num_true else 0.0,
            motp=float(weights @ self.similarity / max(1.0, num_matched)),
            true_positives=int(num_matched),
            false_positives=int(false_positives),
            false_negatives=int(num_true - num_matched),
            id_switches=int(id_switches),
            fragmentations=int((found[found > 0] - 1).sum()),
            mostly_tracked=mostly_tracked,
            mostly_lost=len(share) - at_least_partly,
        )


def clear_totals(sequence: SequencePair, iou_threshold: float = IOU_THRESHOLD) -> ClearTotals:
    """Match frame by frame and sum by block."""
    num_blocks, num_ids = sequence.num_blocks, sequence.num_true_ids
    matched, found = np.zeros((num_blocks, num_ids)), np.zeros((num_blocks, num_ids))
    id_switches, similarity = np.zeros(num_blocks), np.zeros(num_blocks)
    last = np.full(num_ids, _NOBODY)
    before = np.full(num_ids, _NOBODY)
    for frame in sequence.frames:
        if not (len(frame.truth) and len(frame.predicted)):
            continue  # a frame without one or the other leaves the memory as it is
        rows, columns = _match(frame, before, iou_threshold)
        truth, predicted = frame.truth[rows], frame.predicted[columns]
        switched = (last[truth] != _NOBODY) & (last[truth] != predicted)
        id_switches[frame.block] += switched.sum()
        similarity[frame.block] += frame.similarity[rows, columns].sum()
        matched[frame.block, truth] += 1
        found[frame.block, truth[before[truth] == _NOBODY]] += 1
        last[truth] = predicted
        before = np.full(num_ids, _NOBODY)
        before[truth] = predicted
    predicted_boxes = sequence.predicted_counts().sum(axis=1)
    return ClearTotals(
        sequence.true_counts(), matched, found, predicted_boxes, id_switches, similarity
    )


def _match(
    frame: FramePair, before: NDArray[np.int64], iou_threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the frame's matches: first what goes on, then what overlaps most."""
    goes_on = before[frame.truth][:, None] == frame.predicted[None, :]
    score = _CONTINUES * goes_on + frame.similarity
    score[frame.similarity < iou_threshold - _EPSILON] = 0
    rows, columns = linear_sum_assignment(-score)
    good = score[rows, columns] > _EPSILON
    return rows[good], columns[good]
