"""Small data sets of plain pictures, and FiftyOne's view of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from datasets.curation.fiftyone_dataset import Content, load_into_fiftyone
from datasets.curation.looking import look
from datasets.dataset import Dataset
from datasets.samples import Sample

SIZE_HW = (48, 64)

Made = Callable[..., Dataset]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Makes a data set of samples; each picture is plain and differs from the others."""

    def make(samples: Iterable[Sample], name: str = "plain", folder: str = "data") -> Dataset:
        samples = list(samples)
        for number, sample in enumerate(samples):
            path = tmp_path / folder / sample.path
            path.parent.mkdir(parents=True, exist_ok=True)
            image = np.full((*SIZE_HW, 3), 10 * number + 5, np.uint8)
            path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
        return Dataset.create(
            tmp_path / folder,
            samples,
            name=name,
            source="drawn",
            licence="CC0",
            commercial_use=True,
        )

    return make


@pytest.fixture
def fiftyone_name(database: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A name that no other test has; what is loaded under it is deleted."""
    import fiftyone as fo

    name = request.node.name
    yield name
    if fo.dataset_exists(name):
        fo.delete_dataset(name)


@pytest.fixture
def load(fiftyone_name: str, tmp_path: Path) -> Callable[..., Any]:
    """Loads a data set under this test's name; gives FiftyOne's."""

    def load_(dataset: Dataset, **more: Any) -> Any:
        looked = look(dataset, tmp_path / "frames")
        return load_into_fiftyone(Content(dataset, looked, **more), fiftyone_name)[0]

    return load_
