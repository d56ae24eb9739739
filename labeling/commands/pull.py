"""Bring what labelers answered into a new version of a data set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from datasets.formats.label_studio import Interface
from labeling.conflicts import ConflictRule
from labeling.request import ORIGIN, FilePath, ProjectKeys
from serving.core.errors import ConfigError, LabelingError

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from labeling.annotations import RawTask
    from labeling.pull import PullResult

NAME = "pull"


class Request(ProjectKeys):
    """What to pull, and where to.

    Attributes:
        project: its title; may be left out where `export` is given.
        dataset: the folder of the data set that was pushed, or of a later version of it.
        output: a folder for the new version.
        conflicts: what counts where two labelers of a task differ.
        export: a file of Label Studio's export in its format JSON, instead of the server's tasks.
            It is held against the project where one is named, else against the data set.
        partial: whether fewer tasks than there should be are taken.
        report: a file for all counts and keys, as JSON.
    """

    project: str | None = None
    dataset: FilePath
    output: FilePath
    conflicts: ConflictRule = ConflictRule.REVIEW
    export: FilePath | None = None
    partial: bool = False
    report: FilePath | None = None


def run(request: Request) -> None:
    """Pull, and say what became of each task.

    Raises:
        ConfigError: neither a project nor an export, or an export of an unknown interface.
        FootfallError: the data set, the server or the export cannot be used, tasks are missing, or
            nothing was labelled; then nothing is written.
    """
    if request.project is None and (request.export is None or request.interface is None):
        raise ConfigError(
            f"key 'project' ({ORIGIN}): expected a title, or export=FILE and interface=NAME, "
            "got neither"
        )
    from datasets.dataset import Dataset
    from datasets.files import write_atomically
    from datasets.formats.format import Losses
    from labeling.annotations import labelled_tasks
    from labeling.pull import Pull

    dataset = Dataset.load(request.dataset)
    interface, tasks, labelers = _tasks(request, dataset)
    losses = Losses()
    pull = Pull(interface, request.conflicts, losses)
    result = pull.result
    tasks = _counted(tasks, result)
    samples = pull.into(dataset.samples, labelled_tasks(interface, tasks, labelers, losses))
    print(*result.lines(request.conflicts), sep="\n")
    if losses:
        print("lost, as samples cannot hold it:", *losses.lines(), sep="\n")
    if request.report is not None:
        record = json.dumps(result.to_record(), indent=1, ensure_ascii=False)
        write_atomically(request.report, record + "\n")
    if not result.labelled:
        raise LabelingError(f"pull: expected labels, got none of {result.num_tasks:,} tasks")
    made = dataset.derive(request.output, samples)
    print(f"data set: {made.manifest.name} v{made.manifest.version} ({request.output})")


def _counted(tasks: Iterable[RawTask], result: PullResult) -> Iterator[RawTask]:
    from labeling.annotations import key_of

    for task in tasks:
        result.num_tasks += 1
        result.num_foreign += key_of(task) is None
        yield task


def _tasks(
    request: Request, dataset: Dataset
) -> tuple[Interface, Iterable[RawTask], Mapping[int, str]]:
    """The interface, all tasks, and the labelers by number."""
    from labeling.exports import check_complete, tasks_of_file, tasks_of_project
    from labeling.projects import found_project

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
    from datasets.formats.label_studio import group_samples, shows

    shown = [sample for sample in dataset.samples if shows(interface, sample)]
    return sum(1 for _ in group_samples(interface, shown))
