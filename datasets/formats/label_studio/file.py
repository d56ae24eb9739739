"""Label Studio's JSON files: a list of tasks with their annotations and predictions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from datasets.files import open_atomically
from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.json_lists import JsonLists
from datasets.formats.label_studio.answers import result_of, samples_of
from datasets.formats.label_studio.attributes import is_contradictory
from datasets.formats.label_studio.context import name_of, samples_in
from datasets.formats.label_studio.identities import joined_identities
from datasets.formats.label_studio.names import Interface
from datasets.formats.label_studio.tasks import group_samples, shows, task_data
from datasets.samples import Sample
from serving.core.errors import LabelError

FILE_NAME = "tasks.json"
"""The file in a folder of tasks."""

MODEL_VERSION = "unknown"
"""The model of predictions whose samples do not say who made them."""

LOCAL_FILES = "/data/local-files/?d="
"""Where a server that serves files of its own disk has them."""


class LabelStudio:
    """Tasks of one interface: an export of a project, or a file to import into one.

    Labels are written as annotations, and as predictions where they have scores or nobody has
    looked yet. On reading the last annotation that was not skipped counts, else the first
    prediction; further ones are counted as `annotation`, skipped ones as `annotation.skipped`.

    Args:
        interface: which the tasks are for.
        url_prefix: what an importing server finds before the path of a file.
    """

    def __init__(
        self, interface: Interface = Interface.PERSON_BOXES, url_prefix: str = LOCAL_FILES
    ) -> None:
        self.interface = interface
        self.url_prefix = url_prefix

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The samples of a file, or of `tasks.json` in a folder; see `Format`."""
        path = root / FILE_NAME if root.is_dir() else root
        groups = (self._samples(task, losses) for task in _tasks(path))
        if self.interface in (Interface.IDENTITY_PAIRS, Interface.IDENTITY_CLUSTERS):
            yield from joined_identities(groups, losses)
        else:
            for group in groups:
                yield from group

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write a file, or `tasks.json` in a folder where `root` does not end in `.json`.

        A frame that is asked as a picture has no file that a page could show: it is not written,
        and counted as `sample`.
        """
        shown = []
        for sample in samples:
            if not (shows(self.interface, sample) and self._has_file(sample)):
                losses.add("sample")
                continue
            shown.append(sample)
            if self.interface is Interface.FACE_ATTRIBUTES and is_contradictory(sample.attributes):
                losses.add("sample.attributes.age_years")
        path = root if root.suffix == ".json" else root / FILE_NAME
        with open_atomically(path) as file:
            for row, group in enumerate(group_samples(self.interface, shown)):
                text = json.dumps(self._task(group), ensure_ascii=False)
                file.write(f"{',' if row else '['}\n{text}".encode())
            file.write(b"\n]\n" if shown else b"[]\n")
        for sample in shown:
            place(sample, sample.path)

    def _task(self, group: Sequence[Sample]) -> dict[str, Any]:
        task: dict[str, Any] = {
            "data": task_data(self.interface, group, self._url_of),
            "annotations": [],
            "predictions": [],
        }
        result = result_of(self.interface, group)
        if all(map(_is_vouched, group)):
            task["annotations"].append({"result": result})
        elif result or any(sample.is_labelled for sample in group):
            by = [each.labelled_by for sample in group for each in sample.provenance]
            version = by[-1] if by else MODEL_VERSION
            task["predictions"].append({"model_version": version, "result": result})
        return task

    def _url_of(self, sample: Sample) -> str:
        return self.url_prefix + quote(sample.path)

    def _has_file(self, sample: Sample) -> bool:
        return sample.frame_index is None or self.interface is Interface.PERSON_TRACKS

    def _samples(self, task: Mapping[str, Any], losses: Losses) -> tuple[Sample, ...]:
        given = _listed(task, "annotations")
        kept = [each for each in given if not each.get("was_cancelled")]
        losses.add("annotation.skipped", len(given) - len(kept))
        losses.add("annotation", max(0, len(kept) - 1))
        answers = kept[-1:] or _listed(task, "predictions")[:1]
        if answers:
            return samples_of(self.interface, task, answers[0], losses)
        return tuple(_unlabelled(sample) for sample in samples_in(task))


def _is_vouched(sample: Sample) -> bool:
    scores = [box.score for box in sample.boxes] + [span.score for span in sample.spans]
    return sample.is_labelled and all(score is None for score in scores)


def _unlabelled(sample: Sample) -> Sample:
    return replace(sample, is_labelled=False)


def _tasks(path: Path) -> Iterator[Mapping[str, Any]]:
    """The tasks of a file, one after the other.

    Raises:
        LabelError: no such file, no JSON, or no list of tasks.
    """
    for row, (_, _, task) in enumerate(JsonLists(path).items()):
        if not isinstance(task, Mapping) or "data" not in task:
            raise LabelError(
                f"{path}, task {row}: expected an object with 'data' (an export as JSON, "
                f"not as JSON-MIN), got {str(task)[:80]}"
            )
        yield task


def _listed(task: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The annotations or predictions of a task; an export lists some by number alone."""
    values = task.get(name) or []
    if not isinstance(values, list):
        raise LabelError(f"{name_of(task)}: expected a list '{name}', got {values!r}")
    return [each for each in values if isinstance(each, Mapping)]
