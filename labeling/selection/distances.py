"""Euclidean distances between many vectors, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labeling.selection.candidates import Values, Vectors

_BLOCK = 1024
"""Rows that are compared at once."""

_NOISE = 1e-6
"""Of a squared length: what rounding leaves of the squared distance of two equal vectors."""


def squared_distances(a: Vectors, b: Vectors) -> NDArray[np.float32]:
    """(N, M) squared distances of all rows of `a` to all of `b`."""
    return _without_noise(_squares(a)[:, None] + _squares(b)[None, :] - 2 * (a @ b.T), _squares(b))


class NearestDistances:
    """How far each vector is from the nearest of a set that grows.

    Args:
        vectors: (N, D).
        known: (M, D) the set at the beginning; may be empty.
    """

    def __init__(self, vectors: Vectors, known: Vectors) -> None:
        self._vectors, self._squares = vectors, _squares(vectors)
        self._nearest = np.full(len(vectors), np.inf)
        for start in range(0, len(known), _BLOCK):
            block = squared_distances(vectors, known[start : start + _BLOCK])
            self._nearest = np.minimum(self._nearest, block.min(axis=1))

    @property
    def distances(self) -> Values:
        """(N,) distances; infinite while the set is empty."""
        return np.sqrt(self._nearest)

    def add(self, row: int) -> None:
        """Put one of the vectors into the set."""
        products = self._vectors @ self._vectors[row]
        found = self._squares + self._squares[row] - 2 * products
        self._nearest = np.minimum(self._nearest, _without_noise(found, self._squares[row]))


def _squares(vectors: Vectors) -> NDArray[np.float32]:
    squares: NDArray[np.float32] = np.einsum("nd,nd->n", vectors, vectors)
    return squares


def _without_noise(
    distances: NDArray[np.float32], squares: NDArray[np.float32] | np.float32
) -> NDArray[np.float32]:
    """Squared distances of which nothing is left where float32 cannot tell two vectors apart."""
    return np.where(distances < _NOISE * squares, np.float32(0), distances)
