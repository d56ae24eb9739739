"""Send the samples of a data set to Label Studio as tasks, with what our model says of them.

A task is known by its key, not by its number: what is there already is not sent again, so that a
push that was cut off is completed by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from datasets.formats.label_studio import Interface, task_data, task_key
from datasets.samples import Sample
from labeling.client import Client, NoAnswerError, Project, TooLargeError
from labeling.pictures import LinkedPictures, Measures, Pictures
from labeling.predictions import LabelsPredictor, Prediction, Predictor, predictions_of
from labeling.presence import Presence
from serving.core.errors import DatasetError, LabelingError

Group = tuple[Sample, ...]
Task = dict[str, Any]
Item = TypeVar("Item")


@dataclass(slots=True)
class PushResult:
    """What a push did, kept up to date while it works.

    Attributes:
        num_asked: tasks that should be there in the end.
        num_present: that were there before.
        num_added: that were added.
        num_predicted: predictions that were added to tasks, new or present.
        num_foreign: tasks of others in the project, which are left alone.
        num_doubles: tasks that stood twice, untouched, and were deleted.
        broken: why a task could not be made, by its key.
    """

    num_asked: int = 0
    num_present: int = 0
    num_added: int = 0
    num_predicted: int = 0
    num_foreign: int = 0
    num_doubles: int = 0
    broken: dict[str, str] = field(default_factory=dict)

    @property
    def num_done(self) -> int:
        """Tasks that need no more work."""
        return self.num_present + self.num_added + len(self.broken)

    def lines(self) -> list[str]:
        """The counts in words."""
        lines = [
            f"tasks: {self.num_asked:,} asked, {self.num_added:,} added, "
            f"{self.num_present:,} there before, {len(self.broken):,} that could not be made",
            f"predictions added: {self.num_predicted:,}",
        ]
        if self.num_foreign:
            lines.append(f"tasks of others, left alone: {self.num_foreign:,}")
        if self.num_doubles:
            lines.append(f"untouched doubles, deleted: {self.num_doubles:,}")
        return lines


class Push:
    """One push of groups of samples into a project.

    Args:
        client: of the server.
        project: prepared for the interface.
        interface: what labelers are asked.
        folder: of the data set.
        pictures: how they are shown.
        predictor: what is said before a labeler looks; None: nothing.
        class_names: that the interface knows.
        batch_size: tasks of one request; halved where the server does not take it. Of person
            tracks each video is a request.
        on_progress: told after each batch what was done so far.
    """

    def __init__(
        self,
        client: Client,
        project: Project,
        interface: Interface,
        folder: Path,
        pictures: Pictures,
        predictor: Predictor | None = None,
        *,
        class_names: Sequence[str],
        batch_size: int = 50,
        on_progress: Callable[[PushResult], None] = lambda result: None,
    ) -> None:
        self.result = PushResult()
        self._client = client
        self._project = project
        self._interface = interface
        self._folder = folder
        self._pictures = pictures
        self._measures = Measures(folder, must_exist=not isinstance(pictures, LinkedPictures))
        self._predictor = predictor
        self._class_names = class_names
        # A video is long work and a long upload: each is sent by itself, so that little is lost.
        self._batch_size = 1 if interface is Interface.PERSON_TRACKS else batch_size
        self._on_progress = on_progress
        self._is_unsure = False
        """Whether a request was sent again of which nobody knows if it was done."""

    def run(self, groups: Iterable[Group]) -> PushResult:
        """Bring the project to where each group has one task, and one prediction of the model.

        Raises:
            LabelingError: the server cannot go on; `result` says how far it came, and the next
                push completes it.
            LabelError: two groups have one key, or a frame rate is not known.
        """
        by_key = self._by_key(groups)
        presence = self._presence()
        self.result.num_asked = len(by_key)
        self.result.num_foreign = presence.num_foreign
        new = [group for key, group in by_key.items() if key not in presence.tasks]
        self.result.num_present = len(by_key) - len(new)
        self._on_progress(self.result)
        for batch in batches(new, self._batch_size):
            self._send(self._made(batch), presence.last_number)
            self._on_progress(self.result)
        if self._is_unsure:
            presence = self._presence()
        if self._predictor is not None:
            self._predict(self._predictor, by_key, presence)
            self._show(self._predictor.version, presence)
        return self.result

    def _presence(self) -> Presence:
        found = Presence.read(self._client, self._project)
        presence, num_deleted = found.without_doubles(self._client)
        self.result.num_doubles += num_deleted
        return presence

    def _by_key(self, groups: Iterable[Group]) -> dict[str, Group]:
        by_key: dict[str, Group] = {}
        for group in groups:
            key = task_key(self._interface, group)
            if key in by_key:
                raise LabelingError(f"task '{key}': expected one group of samples, got two")
            by_key[key] = group
        return by_key

    def _made(self, groups: Sequence[Group]) -> list[Task]:
        """The tasks of these groups; one whose picture is broken does not hold up the others."""
        try:
            return self._tasks(groups)
        except DatasetError as error:
            if len(groups) == 1:
                self.result.broken[task_key(self._interface, groups[0])] = str(error)
                return []
            return [task for group in groups for task in self._made([group])]

    def _tasks(self, groups: Sequence[Group]) -> list[Task]:
        groups = [self._checked(group) for group in groups]
        samples = [sample for group in groups for sample in group]
        predictions = list(self._predictions(groups))
        addresses = self._pictures.addresses(samples)
        tasks = []
        for group, prediction in zip(groups, predictions, strict=True):
            data = task_data(
                self._interface,
                group,
                lambda sample: addresses[sample.key],
                frame_rate_hz=self._measures.frame_rate_hz(group[0]),
            )
            tasks.append({"data": data, "predictions": [prediction] if prediction else []})
        return tasks

    def _checked(self, group: Group) -> Group:
        """The samples with the sizes of their pictures; all can be shown."""
        for sample in group:
            self._pictures.check(sample)
        return tuple(map(self._measures.sized, group))

    def _predictions(self, groups: Sequence[Group]) -> Iterator[Prediction | None]:
        if self._predictor is None:
            return iter([None] * len(groups))
        return predictions_of(
            self._predictor,
            self._interface,
            groups,
            self._class_names,
            self._measures.frame_rate_hz,
        )

    def _send(self, tasks: Sequence[Task], above: int) -> None:
        """Add tasks; where the server takes no more at once, in halves.

        Where no answer came, what arrived nevertheless is not sent again.
        """
        if not tasks:
            return
        try:
            self._client.import_tasks(self._project, tasks)
        except TooLargeError as error:
            if len(tasks) == 1:
                raise LabelingError(f"{error} (task '{tasks[0]['data']['key']}')") from error
            missing = list(tasks)
        except NoAnswerError:
            self._is_unsure = True
            arrived = Presence.read(self._client, self._project, above=above).tasks
            missing = [task for task in tasks if task["data"]["key"] not in arrived]
            if len(missing) == len(tasks) == 1:
                raise
        else:
            missing = []
        added = [task for task in tasks if task not in missing] if missing else tasks
        self.result.num_added += len(added)
        self.result.num_predicted += sum(len(task["predictions"]) for task in added)
        middle = (len(missing) + 1) // 2
        for half in (missing[:middle], missing[middle:]):
            self._send(half, above)

    def _predict(self, predictor: Predictor, by_key: dict[str, Group], presence: Presence) -> None:
        """Add predictions of this model to tasks that were there without them."""
        # Labels are where somebody starts, and whoever answered already is no longer starting.
        only_untouched = isinstance(predictor, LabelsPredictor)
        lacking = presence.lacking(by_key, predictor.version, only_untouched=only_untouched)
        for batch in batches(list(lacking), self._batch_size):
            body = []
            for key, prediction in self._said(batch, by_key):
                body.append({"task": lacking[key], **prediction})
            if body:
                self.result.num_predicted += self._client.import_predictions(self._project, body)
            self._on_progress(self.result)

    def _said(
        self, keys: Sequence[str], by_key: dict[str, Group]
    ) -> Iterator[tuple[str, Prediction]]:
        for key in keys:
            try:
                (prediction,) = self._predictions([self._checked(by_key[key])])
            except DatasetError as error:
                self.result.broken[key] = str(error)
                continue
            if prediction is not None:
                yield key, prediction

    def _show(self, version: str, presence: Presence) -> None:
        """Let labelers start from this model's predictions, where it has made any."""
        there = (each for tasks in presence.tasks.values() for each in tasks)
        is_known = self.result.num_predicted > 0 or any(version in each.versions for each in there)
        if is_known and self._project.model_version != version:
            self._client.update_project(self._project, {"model_version": version})


def batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items, `size` at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))
