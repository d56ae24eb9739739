"""Groups into shares: the quality that is promised, and what it depends on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.split_assignment import TOLERANCE, assign, unit_hash

SHARES = [0.7, 0.1, 0.2]


def totals(sizes, assigned, num_shares=3):
    return np.bincount(assigned, weights=sizes, minlength=num_shares)


def assigned_of(sizes, shares=SHARES, seed=0, names=None):
    names = names or [f"group {number}" for number in range(len(sizes))]
    return assign(names, np.array(sizes)[:, None], shares, seed)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=3, max_size=40), st.integers(0, 5))
def test_no_share_misses_by_more_than_is_promised(sizes, seed):
    got = totals(sizes, assigned_of(sizes, seed=seed))
    for share, count in zip(SHARES, got, strict=True):
        promised = max(sizes) / 2 * (1 + share / min(SHARES))
        assert abs(count - share * sum(sizes)) <= max(promised, TOLERANCE * sum(sizes)) + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=3, max_size=8), st.integers(0, 3))
def test_no_move_and_no_exchange_would_help(sizes, seed):
    assigned = assigned_of(sizes, seed=seed)
    total = sum(sizes)

    def cost(groups):
        asked = np.array(SHARES) * total
        return float(((totals(sizes, groups) - asked) ** 2 / asked).sum())

    for row in range(len(sizes)):
        for share in range(3):
            moved = assigned.copy()
            moved[row] = share
            assert cost(moved) >= cost(assigned) - 1e-6
        for other in range(row):
            exchanged = assigned.copy()
            exchanged[[row, other]] = assigned[[other, row]]
            assert cost(exchanged) >= cost(assigned) - 1e-6


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=3, max_size=25), st.randoms())
def test_the_order_of_groups_does_not_matter(sizes, random):
    names = [f"group {number}" for number in range(len(sizes))]
    pairs = list(zip(names, sizes, strict=True))
    before = dict(zip(names, assigned_of(sizes, names=names).tolist(), strict=True))
    random.shuffle(pairs)
    names, sizes = [name for name, _ in pairs], [size for _, size in pairs]
    after = dict(zip(names, assigned_of(sizes, names=names).tolist(), strict=True))
    assert after == before


def test_equal_groups_that_fit_exactly_get_exactly_their_shares():
    assert totals([5] * 10, assigned_of([5] * 10)).tolist() == [35, 5, 10]


def test_what_one_large_group_leaves_is_divided_in_proportion():
    assert totals([90] + [1] * 10, assigned_of([90] + [1] * 10)).tolist() == [90, 3, 7]


def test_an_exchange_is_made_where_no_single_move_helps():
    """From 7 5 | 4 6 no move helps, and 5 for 4 makes it 11 | 11."""
    for seed in range(20):
        assigned = assigned_of([7, 4, 5, 6], [0.5, 0.5], seed)
        assert totals([7, 4, 5, 6], assigned, 2).tolist() == [11, 11]


def test_strata_get_their_shares_within_half_a_percent():
    rng = np.random.default_rng(0)
    strata = rng.integers(0, 6, (400, 2))
    counts = np.column_stack([strata.sum(axis=1), strata])
    assigned = assign([str(number) for number in range(400)], counts, SHARES, 0)
    for column in range(3):
        got = totals(counts[:, column], assigned) / counts[:, column].sum()
        assert got == pytest.approx(SHARES, abs=0.005)


def test_a_rare_stratum_is_spread_as_well():
    rare = np.zeros(300, np.int64)
    rare[:10] = 1
    counts = np.column_stack([np.ones(300, np.int64), rare])
    assigned = assign([str(number) for number in range(300)], counts, SHARES, 3)
    assert totals(rare, assigned).tolist() == [7, 1, 2]


def test_another_seed_gives_another_division():
    sizes = [1] * 50
    assert (assigned_of(sizes, seed=0) != assigned_of(sizes, seed=1)).any()


def test_most_groups_stay_when_others_come():
    """A tenth more data: under a twentieth of the groups changes sides."""
    sizes = np.random.default_rng(0).integers(1, 9, 1100).tolist()
    before, after = assigned_of(sizes[:1000]), assigned_of(sizes)[:1000]
    assert (before != after).mean() < 0.05


def test_the_hash_is_the_same_on_every_machine():
    assert unit_hash(0, "person 7") == pytest.approx(0.5063518, abs=1e-6)
    assert 0 <= unit_hash(1, "") < 1
