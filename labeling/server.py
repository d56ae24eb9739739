"""A local Label Studio on this machine: without a container, on the loopback address.

with LocalServer(Path("outputs/label-studio")) as server:
    LabelStudio(base_url=server.url, api_key=server.token)
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

from datasets.files import write_atomically
from labeling.environment import (
    FOLDER,
    executable,
    last_lines,
    place_empty_database,
    server_variables,
)
from serving.core.errors import LabelingError

HOST = "127.0.0.1"
EMAIL = "admin@example.com"

_ACCESS = "access.json"
_LOG = "server.log"
_LOCK = "lock"
_POLL_S = 0.1
_REQUEST_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 10.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""The loopback address is never asked through a proxy."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to log in: in a browser with e-mail and password, as a program with the token."""

    email: str
    password: str
    token: str


class LocalServer:
    """Label Studio on a data folder: ready when entered, its processes gone when left.

    The folder keeps the database, uploads, the log, and, readable by its owner alone, how to log
    in. A later server on the same folder has the same users, token and projects.

    Args:
        data_dir: made where it is missing.
        files_root: pictures below it can be linked as `/data/local-files/?d=…` instead of uploaded;
            None: `files` in the data folder.
        port: None: any free one.
        environment: a virtual environment that holds Label Studio.
        start_timeout_s: how long it may take until it answers.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        files_root: Path | None = None,
        port: int | None = None,
        environment: Path = FOLDER,
        start_timeout_s: float = 180.0,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.files_root = (files_root or self.data_dir / "files").resolve()
        self.port = port
        self._environment = environment
        self._start_timeout_s = start_timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._access: Access | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end.

        Raises:
            LabelingError: it was never started.
        """
        if self.port is None:
            raise LabelingError(f"Label Studio ({self.data_dir}): expected a started one")
        return f"http://{HOST}:{self.port}"

    @property
    def access(self) -> Access:
        """How to log in; made when it is first asked for."""
        if self._access is None:
            self._access = _access_of(self.data_dir)
        return self._access

    @property
    def token(self) -> str:
        """What a program logs in with."""
        return self.access.token

    @property
    def log(self) -> Path:
        """The file that holds what the server printed."""
        return self.data_dir / _LOG

    @property
    def process_id(self) -> int | None:
        """Of the running server; None when it does not run."""
        is_running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process is not None and is_running else None

    def start(self) -> None:
        """Start, and return when it answers and knows the token.

        Raises:
            LabelingError: no environment, a data folder that another server uses, a port that is
                taken, or a server that ends or does not answer in time.
        """
        if self.process_id is not None:
            return
        program = executable(self._environment)
        self.files_root.mkdir(parents=True, exist_ok=True)
        with (_private(self.data_dir) / _LOCK).open("a+") as lock, self.log.open("ab") as log:
            self._take(lock)
            place_empty_database(self.data_dir, self._environment)
            self.port = _free_port(self.port)
            self._process = subprocess.Popen(
                self._command(program),
                env=self._variables(),
                cwd=self.data_dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[lock.fileno()],  # held as long as the server lives, with or without us
                start_new_session=True,
            )
            lock.truncate(0)
            lock.write(str(self._process.pid))
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it and all that it started; nothing to do where it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a power failure would."""
        self._end(signal.SIGKILL)

    def _end(self, by: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _signal_group(process.pid, by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_TIMEOUT_S)
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()

    def _take(self, lock: IO[str]) -> None:
        """Make the data folder ours: two servers on one database would lose writes."""
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise LabelingError(
                f"Label Studio ({self.data_dir}): expected a data folder that no server uses, "
                f"got one in use by process {lock.read() or 'unknown'}"
            ) from error

    def _command(self, program: Path) -> list[str]:
        return [
            *(str(program), "start", "--no-browser", "--enable-legacy-api-token"),
            *("--internal-host", HOST, "--port", str(self.port)),
            *("--data-dir", str(self.data_dir)),
        ]

    def _variables(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LABEL_STUDIO_", "DJANGO_", "PYTHON"))
        }
        return {
            **inherited,
            **server_variables(self.data_dir),
            # Not among the arguments, which every user of the machine can read.
            "LABEL_STUDIO_USERNAME": self.access.email,
            "LABEL_STUDIO_PASSWORD": self.access.password,
            "LABEL_STUDIO_USER_TOKEN": self.access.token,
            "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
            "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
            "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(self.files_root),
            # Else it refuses our webhooks and model servers, which are on the loopback address.
            "SSRF_PROTECTION_ENABLED": "false",
            "ML_BLOCK_LOCAL_IP": "false",
            "USE_DEFAULT_BANNED_SUBNETS": "false",
        }

    def _wait_until_ready(self) -> None:
        deadline_s = time.monotonic() + self._start_timeout_s
        while not _answers(f"{self.url}/health"):
            if self._process is not None and self._process.poll() is not None:
                raise self._failure(f"exit code {self._process.returncode}")
            if time.monotonic() > deadline_s:
                raise self._failure("no answer in time")
            time.sleep(_POLL_S)
        if not _answers(f"{self.url}/api/current-user/whoami", self.token):
            raise self._failure(f"no answer to its token ({self.data_dir / _ACCESS})")

    def _failure(self, got: str) -> LabelingError:
        end = last_lines(self.log.read_text(errors="replace"))
        return LabelingError(
            f"Label Studio ({self.url}, log {self.log}): expected it to start, got {got}: {end}"
        )


def _access_of(data_dir: Path) -> Access:
    """What the data folder keeps, or what is now made for it."""
    path = data_dir / _ACCESS
    try:
        return Access(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        access = Access(EMAIL, secrets.token_urlsafe(12), secrets.token_hex(20))
        _private(data_dir)
        write_atomically(path, json.dumps(asdict(access), indent=1) + "\n").chmod(0o600)
        return access
    except (ValueError, TypeError) as error:
        raise LabelingError(f"{path}: expected email, password and token, got {error}") from error


def _private(folder: Path) -> Path:
    """The folder, made so that its owner alone looks in."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _free_port(port: int | None) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port or 0))
        except OSError as error:
            raise LabelingError(
                f"Label Studio: expected a free port {port}, got {error.strerror}"
            ) from error
        return int(probe.getsockname()[1])


def _answers(url: str, token: str | None = None) -> bool:
    request = urllib.request.Request(url)
    if token is not None:
        request.add_header("Authorization", f"Token {token}")
    try:
        with _DIRECT.open(request, timeout=_REQUEST_TIMEOUT_S) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _signal_group(group_id: int, by: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group_id, by)
