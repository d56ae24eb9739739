"""Who is being followed: identity, age and last sighting of each track, and who was forgotten."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from serving.tracking.motion import Floats

_ROWS = (
    "track_id",
    "class_id",
    "born_s",
    "seen_s",
    "num_sightings",
    "score",
    "mean_score",
    "born_px",
    "moved",
    "foot_m",
    "foot_doubt_m",
    "embedding",
)


_NEW_SHARE = 0.1
"""Share of the newest sighting in a track's running appearance."""


class Roster:
    """Columns over the live tracks, one row each, in the order in which they were born.

    Owns what is known of a track apart from its motion, and forgets it with the track: memory is
    bounded by the tracks alive. Identities count up from 1 and are never given twice.

    `score` is that of the last sighting and `mean_score` the mean of all; `moved` tells who has
    left the place `born_px` (T, 2) of the first one.
    `seen_s` is the time of the last sighting, `foot_m` (T, 2) the floor position then and
    `foot_doubt_m` (T,) how far off it may be; `embedding` (T, E) is the running mean appearance
    (E = 0 until one is given).
    """

    __slots__ = (*_ROWS, "_next_id")

    def __init__(self) -> None:
        self._next_id = 1
        self.track_id: NDArray[np.int64] = np.zeros(0, np.int64)
        self.class_id: NDArray[np.int64] = np.zeros(0, np.int64)
        self.born_s: Floats = np.zeros(0)
        self.seen_s: Floats = np.zeros(0)
        self.num_sightings: NDArray[np.int64] = np.zeros(0, np.int64)
        self.score: Floats = np.zeros(0)
        self.mean_score: Floats = np.zeros(0)
        self.born_px: Floats = np.zeros((0, 2))
        self.moved: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.foot_m: Floats = np.zeros((0, 2))
        self.foot_doubt_m: Floats = np.zeros(0)
        self.embedding: Floats = np.zeros((0, 0))

    def __len__(self) -> int:
        return len(self.track_id)

    def add(
        self,
        at_s: float,
        *,
        class_id: NDArray[np.int64],
        score: Floats,
        born_px: Floats,
        foot_m: Floats,
        foot_doubt_m: Floats,
        embedding: Floats,
    ) -> None:
        """New tracks, first seen at `at_s`, with fresh identities."""
        count = len(score)
        fresh = {
            "track_id": np.arange(self._next_id, self._next_id + count),
            "class_id": class_id,
            "born_s": np.full(count, at_s),
            "seen_s": np.full(count, at_s),
            "num_sightings": np.ones(count, np.int64),
            "score": score,
            "mean_score": score,
            "born_px": born_px,
            "moved": np.zeros(count, np.bool_),
            "foot_m": foot_m,
            "foot_doubt_m": foot_doubt_m,
            "embedding": embedding,
        }
        self._next_id += count
        for name, values in fresh.items():
            setattr(self, name, np.concatenate([getattr(self, name), values]))

    def see(self, rows: NDArray[np.intp], at_s: float, score: Floats) -> None:
        """Note a sighting of the tracks at `rows`."""
        self.seen_s[rows] = at_s
        self.num_sightings[rows] += 1
        self.score[rows] = score
        self.mean_score[rows] += (score - self.mean_score[rows]) / self.num_sightings[rows]

    def expect_embedding(self, size: int) -> None:
        """Make room for embeddings of that size; what was known in another size is dropped."""
        if self.embedding.shape[1] != size:
            self.embedding = np.zeros((len(self), size))

    def blend_embedding(self, rows: NDArray[np.intp], embedding: Floats) -> None:
        """Move the appearance of the tracks at `rows` towards what was just seen of them.

        An embedding of zeros, which stands for an unknown one, changes nothing.
        """
        if not embedding.shape[1]:
            return
        known = self.embedding[rows]
        share = np.where(known.any(axis=1), _NEW_SHARE, 1.0)[:, None]
        blended = (1 - share) * known + share * embedding
        length = np.linalg.norm(blended, axis=1, keepdims=True)
        self.embedding[rows] = blended / np.where(length > 0, length, 1.0)

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget the tracks where `rows` is false."""
        for name in _ROWS:
            setattr(self, name, getattr(self, name)[rows])
