"""Whole groups into shares: first by the hash of their names, then by as few moves as it needs.

The hash alone keeps every group where it was when others come or go, but few groups miss their
shares by chance. So groups are moved and exchanged, each time the one that helps most, until all
counts are close enough or nothing helps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 0.001
"""Share of all samples by which a split may miss its own before groups are moved."""

_MAX_EXCHANGED = 1_500
"""Groups among which pairs are tried: their number grows with the square."""

_LEAST_GAIN = 1e-9


def unit_hash(seed: int, name: str) -> float:
    """A number in [0, 1) that depends on the seed and the name alone."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def assign(
    names: Sequence[str], counts: NDArray[np.int64], shares: Sequence[float], seed: int
) -> NDArray[np.intp]:
    """Which share each group goes to.

    The sum over shares and columns of (got − asked)² / asked is made small, so that a small share
    does not pay for a group that is too large for all. With one column no share s then misses what
    was asked by more than half the largest group times 1 + s / the smallest share, or by
    `TOLERANCE`: else giving or taking any group would gain.

    Args:
        names: G different names of groups; the order does not matter.
        counts: (G, F) samples of each group, all of them in column 0, those of a stratum in each
            further one.
        shares: S positive numbers that add up to 1.
        seed: of the hash.

    Returns:
        (G,) indices into `shares`.
    """
    hashes = np.array([unit_hash(seed, name) for name in names])
    order = np.lexsort((np.array(names, dtype=np.str_), hashes))
    ends = np.cumsum(shares)[:-1]
    state = _State(counts[order], np.asarray(shares), np.searchsorted(ends, hashes[order], "right"))
    while not state.is_close() and (state.move() or state.exchange()):
        pass
    assigned = np.empty(len(names), np.intp)
    assigned[order] = state.assigned
    return assigned


class _State:
    def __init__(
        self, counts: NDArray[np.int64], shares: NDArray[np.float64], assigned: NDArray[np.intp]
    ) -> None:
        totals = np.maximum(counts.sum(axis=0), 1)
        self.assigned = assigned
        self._num_samples = int(totals[0])
        # In units in which the cost is a sum of squares with a weight for each share.
        scale = 1 / np.sqrt(totals)
        self._weights = 1 / shares
        self._groups = counts * scale
        self._norms = (self._groups**2).sum(axis=1)
        self._off = np.zeros((len(shares), counts.shape[1]))
        np.add.at(self._off, assigned, self._groups)
        self._off -= shares[:, None] * (totals * scale)
        self._limits = np.maximum(TOLERANCE * totals[0] * scale, 0.5 * scale)

    def is_close(self) -> bool:
        """Whether no share misses by more than the tolerance, in any column."""
        return bool((np.abs(self._off) <= self._limits).all())

    def move(self) -> bool:
        """Make the one move that gains most; whether there was one."""
        change = self._changes()
        row, share = np.unravel_index(int(change.argmin()), change.shape)
        if change[row, share] >= -_LEAST_GAIN:
            return False
        self._shift(int(row), int(share))
        return True

    def exchange(self) -> bool:
        """Exchange the two groups that gain most; whether there were such."""
        if len(self.assigned) > _MAX_EXCHANGED:
            return False
        change = self._changes()
        # Of row i to the share of j, and back: both moves, and what they do to each other.
        both = change[:, self.assigned] + change[:, self.assigned].T
        own = self._weights[self.assigned]
        both -= 2 * (own[:, None] + own[None, :]) * (self._groups @ self._groups.T)
        both[self.assigned[:, None] == self.assigned[None, :]] = 0
        row, other = np.unravel_index(int(both.argmin()), both.shape)
        if both[row, other] >= -_LEAST_GAIN:
            return False
        share = int(self.assigned[row])
        self._shift(int(row), int(self.assigned[other]))
        self._shift(int(other), share)
        return True

    def _changes(self) -> NDArray[np.float64]:
        """(G, S) change of the cost when a group moves to a share; 0 where it is."""
        along = self._groups @ self._off.T * self._weights
        own = np.take_along_axis(along, self.assigned[:, None], axis=1)
        weights = self._weights[self.assigned][:, None] + self._weights
        change = 2 * (along - own) + self._norms[:, None] * weights
        np.put_along_axis(change, self.assigned[:, None], 0, axis=1)
        return np.asarray(change)

    def _shift(self, row: int, share: int) -> None:
        self._off[self.assigned[row]] -= self._groups[row]
        self._off[share] += self._groups[row]
        self.assigned[row] = share
