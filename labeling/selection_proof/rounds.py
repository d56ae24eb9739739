"""Labelling in rounds, played: train, choose, ask for the labels, and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from labeling.selection.candidates import Candidates, Criterion
from labeling.selection.distances import NearestDistances
from labeling.selection.failures import likely_failures
from labeling.selection.rule import Rule, pick
from labeling.selection_proof.head import Classes, Features, balanced_accuracy, fit, hardness

_NUM_FOLDS = 5


class Chooser(StrEnum):
    """What chooses; the last three are parts of the rule, to see what each brings."""

    RANDOM = "random"
    RULE = "our rule"
    UNCERTAINTY = "plain uncertainty"
    DIVERSITY = "plain diversity"
    HARDNESS_ONLY = "our rule, hardness alone"
    FAILURES_ONLY = "our rule, failures alone"
    NOVELTY_ONLY = "our rule, novelty alone"


PLAIN = (Chooser.UNCERTAINTY, Chooser.DIVERSITY)
PARTS = (Chooser.HARDNESS_ONLY, Chooser.FAILURES_ONLY, Chooser.NOVELTY_ONLY)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A pool to label and a test set that no choice sees.

    Args:
        name: of the problem.
        features: (N, D) of the pool; also by which pictures are alike.
        classes: (N,) the labels, which are read when they are asked for.
        test_features: (M, D).
        test_classes: (M,).
        class_names: K words.
        budgets: numbers of labels, ascending; the first are drawn at random for every chooser.
        made: in words, how pool and test set came about.
    """

    name: str
    features: Features
    classes: Classes
    test_features: Features
    test_classes: Classes
    class_names: tuple[str, ...]
    budgets: tuple[int, ...]
    made: str


@dataclass(frozen=True, slots=True)
class Run:
    """Balanced accuracy at each budget, and how many labels of each class there were."""

    accuracy: tuple[float, ...]
    num_of_class: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a chooser knows.

    Args:
        vectors: (N, D) of the pool.
        is_labelled: (N,).
        hardness: (N,) of the model that all labels so far have taught.
        errors: (N,) of labelled pictures: 1 where a model that had not seen the label was wrong.
        seed: of this round.
    """

    vectors: Features
    is_labelled: NDArray[np.bool_]
    hardness: NDArray[np.float64]
    errors: NDArray[np.float64]
    seed: int


def play(problem: Problem, chooser: Chooser, seed: int, budgets: Sequence[int]) -> Run:
    """One run over all budgets. The same seed gives every chooser the same first labels.

    A pool that shows fewer than two classes in the first labels is drawn from again.
    """
    num_classes = len(problem.class_names)
    is_labelled = _first_labels(problem, seed, budgets[0])
    errors = np.zeros(len(problem.classes))
    errors[is_labelled] = _crossed_errors(problem, np.flatnonzero(is_labelled))
    accuracy, num_of_class = [], []
    for number, budget in enumerate(budgets):
        known = problem.classes[is_labelled]
        head = fit(problem.features[is_labelled], known, num_classes)
        num_of_class.append(tuple(np.bincount(known, minlength=num_classes).tolist()))
        accuracy.append(balanced_accuracy(head.shares(problem.test_features), problem.test_classes))
        if number + 1 == len(budgets):
            break
        shares = head.shares(problem.features)
        state = State(problem.features, is_labelled, hardness(shares), errors, 1000 * seed + number)
        new = CHOOSERS[chooser](state, budgets[number + 1] - budget)
        # What the model said of them before it learned them.
        errors[new] = shares[new].argmax(axis=1) != problem.classes[new]
        is_labelled = is_labelled.copy()
        is_labelled[new] = True
    return Run(tuple(accuracy), tuple(num_of_class))


def _first_labels(problem: Problem, seed: int, num: int) -> NDArray[np.bool_]:
    random = np.random.default_rng(seed)
    while True:
        is_labelled = np.zeros(len(problem.classes), np.bool_)
        is_labelled[random.choice(len(is_labelled), num, replace=False)] = True
        if len(np.unique(problem.classes[is_labelled])) > 1:
            return is_labelled


def _crossed_errors(problem: Problem, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Whether a model of the other folds is wrong; of the first labels, that nothing preceded."""
    errors = np.zeros(len(rows))
    fold = np.arange(len(rows)) % _NUM_FOLDS
    for one in range(_NUM_FOLDS):
        taught, asked = rows[fold != one], rows[fold == one]
        head = fit(problem.features[taught], problem.classes[taught], len(problem.class_names))
        found = head.shares(problem.features[asked]).argmax(axis=1)
        errors[fold == one] = found != problem.classes[asked]
    return errors


def _random(state: State, num: int) -> NDArray[np.intp]:
    rows = np.flatnonzero(~state.is_labelled)
    return np.random.default_rng(state.seed).choice(rows, num, replace=False)


def _most_uncertain(state: State, num: int) -> NDArray[np.intp]:
    rows = np.flatnonzero(~state.is_labelled)
    return rows[np.argsort(-state.hardness[rows], kind="stable")[:num]]


def _farthest(state: State, num: int) -> NDArray[np.intp]:
    """Greedy k-centre (Sener and Savarese, 2018)."""
    rows = np.flatnonzero(~state.is_labelled)
    nearest = NearestDistances(state.vectors[rows], state.vectors[state.is_labelled])
    found: list[int] = []
    for _ in range(num):
        distances = nearest.distances
        distances[found] = -1
        found.append(int(distances.argmax()))
        nearest.add(found[-1])
    return rows[found]


def _by_rule(rule: Rule) -> Callable[[State, int], NDArray[np.intp]]:
    def choose(state: State, num: int) -> NDArray[np.intp]:
        values = {Criterion.HARDNESS: state.hardness}
        if rule.weights.get(Criterion.FAILURES, 0) > 0:
            known = state.is_labelled
            values[Criterion.FAILURES] = likely_failures(
                state.vectors, state.vectors[known], state.errors[known]
            )
        candidates = Candidates(state.vectors, state.is_labelled, values)
        picks = pick(candidates, num, rule, state.seed)
        return np.array([one.row for one in picks], np.intp)

    return choose


CHOOSERS: dict[Chooser, Callable[[State, int], NDArray[np.intp]]] = {
    Chooser.RANDOM: _random,
    Chooser.RULE: _by_rule(Rule()),
    Chooser.UNCERTAINTY: _most_uncertain,
    Chooser.DIVERSITY: _farthest,
    Chooser.HARDNESS_ONLY: _by_rule(Rule({Criterion.HARDNESS: 1.0})),
    Chooser.FAILURES_ONLY: _by_rule(Rule({Criterion.FAILURES: 1.0})),
    Chooser.NOVELTY_ONLY: _by_rule(Rule({}, sharpness=0)),
}
