"""Small pools whose right picks are plain to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from labeling.selection.candidates import Candidates, Criterion


def pool(
    vectors: Sequence[Sequence[float]],
    labelled: Sequence[int] = (),
    **values: Sequence[float],
) -> Candidates:
    """Candidates of these vectors; keywords are criteria."""
    is_labelled = np.zeros(len(vectors), np.bool_)
    is_labelled[list(labelled)] = True
    known: Mapping[Criterion, np.ndarray] = {
        Criterion(name): np.array(row, np.float64) for name, row in values.items()
    }
    return Candidates(np.array(vectors, np.float32), is_labelled, known)


def cluster(
    centre: Sequence[float], num: int, seed: int, radius: float = 0.01
) -> list[list[float]]:
    """Points close to a centre, no two alike."""
    random = np.random.default_rng(seed)
    return (np.array(centre) + random.normal(0, radius, (num, len(centre)))).tolist()
