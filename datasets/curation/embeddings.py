"""Vectors that say what each picture looks like, with the name of the bundle that gave them."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.files import write_atomically
from serving.core.errors import DatasetError

FILE_NAME = "embeddings.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """One vector a sample.

    Args:
        keys: `Sample.key` of each row.
        vectors: (N, D) float32, L2-normalised.
        bundle_ref: the bundle that they come from, as `Bundle.ref` names it.

    Raises:
        ValueError: another shape, a key that stands twice, or numbers that are not finite.
    """

    keys: tuple[str, ...]
    vectors: NDArray[np.float32]
    bundle_ref: str

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.keys):
            raise ValueError(
                f"vectors: expected shape ({len(self.keys)}, D), got {self.vectors.shape}"
            )
        if len(set(self.keys)) != len(self.keys):
            raise ValueError("keys: expected each once")
        if not np.isfinite(self.vectors).all():
            raise ValueError("vectors: expected finite numbers, got nan or inf")


def write_embeddings(path: str | Path, embeddings: Embeddings) -> Path:
    """Write `keys`, `vectors` and `bundle` as NumPy's .npz; all or nothing."""
    data = io.BytesIO()
    np.savez(
        data,
        keys=np.array(embeddings.keys, np.str_),
        vectors=embeddings.vectors.astype(np.float32),
        bundle=np.array(embeddings.bundle_ref),
    )
    return write_atomically(Path(path), data.getvalue())


def read_embeddings(path: str | Path) -> Embeddings:
    """What `write_embeddings` wrote.

    Raises:
        DatasetError: no such file, or one that holds no embeddings.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            keys = tuple(str(key) for key in data["keys"])
            return Embeddings(keys, data["vectors"].astype(np.float32), str(data["bundle"]))
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: expected embeddings, got no file") from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: expected embeddings, got {error}") from error
