"""All tasks of a project, or of an export file, and whether that is all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from datasets.formats.label_studio import Interface, group_samples, shows
from labeling.annotations import RawTask
from labeling.client import Client, Project
from labeling.projects import found_project
from labeling.request import AnswerKeys
from serving.core.errors import LabelError, LabelingError

_PAGE_SIZE = 100


def tasks_of_project(
    client: Client, project: Project, *, partial: bool = False
) -> Iterator[RawTask]:
    """All tasks of a project with all that belongs to them, read a page at a time.

    Args:
        client: of the server.
        project: whose tasks.
        partial: whether fewer than the server counts are taken.

    Raises:
        LabelingError: fewer came than the server counts, before and after, or a task came without
            some of its annotations.
    """
    num_before, num_got = client.num_tasks(project), 0
    for page in client.task_pages(project, page_size=_PAGE_SIZE):
        for task in page:
            _check_annotations(task, f"project '{project.title}'")
            num_got += 1
            yield task
    num_expected = min(num_before, client.num_tasks(project))  # people work meanwhile
    if not partial:
        check_complete(num_got, num_expected, f"project '{project.title}' ({client.url})")


def tasks_of_file(path: Path) -> list[RawTask]:
    """All tasks of an export in Label Studio's JSON.

    Raises:
        LabelError: no such file, cut off, or of another format, as `JSON_MIN`, or a count of
            annotations that is none.
        LabelingError: a task comes without some of its annotations.
    """
    try:
        tasks = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LabelError(f"{path}: expected an export: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise LabelError(f"{path}: expected JSON, got {error}") from error
    if not isinstance(tasks, list):
        raise LabelError(f"{path}: expected a list of tasks, got {type(tasks).__name__}")
    for row, task in enumerate(tasks):
        is_task = isinstance(task, Mapping) and isinstance(task.get("data"), Mapping)
        if not is_task or not isinstance(task.get("annotations"), list):
            raise LabelError(
                f"{path}, entry {row}: expected a task with 'data' and a list 'annotations', "
                "as Label Studio's export format JSON has them"
            )
        _check_annotations(task, str(path))
    return tasks


def check_complete(num_got: int, num_expected: int, where: str) -> None:
    """Check that all tasks came.

    Raises:
        LabelingError: some are missing.
    """
    if num_got < num_expected:
        raise LabelingError(
            f"{where}: expected {num_expected:,} tasks, got {num_got:,}; "
            "partial=true takes what there is"
        )


def _check_annotations(task: Mapping[str, Any], where: str) -> None:
    """Hold the annotations of a task against how many it says it has."""
    stated = [task.get(name) or 0 for name in ("total_annotations", "cancelled_annotations")]
    if not all(isinstance(number, int) for number in stated):
        raise LabelError(
            f"{where}, task {task.get('id')}: expected numbers of annotations, got {stated}"
        )
    num_stated = sum(stated)
    num_got = len(task.get("annotations") or ())
    if num_got < num_stated:
        raise LabelingError(
            f"{where}, task {task.get('id')}: expected {num_stated} annotations, got {num_got}"
        )


def tasks_asked_for(
    request: AnswerKeys, dataset: Dataset
) -> tuple[Interface, Iterable[RawTask], Mapping[int, str]]:
    """The interface, all tasks, and the labelers by number.

    Raises:
        LabelError: the export cannot be read.
        LabelingError: the server or the project cannot be used, or tasks are missing.
    """
    tasks = None if request.export is None else tasks_of_file(request.export)
    if request.project is None:
        assert tasks is not None and request.interface is not None
        if not request.partial:
            num_expected = _num_tasks(request.interface, dataset)
            check_complete(len(tasks), num_expected, f"{request.export}")
        return request.interface, tasks, {}
    client = request.client()
    project, interface = found_project(client, request.project, request.interface)
    if tasks is None:
        asked = tasks_of_project(client, project, partial=request.partial)
        return interface, asked, client.labelers()
    if not request.partial:
        check_complete(len(tasks), client.num_tasks(project), f"{request.export}")
    return interface, tasks, client.labelers()


def _num_tasks(interface: Interface, dataset: Dataset) -> int:
    """How many tasks a push of the whole data set makes."""
    shown = [sample for sample in dataset.samples if shows(interface, sample)]
    return sum(1 for _ in group_samples(interface, shown))
