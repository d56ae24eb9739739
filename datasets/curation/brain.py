"""FiftyOne Brain: likeness for the app, duplicates, and labels that may be wrong.

`database.open_database` must have been called: FiftyOne is imported here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from datasets.curation.doubts import (
    SURE_SCORE,
    Case,
    Doubt,
    Doubts,
    believed,
    unfound_mistakenness,
)
from datasets.curation.embeddings import Embeddings
from datasets.curation.fields import of
from datasets.samples import Box

SIMILARITY = "similarity"
"""Brain key of the index by which the app sorts pictures by likeness."""

MAP = "map"
"""Brain key of the plane on which the app shows the pictures."""

_ROW = "row"


def index_similarity(loaded: Any, embeddings: Embeddings) -> Any:
    """Make the index and the map of all samples, each of which has a vector; the index.

    Distances are Euclidean, between vectors of length 1. FiftyOne's cosine is not that of these
    vectors: it takes their mean away first, after which copies alone are no longer copies.
    """
    import fiftyone.brain as fob

    for key in (SIMILARITY, MAP):
        if loaded.has_brain_run(key):
            loaded.delete_brain_run(key)
    ids = dict(zip(*loaded.values(["key", "id"]), strict=True))
    index = fob.compute_similarity(
        loaded, embeddings=False, backend="sklearn", metric="euclidean", brain_key=SIMILARITY
    )
    index.add_to_index(embeddings.vectors, [ids[key] for key in embeddings.keys])
    index.save()
    if len(embeddings.keys) > 2 and np.ptp(embeddings.vectors, axis=0).any():
        fob.compute_visualization(loaded, similarity_index=index, method="pca", brain_key=MAP)
    return index


def doubts(cases: Sequence[Case], sure_score: float = SURE_SCORE) -> dict[str, Doubts]:
    """The doubts of each case by `Sample.key`; see `datasets.curation.doubts`.

    FiftyOne Brain's `compute_mistakenness` on a data set for this alone, which is deleted after.
    """
    import fiftyone as fo
    import fiftyone.brain as fob

    if not cases:
        return {}
    scratch = fo.Dataset()
    try:
        for name in ("labels", "predictions"):
            scratch.add_sample_field(
                name, fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections
            )
        scratch.add_samples([_scratch_sample(case, sure_score) for case in cases])
        fob.compute_mistakenness(scratch, "predictions", label_field="labels")
        return {
            case.sample.key: _doubts(case, sample, sure_score)
            for case, sample in zip(cases, scratch.iter_samples(), strict=True)
        }
    finally:
        scratch.delete()


def _scratch_sample(case: Case, sure_score: float) -> Any:
    import fiftyone as fo

    def detections(boxes: Sequence[Box], rows: Sequence[int], has_score: bool) -> Any:
        found = []
        for row in rows:
            left, top, right, bottom = boxes[row].xyxy_px
            values: dict[str, Any] = {_ROW: row}
            if has_score:
                values["confidence"] = believed(boxes[row].score or 0.0, sure_score)
            # Overlaps are the same in pixels as in shares of the picture.
            bounds = [left, top, right - left, bottom - top]
            found.append(fo.Detection(label=boxes[row].label, bounding_box=bounds, **values))
        return fo.Detections(detections=found)

    return fo.Sample(
        # Names of files must differ; none is opened.
        filepath=f"/{case.sample.key}.jpg",
        labels=detections(case.sample.boxes, case.label_rows, False),
        predictions=detections(case.predictions, case.prediction_rows, True),
    )


def _doubts(case: Case, sample: Any, sure_score: float) -> Doubts:
    labels: dict[int, Doubt] = {}
    for label in sample.labels.detections:
        is_unfound = bool(of(label, "possible_spurious"))
        is_known = case.sample.boxes[label[_ROW]].label in case.known_classes
        if is_unfound and not is_known:
            continue
        labels[label[_ROW]] = Doubt(
            mistakenness=(
                unfound_mistakenness(case, label[_ROW], sure_score)
                if is_unfound
                else _share(of(label, "mistakenness"))
            ),
            mistakenness_loc=None if is_unfound else _share(of(label, "mistakenness_loc")),
            possible_spurious=is_unfound,
        )
    missing = {
        prediction[_ROW]: Doubt(possible_missing=True)
        for prediction in sample.predictions.detections
        if of(prediction, "possible_missing")
    }
    return Doubts(labels, missing)


def _share(value: float | np.floating[Any] | None) -> float:
    """A value inside [0, 1]; what is not a number, as of nothing but copies, is 0."""
    if value is None or not np.isfinite(value):
        return 0.0
    return float(np.clip(value, 0, 1))


def duplicates(index: Any, max_distance: float) -> list[list[str]]:
    """Groups of ids of look-alikes: the one to keep, and those as near to it as this.

    Args:
        index: of `index_similarity`.
        max_distance: a cosine distance: 0 the same, 1 nothing in common.
    """
    index.find_duplicates(thresh=math.sqrt(2 * max_distance))
    return [
        [str(kept), *(str(copy) for copy, _ in copies)]
        for kept, copies in index.neighbors_map.items()
    ]
