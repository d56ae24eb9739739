"""The rule on pools made by hand."""

import math

import numpy as np
import pytest

from labeling.selection.candidates import Candidates, Criterion
from labeling.selection.limits import NOWHERE, Limits
from labeling.selection.rule import NOVELTY, Rule, pick
from tests.labeling.selection.made_up_pools import cluster, pool

SURE = Rule({Criterion.HARDNESS: 1.0}, sharpness=1000)
"""Odds so steep that the best is drawn, whatever the luck."""

SEEDS = range(10)


def rows(candidates, num, rule=SURE, seed=0, limits=None):
    return [one.row for one in pick(candidates, num, rule, seed, limits)]


@pytest.mark.parametrize("seed", SEEDS)
def test_of_two_clusters_one_labelled_the_other_is_picked_first(seed):
    # 0 to 9 lie around (0, 0), where row 0 has a label, 10 to 19 around (1, 0).
    candidates = pool(cluster([0, 0], 10, 1) + cluster([1, 0], 10, 2), labelled=[0])
    first = rows(candidates, 1, Rule({}), seed)[0]
    assert first >= 10


@pytest.mark.parametrize("seed", SEEDS)
def test_each_of_five_clusters_is_picked_before_any_twice(seed):
    centres = np.eye(5).tolist()
    candidates = pool([one for n, centre in enumerate(centres) for one in cluster(centre, 6, n)])
    assert {row // 6 for row in rows(candidates, 5, Rule({}), seed)} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("seed", SEEDS)
def test_an_outlier_has_no_better_odds_than_any_other_that_is_new(seed):
    """Greedy k-centre takes the point at 100 first, always."""
    vectors = [[0.0], *([float(place)] for place in range(2, 30)), [100.0]]
    firsts = [rows(pool(vectors, labelled=[0]), 1, Rule({}), seed * 50 + n)[0] for n in range(50)]
    assert firsts.count(29) < 15


def test_the_hardest_comes_first_where_all_are_equally_new():
    candidates = pool(np.eye(4).tolist(), hardness=[0.2, 0.9, 0.4, 0.6])
    assert rows(candidates, 4) == [1, 3, 2, 0]


def test_odds_are_in_proportion_to_the_score():
    """Of two new pictures with scores 0.9 and 0.1 the first is drawn in 9 of 10 cases."""
    candidates = pool(np.eye(2).tolist(), hardness=[0.9, 0.1])
    drawn = [rows(candidates, 1, Rule({Criterion.HARDNESS: 1.0}), seed)[0] for seed in range(1000)]
    assert drawn.count(0) == pytest.approx(900, abs=25)


def test_the_score_is_the_weighted_mean_of_the_criteria_that_are_known():
    candidates = pool([[0.0], [1.0]], hardness=[0.2, 0.4], failures=[0.5, 0.5], broken=[0, 1])
    weights = {Criterion.HARDNESS: 1.0, Criterion.FAILURES: 0.5, Criterion.UNIQUENESS: 9.0}
    by_row = {one.row: one.score for one in pick(candidates, 2, Rule(weights))}
    # (0.2 + 0.25) / 1.5 and (0.4 + 0.25) / 1.5: `broken` has no weight, uniqueness no values.
    assert by_row == {0: pytest.approx(0.3), 1: pytest.approx(0.65 / 1.5)}


@pytest.mark.parametrize("seed", SEEDS)
def test_copies_are_never_both_picked(seed):
    vectors = [[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1e-4]]
    candidates = pool(vectors, hardness=[1, 1, 1, 1])
    found = rows(candidates, 4, Rule(min_distance=0.01), seed)
    assert len(found) == 2 and len({row // 2 for row in found}) == 2


def test_a_copy_of_a_labelled_picture_is_never_picked():
    candidates = pool([[0.6, 0.8], [0.6, 0.8], [0.8, 0.6]], labelled=[0], hardness=[0, 1, 0.1])
    assert rows(candidates, 3) == [2]


def test_a_hard_near_duplicate_comes_after_an_easy_new_picture():
    vectors = [[0.0, 0.0], [0.01, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    candidates = pool(vectors, labelled=[0], hardness=[0, 1.0, 0.3, 0.3, 0.3])
    assert rows(candidates, 4, Rule({Criterion.HARDNESS: 1.0}))[-1] == 1


def test_labelled_pictures_are_never_picked_and_no_picture_twice():
    candidates = pool(np.eye(6).tolist(), labelled=[1, 4], hardness=[1] * 6)
    assert sorted(rows(candidates, 10)) == [0, 2, 3, 5]


def test_nothing_is_picked_where_everything_has_a_label():
    assert rows(pool([[0.0], [1.0]], labelled=[0, 1]), 3) == []


def test_a_single_picture_without_any_label_is_picked():
    (only,) = pick(pool([[3.0, 4.0]], hardness=[0.0]), 5, SURE)
    assert (only.row, only.distance) == (0, math.inf)


def test_the_same_seed_gives_the_same_picks_and_another_one_others():
    candidates = pool(np.random.default_rng(0).normal(size=(200, 8)).tolist())
    one, again, other = (rows(candidates, 20, Rule({}), seed) for seed in (3, 3, 4))
    assert one == again != other


def test_picks_grow_with_the_number_and_keep_their_order():
    candidates = pool(
        np.random.default_rng(0).normal(size=(50, 4)).tolist(),
        hardness=np.linspace(0, 1, 50).tolist(),
    )
    assert rows(candidates, 20, Rule())[:7] == rows(candidates, 7, Rule())


def test_a_scale_of_the_vectors_changes_nothing():
    vectors = np.random.default_rng(0).normal(size=(60, 4))
    small = pool((vectors / 1000).tolist(), labelled=[0, 1])
    large = pool((vectors * 1000).tolist(), labelled=[0, 1])
    assert rows(small, 15, Rule({})) == rows(large, 15, Rule({}))


def test_the_reason_is_the_criterion_that_lifts_a_picture_most_above_the_mean():
    # Means are 0.5 and 0.25. Row 0 is lifted by 0.4 of hardness, row 1 by 0.5 × 0.65 of failures;
    # row 2 lies below both.
    candidates = pool(np.eye(3).tolist(), hardness=[0.9, 0.4, 0.2], failures=[0.0, 0.9, 0.0])
    rule = Rule({Criterion.HARDNESS: 1.0, Criterion.FAILURES: 0.5})
    told = {one.row: (one.reason, one.value) for one in pick(candidates, 3, rule)}
    assert told[0] == ("hardness", 0.9) and told[1] == ("failures", 0.9)
    assert told[2][0] == NOVELTY and math.isnan(told[2][1])


def test_no_view_gives_more_than_its_share():
    view = np.array([0, 0, 0, 0, 1, NOWHERE, NOWHERE, NOWHERE])
    limits = Limits(view, np.full(8, np.nan), max_per_view=2)
    candidates = pool(np.eye(8).tolist(), hardness=[1, 0.9, 0.8, 0.7, 0.2, 0.6, 0.5, 0.4])
    assert rows(candidates, 8, limits=limits) == [0, 1, 5, 6, 7, 4]


def test_frames_of_one_camera_keep_their_distance_in_time():
    # The label is at 0 s; of 0.5, 1.0, 1.4 and 2.0 s the one at 1.0 is hardest.
    limits = Limits(np.zeros(5, np.int64), np.array([0, 0.5, 1.0, 1.4, 2.0]), gap_s=1.0)
    candidates = pool(np.eye(5).tolist(), labelled=[0], hardness=[0, 1.0, 0.9, 0.8, 0.1])
    assert rows(candidates, 5, limits=limits) == [2, 4]


@pytest.mark.parametrize("name", ["sharpness", "likeness", "steepness", "min_distance"])
def test_a_rule_has_no_number_below_0(name):
    with pytest.raises(ValueError, match="expected numbers of at least 0, got -1"):
        Rule(**{name: -1.0})


def test_values_outside_0_and_1_are_refused_where_they_would_be_read():
    vectors, flags = np.eye(2, dtype=np.float32), np.array([True, False])
    Candidates(vectors, flags, {Criterion.HARDNESS: np.array([np.nan, 1.0])})
    with pytest.raises(ValueError, match="hardness: expected values in"):
        Candidates(vectors, flags, {Criterion.HARDNESS: np.array([0.0, np.nan])})
    with pytest.raises(ValueError, match="expected shape"):
        Candidates(vectors, flags, {Criterion.HARDNESS: np.zeros(3)})
    with pytest.raises(ValueError, match="expected vectors"):
        Candidates(vectors, np.array([True]), {})
