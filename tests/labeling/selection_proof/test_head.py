"""The linear head on problems with a known answer."""

import numpy as np
import pytest

from labeling.selection_proof.head import balanced_accuracy, fit, hardness


def test_three_clusters_are_told_apart():
    random = np.random.default_rng(0)
    centres = 8 * np.eye(3, dtype=np.float32)
    classes = np.arange(90) % 3
    features = (centres[classes] + random.normal(0, 1, (90, 3))).astype(np.float32)
    head = fit(features, classes, 3)
    assert head.shares(centres).argmax(axis=1).tolist() == [0, 1, 2]
    assert head.shares(features).sum(axis=1) == pytest.approx(np.ones(90))


def test_a_rare_class_has_the_same_say():
    """Where nothing tells the classes apart each gets half, though one has 9 of 10 labels."""
    head = fit(np.zeros((10, 2), np.float32), np.array([0] * 9 + [1]), 2)
    assert head.shares(np.zeros((1, 2), np.float32))[0].tolist() == pytest.approx([0.5, 0.5])


def test_a_class_without_labels_is_never_given():
    head = fit(np.array([[-4.0], [4.0]], np.float32), np.array([0, 2]), 3)
    shares = head.shares(np.array([[-4.0], [0.0], [4.0]], np.float32))
    assert shares[:, 1].max() == 0 and shares.argmax(axis=1).tolist()[::2] == [0, 2]


def test_balanced_accuracy_is_the_mean_over_classes():
    shares = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1]])
    # All of class 0 and none of class 1.
    assert balanced_accuracy(shares, np.array([0, 0, 0, 1])) == 0.5


def test_hardness_is_1_between_two_classes_and_0_for_a_certain_one():
    shares = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.6, 0.3, 0.1]])
    assert hardness(shares).tolist() == pytest.approx([1.0, 0.0, 0.7])
