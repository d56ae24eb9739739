"""Pairing tracks with detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

_FORBIDDEN_COST = 1e6


def assign(
    cost: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pairing of lowest total cost; no row or column stands twice.

    As many `allowed` (R, C) pairs are made as there can be; among those pairings the one with the
    lowest sum of `cost` (R, C) wins. Costs must be finite and of magnitude well under a million.
    """
    if not allowed.any():
        none = np.zeros(0, np.intp)
        return none, none
    rows, columns = linear_sum_assignment(np.where(allowed, cost, _FORBIDDEN_COST))
    kept = allowed[rows, columns]
    return rows[kept], columns[kept]
