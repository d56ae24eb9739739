"""From the errors on labelled pictures to the pictures that are likely to fail, too."""

from __future__ import annotations

import numpy as np

from labeling.selection.candidates import Values, Vectors
from labeling.selection.distances import squared_distances

_BLOCK = 512


def likely_failures(vectors: Vectors, labelled: Vectors, errors: Values) -> Values:
    """(N,) in [0, 1], the error that is to be expected of each picture from its look-alikes.

    A mean of the labelled pictures' errors, weighted by likeness (Nadaraya, 1964; Watson, 1964).
    Likeness is 1 for a copy and falls as a Gaussian whose width is the median distance of a
    labelled picture to the nearest other one. The mean error of all counts as one more
    look-alike, so that a picture unlike any labelled one is held to be average.

    Args:
        vectors: (N, D) of the pictures that are asked about.
        labelled: (L, D) of those with labels.
        errors: (L,) in [0, 1], of the model on these.
    """
    if len(labelled) == 0:
        return np.zeros(len(vectors))
    width = _typical_distance(labelled)
    average = float(errors.mean())
    found = np.empty(len(vectors))
    for start in range(0, len(vectors), _BLOCK):
        part = slice(start, start + _BLOCK)
        likeness = np.exp(-squared_distances(vectors[part], labelled) / (2 * width**2))
        found[part] = (likeness @ errors + average) / (likeness.sum(axis=1) + 1)
    return np.clip(found, 0, 1)


def _typical_distance(labelled: Vectors) -> float:
    """The median distance to the nearest other picture, of those that are no copies."""
    nearest: list[float] = []
    for start in range(0, len(labelled), _BLOCK):
        squares = squared_distances(labelled[start : start + _BLOCK], labelled)
        rows = np.arange(len(squares))
        squares[rows, start + rows] = np.inf
        nearest += np.sqrt(squares.min(axis=1)).tolist()
    apart = [distance for distance in nearest if 1e-6 < distance < np.inf]
    return float(np.median(apart)) if apart else 1.0
