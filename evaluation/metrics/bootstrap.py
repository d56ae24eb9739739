"""Percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13).

What is drawn with replacement are units that may be taken for independent: images of a data set,
or stretches of a video, whose neighbouring frames show the same people and are no new evidence.
A draw is told by how often each unit counts, so a statistic that is a function of sums over units
needs no second pass over the data. Within one video the interval says how much the figure depends
on which minutes were filmed; it says nothing about other cameras or places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NUM_RESAMPLES = 1000
"""Draws for an interval, where nobody asks for another number."""
LEVEL = 0.95
MIN_UNITS = 4
"""With fewer units there are too few different draws for an interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The range that holds the middle 95 % of the resampled values."""

    low: float
    high: float


def confidence_intervals(
    statistic: Callable[[NDArray[np.int64]], Mapping[str, float]],
    num_units: int,
    num_resamples: int = NUM_RESAMPLES,
    seed: int = 0,
    recentred: bool = False,
) -> dict[str, Interval]:
    """95 % percentile intervals of every value that `statistic` gives.

    Args:
        statistic: values by name where unit u counts `weights[u]` times, weights (num_units,).
            A nan means that a draw has nothing to measure; such draws are left out.
        num_units: how many units there are.
        num_resamples: how many draws; 0 gives no interval.
        seed: of the draws; the same seed gives the same interval.
        recentred: move each interval so that the draws' median falls on the value of all units.
            For statistics that every draw lowers because it holds fewer different units, such as
            the overlap of two maps: the plain interval can then miss the value itself.

    Returns:
        Intervals by name; none at all for fewer than `MIN_UNITS` units, and none for a value that
        is nan in every draw.
    """
    if num_units < MIN_UNITS or num_resamples < 1:
        return {}
    draws = np.random.default_rng(seed).multinomial(
        num_units, np.full(num_units, 1 / num_units), size=num_resamples
    )
    values = [statistic(weights) for weights in draws]
    whole = statistic(np.ones(num_units, np.int64)) if recentred else {}
    return {
        name: interval
        for name in values[0]
        if (interval := _percentiles(np.array([v[name] for v in values]), whole.get(name)))
    }


def confidence_interval(
    statistic: Callable[[NDArray[np.int64]], float],
    num_units: int,
    num_resamples: int = NUM_RESAMPLES,
    seed: int = 0,
) -> Interval | None:
    """The 95 % interval of one value; see `confidence_intervals`."""
    intervals = confidence_intervals(
        lambda weights: {"value": statistic(weights)}, num_units, num_resamples, seed
    )
    return intervals.get("value")


def time_blocks(at_s: NDArray[np.floating], block_s: float) -> NDArray[np.int64]:
    """(N,) number of the `block_s` seconds, counted from the first, that each time falls in.

    Blocks in which nothing was filmed get no number.
    """
    if len(at_s) == 0:
        return np.zeros(0, np.int64)
    # Half a microsecond, because 4 × 0.1 s + … need not reach the boundary in binary.
    number = np.floor((np.asarray(at_s, np.float64) - np.min(at_s) + 5e-7) / block_s)
    return np.asarray(np.unique(number, return_inverse=True)[1], np.int64)


def _percentiles(values: NDArray[np.float64], centre: float | None) -> Interval | None:
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return None
    tail = 100 * (1 - LEVEL) / 2
    low, median, high = np.percentile(values, [tail, 50, 100 - tail])
    moved = 0.0 if centre is None else centre - median
    return Interval(float(low + moved), float(high + moved))
