"""The environment of a local Label Studio: its packages do not fit beside ours."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from datasets.files import copy_atomically
from serving.core.errors import LabelingError

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-label-studio"
SCRIPT = ROOT / ".ci" / "label_studio_env"
"""Makes the environment, with the versions of `.ci/label-studio.txt`."""

_DATABASE = "label_studio.sqlite3"
_EMPTY_DATABASE = "empty.sqlite3"
_MIGRATE_TIMEOUT_S = 600.0
_NUM_LINES = 5
"""Last lines of an output that a message shows."""


def executable(environment: Path = FOLDER) -> Path:
    """The program `label-studio` of an environment.

    Raises:
        LabelingError: there is none; says how to make it.
    """
    path = environment / "bin" / "label-studio"
    if not path.is_file():
        raise LabelingError(
            f"Label Studio: expected its environment {environment}, got none "
            f"(bash {SCRIPT.relative_to(ROOT)} makes it: 1 GB, a minute)"
        )
    return path


def make_environment() -> None:
    """Install Label Studio into `FOLDER`, or find that it is there.

    Raises:
        LabelingError: it could not be installed, with the end of what pip said.
    """
    command = ["bash", str(SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabelingError(
            f"Label Studio ({FOLDER}): expected to install it, got {last_lines(done.stderr)}"
        )


def place_empty_database(data_dir: Path, environment: Path = FOLDER) -> None:
    """Give a data folder without a database an empty one with all tables.

    Making the tables takes half a minute, so they are made once in an environment and copied.

    Raises:
        LabelingError: the tables could not be made.
    """
    database, template = data_dir / _DATABASE, environment / _EMPTY_DATABASE
    if database.exists():
        return
    if not template.is_file() or template.stat().st_mtime < _installed_at(environment):
        _make_empty_database(template, environment)
    copy_atomically(template, database)


def server_variables(data_dir: Path) -> dict[str, str]:
    """Environment variables under which Label Studio keeps to a folder and calls nobody."""
    return {
        "LABEL_STUDIO_BASE_DATA_DIR": str(data_dir),
        "DJANGO_DB": "sqlite",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }


def last_lines(text: str) -> str:
    """The end of an output, for a message."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-_NUM_LINES:]) or "no output"


def _installed_at(environment: Path) -> float:
    return executable(environment).stat().st_mtime


def _make_empty_database(template: Path, environment: Path) -> None:
    """Let Label Studio make its tables in a folder that is thrown away; no user is in them."""
    with tempfile.TemporaryDirectory(prefix="label-studio-") as folder:
        done = subprocess.run(
            [str(executable(environment)), "version", "--data-dir", folder],
            env={"PATH": "/usr/bin:/bin", "HOME": folder, **server_variables(Path(folder))},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_MIGRATE_TIMEOUT_S,
        )
        made = Path(folder) / _DATABASE
        if done.returncode or not made.is_file():
            raise LabelingError(
                f"Label Studio ({environment}): expected to make its tables, got exit code "
                f"{done.returncode}: {last_lines(done.stderr)}"
            )
        partial = shutil.copyfile(made, template.with_suffix(f".{Path(folder).name}"))
        partial.replace(template)
