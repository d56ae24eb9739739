"""FiftyOne's index of likeness, on planted copies."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from datasets.curation import brain
from datasets.curation.embeddings import Embeddings
from datasets.samples import Sample
from tests.datasets.curation.conftest import Made

Load = Callable[..., Any]


def _on_circle(*degrees: float) -> NDArray[np.float32]:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def _embeddings(vectors: NDArray[np.float32]) -> Embeddings:
    return Embeddings(tuple(f"{n}.png" for n in range(len(vectors))), vectors, "made-up@1")


@pytest.fixture
def indexed(made: Made, load: Load) -> Callable[[NDArray[np.float32]], tuple[Any, Any]]:
    """FiftyOne's data set, and the index, of pictures with these vectors."""

    def make(vectors: NDArray[np.float32]) -> tuple[Any, Any]:
        embeddings = _embeddings(vectors)
        loaded = load(made(Sample(key) for key in embeddings.keys))
        return loaded, brain.index_similarity(loaded, embeddings)

    return make


def test_vectors_are_left_as_they_are(made: Made, load: Load) -> None:
    vectors = _on_circle(0, 20, 50, 90, 140)
    embeddings = _embeddings(vectors.copy())

    loaded = load(made(Sample(key) for key in embeddings.keys))
    index = brain.index_similarity(loaded, embeddings)
    brain.duplicates(index, 0.01)

    np.testing.assert_array_equal(embeddings.vectors, vectors)


@pytest.mark.parametrize("step", [5, 11])
def test_duplicates_are_told_by_the_cosine_distance(indexed: Any, step: float) -> None:
    loaded, index = indexed(_on_circle(0, 90, 90 + step, 200))
    keys = dict(zip(*loaded.values(["id", "key"]), strict=True))
    distance = 1 - math.cos(math.radians(step))

    def groups(max_distance: float) -> list[list[str]]:
        return [[keys[id_] for id_ in group] for group in brain.duplicates(index, max_distance)]

    assert groups(distance * 1.02) == [["1.png", "2.png"]]
    assert groups(distance * 0.98) == []


def test_copies_alone_are_duplicates_of_the_first(indexed: Any) -> None:
    loaded, index = indexed(_on_circle(0, 0, 0))

    assert brain.duplicates(index, 1e-6) == [loaded.values("id")]


def test_second_index_takes_the_place_of_the_first(made: Made, load: Load) -> None:
    embeddings = _embeddings(_on_circle(0, 20, 50))
    loaded = load(made(Sample(key) for key in embeddings.keys))

    brain.index_similarity(loaded, embeddings)
    brain.index_similarity(loaded, embeddings)

    assert sorted(loaded.list_brain_runs()) == [brain.MAP, brain.SIMILARITY]
