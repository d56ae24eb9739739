"""What is known of the pictures among which is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Values = NDArray[np.float64]


class Criterion(StrEnum):
    """Why a picture may be worth a label; each has a value in [0, 1].

    `hardness`: the model is unsure of what it sees. `failures`: look-alikes of it, already
    labelled, are pictures on which the model is wrong. `uniqueness`: it is unlike all others.
    `representativeness`: many are like it. `broken`: tracks break in it, as the sampler's tags say.
    """

    HARDNESS = "hardness"
    FAILURES = "failures"
    UNIQUENESS = "uniqueness"
    REPRESENTATIVENESS = "representativeness"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The pictures of a pool, labelled ones among them, row by row.

    Args:
        vectors: (N, D) what each looks like; Euclidean distances between them are compared.
        is_labelled: (N,) which have labels: these are never chosen, and what is close to them is
            known already.
        values: by criterion (N,) in [0, 1]; what is said of labelled rows is not read.

    Raises:
        ValueError: lengths differ, or a value is outside [0, 1].
    """

    vectors: Vectors
    is_labelled: NDArray[np.bool_]
    values: Mapping[Criterion, Values]

    def __post_init__(self) -> None:
        num = len(self.vectors)
        if self.vectors.ndim != 2 or self.is_labelled.shape != (num,):
            raise ValueError(
                f"candidates: expected vectors (N, D) and is_labelled (N,), got "
                f"{self.vectors.shape} and {self.is_labelled.shape}"
            )
        for name, values in self.values.items():
            if values.shape != (num,):
                raise ValueError(f"{name}: expected shape ({num},), got {values.shape}")
            of_open = values[~self.is_labelled]
            if not ((of_open >= 0) & (of_open <= 1)).all():
                raise ValueError(f"{name}: expected values in [0, 1] of all unlabelled rows")

    @property
    def open_rows(self) -> NDArray[np.intp]:
        """The rows without labels, ascending."""
        return np.flatnonzero(~self.is_labelled)

    @property
    def labelled_rows(self) -> NDArray[np.intp]:
        """The rows with labels, ascending."""
        return np.flatnonzero(self.is_labelled)
