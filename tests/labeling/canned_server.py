"""A server that answers as it is told, to play proxies and servers that are no Label Studio."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, str, str]
"""Status, content type, text."""


@dataclass(frozen=True, slots=True)
class CannedServer:
    """Where it answers, and what it was asked: `POST /api/projects` and the like."""

    url: str
    asked: list[str]


@contextmanager
def canned_server(answers: dict[str, Answer], otherwise: Answer) -> Iterator[CannedServer]:
    """A server whose answers are known by the start of the path."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = [answers[path] for path in answers if self.path.startswith(path)]
            status, kind, text = found[0] if found else otherwise
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield CannedServer(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()
