"""Where labels and a model differ: which labels may be wrong, missing or spurious.

FiftyOne Brain's `compute_mistakenness` judges the labels that a prediction overlaps by half. Four
things are done around it, because it does not:

- Labels that cannot be judged are kept from it: ignored ones, those smaller than the model was made
  for, and those of classes that the model does not know, unless a prediction lies on them. So are
  predictions that lie in an ignored region.
- It believes a prediction from a score of 0.95. Few detectors give that to anything, so scores are
  handed over stretched: `sure_score` becomes 0.95.
- A label that no prediction overlaps by half, such as one that was moved, has no mistakenness
  there. `unfound_mistakenness` gives it one.
- A sample's mistakenness there leaves out the place of boxes. Here it is the largest of all labels,
  of their class, their place and their being there at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from datasets.curation.predictions import Predictions
from datasets.samples import Box, Sample
from serving.core.boxes import area_px2, intersection_px2, iou
from serving.core.errors import ConfigError

SURE_SCORE = 0.6
"""For the zoo's person detector: on 40 frames of the sample video 220 of its 250 boxes on a label
are above it, and 2 of the 214 on none."""

_SURE_THERE = 0.95
"""FiftyOne Brain 1.22's own, which cannot be set."""

_SAME_IOU = 0.5
"""FiftyOne Brain's own, and COCO's."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is doubtful of one label or prediction; None does not apply.

    Args:
        mistakenness: of a label: in [0, 1], how likely the class is wrong, or nothing is there.
        mistakenness_loc: of a label: in [0, 1], how likely its place is wrong.
        possible_spurious: of a label: no prediction overlaps it by half.
        possible_missing: of a prediction: it is sure, and no label overlaps it by half.
    """

    mistakenness: float | None = None
    mistakenness_loc: float | None = None
    possible_spurious: bool = False
    possible_missing: bool = False


NO_DOUBT = Doubt()


@dataclass(frozen=True, slots=True)
class Doubts:
    """The doubts of one sample: by row of its boxes, and by row of its predictions."""

    labels: Mapping[int, Doubt] = field(default_factory=dict)
    predictions: Mapping[int, Doubt] = field(default_factory=dict)

    @property
    def mistakenness(self) -> float:
        """The largest of all labels, class and place; 0 where no label could be judged."""
        values = [
            value
            for doubt in self.labels.values()
            for value in (doubt.mistakenness, doubt.mistakenness_loc)
            if value is not None
        ]
        return max(values, default=0.0)

    @property
    def num_missing(self) -> int:
        """Boxes that the model is sure of and nobody drew."""
        return sum(doubt.possible_missing for doubt in self.predictions.values())

    @property
    def num_spurious(self) -> int:
        """Labels where the model sees nothing."""
        return sum(doubt.possible_spurious for doubt in self.labels.values())


@dataclass(frozen=True, slots=True)
class Case:
    """What is handed to FiftyOne of one sample: rows of its boxes and of its predictions.

    Of labels whose class is not among `known_classes` it is known only where a prediction differs.
    """

    sample: Sample
    predictions: tuple[Box, ...]
    label_rows: tuple[int, ...]
    prediction_rows: tuple[int, ...]
    known_classes: frozenset[str]


def cases_of(
    samples: Iterable[Sample], predictions: Predictions, sizes_hw: Mapping[str, tuple[int, int]]
) -> list[Case]:
    """The labelled samples that the model looked at, with what of them can be judged."""
    return [
        _case(sample, predictions, sizes_hw[sample.key])
        for sample in samples
        if sample.is_labelled and sample.key in predictions.boxes and sample.key in sizes_hw
    ]


def _case(sample: Sample, predictions: Predictions, size_hw: tuple[int, int]) -> Case:
    found = predictions.boxes[sample.key]
    min_height_px = predictions.min_height_px(size_hw)
    judged = [
        row
        for row, box in enumerate(sample.boxes)
        if not box.is_ignored and box.xyxy_px[3] - box.xyxy_px[1] >= min_height_px
    ]
    known = [row for row in judged if sample.boxes[row].label in predictions.classes]
    others = [row for row in judged if row not in set(known)]
    set_aside = [box for row, box in enumerate(sample.boxes) if row not in set(judged)]
    return Case(
        sample,
        found,
        tuple(sorted(known + _on_predictions(sample, others, known, found))),
        _outside(found, set_aside),
        predictions.classes,
    )


def _on_predictions(
    sample: Sample, others: Sequence[int], known: Sequence[int], found: Sequence[Box]
) -> list[int]:
    """Of labels of unknown classes those that lie where the model sees something, and alone.

    A bag on a person who is labelled, too, is no mistake.
    """
    boxes = _xyxy_px([sample.boxes[row] for row in others])
    is_seen = (iou(boxes, _xyxy_px(found)) >= _SAME_IOU).any(axis=1)
    is_alone = ~(iou(boxes, _xyxy_px([sample.boxes[row] for row in known])) >= _SAME_IOU).any(
        axis=1
    )
    return [row for row, taken in zip(others, is_seen & is_alone, strict=True) if taken]


def _outside(found: Sequence[Box], set_aside: Sequence[Box]) -> tuple[int, ...]:
    """Rows of the predictions that do not lie, by half of their area, in a box set aside."""
    xyxy_px = _xyxy_px(found)
    shared = intersection_px2(xyxy_px, _xyxy_px(set_aside)).max(axis=1, initial=0)
    is_inside = shared > area_px2(xyxy_px) / 2
    return tuple(np.flatnonzero(~is_inside).tolist())


def believed(score: float, sure_score: float = SURE_SCORE) -> float:
    """A score as FiftyOne Brain is to take it: 0 and 1 stay, `sure_score` becomes 0.95.

    Raises:
        ConfigError: `sure_score` lies outside (0, 1).
    """
    if not 0 < sure_score < 1:
        raise ConfigError(f"sure score: expected a score inside (0, 1), got {sure_score}")
    if score <= sure_score:
        return _SURE_THERE * score / sure_score
    return _SURE_THERE + (1 - _SURE_THERE) * (score - sure_score) / (1 - sure_score)


def unfound_mistakenness(case: Case, row: int, sure_score: float = SURE_SCORE) -> float:
    """How mistaken a label is that no prediction overlaps by half.

    Either nothing is there: 1 - c/2 in FiftyOne's terms, c the belief in the best prediction that
    overlaps it at all. Or that prediction is right and the label in the wrong place: (1 + c)/2.
    The larger counts.
    """
    found = [case.predictions[each] for each in case.prediction_rows]
    overlaps = iou(_xyxy_px([case.sample.boxes[row]]), _xyxy_px(found))[0] > 0
    scores = [box.score or 0.0 for box, is_near in zip(found, overlaps, strict=True) if is_near]
    belief = believed(max(scores, default=0.0), sure_score)
    return max(1 - belief / 2, (1 + belief) / 2)


def _xyxy_px(boxes: Sequence[Box]) -> NDArray[np.float64]:
    return np.array([box.xyxy_px for box in boxes], np.float64).reshape(-1, 4)
