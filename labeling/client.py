"""What push and pull need of a Label Studio, with timeouts and errors that say what to do.

Tokens, both legacy and personal, are the vendor's client's affair; so are its headers. Requests
that change something are never repeated by themselves: the server may have done them already.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from serving.core.errors import LabelingError

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

MAX_UPLOAD_FILES = 50
"""Files of one request; the server refuses more than 100."""

_VERSION = re.compile(r"(\d+)\.(\d+)")
_OLDEST = (1, 20)
_TOO_NEW = (2, 0)
_READ_RETRIES = 2
_DETAIL_LENGTH = 300


class TooLargeError(LabelingError):
    """The server, or a proxy before it, takes no request of this size."""


class NoAnswerError(LabelingError):
    """No answer came in time, or the connection broke: whether it was done is not known."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project as the server has it.

    Args:
        id: its number on the server.
        title: what it is called; we go by this alone.
        description: free text.
        label_config: the XML of the interface.
        instruction: what labelers are told, HTML.
        num_annotations: wanted for each task.
        model_version: whose predictions labelers start from; empty where there are none.
    """

    id: int
    title: str
    description: str
    label_config: str
    instruction: str
    num_annotations: int
    model_version: str


class Client:
    """One Label Studio, as one user.

    Args:
        url: of the server, as in a browser.
        token: the user's, from Account & Settings.
        timeout_s: how long one request may take.
    """

    def __init__(self, url: str, token: str, *, timeout_s: float = 60.0) -> None:
        from label_studio_sdk import LabelStudio  # half a second

        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        if not re.match(r"https?://[^/]", self.url):
            raise LabelingError(f"Label Studio: expected an address http://…, got '{url}'")
        if not token.strip():
            raise LabelingError(f"Label Studio ({self.url}): expected a token, got none")
        with self._told("a token"):
            self._vendor: LabelStudio = LabelStudio(
                base_url=self.url, api_key=token.strip(), timeout=timeout_s
            )

    @classmethod
    def open(cls, url: str, token: str, *, timeout_s: float = 60.0) -> Self:
        """The client of a server that answers, has a version that we know, and takes the token.

        Raises:
            LabelingError: which of these it is not.
        """
        client = cls(url, token, timeout_s=timeout_s)
        client.check_version()
        client.user()
        return client

    def check_version(self) -> str:
        """The version of the server.

        Raises:
            LabelingError: no Label Studio, or one that is too old or too new.
        """
        answer = self.request("GET", "api/version")
        release = answer.get("release") if isinstance(answer, dict) else None
        found = _VERSION.match(release) if isinstance(release, str) else None
        if found is None:
            raise LabelingError(f"Label Studio ({self.url}): expected its version, got {answer!r}")
        if not _OLDEST <= (int(found[1]), int(found[2])) < _TOO_NEW:
            raise LabelingError(
                f"Label Studio ({self.url}): expected version {_words(_OLDEST)} or newer, "
                f"before {_words(_TOO_NEW)}, got {release}"
            )
        return str(release)

    def user(self) -> str:
        """The e-mail address of the user whom the token belongs to."""
        return str(self.request("GET", "api/current-user/whoami")["email"])

    def labelers(self) -> dict[int, str]:
        """The e-mail address of each user by number."""
        return {user["id"]: user["email"] for user in self.request("GET", "api/users")}

    def project(self, title: str) -> Project | None:
        """The project of this title, None where there is none.

        Raises:
            LabelingError: several have it.
        """
        query = {"title": title, "page_size": 1000}
        listed = self.request("GET", "api/projects", query)["results"]
        found = [each for each in listed if each["title"] == title]  # the server compares loosely
        if len(found) > 1:
            raise LabelingError(
                f"project '{title}' ({self.url}): expected one, got numbers "
                f"{sorted(each['id'] for each in found)}"
            )
        return _project(found[0]) if found else None

    def create_project(self, values: Mapping[str, Any]) -> Project:
        """A new project with these settings, named as in the server's API."""
        return _project(self.request("POST", "api/projects", body=values))

    def update_project(self, project: Project, values: Mapping[str, Any]) -> Project:
        """The project with other settings; a label config that does not fit is refused."""
        return _project(self.request("PATCH", f"api/projects/{project.id}", body=values))

    def num_tasks(self, project: Project) -> int:
        """How many tasks the server counts."""
        query = {"project": project.id, "page_size": 1, "include": "id"}
        return int(self.request("GET", "api/tasks", query)["total"])

    def task_pages(
        self,
        project: Project,
        include: Sequence[str] = (),
        *,
        page_size: int = 100,
        above: int = 0,
    ) -> Iterator[list[dict[str, Any]]]:
        """All tasks, page after page, by number.

        Each page asks for numbers above the last, so that no task is missed where others delete
        some meanwhile.

        Args:
            project: whose tasks.
            include: names of fields; none: all, annotations, drafts and predictions among them.
            page_size: tasks of a page.
            above: only tasks with a larger number.
        """
        last = above
        while True:
            query = {"project": project.id, "page_size": page_size, "fields": "all"}
            query |= {"query": json.dumps(_above(last))}
            query |= {"include": ",".join(["id", *include])} if include else {}
            page = self.request("GET", "api/tasks", query)["tasks"]
            if not page:
                return
            yield page
            last = max(task["id"] for task in page)

    def import_tasks(self, project: Project, tasks: Sequence[Mapping[str, Any]]) -> int:
        """Add tasks with their predictions, all or none; how many were added."""
        answer = self.request("POST", f"api/projects/{project.id}/import", body=list(tasks))
        return int(answer["task_count"])

    def import_predictions(self, project: Project, predictions: Sequence[Mapping[str, Any]]) -> int:
        """Add predictions to tasks that they name by number; how many were added."""
        path = f"api/projects/{project.id}/import/predictions"
        return int(self.request("POST", path, body=list(predictions))["created"])

    def delete_task(self, number: int) -> None:
        """Delete a task with all that belongs to it."""
        self.request("DELETE", f"api/tasks/{number}")

    def upload(self, project: Project, files: Mapping[str, bytes]) -> dict[str, str]:
        """Upload files without making tasks of them: the address of each by its name.

        The server puts eight characters before a name, and changes all but plain ones.
        """
        parts = {name: (name, content) for name, content in files.items()}
        path = f"api/projects/{project.id}/import"
        ids = self.request("POST", path, {"commit_to_project": "false"}, files=parts)
        return self.uploads(project, ids["file_upload_ids"])

    def uploads(self, project: Project, ids: Sequence[int] | None = None) -> dict[str, str]:
        """The address of uploaded files, all or those of some numbers, by their name."""
        query = {"all": "true"} if ids is None else {"ids": json.dumps(list(ids))}
        listed = self.request("GET", f"api/projects/{project.id}/file-uploads", query)
        paths = (str(entry["file"]) for entry in listed)
        return {path.rsplit("/", 1)[-1].partition("-")[2]: f"/data/{path}" for path in paths}

    def serve_folder(self, project: Project, folder: str) -> None:
        """Let a project show files of a folder on the server's own disk, below its root."""
        known = self.request("GET", "api/storages/localfiles", {"project": project.id})
        if not any(storage["path"].rstrip("/") == folder.rstrip("/") for storage in known):
            body = {"project": project.id, "path": folder, "title": "Footfall"}
            self.request("POST", "api/storages/localfiles", body=body | {"use_blob_urls": True})

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> Any:
        """One request and its JSON; None where the answer is empty.

        Raises:
            TooLargeError: the request is larger than the server takes.
            NoAnswerError: no answer in time.
            LabelingError: unreachable, a wrong token, refused, a fault of the server, or an
                answer that is no JSON.
        """
        what = f"{method} {path}"
        with self._told(what):
            response = self._vendor._client_wrapper.httpx_client.request(
                path,
                method=method,
                params=dict(query or {}),
                json=body,
                files=files,
                request_options={
                    "max_retries": _READ_RETRIES if method == "GET" else 0,
                    "timeout": self._timeout_s,
                },
            )
        if response.history and method != "GET":  # as from http to https: it became a GET
            raise self._error(
                what, f"expected the server's own address, got sent to {response.url}"
            )
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            raise self._refused(what, response.status_code, response.text)
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            kind = response.headers.get("content-type", "no type")
            raise self._error(what, f"expected the JSON of a Label Studio, got {kind}") from error

    def _error(
        self, what: str, got: str, kind: type[LabelingError] = LabelingError
    ) -> LabelingError:
        return kind(f"Label Studio ({self.url}), {what}: {got}")

    def _refused(self, what: str, status: int, text: str) -> LabelingError:
        if status == HTTPStatus.UNAUTHORIZED:
            return self._error(
                what, f"expected a valid token, got one that is not: {_detail(text)}"
            )
        if status == HTTPStatus.FORBIDDEN:
            return self._error(what, f"expected a user who may do this, got: {_detail(text)}")
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return self._error(what, "expected to take it, got: too large", TooLargeError)
        if status == HTTPStatus.GATEWAY_TIMEOUT:
            return self._error(what, "expected an answer, got a timeout of a proxy", NoAnswerError)
        fault = (
            "a fault of the server" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "a refusal"
        )
        return self._error(what, f"expected to be done, got {fault} ({status}): {_detail(text)}")

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Errors of the connection and of the vendor's client, in our words."""
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            raise self._error(what, f"expected a server, got none: {error}") from error
        except httpx.TimeoutException as error:
            got = f"expected an answer within {self._timeout_s:g} s, got none"
            raise self._error(what, got, NoAnswerError) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            got = f"expected an answer, got a broken connection: {error}"
            raise self._error(what, got, NoAnswerError) from error
        except ApiError as error:  # of a personal token that is exchanged for one of minutes
            raise self._refused(what, error.status_code or 401, str(error.body)) from error
        except ValueError as error:  # of what answers to the exchange and is no Label Studio
            raise self._error(what, "expected the answer of a Label Studio") from error


def _project(values: Mapping[str, Any]) -> Project:
    return Project(
        id=values["id"],
        title=values["title"],
        description=values["description"] or "",
        label_config=values["label_config"] or "",
        instruction=values["expert_instruction"] or "",
        num_annotations=values["maximum_annotations"],
        model_version=values["model_version"] or "",
    )


def _above(number: int) -> dict[str, Any]:
    above = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": number}
    return {"filters": {"conjunction": "and", "items": [above]}}


def _detail(text: str) -> str:
    """What an answer says is wrong, without pages of HTML."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return "no reason" if text.lstrip().startswith("<") else text[:_DETAIL_LENGTH]
    reasons = answer.get("validation_errors") or answer.get("detail") or answer
    return json.dumps(reasons, ensure_ascii=False)[:_DETAIL_LENGTH]


def _words(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
