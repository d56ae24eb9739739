"""What several test folders need: the sample video, the mirror, the zoo."""

from pathlib import Path

import pytest

from datasets.catalog import CATALOG, mirror_root

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
