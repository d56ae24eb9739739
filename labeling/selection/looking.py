"""What is known of a data set: from files, and from a bundle where these say nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from datasets.curation.embeddings import Embeddings, read_embeddings
from datasets.curation.hardness import hardness
from datasets.curation.likeness import representativeness
from datasets.curation.looking import Looked, look
from datasets.curation.measures import Measures, read_measures
from datasets.curation.predictions import LOWEST_SCORE, read_predictions
from datasets.dataset import Dataset
from datasets.samples import Box, Sample
from labeling.selection.errors import detection_errors, measured_errors
from labeling.selection.gathering import Known
from serving.core.errors import DatasetError
from serving.core.zoo import PERSON_DETECTOR, load_bundle

_RECORDED_THRESHOLD = 0.5
"""Of predictions in a file, which come without a bundle that says its own."""

_MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class Sources:
    """Where it comes from; see the keys of `task=select`. None is "not given"."""

    measures: Path | None = None
    embeddings: Path | None = None
    predictions: Path | None = None
    bundle: str | None = None
    score_threshold: float | None = None

    @property
    def bundle_embeds(self) -> bool:
        """Whether the bundle must say what pictures look like."""
        return self.embeddings is None

    @property
    def bundle_detects(self) -> bool:
        """Whether the bundle must find people: where it was named, or no file says anything."""
        if self.predictions is not None:
            return False
        return self.bundle is not None or self.measures is None


def known_of(
    dataset: Dataset,
    samples: Sequence[Sample],
    sources: Sources,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Known:
    """What is known of samples, whose pictures are there.

    A measure in the file of measures counts before one that is computed here.

    Raises:
        DatasetError: a file breaks its format or names samples that are not there, or a picture
            cannot be read.
        BundleError: no such bundle.
    """
    keys = {sample.key for sample in dataset.samples}
    measures = {} if sources.measures is None else read_measures(sources.measures)
    _check_known("measures", sources.measures, measures, keys)
    predictions, threshold = _predictions(sources, keys)
    looked = Looked()
    if sources.bundle_embeds or sources.bundle_detects:
        looked, threshold = _looked(dataset, samples, sources, progress, threshold)
    if sources.bundle_detects:
        predictions = looked.predictions
    if sources.embeddings is not None:
        embeddings = read_embeddings(sources.embeddings)
        vectors = dict(zip(embeddings.keys, embeddings.vectors, strict=True))
        _check_known("embeddings", sources.embeddings, vectors, keys)
    else:
        vectors = looked.vectors
    errors = (
        detection_errors(samples, predictions, threshold)
        if predictions
        else measured_errors(samples, measures)
    )
    if sources.measures is None:
        measures = _measured(samples, vectors, predictions)
    elif predictions:
        measures = _completed(measures, predictions)
    return Known(samples, vectors, measures, errors)


def _predictions(sources: Sources, keys: set[str]) -> tuple[Mapping[str, Sequence[Box]], float]:
    threshold = sources.score_threshold
    boxes: Mapping[str, Sequence[Box]] = {}
    if sources.predictions is not None:
        boxes = read_predictions(sources.predictions, keys).boxes
    return boxes, _RECORDED_THRESHOLD if threshold is None else threshold


def _looked(
    dataset: Dataset,
    samples: Sequence[Sample],
    sources: Sources,
    progress: Callable[[int, int | None], None],
    threshold: float,
) -> tuple[Looked, float]:
    """What the bundle sees, and its own threshold where none was given."""
    from serving.inference.detector import Detector
    from serving.inference.embedder import PictureEmbedder
    from serving.inference.openvino import OpenVinoBackend

    bundle = load_bundle(sources.bundle or PERSON_DETECTOR)
    embedder = PictureEmbedder(bundle, num_threads=2) if sources.bundle_embeds else None
    detector = None
    if sources.bundle_detects:
        detector = Detector(OpenVinoBackend(bundle), score_threshold=LOWEST_SCORE)
        if sources.score_threshold is None:
            threshold = bundle.thresholds["score"]
    with TemporaryDirectory() as frames:
        # Only these: other samples have no picture.
        part = replace(dataset, samples=tuple(samples))
        return look(part, Path(frames), embedder, detector, progress), threshold


def _measured(
    samples: Sequence[Sample],
    vectors: Mapping[str, np.ndarray],
    predictions: Mapping[str, Sequence[Box]],
) -> dict[str, Measures]:
    """What needs no FiftyOne: hardness, and representativeness."""
    keys = [sample.key for sample in samples if sample.key in vectors]
    if not keys:
        return {}
    rows = np.stack([vectors[key] for key in keys]).astype(np.float32)
    typical = representativeness(Embeddings(tuple(keys), rows, ""))
    return {
        key: Measures(
            key,
            representativeness=typical[key],
            hardness=hardness(predictions[key]) if key in predictions else None,
        )
        for key in keys
    }


def _completed(
    measures: Mapping[str, Measures], predictions: Mapping[str, Sequence[Box]]
) -> dict[str, Measures]:
    """The measures, with the hardness of predictions where none was measured."""
    return {
        key: replace(one, hardness=hardness(predictions[key]))
        if one.hardness is None and key in predictions
        else one
        for key, one in measures.items()
    }


def _check_known(what: str, path: Path | None, found: Mapping[str, object], keys: set[str]) -> None:
    """Refuse a file of another data set: nothing of it would be used without a word."""
    unknown = [key for key in found if key not in keys]
    if unknown:
        raise DatasetError(
            f"{path}: expected {what} of samples of the data set, got {unknown[:_MAX_NAMED]}"
            + (f" and {len(unknown) - _MAX_NAMED:,} others" if len(unknown) > _MAX_NAMED else "")
        )
