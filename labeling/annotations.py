"""What labelers answered, a task at a time: the input of pull, agreement and consensus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from datasets.formats.format import Losses
from datasets.formats.label_studio import Interface, samples_in, samples_of
from datasets.formats.label_studio.context import CONTEXT
from datasets.samples import Provenance, Sample
from serving.core.errors import LabelError

RawTask = Mapping[str, Any]
"""A task as the server's API or an export file has it."""


UNKNOWN_LABELER = "unknown"
"""Whoever made an annotation that names nobody."""

_MAX_LEAD_TIME_S = 1e9
"""Thirty years: nobody works longer on a picture."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one labeler submitted for a task; drafts and skips are none.

    Args:
        labeler: the e-mail address.
        at: of the last change, seconds UTC; None where the file does not say.
        lead_time_s: how long the labeler worked on it; None where nobody measured.
        samples: the samples of the task with the labels of this labeler alone.
        is_empty: whether the answer is that there is nothing: no box, no span, no choice.
    """

    labeler: str
    at: float | None
    lead_time_s: float | None
    samples: tuple[Sample, ...]
    is_empty: bool = False

    @property
    def provenance(self) -> Provenance:
        """Who and when, as samples keep it."""
        return Provenance(self.labeler, self.at)


@dataclass(frozen=True, slots=True)
class LabelledTask:
    """A task of ours with all that was submitted for it.

    Args:
        key: names the task in its project, in every push the same.
        samples: as they were pushed, without what labelers were asked.
        annotations: one a labeler, the latest; oldest first.
        num_skips: labelers who skipped it.
        num_drafts: begun and not submitted.
        num_superseded: earlier annotations of labelers who submitted again.
    """

    key: str
    samples: tuple[Sample, ...]
    annotations: tuple[Annotation, ...] = ()
    num_skips: int = 0
    num_drafts: int = 0
    num_superseded: int = 0

    @property
    def is_skipped(self) -> bool:
        """Whether all who opened it passed it by."""
        return bool(self.num_skips) and not self.annotations

    @property
    def is_empty(self) -> bool:
        """Whether all who submitted something say that there is nothing."""
        return bool(self.annotations) and all(given.is_empty for given in self.annotations)


def key_of(task: RawTask) -> str | None:
    """The key of a task that we pushed, None for one that others made."""
    data = task.get("data")
    if not isinstance(data, Mapping) or CONTEXT not in data:
        return None
    key = data.get("key")
    return key if isinstance(key, str) and key else None


def labelled_tasks(
    interface: Interface,
    tasks: Iterable[RawTask],
    labelers: Mapping[int, str],
    losses: Losses,
) -> Iterator[LabelledTask]:
    """Our tasks among `tasks`, with what was submitted.

    Args:
        interface: that the tasks were pushed for.
        tasks: of a project or an export file.
        labelers: e-mail addresses by the server's number; others are called `user 3`.
        losses: told what samples cannot hold.

    Raises:
        LabelError: a task or an annotation breaks the format.
    """
    for task in tasks:
        if key_of(task) is not None:
            yield labelled_task(interface, task, labelers, losses)


def labelled_task(
    interface: Interface, task: RawTask, labelers: Mapping[int, str], losses: Losses
) -> LabelledTask:
    """One of our tasks with what was submitted; see `labelled_tasks`."""
    key = key_of(task) or ""
    given = task.get("annotations")
    if not isinstance(given, list) or not all(isinstance(entry, Mapping) for entry in given):
        raise LabelError(f"task '{key}': expected a list 'annotations' of objects")
    submitted = [_named(entry, labelers) for entry in given if not entry.get("was_cancelled")]
    annotations = sorted(
        (_annotation(interface, task, entry, losses) for entry in submitted),
        key=lambda annotation: annotation.at or 0.0,
    )
    latest = {annotation.labeler: annotation for annotation in annotations}
    return LabelledTask(
        key,
        samples_in(task),
        tuple(latest.values()),
        num_skips=len(given) - len(submitted),
        num_drafts=_num_drafts(task, key),
        num_superseded=len(annotations) - len(latest),
    )


def _num_drafts(task: RawTask, key: str) -> int:
    drafts = task.get("drafts") or []
    if not isinstance(drafts, list):
        raise LabelError(f"task '{key}': expected a list 'drafts', got {drafts!r:.100}")
    return len(drafts)


def _named(entry: Mapping[str, Any], labelers: Mapping[int, str]) -> Mapping[str, Any]:
    """The annotation with its labeler by name instead of the server's number."""
    who = entry.get("completed_by")
    if isinstance(who, Mapping):
        who = who.get("email") or who.get("id")
    if isinstance(who, int):
        who = labelers.get(who, f"user {who}")
    if who and not isinstance(who, str):
        raise LabelError(f"annotation: expected a labeler in 'completed_by', got {who!r:.100}")
    return {**entry, "completed_by": who or UNKNOWN_LABELER}


def _annotation(
    interface: Interface, task: RawTask, entry: Mapping[str, Any], losses: Losses
) -> Annotation:
    where = f"task '{key_of(task)}', annotation of {entry['completed_by']}"
    at = _moment(entry.get("updated_at") or entry.get("created_at"), where)
    lead_time_s = _lead_time_s(entry.get("lead_time"), where)
    samples = samples_of(interface, task, entry, losses)
    is_empty = not entry.get("result")
    return Annotation(entry["completed_by"], at, lead_time_s, samples, is_empty)


def _moment(value: object, where: str) -> float | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise LabelError(f"{where}: expected a time such as 2026-01-31, got {value!r}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _lead_time_s(value: object, where: str) -> float | None:
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= _MAX_LEAD_TIME_S:
        raise LabelError(f"{where}: expected a lead time in seconds, got {value!r}")
    return float(value)
