"""HOTA (Luiten et al., HOTA: A Higher Order Metric for Multi-Object Tracking, IJCV 2021).

At a localisation threshold alpha, DetA = TP / (TP + FN + FP) says how well people are found, and
AssA, the mean over true positives of TPA / (TPA + FNA + FPA), how well their identity is kept;
HOTA = sqrt(DetA · AssA). All are means over 19 thresholds, 0.05 … 0.95.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from evaluation.metrics.sequence import SequencePair

ALPHAS = np.arange(0.05, 0.99, 0.05)
_EPSILON = np.finfo(np.float64).eps


@dataclass(frozen=True, slots=True)
class Hota:
    """Means over the thresholds. `loca` is the mean overlap of what was matched."""

    hota: float
    deta: float
    assa: float
    loca: float
    det_re: float
    det_pr: float
    ass_re: float
    ass_pr: float


@dataclass(frozen=True, slots=True, eq=False)
class HotaTotals:
    """Sums by block, from which HOTA follows for any choice of blocks.

    `true` (B, G) and `predicted` (B, P) boxes by identity, `pairs` (K, 2) the identities that were
    ever matched, `matched` (B, A, K) how often, `similarity` (B, A) the summed overlaps.
    """

    true: NDArray[np.float64]
    predicted: NDArray[np.float64]
    pairs: NDArray[np.int64]
    matched: NDArray[np.float64]
    similarity: NDArray[np.float64]

    def score(self, weights: NDArray[np.integer] | None = None) -> Hota:
        """HOTA where block b counts `weights[b]` times.

        The matches stay those of the whole sequence, and an identity stays one over all blocks,
        so association is judged as in the whole.
        """
        weights = np.ones(len(self.true), np.int64) if weights is None else weights
        matched = np.tensordot(weights, self.matched, axes=1)
        true = (weights @ self.true)[self.pairs[:, 0]]
        predicted = (weights @ self.predicted)[self.pairs[:, 1]]
        num_true = float(weights @ self.true.sum(axis=1))
        num_predicted = float(weights @ self.predicted.sum(axis=1))
        positives = matched.sum(axis=1)
        det_a = positives / np.maximum(1, num_true + num_predicted - positives)
        ass_a = _mean_share(matched, np.maximum(1, true + predicted - matched), positives)
        loc_a = np.maximum(1e-10, weights @ self.similarity) / np.maximum(1e-10, positives)
        return Hota(
            hota=float(np.sqrt(det_a * ass_a).mean()),
            deta=float(det_a.mean()),
            assa=float(ass_a.mean()),
            loca=float(loc_a.mean()),
            det_re=float((positives / max(1, num_true)).mean()),
            det_pr=float((positives / max(1, num_predicted)).mean()),
            ass_re=float(_mean_share(matched, np.maximum(1, true), positives).mean()),
            ass_pr=float(_mean_share(matched, np.maximum(1, predicted), positives).mean()),
        )


def hota(sequence: SequencePair) -> Hota:
    """HOTA of a sequence, as TrackEval computes it."""
    return hota_totals(sequence).score()


def hota_totals(sequence: SequencePair) -> HotaTotals:
    """Match frame by frame, for the best association over the whole sequence, and sum by block."""
    true, predicted = sequence.true_counts(), sequence.predicted_counts()
    alignment = _alignment(sequence, true.sum(axis=0), predicted.sum(axis=0))
    similarity = np.zeros((sequence.num_blocks, len(ALPHAS)))
    blocks, codes, overlaps = [], [], []
    for frame in sequence.frames:
        weighted = alignment[np.ix_(frame.truth, frame.predicted)] * frame.similarity
        rows, columns = linear_sum_assignment(-weighted)
        overlap = frame.similarity[rows, columns]
        similarity[frame.block] += (overlap[:, None] * _close(overlap)).sum(axis=0)
        blocks.append(np.full(len(rows), frame.block))
        codes.append(frame.truth[rows] * sequence.num_predicted_ids + frame.predicted[columns])
        overlaps.append(overlap)
    block = np.concatenate([np.zeros(0, np.int64), *blocks])
    code = np.concatenate([np.zeros(0, np.int64), *codes])
    close = _close(np.concatenate([np.zeros(0), *overlaps]))
    pair_codes, pair = np.unique(code, return_inverse=True)
    matched = np.zeros((sequence.num_blocks, len(ALPHAS), len(pair_codes)))
    for alpha in range(len(ALPHAS)):
        np.add.at(matched[:, alpha], (block[close[:, alpha]], pair[close[:, alpha]]), 1)
    pairs = np.stack(np.divmod(pair_codes, max(1, sequence.num_predicted_ids)), axis=1)
    return HotaTotals(true, predicted, pairs, matched, similarity)


def _alignment(
    sequence: SequencePair, true: NDArray[np.float64], predicted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(G, P) Jaccard index of each true with each predicted identity, over the whole sequence."""
    shared = np.zeros((sequence.num_true_ids, sequence.num_predicted_ids))
    for frame in sequence.frames:
        overlap = frame.similarity
        either = overlap.sum(axis=0)[None, :] + overlap.sum(axis=1)[:, None] - overlap
        share = np.divide(overlap, either, out=np.zeros_like(overlap), where=either > _EPSILON)
        shared[np.ix_(frame.truth, frame.predicted)] += share
    return np.asarray(shared / (true[:, None] + predicted[None, :] - shared))


def _close(overlap: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N, A) whether each overlap reaches each threshold."""
    return np.asarray(overlap[:, None] >= ALPHAS - _EPSILON)


def _mean_share(
    matched: NDArray[np.float64], whole: NDArray[np.float64], positives: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(A,) mean over true positives of the share of its pair that was matched."""
    return np.asarray((matched * matched / whole).sum(axis=1) / np.maximum(1, positives))
