"""From runs to curves, their intervals, and how many labels a choice saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.bootstrap import Interval, confidence_intervals

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """A mean over seeds at one budget, with the 95 % interval of the mean."""

    budget: int
    mean: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Saving:
    """How chance and a chooser compare at one budget of the chooser.

    Args:
        budget: labels of the chooser.
        gain: its accuracy less that of chance with as many labels, over paired seeds.
        gain_interval: of the gain.
        times: as many labels chance needs for the same accuracy, as a multiple of `budget`: 2
            means that half of the labels are saved, below 1 that chance is better.
        times_interval: of that.
        is_bound: chance does not get there with the labels that it was given, so `times` is what
            it needs at least; or it starts above, and `times` is what it needs at most.
    """

    budget: int
    gain: float
    gain_interval: Interval | None
    times: float
    times_interval: Interval | None
    is_bound: bool


def curve(budgets: Sequence[int], runs: Values) -> list[Point]:
    """Means over the runs (S, B) of S seeds; the interval draws seeds."""
    intervals = confidence_intervals(
        lambda weights: {str(b): v for b, v in zip(budgets, _mean(runs, weights), strict=True)},
        len(runs),
    )
    means = runs.mean(axis=0)
    return [
        Point(budget, float(mean), intervals.get(str(budget)))
        for budget, mean in zip(budgets, means, strict=True)
    ]


def savings(
    budgets: Sequence[int], runs: Values, chance_budgets: Sequence[int], chance: Values
) -> list[Saving]:
    """At each budget but the first, which is random for all.

    Args:
        budgets: B of the chooser, ascending.
        runs: (S, B) its accuracies.
        chance_budgets: C of chance, ascending; they begin with `budgets` and may go on.
        chance: (S, C), row i with the seed of row i of `runs`.
    """

    def statistic(weights: NDArray[np.int64]) -> Mapping[str, float]:
        ours, theirs = _mean(runs, weights), _mean(chance, weights)
        found = {}
        for number, budget in enumerate(budgets):
            needed, _ = labels_needed(chance_budgets, theirs, ours[number])
            found[f"times {budget}"] = needed / budget
            found[f"gain {budget}"] = ours[number] - theirs[number]
        return found

    whole = statistic(np.ones(len(runs), np.int64))
    intervals = confidence_intervals(statistic, len(runs))
    return [
        Saving(
            budget,
            whole[f"gain {budget}"],
            intervals.get(f"gain {budget}"),
            whole[f"times {budget}"],
            intervals.get(f"times {budget}"),
            labels_needed(chance_budgets, chance.mean(axis=0), runs.mean(axis=0)[number])[1],
        )
        for number, budget in enumerate(budgets)
        if number > 0
    ]


def labels_needed(
    budgets: Sequence[int], accuracies: Sequence[float] | Values, wanted: float
) -> tuple[float, bool]:
    """How many labels a curve needs for an accuracy, and whether that is a bound only.

    The curve is made to rise first (the mean of what falls, by pooling adjacent violators), then
    read between its points on a logarithmic scale of labels.
    """
    rising = _rising(np.asarray(accuracies, np.float64))
    if wanted >= rising[-1]:
        # Where it is flat at its end, the first label that gives as much.
        reached = np.flatnonzero(rising >= wanted)
        return (float(budgets[reached[0]]), False) if len(reached) else (float(budgets[-1]), True)
    if wanted < rising[0]:
        return float(budgets[0]), True
    after = int(np.flatnonzero(rising >= wanted)[0])
    if rising[after] == wanted:
        return float(budgets[after]), False
    before = after - 1
    share = (wanted - rising[before]) / (rising[after] - rising[before])
    ends = np.log([budgets[before], budgets[after]])
    return float(np.exp(ends[0] + share * (ends[1] - ends[0]))), False


def _mean(runs: Values, weights: NDArray[np.int64]) -> Values:
    mean: Values = weights @ runs / weights.sum()
    return mean


def _rising(values: Values) -> Values:
    """The nearest curve that does not fall, in least squares (Barlow et al., 1972)."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        blocks.append((float(value), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (left, num_left), (right, num_right) = blocks[-2], blocks.pop()
            num = num_left + num_right
            blocks[-1] = ((left * num_left + right * num_right) / num, num)
    return np.repeat([mean for mean, _ in blocks], [num for _, num in blocks])
