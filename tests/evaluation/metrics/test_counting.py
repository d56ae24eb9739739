"""Counting accuracy, with answers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.metrics.counting import counting_totals
from serving.core.events import Crossing
from serving.core.labels import Direction

IN, OUT = Direction.IN, Direction.OUT


def crossings(*entries):
    return [
        Crossing(camera_id="door", place=line, at_s=at_s, track_id=1, direction=direction)
        for at_s, line, direction in entries
    ]


TRUE = crossings((1, "a", IN), (2, "a", IN), (3, "a", OUT), (4, "b", IN))


def test_the_same_crossings_a_little_later_are_counted_right():
    later = crossings((1.5, "a", IN), (2.5, "a", IN), (3.5, "a", OUT), (4.5, "b", IN))
    assert counting_totals(later, TRUE).score().accuracy == 1


def test_each_missed_and_each_invented_crossing_costs_its_share():
    missed = TRUE[1:]
    assert counting_totals(missed, TRUE).score().accuracy == 0.75
    invented = [*TRUE, *crossings((9, "b", OUT))]
    assert counting_totals(invented, TRUE).score().accuracy == 0.75


def test_errors_of_two_directions_or_two_lines_do_not_cancel():
    turned = crossings((1, "a", IN), (2, "a", OUT), (3, "a", OUT), (4, "b", IN))
    assert counting_totals(turned, TRUE).score().accuracy == 0.5
    other_line = crossings((1, "a", IN), (2, "b", IN), (3, "a", OUT), (4, "b", IN))
    assert counting_totals(other_line, TRUE).score().accuracy == 0.5


def test_errors_cancel_within_a_clip_and_not_between_windows():
    true = crossings((10, "a", IN), (910, "a", IN))
    counted = crossings((11, "a", IN), (12, "a", IN))
    assert counting_totals(counted, true).score().accuracy == 1
    assert counting_totals(counted, true, window_s=900).score().accuracy == 0


def test_more_errors_than_crossings_are_below_0():
    assert counting_totals(TRUE + TRUE + TRUE, TRUE).score().accuracy == -1


def test_without_a_true_crossing_there_is_no_accuracy():
    assert np.isnan(counting_totals(TRUE, []).score().accuracy)
    assert np.isnan(counting_totals([], []).score().accuracy)


def test_a_block_that_counts_twice_adds_its_crossings_twice():
    true = crossings((1, "a", IN), (31, "a", IN), (61, "a", IN))
    totals = counting_totals(true[:2], true, block_s=30)
    assert totals.score().accuracy == pytest.approx(2 / 3)
    assert totals.score(np.array([2, 1, 0])).accuracy == 1
    assert totals.score(np.array([0, 0, 3])).accuracy == 0
