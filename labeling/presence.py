"""Which of our tasks a project has already: what makes a second push add nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labeling.annotations import key_of
from labeling.client import Client, Project

_FIELDS = (
    "data",
    "drafts",
    "total_annotations",
    "cancelled_annotations",
    "predictions_model_versions",
)
_PAGE_SIZE = 500


@dataclass(frozen=True, slots=True)
class TaskThere:
    """A task of ours on the server.

    Args:
        number: the server's, for this push alone.
        versions: models that have predicted it already.
        is_touched: whether someone annotated, skipped or began it.
    """

    number: int
    versions: frozenset[str]
    is_touched: bool


@dataclass(frozen=True, slots=True)
class Presence:
    """The tasks of a project by key, and how many are not ours.

    Several tasks of one key come from a push whose answer was lost, or from two at once.
    """

    tasks: Mapping[str, tuple[TaskThere, ...]]
    num_foreign: int

    @classmethod
    def read(cls, client: Client, project: Project, *, above: int = 0) -> Presence:
        """What the server has; `above`: only tasks with a larger number."""
        tasks: dict[str, tuple[TaskThere, ...]] = {}
        num_foreign = 0
        for page in client.task_pages(project, _FIELDS, page_size=_PAGE_SIZE, above=above):
            for task in page:
                key = key_of(task)
                if key is None:
                    num_foreign += 1
                else:
                    tasks[key] = (*tasks.get(key, ()), _there(task))
        return cls(tasks, num_foreign)

    @property
    def last_number(self) -> int:
        """The largest number of a task of ours."""
        return max((each.number for there in self.tasks.values() for each in there), default=0)

    def lacking(
        self, keys: Iterable[str], version: str, *, only_untouched: bool = False
    ) -> dict[str, int]:
        """Of these keys those that are there without a prediction of this model, with numbers."""
        there = {key: self.tasks[key] for key in keys if key in self.tasks}
        return {
            key: tasks[0].number
            for key, tasks in there.items()
            if version not in tasks[0].versions
            and not (only_untouched and any(each.is_touched for each in tasks))
        }

    def without_doubles(self, client: Client) -> tuple[Presence, int]:
        """Delete what stands twice and nobody touched; what is left, and how many were deleted.

        Of tasks with the same key one stays, and each that somebody worked on.
        """
        num_deleted, kept = 0, {}
        for key, there in self.tasks.items():
            first, *others = sorted(there, key=lambda each: (not each.is_touched, each.number))
            touched = [each for each in others if each.is_touched]
            for each in others:
                if not each.is_touched:
                    client.delete_task(each.number)
                    num_deleted += 1
            kept[key] = (first, *touched)
        return Presence(kept, self.num_foreign), num_deleted


def _there(task: Mapping[str, Any]) -> TaskThere:
    versions = (task.get("predictions_model_versions") or "").split(",")
    num_given = task["total_annotations"] + task["cancelled_annotations"]
    return TaskThere(
        task["id"],
        frozenset(version.strip() for version in versions),
        is_touched=bool(num_given or task["drafts"]),
    )
