"""What several test folders need: the sample video, the mirror, the zoo, Label Studio."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datasets.catalog import CATALOG, mirror_root

if TYPE_CHECKING:
    from tests.label_studio import RunningLabelStudio

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of this checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The local mirror of data and weights; tests that need its ground truth skip without it."""
    root = mirror_root()
    if root is None:
        pytest.skip("needs the local mirror (a folder `shared` beside the repository)")
    return root


@pytest.fixture(scope="session")
def sample_video() -> Path:
    """The sample `vtest.avi`, fetched once into `data/`."""
    return CATALOG["vtest"].get(REPOSITORY / "data")


@pytest.fixture(scope="session")
def zoo_bundle() -> Path:
    """The folder of the zoo's person detector."""
    return REPOSITORY / "serving" / "zoo" / "person-yolox-nano"


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory) -> Iterator[RunningLabelStudio]:
    """A running Label Studio with `url`, `token`, `client` (the vendor's), `email`, `password`.

    All tests share it: make projects of your own, and kill another server than this one.
    """
    from tests.label_studio import running_label_studio  # half a second, for few tests

    with running_label_studio(tmp_path_factory.mktemp("label-studio")) as running:
        yield running
