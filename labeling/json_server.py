"""A small HTTP server that takes and gives JSON, for what Label Studio calls.

Not for the open net: it has no encryption. It listens on the loopback address unless told
otherwise, and can ask every caller for a secret.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import re
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
_PART_BYTES = 2**16
_LENGTH = re.compile("[0-9]{1,12}")

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
        secret: what each request must hold, in the header `X-Footfall-Secret` or as the password of
            HTTP Basic authentication, with any user; None asks for none.

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
        LabelingError: the file cannot be read, is empty, or holds what no header carries.
    """
    if path is None:
        return None
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelingError(f"{path}: expected a secret, got {error}") from error
    if not secret:
        raise LabelingError(f"{path}: expected a secret, got an empty file")
    if not (secret.isascii() and secret.isprintable()):
        # Others reach us in another encoding from each sender, or cannot be sent at all.
        raise LabelingError(
            f"{path}: expected a secret of one line of letters without accents, digits and signs, "
            "as a header carries them, got others"
        )
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
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError as error:  # too slow, or gone before the answer
                log.debug("%s: %s", self.address_string(), error)
                self.close_connection = True

        def _result(self) -> tuple[HTTPStatus, Any]:
            if "Transfer-Encoding" in self.headers:
                return HTTPStatus.LENGTH_REQUIRED, {"error": "expected a body of known length"}
            length = self.headers.get("Content-Length", "0")
            if not _LENGTH.fullmatch(length) or int(length) > MAX_BODY_BYTES:
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"body of {length:.20} bytes"}
            path = urlsplit(self.path).path.rstrip("/") or "/"
            answer = answers.get((self.command, path))
            if answer is None:
                self._pass_over(int(length))
                return HTTPStatus.NOT_FOUND, {"error": f"no {self.command} {path}"}
            if secret is not None and not self._knows(secret):
                self._pass_over(int(length))
                told = f"expected the secret in {SECRET_HEADER}, or as a password"
                return HTTPStatus.FORBIDDEN, {"error": told}
            data = self.rfile.read(int(length))
            if len(data) < int(length):
                told = f"expected {length} bytes, got {len(data)}"
                return HTTPStatus.BAD_REQUEST, {"error": told}
            try:
                body = json.loads(data) if data else None
            except (ValueError, RecursionError) as error:
                return HTTPStatus.BAD_REQUEST, {"error": f"expected JSON, got {error}"}
            return self._answered(answer, body)

        def _answered(self, answer: Answer, body: Any) -> tuple[HTTPStatus, Any]:
            try:
                return HTTPStatus.OK, answer(body)
            except RefusedError as error:
                return HTTPStatus.BAD_REQUEST, {"error": str(error)}
            except FootfallError as error:
                log.error("%s %s: %s", self.command, self.path, error)
                return HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)}

        def _knows(self, secret: str) -> bool:
            password = _basic_password(self.headers.get("Authorization", ""))
            given = self.headers.get(SECRET_HEADER, "").encode(), password
            return any(hmac.compare_digest(each, secret.encode()) for each in given)

        def _pass_over(self, num_bytes: int) -> None:
            """Read a body that nobody wants: a connection that is closed with it unread is reset,
            and the sender does not get the answer."""
            while num_bytes > 0 and (part := self.rfile.read(min(num_bytes, _PART_BYTES))):
                num_bytes -= len(part)

    return Handler


def _basic_password(header: str) -> bytes:
    """The password that an `Authorization` header holds; empty where it holds none."""
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(coded.strip(), validate=True).partition(b":")[2]
    except ValueError:
        return b""
