"""Curation as a whole: look, measure, load into FiftyOne, save views and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from datasets.curation import brain, likeness
from datasets.curation.database import open_database
from datasets.curation.doubts import SURE_SCORE, Doubts, cases_of
from datasets.curation.embeddings import FILE_NAME as EMBEDDINGS_NAME
from datasets.curation.embeddings import Embeddings, write_embeddings
from datasets.curation.fiftyone_dataset import (
    Content,
    Load,
    load_into_fiftyone,
    set_measures,
)
from datasets.curation.hardness import hardness
from datasets.curation.looking import Looked, look
from datasets.curation.measures import FILE_NAME as MEASURES_NAME
from datasets.curation.measures import Measures, write_measures
from datasets.curation.predictions import Predictions
from datasets.curation.views import StatedView, save_default_views, save_stated_views
from datasets.dataset import Dataset
from datasets.sampling.clusters import Embeds
from datasets.sampling.way import Detects

FRAMES_NAME = "frames"


class Measure(StrEnum):
    """What can be measured; mistakenness counts missing and spurious boxes, too."""

    UNIQUENESS = "uniqueness"
    REPRESENTATIVENESS = "representativeness"
    HARDNESS = "hardness"
    MISTAKENNESS = "mistakenness"


OF_PICTURES = frozenset({Measure.UNIQUENESS, Measure.REPRESENTATIVENESS})
"""Need an embedder."""

OF_PREDICTIONS = frozenset({Measure.HARDNESS, Measure.MISTAKENNESS})
"""Need a detector or its predictions."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """A model that says what a picture looks like, and its name and version."""

    model: Embeds
    ref: str


@dataclass(frozen=True, slots=True)
class DetectorOf:
    """A model that finds people; the rest is as in `Predictions`."""

    model: Detects
    ref: str
    classes: frozenset[str]
    min_height_px: Callable[[tuple[int, int]], float]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made.

    Args:
        into: the folder of the measures, the vectors, and frames of videos.
        database: the folder of FiftyOne's database.
        name: of the data set in FiftyOne.
        measures: what is measured.
        sure_score: from which the model is believed.
        max_distance: cosine distance up to which pictures are look-alikes; None: that of likely
            copies, which the data set decides.
        views: to save beside the default ones.
    """

    into: Path
    database: Path
    name: str
    measures: frozenset[Measure] = frozenset(Measure)
    sure_score: float = SURE_SCORE
    max_distance: float | None = None
    views: Sequence[StatedView] = ()


@dataclass(slots=True)
class Outcome:
    """What was made: the data set in FiftyOne, what was measured, and the names of views."""

    loaded: Any
    load: Load
    measures: Mapping[str, Measures]
    num_without_file: int
    views: list[str]
    notes: list[str] = field(default_factory=list)


def curate(
    dataset: Dataset,
    wanted: Wanted,
    embedder: Embedder | None = None,
    detector: DetectorOf | None = None,
    predictions: Predictions | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Outcome:
    """Measure a data set and load it into FiftyOne.

    Args:
        dataset: read and checked.
        wanted: what is to be made.
        embedder: for the measures `OF_PICTURES`.
        detector: for the measures `OF_PREDICTIONS`, where `predictions` are not at hand.
        predictions: of a model that was asked before.
        progress: told how many pictures were looked at, of how many.

    Raises:
        DatasetError: a picture cannot be read, or FiftyOne's database does not fit.
        ConfigError: FiftyOne is not installed, or a stated view cannot be made.
    """
    open_database(wanted.database)
    looked = look(
        dataset,
        wanted.into / FRAMES_NAME,
        embedder.model if embedder else None,
        detector.model if detector else None,
        progress,
    )
    if detector is not None:
        predictions = Predictions(
            looked.predictions, detector.ref, detector.classes, detector.min_height_px
        )
    notes: list[str] = []
    doubts = _doubts(dataset, looked, predictions, wanted, notes)
    boxes = None if predictions is None else predictions.boxes
    content = Content(dataset, looked, boxes, doubts)
    loaded, load = load_into_fiftyone(content, wanted.name)
    alike = _alike(loaded, looked, embedder, wanted)
    measures = _measures(content, alike, wanted.measures)
    set_measures(loaded, measures.values())
    views = save_default_views(loaded, alike.duplicates)
    save_stated_views(loaded, wanted.views)
    write_measures(wanted.into / MEASURES_NAME, measures)
    views += [view.name for view in wanted.views]
    return Outcome(loaded, load, measures, len(looked.without_file), views, notes)


@dataclass(frozen=True, slots=True)
class _Alike:
    """What comes of vectors."""

    uniqueness: Mapping[str, float] = field(default_factory=dict)
    representativeness: Mapping[str, float] = field(default_factory=dict)
    duplicates: Sequence[Sequence[str]] = ()


def _alike(loaded: Any, looked: Looked, embedder: Embedder | None, wanted: Wanted) -> _Alike:
    if embedder is None or not looked.vectors:
        return _Alike()
    embeddings = Embeddings(
        tuple(looked.vectors), np.stack(list(looked.vectors.values())), embedder.ref
    )
    write_embeddings(wanted.into / EMBEDDINGS_NAME, embeddings)
    index = brain.index_similarity(loaded, embeddings)
    return _Alike(
        likeness.uniqueness(embeddings) if Measure.UNIQUENESS in wanted.measures else {},
        likeness.representativeness(embeddings)
        if Measure.REPRESENTATIVENESS in wanted.measures
        else {},
        brain.duplicates(
            index,
            likeness.copy_distance(embeddings)
            if wanted.max_distance is None
            else wanted.max_distance,
        ),
    )


def _doubts(
    dataset: Dataset,
    looked: Looked,
    predictions: Predictions | None,
    wanted: Wanted,
    notes: list[str],
) -> Mapping[str, Doubts]:
    if predictions is None or Measure.MISTAKENNESS not in wanted.measures:
        return {}
    if not any(sample.boxes for sample in dataset.samples):
        notes.append("no sample has a box, so nothing can be said of labels that may be wrong")
        return {}
    cases = cases_of(dataset.samples, predictions, looked.sizes_hw)
    return brain.doubts(cases, wanted.sure_score)


def _measures(content: Content, alike: _Alike, wanted: frozenset[Measure]) -> dict[str, Measures]:
    found = (content.predictions or {}) if Measure.HARDNESS in wanted else {}
    measures = {}
    for sample in content.samples:
        key, doubts = sample.key, content.doubts.get(sample.key)
        measures[key] = Measures(
            key,
            uniqueness=alike.uniqueness.get(key),
            representativeness=alike.representativeness.get(key),
            hardness=hardness(found[key]) if key in found else None,
            mistakenness=doubts.mistakenness if doubts else None,
            num_missing=doubts.num_missing if doubts else None,
            num_spurious=doubts.num_spurious if doubts else None,
        )
    return measures
