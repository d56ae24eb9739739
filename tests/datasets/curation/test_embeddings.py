"""The file of vectors: what comes back, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.curation.embeddings import Embeddings, read_embeddings, write_embeddings
from serving.core.errors import DatasetError

VECTORS = np.array([[1, 0], [0.6, 0.8]], np.float32)


def test_vectors_come_back_with_keys_and_bundle(tmp_path: Path) -> None:
    path = write_embeddings(tmp_path / "e.npz", Embeddings(("ä.png", "v.avi#3"), VECTORS, "m@1"))

    read = read_embeddings(path)

    assert read.keys == ("ä.png", "v.avi#3")
    assert read.bundle_ref == "m@1"
    assert read.vectors.dtype == np.float32
    np.testing.assert_array_equal(read.vectors, VECTORS)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive"])
def test_file_that_holds_no_vectors_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "e.npz"
    path.write_bytes(content)

    with pytest.raises(DatasetError, match="e.npz: expected embeddings"):
        read_embeddings(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="got no file"):
        read_embeddings(tmp_path / "none.npz")


@pytest.mark.parametrize(
    ("keys", "vectors", "message"),
    [
        (("a",), VECTORS, "expected shape (1, D), got (2, 2)"),
        (("a", "a"), VECTORS, "expected each once"),
        (("a", "b"), VECTORS * np.float32("nan"), "expected finite numbers"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(
    keys: tuple[str, ...], vectors: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        Embeddings(keys, vectors, "m@1")

    assert message in str(caught.value)
