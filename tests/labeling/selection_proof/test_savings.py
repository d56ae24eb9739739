"""How many labels a choice saves, by hand."""

import numpy as np
import pytest

from labeling.selection_proof.savings import curve, labels_needed, savings


@pytest.mark.parametrize(
    ("wanted", "needed", "is_bound"),
    [
        (0.6, 100, False),
        # Half of the way from 0.6 to 0.8: the geometric mean of 100 and 200.
        (0.7, 100 * 2**0.5, False),
        (0.8, 200, False),
        (0.9, 400, False),
        (0.95, 400, True),
        (0.5, 100, True),
    ],
)
def test_labels_are_read_from_a_rising_curve_on_a_logarithmic_scale(wanted, needed, is_bound):
    found = labels_needed([100, 200, 400], [0.6, 0.8, 0.9], wanted)
    assert found == (pytest.approx(needed), is_bound)


def test_a_curve_that_falls_is_levelled_first():
    # 0.8 and 0.6 become 0.7 twice: 0.7 is reached with the first of them.
    assert labels_needed([1, 2, 4, 8], [0.5, 0.8, 0.6, 0.9], 0.7) == (2, False)
    assert labels_needed([1, 2], [0.8, 0.6], 0.7) == (1, False)


def test_twice_the_labels_at_random_are_a_saving_of_half():
    # Chance gains 0.1 with each doubling; the chooser is one doubling ahead, with every seed.
    level = np.array([[0.0], [0.01], [-0.01], [0.02]])
    chance = np.array([0.5, 0.6, 0.7, 0.8]) + level
    ours = np.array([0.5, 0.7, 0.8]) + level
    found = savings([10, 20, 40], ours, [10, 20, 40, 80], chance)
    assert [one.budget for one in found] == [20, 40]
    for one in found:
        assert one.times == pytest.approx(2) and one.gain == pytest.approx(0.1)
        # The seeds are paired, so what differs between them cancels out.
        assert one.gain_interval.low == pytest.approx(one.gain_interval.high) == pytest.approx(0.1)
        assert one.times_interval.low == pytest.approx(2)
        assert not one.is_bound


def test_what_chance_never_reaches_is_a_bound():
    chance, ours = np.full((4, 3), 0.5), np.array([[0.5, 0.9]] * 4)
    (found,) = savings([10, 20], ours, [10, 20, 40], chance)
    assert (found.times, found.is_bound) == (2.0, True)


def test_a_curve_has_the_mean_of_the_seeds_and_an_interval_of_it():
    runs = np.array([[0.4, 0.5], [0.6, 0.5], [0.4, 0.5], [0.6, 0.5]])
    first, second = curve([10, 20], runs)
    assert (first.budget, first.mean) == (10, pytest.approx(0.5))
    assert 0.4 <= first.interval.low < 0.5 < first.interval.high <= 0.6
    assert second.interval.low == second.interval.high == pytest.approx(0.5)


def test_three_seeds_give_no_interval():
    assert curve([10], np.array([[0.1], [0.2], [0.3]]))[0].interval is None
