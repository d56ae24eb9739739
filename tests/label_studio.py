"""A real Label Studio for the tests: one server, with the ways in that tests use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from label_studio_sdk import LabelStudio

from labeling.environment import FOLDER
from labeling.server import LocalServer


@dataclass(frozen=True, slots=True)
class RunningLabelStudio:
    """A running server. `client` is the vendor's, to play people who work in the interface."""

    server: LocalServer
    client: LabelStudio

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def token(self) -> str:
        return self.server.token

    @property
    def email(self) -> str:
        return self.server.access.email

    @property
    def password(self) -> str:
        return self.server.access.password

    @property
    def files_root(self) -> Path:
        """Pictures below it are served as `/data/local-files/?d=…`."""
        return self.server.files_root


def need_label_studio() -> None:
    """Skip where Label Studio is not installed; in continuous integration fail."""
    if (FOLDER / "bin" / "label-studio").is_file():
        return
    reason = f"needs Label Studio in {FOLDER.name} (bash .ci/label_studio_env makes it)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running_label_studio(data_dir: Path) -> Iterator[RunningLabelStudio]:
    """A server on a data folder, up while the block runs."""
    need_label_studio()
    with LocalServer(data_dir) as server:
        yield RunningLabelStudio(
            server, LabelStudio(base_url=server.url, api_key=server.token, timeout=30)
        )
