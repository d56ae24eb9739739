"""What is resampled for an interval, and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.bootstrap import Interval, confidence_intervals, time_blocks


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the intervals are drawn.

    Frames of a video are drawn in blocks of `block_s` seconds, because neighbouring frames show
    the same people: drawn one by one they would make the interval far too narrow.
    """

    block_s: float
    num_resamples: int
    seed: int

    def blocks(self, at_s: Sequence[float]) -> NDArray[np.int64]:
        """(N,) the block, from 0, of each moment."""
        return time_blocks(np.asarray(at_s, np.float64), self.block_s)

    def intervals(
        self, statistic: Callable[[NDArray[np.int64]], Mapping[str, float]], num_units: int
    ) -> dict[str, Interval]:
        """95 % intervals by name; see `evaluation.metrics.bootstrap.confidence_intervals`."""
        return confidence_intervals(statistic, num_units, self.num_resamples, self.seed)

    def share_ends(
        self, statistic: Callable[[NDArray[np.int64]], float], num_units: int
    ) -> tuple[float | None, float | None]:
        """Low and high end of a share of at most 1 that every draw lowers; recentred for that."""
        found = confidence_intervals(
            lambda weights: {"share": statistic(weights)},
            num_units,
            self.num_resamples,
            self.seed,
            recentred=True,
        )
        low, high = ends(found, "share")
        return low, None if high is None else min(1.0, high)


def ends(intervals: Mapping[str, Interval], name: str) -> tuple[float | None, float | None]:
    """Low and high end of a value's interval, None where it has none."""
    interval = intervals.get(name)
    return (None, None) if interval is None else (interval.low, interval.high)
