"""How well crossings of lines are counted.

Accuracy is 1 − Σ abs(counted − true) / Σ true, summed over cameras, lines and directions, over the
whole clip or over windows of time. A missed and an invented crossing of one line, direction and
window cancel, as they do in the number that a store reads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.core.events import Crossing


@dataclass(frozen=True, slots=True)
class CountingScore:
    """`accuracy` is at most 1, below 0 when more is wrong than there was, nan without a truth."""

    accuracy: float
    num_true: int


@dataclass(frozen=True, slots=True, eq=False)
class CountingTotals:
    """Crossings by cell and block: `counted` and `true` (B, K).

    A cell is one camera, line, direction and window, a block a stretch of time for resampling.
    """

    counted: NDArray[np.float64]
    true: NDArray[np.float64]

    def score(self, weights: NDArray[np.integer] | None = None) -> CountingScore:
        """The accuracy where block b counts `weights[b]` times."""
        weights = np.ones(len(self.true), np.int64) if weights is None else weights
        counted, true = weights @ self.counted, weights @ self.true
        num_true = float(true.sum())
        wrong = float(np.abs(counted - true).sum())
        accuracy = 1 - wrong / num_true if num_true else math.nan
        return CountingScore(accuracy, int(num_true))


def counting_totals(
    counted: Sequence[Crossing],
    true: Sequence[Crossing],
    window_s: float | None = None,
    block_s: float = 30.0,
    starts_at_s: float = 0.0,
) -> CountingTotals:
    """Sum the crossings by cell and by block of `block_s` seconds, counted from `starts_at_s`."""
    everything = [*counted, *true]
    cells = sorted({_cell(crossing, window_s, starts_at_s) for crossing in everything})
    blocks = [int((crossing.at_s - starts_at_s) // block_s) for crossing in everything]
    first, num_blocks = min(blocks, default=0), max(blocks, default=0) - min(blocks, default=0) + 1
    row = {cell: index for index, cell in enumerate(cells)}
    totals = np.zeros((2, num_blocks, len(cells)))
    for index, (crossing, block) in enumerate(zip(everything, blocks, strict=True)):
        source = 0 if index < len(counted) else 1
        totals[source, block - first, row[_cell(crossing, window_s, starts_at_s)]] += 1
    return CountingTotals(counted=totals[0], true=totals[1])


def _cell(
    crossing: Crossing, window_s: float | None, starts_at_s: float
) -> tuple[str, str, str, int]:
    window = int((crossing.at_s - starts_at_s) // window_s) if window_s else 0
    return crossing.camera_id, crossing.place, str(crossing.direction), window
