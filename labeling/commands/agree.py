"""Say how far labelers agree, and which tasks should be looked at again."""

from __future__ import annotations

import json

from pydantic import Field, NonNegativeInt

from labeling.matching import MIN_IOU
from labeling.request import AnswerKeys, FilePath
from serving.core.errors import LabelingError

NAME = "agree"


class Request(AnswerKeys):
    """Whose answers are compared, and what becomes of those that differ.

    Attributes:
        threshold: agreement, from 0 to 1, under which a task is to be reviewed.
        min_iou: overlap from which two boxes mean the same person.
        review: a file for the keys of the samples of these tasks, one a line, as `only=` of a
            push reads them; null: none.
        report: a file for all figures, as JSON.
        num_resamples: draws of an interval; 0: none.
    """

    threshold: float = Field(0.7, ge=0, le=1)
    min_iou: float = Field(MIN_IOU, gt=0, le=1)
    review: FilePath | None = None
    report: FilePath | None = None
    num_resamples: NonNegativeInt = 200


def run(request: Request) -> None:
    """Compare, and print a table each for classes, questions, labelers and tasks.

    Raises:
        ConfigError: neither a project nor an export.
        FootfallError: the data set, the server or the export cannot be used, tasks are missing, or
            no task has two labelers.
    """
    request.check()
    from rich.console import Console

    from datasets.dataset import Dataset
    from datasets.files import write_atomically
    from datasets.formats.format import Losses
    from labeling.agreement import agreement
    from labeling.agreement_tables import record, tables
    from labeling.annotations import labelled_tasks
    from labeling.exports import tasks_asked_for
    from labeling.pull import joined_tasks

    interface, raw, labelers = tasks_asked_for(request, Dataset.load(request.dataset))
    tasks = list(joined_tasks(labelled_tasks(interface, raw, labelers, Losses())))
    if not any(len(task.annotations) > 1 for task in tasks):
        raise LabelingError(
            f"agree: expected tasks with two labelers, got none of {len(tasks):,} "
            "(push with num_annotations=2 asks for them)"
        )
    found = agreement(interface, tasks, request.min_iou, request.num_resamples)
    console = Console()
    console.print(*tables(found, request.threshold))
    if request.report is not None:
        text = json.dumps(record(found, request.threshold), indent=1, ensure_ascii=False)
        write_atomically(request.report, text + "\n")
    if request.review is not None:
        below = {task.key for task in found.below(request.threshold)}
        keys = [each.key for task in tasks if task.key in below for each in task.samples]
        write_atomically(request.review, "".join(f"{key}\n" for key in dict.fromkeys(keys)))
        console.print(f"to review: {len(below):,} tasks, in {request.review}")
