"""Held to the worked examples of the papers."""

import math

import numpy as np
import pytest

from evaluation.metrics.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha

NAN = math.nan

KRIPPENDORFF_2011 = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
)
"""The example of Computing Krippendorff's Alpha-Reliability, section D: 4 observers, 12 units."""

FLEISS_1971 = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
"""The table with which the measure is commonly explained: 14 raters, 10 subjects, 0.210."""


@pytest.mark.parametrize(
    ("scale", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_is_that_of_the_papers_example(scale, expected):
    assert krippendorff_alpha(KRIPPENDORFF_2011, scale) == pytest.approx(expected, abs=5e-4)


def test_fleiss_kappa_is_that_of_the_known_example():
    assert fleiss_kappa(FLEISS_1971) == pytest.approx(0.210, abs=5e-4)


def test_cohen_kappa_of_two_readers_of_fifty_proposals():
    """20 times both yes, 15 both no, 5 and 10 apart: 0.7 observed, 0.5 by chance."""
    first = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    second = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    assert cohen_kappa(first, second) == pytest.approx(0.4)


def test_full_agreement_is_one():
    same = np.array([0, 1, 2, 1])
    assert cohen_kappa(same, same) == 1
    assert fleiss_kappa(np.array([[3, 0], [0, 3]])) == 1
    assert krippendorff_alpha(np.array([[0.0, 1], [0, 1]])) == 1


def test_two_people_who_always_differ_are_below_chance():
    assert cohen_kappa(np.array([0, 1]), np.array([1, 0])) == -1


def test_where_only_one_value_is_in_use_nothing_can_be_said():
    assert math.isnan(cohen_kappa(np.array([1, 1]), np.array([1, 1])))
    assert math.isnan(fleiss_kappa(np.array([[2, 0], [2, 0]])))
    assert math.isnan(krippendorff_alpha(np.array([[1.0, 1], [1, 1]])))


def test_what_only_one_person_judged_does_not_count():
    judged = np.array([[0.0, 1, 5], [0, 1, NAN]])
    assert krippendorff_alpha(judged) == 1


def test_nothing_judged_is_nothing_said():
    assert math.isnan(cohen_kappa(np.zeros(0, np.int64), np.zeros(0, np.int64)))
    assert math.isnan(fleiss_kappa(np.zeros((0, 3), np.int64)))
    assert math.isnan(krippendorff_alpha(np.zeros((2, 0))))


def test_tables_that_are_none_are_refused():
    with pytest.raises(ValueError, match="two rows of one length"):
        cohen_kappa(np.zeros(2, np.int64), np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="counts of one sum a row"):
        fleiss_kappa(np.array([[1, 1], [2, 1]]))
    with pytest.raises(ValueError, match="at least two people"):
        fleiss_kappa(np.array([[1, 0]]))
    with pytest.raises(ValueError, match=r"\(R, N\) values"):
        krippendorff_alpha(np.zeros(3))
