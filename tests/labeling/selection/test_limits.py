"""Limits of a batch, against a plain comparison of all pairs."""

import numpy as np
import pytest

from labeling.selection.limits import NOWHERE, Limits


@pytest.mark.parametrize("seed", range(5))
def test_what_is_near_to_any_of_many_is_near_to_one_of_them(seed):
    random = np.random.default_rng(seed)
    view = random.integers(NOWHERE, 3, 60)
    at_s = np.where(random.random(60) < 0.2, np.nan, random.integers(0, 40, 60) / 2)
    limits = Limits(view, at_s, gap_s=1.0)
    rows = random.choice(60, 8, replace=False)
    expected = np.any([limits.near(row) for row in rows], axis=0)
    assert limits.near_any(rows).tolist() == expected.tolist()


def test_exactly_the_gap_apart_is_not_too_near():
    limits = Limits(np.zeros(3, np.int64), np.array([10.0, 10.5, 11.0]), gap_s=1.0)
    assert limits.near(0).tolist() == [True, True, False]
    assert limits.near_any(np.array([0])).tolist() == [True, True, False]


def test_pictures_without_a_time_or_a_view_are_near_themselves_alone():
    limits = Limits(np.array([0, 0, NOWHERE, NOWHERE]), np.array([np.nan, 1, 1, 1]), gap_s=5)
    assert limits.near(0).tolist() == [True, False, False, False]
    assert limits.near(2).tolist() == [False, False, True, False]
