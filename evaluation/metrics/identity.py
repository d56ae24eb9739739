"""IDF1 (Ristani et al., Performance Measures and a Data Set for Multi-Target Tracking, 2016).

Each true identity is given at most one predicted identity for the whole sequence, so that most
boxes agree; IDF1 is the F1 score of the boxes under that assignment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from evaluation.metrics.sequence import SequencePair

IOU_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Identity:
    """IDF1, and the precision and recall of identities that it balances."""

    idf1: float
    idp: float
    idr: float


@dataclass(frozen=True, slots=True, eq=False)
class IdentityTotals:
    """Sums by block: (B,) `true` and `predicted` boxes, and how often each pair overlapped.

    `pairs` (K, 2) are the true and predicted identities that ever did, `shared` (B, K) how often.
    """

    true: NDArray[np.float64]
    predicted: NDArray[np.float64]
    pairs: NDArray[np.int64]
    shared: NDArray[np.float64]

    def score(self, weights: NDArray[np.integer] | None = None) -> Identity:
        """The figures where block b counts `weights[b]` times, under its own best assignment."""
        weights = np.ones(len(self.true), np.int64) if weights is None else weights
        agreed = np.zeros((self.pairs + 1).max(axis=0, initial=0))
        agreed[self.pairs[:, 0], self.pairs[:, 1]] = weights @ self.shared
        num_agreed = float(agreed[linear_sum_assignment(-agreed)].sum())
        num_true, num_predicted = float(weights @ self.true), float(weights @ self.predicted)
        return Identity(
            idf1=num_agreed / max(1.0, (num_true + num_predicted) / 2),
            idp=num_agreed / max(1.0, num_predicted),
            idr=num_agreed / max(1.0, num_true),
        )


def identity(sequence: SequencePair, iou_threshold: float = IOU_THRESHOLD) -> Identity:
    """IDF1 of a sequence, as TrackEval computes it."""
    return identity_totals(sequence, iou_threshold).score()


def identity_totals(sequence: SequencePair, iou_threshold: float = IOU_THRESHOLD) -> IdentityTotals:
    """Count by block how often each true identity overlaps each predicted one."""
    blocks, codes = [], []
    for frame in sequence.frames:
        rows, columns = np.nonzero(frame.similarity >= iou_threshold)
        blocks.append(np.full(len(rows), frame.block))
        codes.append(frame.truth[rows] * sequence.num_predicted_ids + frame.predicted[columns])
    block = np.concatenate([np.zeros(0, np.int64), *blocks])
    code = np.concatenate([np.zeros(0, np.int64), *codes])
    pair_codes, pair = np.unique(code, return_inverse=True)
    shared = np.zeros((sequence.num_blocks, len(pair_codes)))
    np.add.at(shared, (block, pair), 1)
    pairs = np.stack(np.divmod(pair_codes, max(1, sequence.num_predicted_ids)), axis=1)
    return IdentityTotals(
        sequence.true_counts().sum(axis=1), sequence.predicted_counts().sum(axis=1), pairs, shared
    )
