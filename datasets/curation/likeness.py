"""How odd or how typical a picture is among the others, by its vector.

FiftyOne Brain has both measures under these names. Its version 1.22 fails on planted cases, so they
are computed here and shown there: its uniqueness leaves out the nearest neighbour, so that the two
copies of a pair pass for unique; its representativeness is the distance to the middle of a cluster,
so that the least typical gets the most, and fails with fewer than 20 pictures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from datasets.curation.embeddings import Embeddings
from datasets.sampling.clusters import cluster_centres

_WEIGHTS = np.array([0.6, 0.3, 0.1])
"""FiftyOne Brain's, of the nearest, the second and the third neighbour."""

_BLOCK = 512
"""Pictures that are held against all others at once."""

_PER_CLUSTER = 10
_MAX_CLUSTERS = 20
"""FiftyOne Brain's."""

_COPY_SHARE = 0.25
_MIN_COPY_DISTANCE = 1e-4
"""Of the cosine: what a copy in other compression is away."""

_SAME = 1e-6
"""What is left of the distance between two copies."""


def uniqueness(embeddings: Embeddings) -> dict[str, float]:
    """How far each picture is from its three nearest, by key, in [0, 1], the most unique 1.

    The weighted mean of the distances, against the largest of the data set. All are 1 where there
    are no more than three pictures, and 0 where all are the same.
    """
    num_neighbours = len(_WEIGHTS)
    if len(embeddings.keys) <= num_neighbours:
        return dict.fromkeys(embeddings.keys, 1.0)
    far = _to_nearest(embeddings, num_neighbours) @ _WEIGHTS
    largest = far.max()
    shares = far / largest if largest > _SAME else np.zeros_like(far)
    return dict(zip(embeddings.keys, shares.tolist(), strict=True))


def representativeness(embeddings: Embeddings) -> dict[str, float]:
    """How near each picture is to the middle of its cluster of look-alikes, by key, in [0, 1].

    1: in the middle; 0: as far from it as any picture is from its own, or alone in its cluster.
    """
    if not embeddings.keys:
        return {}
    num_clusters = min(_MAX_CLUSTERS, max(1, len(embeddings.keys) // _PER_CLUSTER))
    vectors = embeddings.vectors.astype(np.float64)
    centres = cluster_centres(embeddings.vectors, num_clusters, seed=0).astype(np.float64)
    distances = _distances(vectors, centres)
    cluster, own = distances.argmin(axis=1), distances.min(axis=1)
    shares = 1 - own / max(own.max(), _SAME)
    shares[(np.bincount(cluster)[cluster] == 1) & (len(cluster) > 1)] = 0
    return dict(zip(embeddings.keys, shares.tolist(), strict=True))


def copy_distance(embeddings: Embeddings) -> float:
    """The cosine distance up to which two pictures are likely copies, in this data set.

    A quarter of the median distance from a picture to its nearest: frames of one fixed camera all
    lie near each other, and pictures of many origins do not.
    """
    if len(embeddings.keys) < 2:
        return _MIN_COPY_DISTANCE
    nearest = _to_nearest(embeddings, 1)[:, 0] ** 2 / 2
    return max(_COPY_SHARE * float(np.median(nearest)), _MIN_COPY_DISTANCE)


def _to_nearest(embeddings: Embeddings, num_neighbours: int) -> NDArray[np.float64]:
    """(N, K) ascending distances of each picture to its nearest others."""
    vectors = embeddings.vectors.astype(np.float64)
    starts = range(0, len(vectors), _BLOCK)
    return np.concatenate([_of_block(vectors, start, num_neighbours) for start in starts])


def _of_block(vectors: NDArray[np.float64], start: int, num_neighbours: int) -> NDArray[np.float64]:
    block = vectors[start : start + _BLOCK]
    distances = _distances(block, vectors)
    distances[np.arange(len(block)), start + np.arange(len(block))] = np.inf  # not to itself
    nearest = np.partition(distances, num_neighbours - 1, axis=1)[:, :num_neighbours]
    return np.sort(nearest, axis=1)


def _distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, M) Euclidean distances, without the (N, M, D) differences."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * (a @ b.T)
    distances: NDArray[np.float64] = np.sqrt(np.maximum(squares, 0))
    return distances
