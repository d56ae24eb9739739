"""Make a new version of a data set when enough tasks are finished, and train on it on request."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from pydantic import Field, PositiveInt

from labeling.conflicts import ConflictRule
from labeling.json_server import LOOPBACK
from labeling.request import FilePath, ProjectKeys
from serving.core.errors import LabelingError

NAME = "webhook"


class Request(ProjectKeys):
    """Which project is watched, and what a finished batch becomes.

    Attributes:
        dataset: the folder of the data set that was pushed.
        output: a folder for the versions v2, v3 and so on.
        batch_size: finished tasks, new or changed since the last version, that make one.
        conflicts: what counts where two labelers of a task differ.
        train: a command to run on each version, `{dataset}` for its folder, as
            `python train.py experiment=detection/site data=folder dataset={dataset}`; null: none.
        host: address to listen on.
        port: 0: any free one.
        public_url: how Label Studio reaches this server; null: by host and port.
        secret_file: holds what the header X-Footfall-Secret of each message must say, which the
            webhook sets by itself; null: none.
    """

    dataset: FilePath
    output: FilePath
    batch_size: PositiveInt = 50
    conflicts: ConflictRule = ConflictRule.CONSENSUS
    train: str | None = None
    host: str = LOOPBACK
    port: int = Field(9091, ge=0, le=65535)
    public_url: str | None = None
    secret_file: FilePath | None = None


def run(request: Request) -> None:
    """Watch until Ctrl-C.

    Raises:
        FootfallError: the data set, the project or the address cannot be used.
    """
    from datasets.dataset import Dataset
    from labeling.json_server import JsonServer, secret_of
    from labeling.projects import found_project
    from labeling.webhook import Batches, finished_tasks, registered

    Dataset.load(request.dataset)
    client = request.client()
    project, _ = found_project(client, request.project, request.interface)
    secret = secret_of(request.secret_file)
    batches = Batches(
        request.output,
        request.batch_size,
        lambda: finished_tasks(client, project),
        lambda folder: _pull(request, folder, batches.newest()),
        None if request.train is None else lambda folder: _train(request.train or "", folder),
        on_message=lambda line: print(line, flush=True),
    )
    with JsonServer(batches.answers, host=request.host, port=request.port, secret=secret) as server:
        url = request.public_url or server.url
        registered(client, project, url, secret)
        print(f"watching '{project.title}' ({client.url}), told at {url} (Ctrl-C ends)", flush=True)
        batches.run()


def _pull(request: Request, folder: Path, newest: Path | None = None) -> None:
    """Pull into `folder`, the version after `newest`.

    The labels are brought to what was pushed, not to the version before: a label whose annotation
    was deleted since is gone.
    """
    from labeling.commands import pull

    values = {name: getattr(request, name) for name in ProjectKeys.model_fields}
    asked = pull.Request(
        **values, dataset=request.dataset, output=folder, conflicts=request.conflicts
    )
    pull.run(asked, after=newest)


def _train(command: str, folder: Path) -> None:
    words = [word.replace("{dataset}", str(folder)) for word in shlex.split(command)]
    try:
        done = subprocess.run(words, check=False)
    except OSError as error:
        raise LabelingError(f"train: expected a command, got {command!r}: {error}") from error
    if done.returncode:
        raise LabelingError(f"train: expected exit code 0 of {words}, got {done.returncode}")
