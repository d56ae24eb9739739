"""FiftyOne's database lies where it was asked to lie, and is joined where it runs."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from datasets.curation import database as module
from datasets.curation.database import open_database
from datasets.samples import Sample
from serving.core.errors import ConfigError, DatasetError
from tests.datasets.curation.conftest import Made

_PROGRAM = """
import sys
from pathlib import Path
from datasets.curation.database import open_database
uri = open_database(Path(sys.argv[1]))
import fiftyone as fo
name = sys.argv[2]
print(uri, *(fo.load_dataset(name).values("key") if fo.dataset_exists(name) else ["none"]))
"""


def _in_another_process(folder: Path, name: str, home: Path) -> list[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FIFTYONE_")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PROGRAM, str(folder), name],
        env={**environment, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_another_process_joins_the_database_that_runs(
    database: Path, made: Made, load: Callable[..., Any], fiftyone_name: str, tmp_path: Path
) -> None:
    load(made([Sample("a.png")]))

    uri, *keys = _in_another_process(database, fiftyone_name, tmp_path)

    assert uri == open_database(database)
    assert keys == ["a.png"]


def test_database_of_its_own_lies_in_its_folder_and_ends_with_its_process(
    database: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()

    first, *_ = _in_another_process(tmp_path / "größe/db", "x", home)

    assert (tmp_path / "größe/db/WiredTiger").is_file()
    assert not (home / ".fiftyone").exists()
    assert not (home / "fiftyone").exists()
    assert module._running_port(tmp_path / "größe/db") is None
    assert first != open_database(database)


def test_second_database_in_one_process_is_refused(database: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="expected the first of this process"):
        open_database(tmp_path / "other")

    assert not (tmp_path / "other").exists()


def test_mongod_that_does_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    fails = tmp_path / "mongod"
    fails.write_text("#!/bin/sh\nexit 14\n")
    fails.chmod(0o755)

    with pytest.raises(DatasetError, match="got exit code 14.*mongod.log"):
        module._started(fails, tmp_path)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (None, "expected it installed"),
        (SimpleNamespace(origin="/none/fiftyone/__init__.py"), "expected its database server"),
    ],
)
def test_fiftyone_that_is_not_whole_is_a_fault_of_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: object, message: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)

    with pytest.raises(ConfigError, match=message):
        open_database(tmp_path / "db")

    assert not (tmp_path / "db").exists()
