"""Intervals: against a known distribution, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.metrics.bootstrap import confidence_interval, confidence_intervals, time_blocks


def test_the_interval_of_a_mean_is_near_that_of_theory():
    values = np.random.default_rng(1).normal(10, 2, 400)
    interval = confidence_interval(lambda w: float(w @ values / w.sum()), 400)
    half_width = 1.96 * values.std() / np.sqrt(400)
    assert interval.low == pytest.approx(values.mean() - half_width, abs=0.03)
    assert interval.high == pytest.approx(values.mean() + half_width, abs=0.03)


def test_a_draw_has_as_many_units_as_the_data():
    seen = []
    confidence_interval(lambda w: seen.append(w.sum()) or 0.0, 7, num_resamples=50)
    assert seen == [7] * 50


def test_the_same_seed_gives_the_same_interval():
    values = np.arange(20.0)

    def interval(seed):
        return confidence_interval(lambda w: float(w @ values), 20, 100, seed)

    assert interval(3) == interval(3) != interval(4)


def test_a_constant_has_an_interval_without_width():
    interval = confidence_interval(lambda _: 0.5, 10)
    assert (interval.low, interval.high) == (0.5, 0.5)


def test_too_few_units_have_no_interval():
    assert confidence_interval(lambda _: 0.5, 3) is None


def test_draws_with_nothing_to_measure_are_left_out():
    intervals = confidence_intervals(
        lambda w: {"often": 1.0 if w[0] else np.nan, "never": np.nan}, 5, 100
    )
    assert (intervals["often"].low, list(intervals)) == (1.0, ["often"])


def test_an_interval_of_what_every_draw_lowers_can_be_recentred():
    def share_of_units_seen(weights):
        return {"seen": float((weights > 0).mean())}  # 1 for all units, about 0.63 for a draw

    plain = confidence_intervals(share_of_units_seen, 50)["seen"]
    moved = confidence_intervals(share_of_units_seen, 50, recentred=True)["seen"]
    assert plain.high < 1 < moved.high
    assert moved.low < 1
    assert moved.high - moved.low == pytest.approx(plain.high - plain.low)


def test_blocks_are_counted_from_the_first_time_and_empty_ones_left_out():
    assert time_blocks(np.array([7.0, 11.9, 12.0, 27.5]), 5).tolist() == [0, 0, 1, 2]
    assert time_blocks(np.arange(100) * 0.1, 5).tolist() == [0] * 50 + [1] * 50
    assert time_blocks(np.zeros(0), 5).tolist() == []
