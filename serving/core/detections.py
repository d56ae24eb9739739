"""Columnar results: what was seen in one frame, and whom it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

XYWH_COLUMN = "xywh_px"
"""Column (N, 4) float64: left, top, width, height as a file writes them, for exact metrics."""

CONFIDENCE_COLUMN = "confidence"
"""Column (N,) float64: the score as a file writes it, for an exact order."""

CROWD_COLUMN = "is_crowd"
"""Column (N,) bool of labels: people too many, too far or too unclear to tell apart; a crowd is
neither to be found nor wrong when it is."""

EMBEDDING_COLUMN = "embedding"
"""Column (N, E) float: L2-normalised appearance, zeros where it is unknown."""

OBSERVED_COLUMN = "observed"
"""Column (N,) bool of tracks: the box was seen (True) or predicted (False)."""

_NO_COLUMNS: Mapping[str, NDArray[Any]] = MappingProxyType({})


def _column(
    values: ArrayLike, dtype: DTypeLike, shape: tuple[int | None, ...], name: str
) -> NDArray[Any]:
    """A read-only view of `values`, checked against `shape` (None: any length)."""
    array = np.asarray(values, dtype=dtype)
    if array.size == 0 and shape[0] in (0, None):
        array = array.reshape(0, *(size or 0 for size in shape[1:]))
    fits = array.ndim == len(shape) and all(
        want in (None, got) for want, got in zip(shape, array.shape, strict=True)
    )
    if not fits:
        expected = tuple("N" if size is None else size for size in shape)
        raise ValueError(f"{name}: expected shape {expected}, got {array.shape}")
    array = array.view()
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Boxes of one frame, in columns of one length N. Frozen, checked at construction.

    Args:
        xyxy_px: (N, 4) float32, left, top, right, bottom in image pixels; x right, y down.
        score: (N,) float32 in [0, 1].
        class_id: (N,) int64, an index into the bundle's class names; zeros when omitted.
        columns: further columns by name, each with N rows, such as `embedding` (N, D).

    Raises:
        ValueError: a column has the wrong shape, a box is inverted or not finite, or a score
            lies outside [0, 1].
    """

    xyxy_px: NDArray[np.float32]
    score: NDArray[np.float32]
    class_id: NDArray[np.int64] = field(default=None)  # type: ignore[arg-type]
    columns: Mapping[str, NDArray[Any]] = field(default_factory=lambda: _NO_COLUMNS)

    def __post_init__(self) -> None:
        xyxy_px = _column(self.xyxy_px, np.float32, (None, 4), "xyxy_px")
        count = len(xyxy_px)
        score = _column(self.score, np.float32, (count,), "score")
        class_id = np.zeros(count, np.int64) if self.class_id is None else self.class_id
        class_id = _column(class_id, np.int64, (count,), "class_id")
        if not (np.isfinite(xyxy_px).all() and (xyxy_px[:, 2:] >= xyxy_px[:, :2]).all()):
            raise ValueError(_wrong_box(xyxy_px))
        if not ((score >= 0) & (score <= 1)).all():
            raise ValueError(f"score: expected values in [0, 1], got {score.min()}..{score.max()}")
        columns = {name: _rows(values, count, name) for name, values in self.columns.items()}
        object.__setattr__(self, "xyxy_px", xyxy_px)
        object.__setattr__(self, "score", score)
        object.__setattr__(self, "class_id", class_id)
        object.__setattr__(self, "columns", MappingProxyType(columns))

    @classmethod
    def empty(cls) -> Detections:
        """No detection at all."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.xyxy_px)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Detections:
        """The detections at `rows`, a boolean mask or indices, with all their columns."""
        return Detections(
            self.xyxy_px[rows],
            self.score[rows],
            self.class_id[rows],
            {name: values[rows] for name, values in self.columns.items()},
        )


def _wrong_box(xyxy_px: NDArray[np.float32]) -> str:
    if not np.isfinite(xyxy_px).all():
        return "xyxy_px: expected finite coordinates, got nan or inf"
    inverted = (xyxy_px[:, 2:] < xyxy_px[:, :2]).any(axis=1)
    box = xyxy_px[int(np.argmax(inverted))].tolist()
    return f"xyxy_px: expected left ≤ right and top ≤ bottom, got {box}"


def _rows(values: NDArray[Any], count: int, name: str) -> NDArray[Any]:
    if len(values) != count:
        raise ValueError(f"column '{name}': expected {count} rows, got {len(values)}")
    view = values.view()
    view.setflags(write=False)
    return view


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Detections of one frame with the identity that each belongs to.

    Args:
        detections: the boxes, N rows.
        track_id: (N,) int64, positive, each at most once in a frame.
        age_s: (N,) float32, seconds since the track's first detection.

    Raises:
        ValueError: a column has the wrong length, or an identity stands twice.
    """

    detections: Detections
    track_id: NDArray[np.int64]
    age_s: NDArray[np.float32]

    def __post_init__(self) -> None:
        count = len(self.detections)
        track_id = _column(self.track_id, np.int64, (count,), "track_id")
        age_s = _column(self.age_s, np.float32, (count,), "age_s")
        if len(set(track_id.tolist())) != count:
            raise ValueError(f"track_id: expected each once in a frame, got {track_id.tolist()}")
        object.__setattr__(self, "track_id", track_id)
        object.__setattr__(self, "age_s", age_s)

    @classmethod
    def empty(cls) -> Tracks:
        """No track at all."""
        return cls(Detections.empty(), np.zeros(0, np.int64), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.track_id)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Tracks:
        """The tracks at `rows`, a boolean mask or indices."""
        return Tracks(self.detections.select(rows), self.track_id[rows], self.age_s[rows])

    @property
    def xyxy_px(self) -> NDArray[np.float32]:
        """(N, 4) float32 boxes in image pixels."""
        return self.detections.xyxy_px

    @property
    def score(self) -> NDArray[np.float32]:
        """(N,) float32 detection scores."""
        return self.detections.score
