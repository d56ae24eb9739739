"""The keys that the tasks of `python -m labeling` share: which server, which project.

A task is a module with a docstring, `NAME`, a class `Request` of its keys and `run(request)`; it
stands in `labeling/__main__.py`, and its keys, all null, in `conf/label.yaml`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

from pydantic import BeforeValidator, PositiveFloat

from datasets.formats.label_studio import Interface
from serving.configuration import Settings
from serving.core.errors import ConfigError, LabelingError

if TYPE_CHECKING:
    from labeling.client import Client

ORIGIN = "conf/label.yaml"
TOKEN_VARIABLE = "LABEL_STUDIO_TOKEN"
DEFAULT_URL = "http://localhost:8080"
"""Where Label Studio answers that was started without options."""


def _named(path: object) -> object:
    if path == "":
        raise ValueError("expected a path, not an empty one")
    return path


FilePath = Annotated[Path, BeforeValidator(_named)]
"""A path; an empty one is refused, because `Path` makes it the current folder."""


class LabelingTask(Protocol):
    """A task of the command line. Heavy packages are imported inside `run`."""

    NAME: str
    Request: type[Settings]

    @staticmethod
    def run(request: Settings) -> None:
        """Do the work and say what was done; return when all of it was.

        Raises:
            FootfallError: a fault that the user can act on; its message is printed.
        """


class ServerKeys(Settings):
    """Which Label Studio, as which user.

    Attributes:
        url: of the server, as in a browser.
        token_file: holds the user's token; null: the environment variable LABEL_STUDIO_TOKEN.
        timeout_s: how long one request may take.
    """

    url: str = DEFAULT_URL
    token_file: FilePath | None = None
    timeout_s: PositiveFloat = 60.0

    def token(self) -> str:
        """The token, which is never a key: command lines are kept and seen by others.

        Raises:
            ConfigError: neither a file nor the variable.
            LabelingError: the file cannot be read.
        """
        if self.token_file is not None:
            try:
                return self.token_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise LabelingError(f"{self.token_file}: expected a token, got {error}") from error
        token = os.environ.get(TOKEN_VARIABLE, "").strip()
        if not token:
            raise ConfigError(
                f"key 'token_file' ({ORIGIN}): expected a file, or the variable {TOKEN_VARIABLE}, "
                "got neither (a token stands in Label Studio under Account & Settings)"
            )
        return token

    def client(self) -> Client:
        """The client of the server, checked.

        Raises:
            LabelingError: unreachable, no Label Studio, a version that we do not know, or a wrong
                token.
        """
        from labeling.client import Client

        return Client.open(self.url, self.token(), timeout_s=self.timeout_s)


class ProjectKeys(ServerKeys):
    """Which project, and what labelers are asked in it.

    Attributes:
        project: its title.
        interface: one of `labeling/interfaces`; null: what the project was made for.
    """

    project: str
    interface: Interface | None = None


class AnswerKeys(ProjectKeys):
    """Whose answers are read: those of a project, or of a file that was exported from one.

    Attributes:
        project: its title; may be left out where `export` is given.
        dataset: the folder of the data set that was pushed, or of a later version of it.
        export: a file of Label Studio's export in its format JSON, instead of the server's tasks.
            It is held against the project where one is named, else against the data set.
        partial: whether fewer tasks than there should be are taken.
    """

    project: str | None = None
    dataset: FilePath
    export: FilePath | None = None
    partial: bool = False

    def check(self) -> None:
        """Check what no single key says.

        Raises:
            ConfigError: neither a project nor an export, or an export of an unknown interface.
        """
        if self.project is None and (self.export is None or self.interface is None):
            raise ConfigError(
                f"key 'project' ({ORIGIN}): expected a title, or export=FILE and interface=NAME, "
                "got neither"
            )
