"""Agreement of several people over the same things, corrected for chance.

All are 1 for full agreement and 0 for what chance would give; below 0 people disagree more than
that. All are NaN where nothing can be said: no thing that two judged, or only one value in use,
which leaves no agreement that chance could not give.

Sources: Cohen, A coefficient of agreement for nominal scales, 1960; Fleiss, Measuring nominal scale
agreement among many raters, 1971; Krippendorff, Computing Krippendorff's alpha-reliability, 2011.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Scale = Literal["nominal", "ordinal", "interval"]
"""How far two values are apart: as far as any others, by those between them, or by difference."""


def cohen_kappa(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Agreement of two people.

    Args:
        first: (N,) what the one chose, as numbers of classes.
        second: (N,) what the other chose of the same things.

    Raises:
        ValueError: the lengths differ.
    """
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"expected two rows of one length, got {first.shape} and {second.shape}")
    if not len(first):
        return math.nan
    classes = np.union1d(first, second)
    shares = [np.array([(row == c).mean() for c in classes]) for row in (first, second)]
    return _corrected(float((first == second).mean()), float(shares[0] @ shares[1]))


def fleiss_kappa(counts: NDArray[np.int64]) -> float:
    """Agreement of several people, the same number of them for each thing.

    Args:
        counts: (N, C) how many chose each of C classes for each of N things.

    Raises:
        ValueError: not such a table, fewer than two people, or not the same number for each.
    """
    if counts.ndim != 2 or (len(counts) and (len(set(counts.sum(1).tolist())) != 1)):
        raise ValueError(
            f"expected (N, C) counts of one sum a row, got {counts.shape} with sums "
            f"{sorted(set(counts.sum(-1).ravel().tolist()))}"
        )
    if not len(counts):
        return math.nan
    num_people = int(counts[0].sum())
    if num_people < 2:
        raise ValueError(f"expected at least two people a row, got {num_people}")
    agreeing = (counts * (counts - 1)).sum(1) / (num_people * (num_people - 1))
    shares = counts.sum(0) / counts.sum()
    return _corrected(float(agreeing.mean()), float(shares @ shares))


def krippendorff_alpha(values: NDArray[np.float64], scale: Scale = "nominal") -> float:
    """Agreement of any number of people, of whom not all judged everything.

    Args:
        values: (R, N) what R people said of N things, NaN where someone did not.
        scale: how far two values are apart.

    Raises:
        ValueError: not such a table.
    """
    if values.ndim != 2:
        raise ValueError(f"expected (R, N) values, got {values.shape}")
    paired = values[:, (~np.isnan(values)).sum(0) >= 2]
    levels = np.unique(paired[~np.isnan(paired)])
    if len(levels) < 2:
        return math.nan
    counts = np.stack([(paired == level).sum(0) for level in levels], axis=1).astype(np.float64)
    each = counts / (counts.sum(1, keepdims=True) - 1)
    coincidences = each.T @ counts - np.diag(each.sum(0))
    totals = coincidences.sum(0)
    distance = _squared_distance(levels, totals, scale)
    observed = float((coincidences * distance).sum())
    expected = float((np.outer(totals, totals) * distance).sum() / (totals.sum() - 1))
    return 1 - observed / expected


def _squared_distance(
    levels: NDArray[np.float64], totals: NDArray[np.float64], scale: Scale
) -> NDArray[np.float64]:
    """(L, L) how far two levels are apart, squared."""
    if scale == "nominal":
        return 1.0 - np.eye(len(levels))
    if scale == "interval":
        return (levels[:, None] - levels[None]) ** 2
    middle = np.cumsum(totals) - totals / 2  # the sum from one middle to the other
    return (middle[:, None] - middle[None]) ** 2


def _corrected(observed: float, by_chance: float) -> float:
    return math.nan if by_chance == 1 else (observed - by_chance) / (1 - by_chance)
