"""Uniqueness and representativeness, on planted copies, odd ones out and middles of clusters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from datasets.curation import likeness
from datasets.curation.embeddings import Embeddings
from datasets.curation.likeness import copy_distance, representativeness, uniqueness


def _on_circle(*degrees: float) -> NDArray[np.float32]:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def _embeddings(vectors: NDArray[np.float32]) -> Embeddings:
    return Embeddings(tuple(f"{n}.png" for n in range(len(vectors))), vectors, "made-up@1")


def test_pair_of_copies_is_the_least_unique_and_the_odd_one_the_most() -> None:
    # 2 and 3 are copies; all are 10° apart but the last.
    unique = uniqueness(_embeddings(_on_circle(0, 10, 20, 20, 30, 40, 120)))

    ranked = sorted(unique, key=lambda key: unique[key])
    assert set(ranked[:2]) == {"2.png", "3.png"}
    assert ranked[-1] == "6.png"
    assert unique["6.png"] == 1


def test_uniqueness_is_the_weighted_distance_to_the_three_nearest() -> None:
    unique = uniqueness(_embeddings(_on_circle(0, 60, 90, 180)))

    def chord(degrees: float) -> float:
        return 2 * math.sin(math.radians(degrees) / 2)

    far = [
        0.6 * chord(one) + 0.3 * chord(two) + 0.1 * chord(three)
        for one, two, three in [(60, 90, 180), (30, 60, 120), (30, 90, 90), (90, 120, 180)]
    ]
    assert list(unique.values()) == pytest.approx([each / max(far) for each in far], abs=1e-6)


def test_blocks_give_what_one_block_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings = _embeddings(np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32))
    whole = uniqueness(embeddings)

    monkeypatch.setattr(likeness, "_BLOCK", 7)

    assert uniqueness(embeddings) == pytest.approx(whole)


def test_pictures_that_are_all_the_same_have_no_uniqueness() -> None:
    unique = uniqueness(_embeddings(_on_circle(*[10] * 6)))

    assert set(unique.values()) == {0}


def test_three_pictures_are_each_unique() -> None:
    assert set(uniqueness(_embeddings(_on_circle(0, 0, 90))).values()) == {1}


def test_middle_of_a_cluster_represents_most_and_a_picture_alone_nothing() -> None:
    # Two clusters of ten, 1° apart, and one picture far from both.
    vectors = _on_circle(*range(-5, 6), *range(85, 96), 200)
    vectors = np.concatenate([vectors, _on_circle(*range(-5, 6))])  # enough for three clusters

    share = representativeness(_embeddings(vectors))

    assert share["22.png"] == 0
    assert share["16.png"] == pytest.approx(1, abs=0.05)  # 90°
    assert share["16.png"] > share["13.png"] > share["11.png"]


def test_pictures_that_are_all_the_same_represent_each_other() -> None:
    assert set(representativeness(_embeddings(_on_circle(7, 7, 7))).values()) == {1}


def test_copy_is_nearer_than_a_quarter_of_the_median_distance_to_the_nearest() -> None:
    # Nearest: 10°, 10°, 20°, 20°, 30° away; the median is 20°.
    distance = copy_distance(_embeddings(_on_circle(0, 10, 30, 50, 80)))

    assert distance == pytest.approx((1 - math.cos(math.radians(20))) / 4, rel=1e-4)


@pytest.mark.parametrize("degrees", [(5, 5, 5), (5,), ()])
def test_copies_in_other_compression_are_copies_among_nothing_but_copies(
    degrees: tuple[float, ...],
) -> None:
    assert copy_distance(_embeddings(_on_circle(*degrees).reshape(-1, 2))) == 1e-4
