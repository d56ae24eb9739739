"""Bring what labelers answered into a new version of a data set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from labeling.conflicts import ConflictRule
from labeling.request import AnswerKeys, FilePath
from serving.core.errors import LabelingError

if TYPE_CHECKING:
    from labeling.annotations import RawTask
    from labeling.pull import PullResult

NAME = "pull"


class Request(AnswerKeys):
    """What to pull, and where to.

    Attributes:
        output: a folder for the new version.
        conflicts: what counts where two labelers of a task differ.
        report: a file for all counts and keys, as JSON.
    """

    output: FilePath
    conflicts: ConflictRule = ConflictRule.REVIEW
    report: FilePath | None = None


def run(request: Request, after: Path | None = None) -> None:
    """Pull, and say what became of each task.

    Args:
        request: the keys.
        after: the version that the new one comes after in name and number, though its labels are
            brought to `dataset`, where that was pulled before; None: `dataset` itself.

    Raises:
        ConfigError: neither a project nor an export, or an export of an unknown interface.
        FootfallError: the data set, the server or the export cannot be used, tasks are missing, or
            nothing was labelled; then nothing is written.
    """
    request.check()
    from datasets.dataset import Dataset
    from datasets.files import write_atomically
    from datasets.formats.format import Losses
    from labeling.annotations import labelled_tasks
    from labeling.exports import tasks_asked_for
    from labeling.pull import Pull

    dataset = Dataset.load(request.dataset)
    interface, tasks, labelers = tasks_asked_for(request, dataset)
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
    parent = dataset if after is None else Dataset.load(after)
    made = parent.derive(request.output, samples)
    print(f"data set: {made.manifest.name} v{made.manifest.version} ({request.output})")


def _counted(tasks: Iterable[RawTask], result: PullResult) -> Iterator[RawTask]:
    from labeling.annotations import key_of

    for task in tasks:
        result.num_tasks += 1
        result.num_foreign += key_of(task) is None
        yield task
