"""A small HTTP server that takes and gives JSON, for what Label Studio calls.

Not for the open net: it has no encryption. It listens on the loopback address unless told
otherwise, and can ask every caller for a secret.
"""

from __future__ import annotations

import hmac
import json
import logging
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from serving.core.errors import FootfallError, LabelingError

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
SECRET_HEADER = "X-Footfall-Secret"
MAX_BODY_BYTES = 64 * 2**20
_READ_TIMEOUT_S = 30.0

Answer = Callable[[Any], Any]
"""From the body of a request, None without one, to that of the answer."""


class RefusedError(LabelingError):
    """A request that asks for something that the server does not do; its sender must change it."""


class JsonServer:
    """Answers requests while the block runs, each in a thread of its own.

    Args:
        answers: by method and path, as `("POST", "/predict")`.
        port: 0: any free one.
        host: address to listen on.
        secret: what the header `X-Footfall-Secret` of each request must hold; None asks for none.

    Raises:
        LabelingError: the address cannot be listened on.
    """

    def __init__(
        self,
        answers: Mapping[tuple[str, str], Answer],
        *,
        port: int = 0,
        host: str = LOOPBACK,
        secret: str | None = None,
    ) -> None:
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(dict(answers), secret))
        except (OSError, OverflowError) as error:
            raise LabelingError(
                f"server: expected to listen on {host}:{port}, got: {error}"
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Return when the server ends, as by Ctrl-C in the waiting thread."""
        self._thread.join()


def secret_of(path: Path | None) -> str | None:
    """The secret that a file holds; None without a file.

    Raises:
        LabelingError: the file cannot be read, or is empty.
    """
    if path is None:
        return None
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelingError(f"{path}: expected a secret, got {error}") from error
    if not secret:
        raise LabelingError(f"{path}: expected a secret, got an empty file")
    return secret


def _handler(
    answers: Mapping[tuple[str, str], Answer], secret: str | None
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _READ_TIMEOUT_S
        server_version = "Footfall"
        sys_version = ""

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: Any) -> None:
            log.debug("%s %s", self.address_string(), format % args)

        def _answer(self) -> None:
            try:
                status, body = self._result()
            except TimeoutError:
                self.close_connection = True
                return
            data = json.dumps(body, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _result(self) -> tuple[HTTPStatus, Any]:
            path = urlsplit(self.path).path.rstrip("/") or "/"
            answer = answers.get((self.command, path))
            if answer is None:
                return HTTPStatus.NOT_FOUND, {"error": f"no {self.command} {path}"}
            given = self.headers.get(SECRET_HEADER, "")
            if secret is not None and not hmac.compare_digest(given.encode(), secret.encode()):
                return HTTPStatus.FORBIDDEN, {"error": f"expected the secret in {SECRET_HEADER}"}
            length = self.headers.get("Content-Length", "0")
            if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
                self.close_connection = True
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"body of {length} bytes"}
            data = self.rfile.read(int(length))
            try:
                body = json.loads(data) if data else None
            except ValueError as error:
                return HTTPStatus.BAD_REQUEST, {"error": f"expected JSON, got {error}"}
            try:
                return HTTPStatus.OK, answer(body)
            except RefusedError as error:
                return HTTPStatus.BAD_REQUEST, {"error": str(error)}
            except FootfallError as error:
                log.error("%s %s: %s", self.command, path, error)
                return HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)}

    return Handler
