"""How errors are carried over to look-alikes, by hand."""

import numpy as np
import pytest

from labeling.selection.candidates import Criterion
from labeling.selection.failures import likely_failures
from labeling.selection.rule import Rule, pick
from tests.labeling.selection.made_up_pools import cluster, pool


def vectors(*places: float) -> np.ndarray:
    return np.array([[place] for place in places], np.float32)


def test_likeness_falls_as_a_gaussian_and_the_mean_counts_as_one_more_look_alike():
    # The labelled lie 1 apart, so the width is 1. At 0 the likenesses are 1 and exp(-1/2).
    found = likely_failures(vectors(0.0), vectors(0.0, 1.0), np.array([1.0, 0.0]))
    assert found.tolist() == pytest.approx([(1.0 + 0.5) / (1 + np.exp(-0.5) + 1)])


def test_far_from_all_labels_the_mean_error_is_expected():
    found = likely_failures(vectors(1000.0), vectors(0.0, 1.0), np.array([0.9, 0.1]))
    assert found.tolist() == pytest.approx([0.5])


def test_look_alikes_of_failures_are_picked_before_those_of_successes():
    good, bad = cluster([0, 0], 10, 1, radius=0.1), cluster([3, 0], 10, 2, radius=0.1)
    errors = np.array([0.0, 0.0, 1.0, 1.0])
    labelled = [0, 1, 10, 11]
    all_vectors = np.array(good + bad, np.float32)
    failures = likely_failures(all_vectors, all_vectors[labelled], errors)
    candidates = pool(good + bad, labelled, failures=failures.tolist())
    rule = Rule({Criterion.FAILURES: 1.0}, sharpness=1000, steepness=0)
    assert all(one.row >= 10 for one in pick(candidates, 8, rule))


def test_without_labels_nothing_is_expected_and_a_single_or_a_doubled_one_is_no_trouble():
    none, one = np.zeros((0, 1), np.float32), np.array([1.0])
    assert likely_failures(vectors(0, 1), none, np.zeros(0)).tolist() == [0, 0]
    assert likely_failures(vectors(0.0), vectors(0.0), one).tolist() == [1.0]
    doubled = likely_failures(vectors(0.0), vectors(0.0, 0.0), np.array([1.0, 0.0]))
    assert doubled.tolist() == pytest.approx([0.5])
