import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serving.tracking.assignment import assign


def pairs(cost, allowed=None):
    cost = np.array(cost, float)
    allowed = np.ones_like(cost, bool) if allowed is None else np.array(allowed)
    rows, columns = assign(cost, allowed)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def test_the_lowest_total_wins_over_the_lowest_single_cost():
    # Taking 1.0 first would force 9.0 on the other row: 10 against 2 + 3.
    assert pairs([[1.0, 2.0], [3.0, 9.0]]) == [(0, 1), (1, 0)]


def test_a_pair_that_is_not_allowed_is_never_made():
    assert pairs([[0.0, 5.0]], [[False, True]]) == [(0, 1)]
    assert pairs([[0.0]], [[False]]) == []


def test_more_pairs_go_before_cheaper_ones():
    # Row 0 may have either column, row 1 the first only.
    assert pairs([[0.0, 9.0], [9.0, 0.0]], [[True, True], [True, False]]) == [(0, 1), (1, 0)]


def test_nothing_to_pair_gives_no_pairs():
    assert pairs(np.zeros((0, 3))) == []
    assert pairs(np.zeros((3, 0))) == []


@given(
    st.integers(1, 4).flatmap(
        lambda rows: st.integers(1, 4).flatmap(
            lambda columns: st.tuples(
                arrays(float, (rows, columns), elements=st.floats(-2, 2)),
                arrays(bool, (rows, columns)),
            )
        )
    )
)
def test_no_other_pairing_is_larger_or_cheaper(problem):
    cost, allowed = problem
    rows, columns = assign(cost, allowed)
    assert len(set(rows)) == len(rows) and len(set(columns)) == len(columns)
    assert allowed[rows, columns].all()
    best = (0, 0.0)
    tall, wide = cost.shape
    for size in range(1, min(tall, wide) + 1):
        for chosen in itertools.combinations(range(tall), size):
            for order in itertools.permutations(range(wide), size):
                if allowed[list(chosen), list(order)].all():
                    total = cost[list(chosen), list(order)].sum()
                    best = min(best, (-size, total))
    assert (-len(rows), cost[rows, columns].sum()) <= (best[0], best[1] + 1e-9)
