"""FiftyOne's app: a page on this machine that shows a loaded data set."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from serving.core.errors import ConfigError

ADDRESS = "127.0.0.1"
"""Only this machine: the page has no password, and shows people."""


def check_port(port: int) -> None:
    """Check that the app can listen there.

    Raises:
        ConfigError: something else does, or it is no port.
    """
    if not 0 < port < 65536:
        raise ConfigError(f"--port: expected 1 to 65535, got {port}")
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            free.bind((ADDRESS, port))
        except OSError as error:
            raise ConfigError(
                f"--port: expected a free port, got {port} ({error.strerror})"
            ) from error


@contextmanager
def opened_app(loaded: Any, port: int) -> Iterator[str]:
    """The app over a FiftyOne data set, as long as the block lasts; gives its address.

    The address holds the data set's name, not FiftyOne's slug of it: the page takes what stands
    there for the name, and shows nothing when there is no such data set.

    No browser is opened. The page names two fonts at Google, which a browser asks for where it can;
    it sends nothing else away.
    """
    import fiftyone as fo

    session = fo.launch_app(loaded, port=port, address=ADDRESS, remote=True, auto=False)
    try:
        yield f"http://{ADDRESS}:{port}/datasets/{quote(loaded.name, safe='')}"
    finally:
        session.close()
        fo.close_app()
