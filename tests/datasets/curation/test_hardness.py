"""Hardness of a picture from a detector's scores."""

from __future__ import annotations

import pytest

from datasets.curation.hardness import hardness
from datasets.samples import Box


def _boxes(*scores: float) -> list[Box]:
    return [Box((0, 0, 1, 1), "person", score=score) for score in scores]


@pytest.mark.parametrize(
    ("scores", "bits"),
    [
        ((0.5,), 1.0),
        ((1.0,), 0.0),
        ((0.5, 1.0), 0.5),
        ((0.25,), 0.8112781),  # 0.25·2 + 0.75·log2(4/3)
        ((), 0.0),
    ],
)
def test_hardness_is_the_mean_entropy_of_the_candidates_in_bits(
    scores: tuple[float, ...], bits: float
) -> None:
    assert hardness(_boxes(*scores)) == pytest.approx(bits)


def test_score_below_a_tenth_is_no_candidate() -> None:
    assert hardness(_boxes(0.5, 0.09, 0.06)) == 1.0


def test_picture_is_harder_the_nearer_its_scores_are_to_a_half() -> None:
    assert hardness(_boxes(0.95, 0.9)) < hardness(_boxes(0.8, 0.9)) < hardness(_boxes(0.6, 0.4))
