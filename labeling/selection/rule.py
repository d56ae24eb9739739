"""The rule: a draw with better odds for what scores high, and worse for what is known already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labeling.selection.candidates import Candidates, Criterion, Values, Vectors
from labeling.selection.distances import NearestDistances
from labeling.selection.limits import Allowance, Limits, no_limits

NOVELTY = "novelty"
"""The reason of a pick of which no criterion says more than of most: it is unlike what is known."""

DEFAULT_WEIGHTS: Mapping[Criterion, float] = {
    Criterion.HARDNESS: 1.0,
    Criterion.FAILURES: 0.5,
    Criterion.BROKEN: 0.5,
}
"""`labeling/README.md` has the measurements behind them. Over the six pools of the proof, with ten
seeds of the tuning, chance needed 1.7 times as many labels as these weights; with half a weight for
uniqueness or for representativeness besides 1.5, so these count only where they are asked for."""

_LEAST_SCORE = 0.01
"""A picture that nothing speaks for keeps a small chance: the model may be sure and wrong."""

_NUM_PAIRS = 2000


@dataclass(frozen=True, slots=True)
class Rule:
    """How much each criterion counts, and how alike two pictures may be.

    Args:
        weights: by criterion, at least 0; one that a pool has no values of does not count.
        sharpness: the power of the score: 0 gives all the same odds, a large one takes the best.
        likeness: pictures nearer to each other than this share of the median distance in the pool
            are alike, and have the worse odds the nearer they are.
        steepness: the power by which they are worse.
        min_distance: what is as near as this to a labelled or picked picture is its duplicate, and
            never picked.

    Raises:
        ValueError: a number below 0.
    """

    weights: Mapping[Criterion, float] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    sharpness: float = 1.0
    likeness: float = 0.6
    steepness: float = 8.0
    min_distance: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.sharpness, self.likeness, self.steepness, self.min_distance)
        for value in (*self.weights.values(), *numbers):
            if not value >= 0:
                raise ValueError(f"rule: expected numbers of at least 0, got {value}")


@dataclass(frozen=True, slots=True)
class Pick:
    """One picture to label.

    Args:
        row: in the candidates.
        score: in [0, 1], the weighted mean of its criteria.
        distance: to the nearest labelled or picked one when it was picked; infinite where there
            was none.
        reason: the criterion that lifts it most above the mean of the pool, or `NOVELTY`.
        value: of that criterion, as measured; nan for `NOVELTY`.
    """

    row: int
    score: float
    distance: float
    reason: str
    value: float


def pick(
    candidates: Candidates, num: int, rule: Rule, seed: int = 0, limits: Limits | None = None
) -> list[Pick]:
    """The pictures to label, best first; fewer than `num` where no others are left.

    Drawn one by one without replacement, with odds score^sharpness × novelty^steepness. Novelty is
    the distance to the nearest picture that is labelled or drawn, as a share of what counts as
    alike, and at most 1: so copies of what is known are left out, and outliers are not sought,
    which greedy k-centre does. A draw, and not the best: where the model is unsure of everything,
    its word is worth little, all have about the same odds, and the labels stay a fair sample
    (Kirsch et al., Stochastic Batch Acquisition, 2023, of scores alone).

    Args:
        candidates: of the pool.
        num: how many are wanted, at least 1.
        rule: how they are weighed.
        seed: of the draw; the same pool and seed give the same picks.
        limits: of a batch; None: none.
    """
    rows = candidates.open_rows
    if len(rows) == 0:
        return []
    random = np.random.default_rng(seed)
    # Gumbel's noise added to logarithms of odds makes the largest a draw by these odds.
    luck = random.gumbel(size=len(rows))
    score = _scores(candidates, rule)[rows]
    odds = rule.sharpness * np.log(np.maximum(score, _LEAST_SCORE)) + luck
    alike = rule.likeness * _typical_distance(candidates.vectors, random)
    allowance = Allowance.at_start(
        limits if limits is not None else no_limits(len(candidates.vectors)),
        candidates.is_labelled,
    )
    nearest = NearestDistances(
        candidates.vectors[rows], candidates.vectors[candidates.labelled_rows]
    )
    picks: list[Pick] = []
    while len(picks) < num:
        distance = nearest.distances
        is_open = allowance.allowed[rows] & (distance > rule.min_distance)
        if not is_open.any():
            break
        total = odds + rule.steepness * _log_novelty(distance, alike)
        best = int(np.where(is_open, total, -np.inf).argmax())
        row = int(rows[best])
        reason, value = _reason(candidates, rule, row)
        picks.append(Pick(row, float(score[best]), float(distance[best]), reason, value))
        allowance.take(row)
        nearest.add(best)
    return picks


def counted(candidates: Candidates, rule: Rule) -> dict[Criterion, Values]:
    """The criteria that count: those with a weight of which something is known."""
    return {
        criterion: values
        for criterion, values in candidates.values.items()
        if rule.weights.get(criterion, 0) > 0
    }


def _scores(candidates: Candidates, rule: Rule) -> Values:
    """(N,) weighted means of the criteria that count; 1 where none does."""
    known = counted(candidates, rule)
    if not known:
        return np.ones(len(candidates.vectors))
    total = sum(rule.weights[criterion] for criterion in known)
    parts = [rule.weights[criterion] * values for criterion, values in known.items()]
    return np.sum(parts, axis=0) / total


def _typical_distance(vectors: Vectors, random: np.random.Generator) -> float:
    """The median distance of two pictures of the pool."""
    pairs = random.integers(len(vectors), size=(2, _NUM_PAIRS))
    pairs = pairs[:, pairs[0] != pairs[1]]
    if pairs.shape[1] == 0:
        return 0.0
    return float(np.median(np.linalg.norm(vectors[pairs[0]] - vectors[pairs[1]], axis=1)))


def _log_novelty(distance: Values, alike: float) -> NDArray[np.float64]:
    """(N,) at most 0, and finite: copies are the last, and not impossible."""
    share = np.ones(len(distance)) if alike <= 0 else np.minimum(distance / alike, 1.0)
    return np.log(np.maximum(share, 1e-9))


def _reason(candidates: Candidates, rule: Rule, row: int) -> tuple[str, float]:
    """What lifts a picture most above the mean of those without labels."""
    rows = candidates.open_rows
    lift = {
        criterion: rule.weights[criterion] * (values[row] - values[rows].mean())
        for criterion, values in counted(candidates, rule).items()
    }
    best = max(lift, key=lambda criterion: lift[criterion], default=None)
    if best is None or lift[best] <= 0:
        return NOVELTY, float("nan")
    return best.value, float(candidates.values[best][row])
