"""One frame from each cluster of look-alikes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.sampling.footage import Shot
from datasets.sampling.way import Choice, Gap
from serving.core.errors import ConfigError

Vectors = NDArray[np.float32]

_MAX_ROUNDS = 50
_HELD_PER_CLUSTER = 2
_SAME = 1e-6
"""Squared distance up to which two vectors are the same; float32 tells no more."""


class Embeds(Protocol):
    """Turns pictures into vectors; `serving.inference.embedder.PictureEmbedder` does."""

    def embed(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, D) float32 of BGR uint8 pictures that may differ in size."""
        ...


class Clusters:
    """The frame nearest to the centre of each cluster, over all footage together.

    Of every frame that is looked at only its vector is kept. Footage that can be read again is: the
    choices come without their pictures. Of a stream some pictures must be held: those that differ
    most, a few for each cluster, and the choice is among them.

    Args:
        num_clusters: how many; fewer where the frames do not differ enough.
        embedder: says what a picture looks like.
        period_s: how often a frame is looked at.
        holds: whether pictures are held, because the footage cannot be read again.
        seed: of the first centres; the same frames and seed give the same choice.

    Raises:
        ConfigError: an option is out of its range.
    """

    def __init__(
        self,
        num_clusters: int,
        embedder: Embeds,
        period_s: float = 1.0,
        holds: bool = False,
        seed: int = 0,
    ) -> None:
        if num_clusters < 1:
            raise ConfigError(f"clusters: expected at least 1, got {num_clusters}")
        self._num_clusters, self._embedder, self._seed = num_clusters, embedder, seed
        self._turn = Gap(period_s)
        self._origins: list[str] = []
        self._vectors: list[Vectors] = []
        self._held: _Held | None = _Held(_HELD_PER_CLUSTER * num_clusters) if holds else None

    def see(self, shot: Shot) -> Iterator[Choice]:
        """Nothing yet: a cluster needs all frames."""
        yield from ()
        if self._turn.is_over(shot.frame.captured_at):
            vector = self._embedder.embed([shot.frame.image])[0]
            self._origins.append(shot.origin)
            self._vectors.append(vector)
            if self._held is not None:
                self._held.add(len(self._origins) - 1, vector, shot)

    def end(self) -> Iterator[Choice]:
        """The next footage starts with its first frame."""
        self._turn.forget()
        yield from ()

    def finish(self) -> Iterator[Choice]:
        """One frame a cluster, `cluster-1` the one whose frame comes first."""
        if not self._origins:
            return
        vectors = np.stack(self._vectors)
        held = self._held.rows() if self._held is not None else np.arange(len(vectors))
        centres = cluster_centres(vectors, self._num_clusters, self._seed)
        distance = _squared_distances(vectors[held], centres)
        nearest = sorted({int(held[row]) for row in distance.argmin(axis=0)})
        for number, row in enumerate(nearest, 1):
            shot = self._held.shot(row) if self._held is not None else None
            yield Choice(self._origins[row], f"cluster-{number}", shot)


@dataclass(frozen=True, slots=True)
class _Compressed:
    """A shot without its picture, which is kept as PNG: nothing of it is lost."""

    shot: Shot
    png: NDArray[np.uint8]

    @classmethod
    def of(cls, shot: Shot) -> _Compressed:
        png = cv2.imencode(".png", shot.frame.image)[1]
        return cls(_with_picture(shot, np.zeros((0, 0, 3), np.uint8)), png)  # type: ignore[arg-type]

    def restored(self) -> Shot:
        image = cv2.imdecode(self.png, cv2.IMREAD_COLOR)
        return _with_picture(self.shot, image)  # type: ignore[arg-type]


class _Held:
    """A bounded number of pictures; of the two most alike the later one goes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._rows: list[int] = []
        self._vectors: list[Vectors] = []
        self._pictures: list[_Compressed] = []

    def add(self, row: int, vector: Vectors, shot: Shot) -> None:
        """Hold one more, and let go of one where there are too many."""
        self._rows.append(row)
        self._vectors.append(vector)
        self._pictures.append(_Compressed.of(shot))
        if len(self._rows) > self._capacity:
            vectors = np.stack(self._vectors)
            distance = _squared_distances(vectors, vectors)
            distance[np.tril_indices(len(vectors))] = np.inf
            later = int(np.unravel_index(distance.argmin(), distance.shape)[1])
            for column in (self._rows, self._vectors, self._pictures):
                del column[later]

    def rows(self) -> NDArray[np.intp]:
        """The rows that are held, ascending."""
        return np.array(self._rows, np.intp)

    def shot(self, row: int) -> Shot:
        """The frame of a row, with its picture."""
        return self._pictures[self._rows.index(row)].restored()


def _with_picture(shot: Shot, image: NDArray[np.uint8]) -> Shot:
    return replace(shot, frame=replace(shot.frame, image=image))


def cluster_centres(vectors: Vectors, num_clusters: int, seed: int) -> Vectors:
    """(K, D) centres by k-means, K at most `num_clusters` and the number of different vectors.

    Lloyd's algorithm from the first centres of k-means++ (Arthur and Vassilvitskii, 2007).

    Args:
        vectors: (N, D), at least one.
        num_clusters: how many are wanted.
        seed: of the first centres.
    """
    centres = _first_centres(vectors, num_clusters, np.random.default_rng(seed))
    for _ in range(_MAX_ROUNDS):
        nearest = _squared_distances(vectors, centres).argmin(axis=1)
        # A centre that has lost all its vectors stays where it is.
        moved = np.stack(
            [
                vectors[nearest == one].mean(axis=0) if (nearest == one).any() else centre
                for one, centre in enumerate(centres)
            ]
        )
        if np.allclose(moved, centres, atol=1e-7):
            break
        centres = moved
    return centres


def _first_centres(vectors: Vectors, num_clusters: int, random: np.random.Generator) -> Vectors:
    """Different vectors, each the likelier the further it is from those taken before."""
    rows = [int(random.integers(len(vectors)))]
    distance = _squared_distances(vectors, vectors[rows])[:, 0]
    while len(rows) < num_clusters and distance.max() > _SAME:
        weights = np.where(distance > _SAME, distance, 0).astype(np.float64)
        rows.append(int(random.choice(len(vectors), p=weights / weights.sum())))
        distance = np.minimum(distance, _squared_distances(vectors, vectors[rows[-1:]])[:, 0])
    return vectors[rows]


def _squared_distances(a: Vectors, b: Vectors) -> Vectors:
    """(N, M) squared distances, without the (N, M, D) differences."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * (a @ b.T)
    distances: Vectors = np.maximum(squares, 0)
    return distances
