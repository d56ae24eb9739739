"""Rounds of labelling on a made-up problem where uncertainty provably helps."""

from dataclasses import replace

import numpy as np
import pytest

from labeling.selection_proof.experiment import experiment
from labeling.selection_proof.rounds import CHOOSERS, Chooser, Problem, State, play
from labeling.selection_proof.tables import headline

SEEDS = range(8)
BUDGETS = (40, 80, 160)


def rare_problem() -> Problem:
    """Two clouds 5 deviations apart in one of 16 directions; 3 in 100 are of the second one.

    Chance gets one rare label in 33. Where the model is unsure both clouds are about as thin, so
    there nearly every second label is a rare one.
    """
    random = np.random.default_rng(0)

    def drawn(num: int, share: float) -> tuple[np.ndarray, np.ndarray]:
        classes = (random.random(num) < share).astype(np.int64)
        features = random.normal(size=(num, 16))
        features[:, 0] += 5 * classes
        return (2 * features).astype(np.float32), classes

    names = ("common", "rare")
    return Problem("rare", *drawn(2000, 0.03), *drawn(2000, 0.5), names, BUDGETS, "made up")


@pytest.fixture(scope="module")
def measured():
    return experiment(rare_problem(), (Chooser.RULE, Chooser.UNCERTAINTY, Chooser.DIVERSITY), SEEDS)


def test_our_rule_and_uncertainty_need_fewer_labels_than_chance(measured):
    by_name = {outcome.chooser: outcome for outcome in measured.outcomes}
    for chooser in (Chooser.RULE, Chooser.UNCERTAINTY):
        for saved in by_name[chooser].savings:
            assert saved.gain_interval.low > 0 and saved.times_interval.low > 1
        rare, of_chance = (by_name[one].num_of_class[2][1] for one in (chooser, Chooser.RANDOM))
        assert rare > 2 * of_chance


def test_all_choosers_begin_with_the_same_labels(measured):
    starts = {outcome.points[0].mean for outcome in measured.outcomes}
    assert len(starts) == 1
    assert tuple(point.budget for point in measured.outcomes[1].points) == BUDGETS


def test_chance_goes_on_so_that_it_can_catch_up(measured):
    assert [point.budget for point in measured.outcomes[0].points][-2:] == [320, 640]


def test_every_chooser_has_as_many_labels_as_the_budget_says(measured):
    for outcome in measured.outcomes:
        for point, counts in zip(outcome.points, outcome.num_of_class, strict=True):
            assert sum(counts) == pytest.approx(point.budget)


def test_the_record_and_the_headline_say_what_was_measured(measured):
    record = measured.record()
    assert [each["chooser"] for each in record["choosers"]][:2] == ["random", "our rule"]
    ours = record["choosers"][1]
    assert len(ours["curve"]) == 3 and len(ours["against_random"]) == 2
    assert ours["against_random"][0].keys() == {
        "labels",
        "gain",
        "gain_interval",
        "random_needs_times",
        "times_interval",
        "is_bound",
    }
    assert headline(measured).startswith("rare: ")


def test_the_same_seed_plays_the_same_run():
    problem = rare_problem()
    first = play(problem, Chooser.RULE, 1, problem.budgets)
    assert play(problem, Chooser.RULE, 1, problem.budgets) == first
    assert play(problem, Chooser.RULE, 2, problem.budgets) != first


def test_the_test_set_has_no_say_in_what_is_chosen():
    """Labels of the test set turned round: the same labels are asked for."""
    problem = rare_problem()
    turned = replace(problem, test_classes=1 - problem.test_classes)
    ours, theirs = (play(one, Chooser.RULE, 0, one.budgets) for one in (problem, turned))
    assert ours.num_of_class == theirs.num_of_class and ours.accuracy != theirs.accuracy


def test_errors_are_those_of_a_model_that_had_not_seen_the_label(monkeypatch):
    """One feature tells the class, but every tenth label is the other one."""
    features = np.linspace(-9, 9, 200, dtype=np.float32)[:, None]
    is_turned = np.arange(200) % 10 == 3
    classes = (features[:, 0] > 0) ^ is_turned
    seen: list[State] = []

    def watched(state: State, num: int) -> np.ndarray:
        seen.append(state)
        return np.flatnonzero(~state.is_labelled)[:: len(classes) // 100][:num]

    monkeypatch.setitem(CHOOSERS, Chooser.RULE, watched)
    problem = Problem(
        "turned", features, classes.astype(int), features, classes.astype(int), ("a", "b"), (), ""
    )
    play(problem, Chooser.RULE, 0, (60, 120, 160))
    first, second = seen
    is_clear = np.abs(features[:, 0]) > 2  # close to the border the model may be wrong, too
    for state in (first, second):
        judged = state.is_labelled & is_clear
        assert state.errors[judged].tolist() == is_turned[judged].astype(float).tolist()
    assert second.is_labelled.sum() == 120 and second.errors[second.is_labelled].sum() > 5


def test_budgets_beyond_half_of_the_pool_are_left_out():
    small = replace(rare_problem(), budgets=(40, 80, 1001))
    measured = experiment(small, (), range(4))
    assert [point.budget for point in measured.outcomes[0].points] == [40, 80, 160, 320]


@pytest.mark.parametrize("chooser", list(Chooser))
def test_a_chooser_gives_new_pictures_and_each_once(chooser):
    random = np.random.default_rng(0)
    is_labelled = np.arange(100) < 20
    state = State(
        random.normal(size=(100, 4)).astype(np.float32),
        is_labelled,
        random.random(100),
        (random.random(100) < 0.3).astype(float),
        0,
    )
    found = CHOOSERS[chooser](state, 30)
    assert len(set(found.tolist())) == 30 and found.min() >= 20


def test_plain_uncertainty_takes_the_hardest_and_plain_diversity_the_farthest():
    vectors = np.array([[0.0], [1.0], [5.0], [9.0]], np.float32)
    state = State(vectors, np.arange(4) == 0, np.array([9, 0.2, 0.9, 0.1]), np.zeros(4), 0)
    assert CHOOSERS[Chooser.UNCERTAINTY](state, 2).tolist() == [2, 1]
    # 9 is farthest from 0, then 5 is 4 from 9 and 5 from 0.
    assert CHOOSERS[Chooser.DIVERSITY](state, 2).tolist() == [3, 2]
