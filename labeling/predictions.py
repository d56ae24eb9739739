"""Pre-annotations: what a model says of a picture before a labeler looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from datasets.dataset import read_samples
from datasets.formats.label_studio import Interface, result_of
from datasets.formats.label_studio.names import AGE_BAND, GENDER, IGNORED, MASK
from datasets.samples import Attributes, Sample
from serving.core.errors import LabelingError

_TOLERANCE_PX = 2.0
"""How far the editor may draw a box from where the model has it: fewer keyframes to correct."""

LABELS_VERSION = "labels"
"""Stands for a model's name where labels are what a labeler starts from."""

_FACE_QUESTIONS = (AGE_BAND, GENDER, MASK)

Prediction = dict[str, Any]
"""A prediction as the server's API takes it, without the task's number."""


class Predictor(Protocol):
    """Says what is in samples; `version` names the model and stands in every prediction."""

    version: str

    def predict(self, samples: Sequence[Sample]) -> Mapping[str, Sample]:
        """The samples with scored answers, by key; those of which it says nothing are left out.

        Of a sample that is a whole video these are the frames of which it says something.

        Raises:
            DatasetError: a picture cannot be read.
        """


class RecordedPredictor:
    """Answers from a file of scored samples, one a line as in `samples.jsonl`.

    Args:
        path: the file.
        version: of the model; None: who labelled the samples, as their provenance says.

    Raises:
        DatasetError: no such file, or a line that is no sample.
        LabelingError: nobody says which model it was.
    """

    def __init__(self, path: Path, version: str | None = None) -> None:
        self._samples = {sample.key: sample for sample in read_samples(path)}
        self._frames: dict[str, list[Sample]] = {}
        for sample in self._samples.values():
            if sample.frame_index is not None:
                self._frames.setdefault(sample.path, []).append(sample)
        by = {each.provenance[-1].labelled_by for each in self._samples.values() if each.provenance}
        if version is None and len(by) != 1:
            raise LabelingError(
                f"{path}: expected model_version=NAME or samples that one model labelled, "
                f"got {sorted(by) or 'no provenance'}"
            )
        self.version = version if version is not None else by.pop()

    def predict(self, samples: Sequence[Sample]) -> Mapping[str, Sample]:
        """See `Predictor`."""
        said = {
            key: self._samples[key] for sample in samples if (key := sample.key) in self._samples
        }
        for sample in samples:
            if sample.frame_index is None:
                said |= {frame.key: frame for frame in self._frames.get(sample.path, ())}
        return said

    @property
    def num_samples(self) -> int:
        """How many samples the file has."""
        return len(self._samples)


class LabelsPredictor:
    """Answers with the labels that the samples have already: whoever looks again starts from them.

    Without them an answer that is left empty would replace the labels.

    Args:
        interface: what labelers are asked; samples that say nothing of it are left out.
    """

    version = LABELS_VERSION

    def __init__(self, interface: Interface) -> None:
        self._interface = interface

    def predict(self, samples: Sequence[Sample]) -> Mapping[str, Sample]:
        """See `Predictor`."""
        return {sample.key: sample for sample in samples if self._says_something(sample)}

    def _says_something(self, sample: Sample) -> bool:
        if not sample.is_labelled:
            return False
        if self._interface in (Interface.PERSON_BOXES, Interface.PERSON_TRACKS):
            return bool(sample.boxes)
        if self._interface is Interface.BEHAVIOUR:
            return bool(sample.spans) or sample.label is not None
        if self._interface is Interface.FACE_ATTRIBUTES:
            is_unsure = not sample.properties.keys().isdisjoint(_FACE_QUESTIONS)
            return is_unsure or sample.attributes != Attributes()
        return sample.identity is not None


def predictions_of(
    predictor: Predictor,
    interface: Interface,
    groups: Sequence[Sequence[Sample]],
    class_names: Sequence[str],
    frame_rate_hz: Callable[[Sample], float | None] = lambda sample: None,
) -> Iterator[Prediction | None]:
    """The prediction for the task of each group, None where the model says nothing of it.

    Its score is the mean of its parts, by which Label Studio sorts. A frame that the model says
    nothing of, in a video of which it says something, shows nobody.

    Args:
        predictor: the model.
        interface: what the tasks are for.
        groups: the samples of each task, with the sizes of their pictures.
        class_names: that the interface knows.
        frame_rate_hz: of the video that a sample belongs to, as the task states it; where it gives
            None the sample's property says it.

    Raises:
        DatasetError: a picture cannot be read.
        LabelingError: the model names a class that the interface does not have; the server would
            take it and show nothing.
        LabelError: a size or a frame rate must be known and is not.
    """
    said = predictor.predict([sample for group in groups for sample in group])
    for group in groups:
        answered = _answered_group(interface, group, said)
        if not answered:
            yield None
            continue
        _check_classes(predictor, answered, class_names)
        result = result_of(
            interface,
            answered,
            frame_rate_hz=frame_rate_hz(group[0]),
            tolerance_px=_TOLERANCE_PX,
        )
        prediction: Prediction = {"model_version": predictor.version, "result": result}
        scores = list(_scores(answered))
        yield prediction | ({"score": sum(scores) / len(scores)} if scores else {})


def _answered_group(
    interface: Interface, group: Sequence[Sample], said: Mapping[str, Sample]
) -> list[Sample]:
    """The samples of a task with the model's answers; none where it says nothing."""
    whole = next((each for each in group if each.is_video and each.frame_index is None), None)
    if interface is Interface.PERSON_TRACKS and whole is not None:
        frames = (each for each in said.values() if each.path == whole.path)
        return [
            replace(whole, frame_index=each.frame_index, boxes=each.boxes)
            for each in frames
            if each.frame_index is not None
        ]
    if not any(sample.key in said for sample in group):
        return []
    return [_answered(interface, sample, said.get(sample.key)) for sample in group]


def _answered(interface: Interface, sample: Sample, said: Sample | None) -> Sample:
    """The sample as it is now with the model's answer to what the interface asks."""
    said = said if said is not None else Sample(sample.path)
    if interface in (Interface.PERSON_BOXES, Interface.PERSON_TRACKS):
        return replace(sample, boxes=said.boxes)
    if interface is Interface.FACE_ATTRIBUTES:
        return replace(sample, attributes=said.attributes)
    if interface is Interface.BEHAVIOUR:
        return replace(sample, spans=said.spans, label=said.label)
    return replace(sample, identity=said.identity or sample.identity)


def _check_classes(
    predictor: Predictor, samples: Iterable[Sample], class_names: Sequence[str]
) -> None:
    known = {*class_names, IGNORED}
    for sample in samples:
        for box in sample.boxes:
            if box.label not in known:
                raise LabelingError(
                    f"predictions of '{predictor.version}', sample '{sample.key}': expected "
                    f"classes {sorted(class_names)}, got '{box.label}' (class_names=[…] adds it)"
                )


def _scores(samples: Iterable[Sample]) -> Iterator[float]:
    for sample in samples:
        for part in (*sample.boxes, *sample.spans):
            if part.score is not None:
                yield part.score
