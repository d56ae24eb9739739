"""All choosers on one problem, over seeds, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.metrics.bootstrap import Interval
from labeling.selection_proof.rounds import Chooser, Problem, Run, play
from labeling.selection_proof.savings import Point, Saving, curve, savings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one chooser reached.

    Args:
        chooser: its name.
        points: the curve.
        savings: against chance; none for chance itself.
        num_of_class: by budget the labels of each class, means over seeds.
    """

    chooser: str
    points: tuple[Point, ...]
    savings: tuple[Saving, ...]
    num_of_class: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Experiment:
    """A problem measured.

    Args:
        name: of the problem.
        measure: what the figures are, with their range.
        made: how pool and test set came about.
        num_pool: pictures in the pool.
        class_names: in the order of `num_of_class`.
        num_seeds: runs of each chooser.
        outcomes: chance first.
    """

    name: str
    measure: str
    made: str
    num_pool: int
    class_names: tuple[str, ...]
    num_seeds: int
    outcomes: tuple[Outcome, ...]

    def record(self) -> dict[str, Any]:
        """All numbers, for a JSON file."""
        return {
            "name": self.name,
            "measure": self.measure,
            "made": self.made,
            "num_pool": self.num_pool,
            "class_names": list(self.class_names),
            "num_seeds": self.num_seeds,
            "choosers": [_record(outcome) for outcome in self.outcomes],
        }


def experiment(
    problem: Problem,
    choosers: Sequence[Chooser],
    seeds: Sequence[int],
) -> Experiment:
    """Play every chooser with every seed. Chance goes on to twice the last budget and more.

    Args:
        problem: pool, test set and budgets; budgets beyond half of the pool are left out.
        choosers: beside chance, which is always there.
        seeds: of first labels and draws.
    """
    num = len(problem.classes)
    budgets = tuple(budget for budget in problem.budgets if budget <= num / 2)
    more = [budgets[-1] * 2**power for power in (1, 2)]
    chance_budgets = (*budgets, *(budget for budget in more if budget <= num))

    def played(chooser: Chooser, at: Sequence[int]) -> list[Run]:
        with _one_thread():
            return [play(problem, chooser, seed, at) for seed in seeds]

    chance = played(Chooser.RANDOM, chance_budgets)
    of_chance = np.array([run.accuracy for run in chance])
    outcomes = [_outcome(Chooser.RANDOM, chance_budgets, chance, ())]
    for chooser in choosers:
        runs = played(chooser, budgets)
        values = np.array([run.accuracy for run in runs])
        saved = savings(budgets, values, chance_budgets, of_chance)
        outcomes.append(_outcome(chooser, budgets, runs, saved))
    return Experiment(
        problem.name,
        "balanced accuracy",
        problem.made,
        num,
        problem.class_names,
        len(seeds),
        tuple(outcomes),
    )


def _one_thread() -> AbstractContextManager[object]:
    """One thread for linear algebra, where that can be set: these matrices are too small for more.

    On two busy cores that makes a run five times as fast.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    return threadpool_limits(1, user_api="blas")


def _outcome(
    chooser: str, budgets: Sequence[int], runs: Sequence[Run], saved: Sequence[Saving]
) -> Outcome:
    values = np.array([run.accuracy for run in runs])
    counts = np.array([run.num_of_class for run in runs]).mean(axis=0)
    return Outcome(
        str(chooser),
        tuple(curve(budgets, values)),
        tuple(saved),
        tuple(tuple(row) for row in counts.tolist()),
    )


def _record(outcome: Outcome) -> dict[str, Any]:
    return {
        "chooser": outcome.chooser,
        "curve": [
            {"labels": one.budget, "mean": one.mean, **_ends("interval", one.interval)}
            for one in outcome.points
        ],
        "against_random": [
            {
                "labels": one.budget,
                "gain": one.gain,
                **_ends("gain_interval", one.gain_interval),
                "random_needs_times": one.times,
                **_ends("times_interval", one.times_interval),
                "is_bound": one.is_bound,
            }
            for one in outcome.savings
        ],
        "labels_of_class": [list(counts) for counts in outcome.num_of_class],
    }


def _ends(name: str, interval: Interval | None) -> dict[str, list[float] | None]:
    return {name: None if interval is None else [interval.low, interval.high]}
