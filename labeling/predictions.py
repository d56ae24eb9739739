"""Pre-annotations: what a model says of a picture before a labeler looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from datasets.dataset import read_samples
from datasets.formats.label_studio import Interface, result_of
from datasets.formats.label_studio.names import IGNORED
from datasets.samples import Box, Sample
from serving.core.boxes import clip
from serving.core.detections import Detections
from serving.core.errors import LabelingError
from serving.core.labels import PERSON

Prediction = dict[str, Any]
"""A prediction as the server's API takes it, without the task's number."""


class Predictor(Protocol):
    """Says what is in samples; `version` names the model and stands in every prediction."""

    version: str

    def predict(self, samples: Sequence[Sample]) -> Mapping[str, Sample]:
        """The samples with scored answers, by key; those of which it says nothing are left out.

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
        by = {each.provenance[-1].labelled_by for each in self._samples.values() if each.provenance}
        if version is None and len(by) != 1:
            raise LabelingError(
                f"{path}: expected model_version=NAME or samples that one model labelled, "
                f"got {sorted(by) or 'no provenance'}"
            )
        self.version = version if version is not None else by.pop()

    def predict(self, samples: Sequence[Sample]) -> Mapping[str, Sample]:
        """See `Predictor`."""
        keys = (sample.key for sample in samples)
        return {key: self._samples[key] for key in keys if key in self._samples}

    @property
    def num_samples(self) -> int:
        """How many samples the file has."""
        return len(self._samples)


class DetectingPredictor:
    """Runs one of our detectors on the pictures, when they are asked for.

    Args:
        folder: of the data set.
        bundle: the folder of a detection bundle, or the name of one in the zoo.
        score_threshold: lowest score that is shown to labelers; None: the bundle's.

    Raises:
        BundleError: no such bundle, or no detector.
    """

    def __init__(self, folder: Path, bundle: str, score_threshold: float | None = None) -> None:
        from serving.core.zoo import load_bundle
        from serving.inference.detector import Detector
        from serving.inference.openvino import OpenVinoBackend

        loaded = load_bundle(bundle)
        self.version = loaded.ref
        self._folder = folder
        self._detector = Detector(OpenVinoBackend(loaded), score_threshold)

    def predict(self, samples: Sequence[Sample]) -> Mapping[str, Sample]:
        """See `Predictor`."""
        from evaluation.on_data_set import detect

        found = detect(self._detector, self._folder, samples)
        return {
            sample.key: replace(sample, boxes=tuple(_boxes(sample, given)))
            for sample, given in zip(samples, found, strict=True)
        }


def predictions_of(
    predictor: Predictor,
    interface: Interface,
    groups: Sequence[Sequence[Sample]],
    class_names: Sequence[str],
) -> Iterator[Prediction | None]:
    """The prediction for the task of each group, None where the model says nothing of it.

    Its score is the mean of its parts, by which Label Studio sorts. A frame that the model says
    nothing of, in a video of which it says something, shows nobody.

    Args:
        predictor: the model.
        interface: what the tasks are for.
        groups: the samples of each task, with the sizes of their pictures.
        class_names: that the interface knows.

    Raises:
        DatasetError: a picture cannot be read.
        LabelingError: the model names a class that the interface does not have; the server would
            take it and show nothing.
        LabelError: a size must be known and is not.
    """
    said = _predicted(predictor, groups)
    for group in groups:
        if not any(sample.key in said for sample in group):
            yield None
            continue
        answered = [_answered(interface, sample, said.get(sample.key)) for sample in group]
        _check_classes(predictor, answered, class_names)
        prediction: Prediction = {
            "model_version": predictor.version,
            "result": result_of(interface, answered),
        }
        scores = list(_scores(answered))
        yield prediction | ({"score": sum(scores) / len(scores)} if scores else {})


def _predicted(predictor: Predictor, groups: Sequence[Sequence[Sample]]) -> Mapping[str, Sample]:
    return predictor.predict([sample for group in groups for sample in group])


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


def _boxes(sample: Sample, found: Detections) -> Iterator[Box]:
    """What was found, within the picture."""
    corners_px = found.xyxy_px
    if sample.image_size_hw is not None:
        corners_px = clip(corners_px, sample.image_size_hw)
    for (left, top, right, bottom), score in zip(corners_px.tolist(), found.score, strict=True):
        yield Box((left, top, right, bottom), PERSON, score=float(score))
