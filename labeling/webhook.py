"""A finished batch becomes a new version of the data set, and maybe a training run.

Label Studio tells of every annotation. What counts is what the project holds, not what was told:
so nothing is lost when a message is, and nothing is done twice when one comes twice.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.files import write_atomically
from datasets.manifest import FILE_NAME as MANIFEST_NAME
from labeling.annotations import key_of
from labeling.client import Client, Project
from labeling.json_server import SECRET_HEADER, Answer, RefusedError
from serving.core.errors import FootfallError, LabelingError

log = logging.getLogger(__name__)

ACTIONS = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED")
"""What we ask to be told of."""

STATE_NAME = "webhook.json"
FIRST_VERSION = 1
"""Of the data set that was pushed; the first that we make is the second."""

_RETRY_S = 60.0

Finished = Mapping[str, str]
"""Tasks that have as many annotations as wanted: by key, when the newest of these was changed."""

MakeVersion = Callable[[Path], None]
"""Pull into a new version in this folder, which is not there yet."""

Train = Callable[[Path], None]
"""A training run on a version, waited for."""


class Batches:
    """Counts finished tasks, and makes a version when enough are new or were changed.

    One thread does the work; others only wake it. The tasks of the last version stand in a file,
    and so does a version while it is made: a server that was killed goes on where it was.

    Args:
        folder: for the versions, `v2` and so on, and the state.
        batch_size: finished tasks that make a version.
        finished: asks the project.
        make_version: pulls.
        train: what to do with a version; None: nothing.
        on_message: told what was done, a line each.
    """

    def __init__(
        self,
        folder: Path,
        batch_size: int,
        finished: Callable[[], Finished],
        make_version: MakeVersion,
        train: Train | None = None,
        on_message: Callable[[str], None] = log.info,
    ) -> None:
        self._folder, self._state = folder, folder / STATE_NAME
        self._batch_size = batch_size
        self._finished = finished
        self._make_version = make_version
        self._train = train
        self._on_message = on_message
        self._included = self._recovered()
        self._woken = threading.Event()
        self._ending = threading.Event()

    @property
    def answers(self) -> Mapping[tuple[str, str], Answer]:
        """For a `JsonServer`."""
        return {("POST", "/"): self._told, ("GET", "/health"): lambda _: {"status": "UP"}}

    def run(self) -> None:
        """Work until `end` is called; also what happened before the start is found."""
        self._woken.set()
        while not self._ending.is_set():
            self._woken.wait(_RETRY_S)  # a message may be lost, the server may have been away
            self._woken.clear()
            if not self._ending.is_set():
                self._catch_up()

    def end(self) -> None:
        """Let `run` return, after the work that it is doing."""
        self._ending.set()
        self._woken.set()

    def check(self) -> bool:
        """Make a version where enough tasks are new or changed, and train; whether one was made.

        Raises:
            FootfallError: the project cannot be asked, or the pull or the training failed. A
                version that was made stays and is not made again.
        """
        finished = dict(self._finished())
        new = finished.items() - self._included.items()
        if len(new) < self._batch_size:
            self._on_message(f"{len(new)} of {self._batch_size} tasks for the next version")
            return False
        folder = self._folder / f"v{self._newest() + 1}"
        _write_state(self._state, self._included, _Making(folder.name, finished))
        self._make_version(folder)
        self._included = finished
        _write_state(self._state, finished)
        self._on_message(f"{len(new)} tasks are new or changed: made {folder}")
        if self._train is not None:
            self._train(folder)
            self._on_message(f"trained on {folder}")
        return True

    def newest(self) -> Path | None:
        """The last version that was made; None before the first."""
        number = self._newest()
        return self._folder / f"v{number}" if number > FIRST_VERSION else None

    def _newest(self) -> int:
        names = (path.parent.name[1:] for path in self._folder.glob(f"v*/{MANIFEST_NAME}"))
        return max([FIRST_VERSION, *(int(name) for name in names if name.isdecimal())])

    def _recovered(self) -> Finished:
        """The tasks of the last version; one that was being made counts if it was finished."""
        included, making = _read_state(self._state)
        if making is not None and (self._folder / making.folder / MANIFEST_NAME).is_file():
            included = making.tasks
            _write_state(self._state, included)
        return included

    def _catch_up(self) -> None:
        """One check; what it cannot do now it tries again at the next message."""
        try:
            self.check()
        except FootfallError as error:
            self._on_message(f"error: {error}")

    def _told(self, body: Any) -> dict[str, Any]:
        action = body.get("action") if isinstance(body, Mapping) else None
        if not isinstance(action, str):
            raise RefusedError(f"expected an object with an 'action', got {body!r:.100}")
        if action in ACTIONS:
            self._woken.set()
        return {"taken": action in ACTIONS}


@dataclass(frozen=True, slots=True)
class _Making:
    """A version while it is made: its folder's name, and the finished tasks that go into it."""

    folder: str
    tasks: Finished


def _read_state(path: Path) -> tuple[Finished, _Making | None]:
    if not path.is_file():
        return {}, None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        making = values.get("making")
        return _tasks(values["included"]), (
            None if making is None else _Making(str(making["folder"]), _tasks(making["tasks"]))
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LabelingError(f"{path}: expected the keys of a version, got {error!r}") from error


def _tasks(values: Any) -> Finished:
    if not isinstance(values, dict) or not all(isinstance(at, str) for at in values.values()):
        raise ValueError(f"expected keys with times, got {values!r:.100}")
    return values


def _write_state(path: Path, included: Finished, making: _Making | None = None) -> None:
    values: dict[str, Any] = {"included": dict(sorted(included.items()))}
    if making is not None:
        tasks = dict(sorted(making.tasks.items()))
        values["making"] = {"folder": making.folder, "tasks": tasks}
    write_atomically(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def finished_tasks(client: Client, project: Project) -> Finished:
    """Our tasks of a project that have as many annotations as wanted, with their last change."""
    finished: dict[str, str] = {}
    for page in client.task_pages(project):
        for task in page:
            key = key_of(task)
            if task.get("is_labeled") and key is not None:  # a double counts with both
                changed = (given["updated_at"] for given in task["annotations"])
                finished[key] = max([finished.get(key, ""), *changed])
    return finished


def registered(client: Client, project: Project, url: str, secret: str | None) -> None:
    """Have a project tell us of its annotations, once.

    Raises:
        LabelingError: the server refuses, as of an address inside its own network.
    """
    headers = {} if secret is None else {SECRET_HEADER: secret}
    wanted = {"send_payload": False, "headers": headers, "actions": list(ACTIONS)}
    body = wanted | {
        "url": url,
        "project": project.id,
        "is_active": True,
        "send_for_all_actions": False,
    }
    for known in client.request("GET", "api/webhooks/", {"project": project.id}):
        if known["url"].rstrip("/") == url.rstrip("/"):
            client.request("PATCH", f"api/webhooks/{known['id']}/", body=body)
            return
    client.request("POST", "api/webhooks/", body=body)
