"""A played labeler: corrects pre-annotations as a person would who knows where people are.

What the player knows are our own labels of the sample. A box that the model has drawn well enough
is left as it is, so what comes out is a labeler's correction of a model and no copy of the truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from datasets.formats.format import Losses
from datasets.formats.label_studio import Interface, result_of, samples_in, samples_of
from datasets.samples import Box, Sample
from labeling.client import Client, Project
from labeling.matching import closest_first, drawn

_INTERFACE = Interface.PERSON_BOXES


@dataclass(frozen=True, slots=True)
class Habits:
    """How someone works.

    Args:
        good_enough_iou: a box that overlaps this much with the person is left as it is.
        scatter_px: standard deviation of each edge that is drawn anew.
        missed_share: people whom the model did not find and who are overlooked.
    """

    good_enough_iou: float
    scatter_px: float
    missed_share: float


CAREFUL = Habits(good_enough_iou=0.85, scatter_px=1.0, missed_share=0.0)
HASTY = Habits(good_enough_iou=0.6, scatter_px=3.0, missed_share=0.4)


@dataclass(slots=True)
class Played:
    """What a player did: boxes left, moved, added, deleted."""

    num_tasks: int = 0
    num_left: int = 0
    num_moved: int = 0
    num_added: int = 0
    num_deleted: int = 0

    def line(self, who: str) -> str:
        """All of it in words."""
        return (
            f"{who}: {self.num_tasks} pictures; boxes left as they were: {self.num_left}, "
            f"moved: {self.num_moved}, added: {self.num_added}, deleted: {self.num_deleted}"
        )


class Player:
    """Answers every task of a project once.

    Args:
        client: of the labeler.
        truth: the boxes in each picture, by the key of its sample.
        habits: how the labeler works.
        seed: of what is drawn and overlooked.
    """

    def __init__(
        self, client: Client, truth: Mapping[str, Sequence[Box]], habits: Habits, seed: int
    ) -> None:
        self._client, self._truth, self._habits = client, truth, habits
        self._rng = np.random.default_rng(seed)

    def work(self, project: Project) -> Played:
        """Correct the prediction of every task, and submit."""
        played = Played()
        for page in self._client.task_pages(project):
            for task in page:
                self._answer(task, played)
        return played

    def _answer(self, task: Mapping[str, Any], played: Played) -> None:
        (sample,) = samples_in(task)
        seen = sample
        for prediction in task["predictions"][-1:]:
            (seen,) = samples_of(_INTERFACE, task, prediction, Losses())
        boxes = self._corrected(seen, self._truth[sample.key], played)
        result = result_of(_INTERFACE, [replace(sample, boxes=tuple(boxes))])
        path = f"api/tasks/{task['id']}/annotations/"
        self._client.request("POST", path, body={"result": result})
        played.num_tasks += 1

    def _corrected(self, seen: Sample, truth: Sequence[Box], played: Played) -> list[Box]:
        people = drawn([replace(seen, boxes=tuple(truth))])
        pairs = closest_first(drawn([seen]), people, 0.1)
        boxes = []
        for row, column, iou in pairs:
            if iou >= self._habits.good_enough_iou and not truth[column].is_ignored:
                boxes.append(replace(seen.boxes[row], score=None))
                played.num_left += 1
            else:
                boxes.append(self._drawn(truth[column], seen))
                played.num_moved += 1
        found = {column for _, column, _ in pairs}
        for column, person in enumerate(truth):
            if column not in found and self._rng.random() >= self._habits.missed_share:
                boxes.append(self._drawn(person, seen))
                played.num_added += 1
        played.num_deleted += len(seen.boxes) - len(pairs)
        return boxes

    def _drawn(self, person: Box, seen: Sample) -> Box:
        """A person's box as this labeler's hand draws it, within the picture."""
        height, width = seen.image_size_hw or (1, 1)
        scattered = np.array(person.xyxy_px) + self._rng.normal(0, self._habits.scatter_px, 4)
        left, top, right, bottom = np.clip(scattered, 0, [width, height, width, height]).tolist()
        return Box(
            (left, top, max(left, right), max(top, bottom)),
            person.label,
            is_ignored=person.is_ignored,
        )
