"""How wrong a detector is on each labelled picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from datasets.curation.measures import Measures
from datasets.samples import Box, Sample
from evaluation.metrics.detection import match
from evaluation.on_data_set import labels_of
from serving.core.detections import Detections
from serving.core.labels import PERSON

_SAME_IOU = 0.5


def detection_errors(
    samples: Sequence[Sample],
    predictions: Mapping[str, Sequence[Box]],
    score_threshold: float,
    class_name: str = PERSON,
) -> dict[str, float]:
    """By key of the labelled samples: the share of boxes that are false or missed, in [0, 1].

    Of all boxes that somebody drew or the model found, matched as the evaluation does it at an IoU
    of 0.5. 0 where there is nobody and nobody was found.

    Args:
        samples: those without labels, or of which no prediction is known, are left out.
        predictions: the model's boxes by key.
        score_threshold: below it the model has found nothing.
        class_name: of the boxes that are judged.
    """
    judged = [one for one in samples if one.is_labelled and one.key in predictions]
    found = [_detections(predictions[one.key], score_threshold, class_name) for one in judged]
    matches = match(found, [labels_of(one, class_name) for one in judged], (_SAME_IOU,))
    counted = ~matches.ignored[0]
    num_true = np.bincount(matches.image[matches.found[0] & counted], minlength=len(judged))
    num_false = np.bincount(matches.image[~matches.found[0] & counted], minlength=len(judged))
    num_missed = matches.num_truths - num_true
    shares = (num_false + num_missed) / np.maximum(num_true + num_false + num_missed, 1)
    return {one.key: float(share) for one, share in zip(judged, shares, strict=True)}


def measured_errors(
    samples: Sequence[Sample], measures: Mapping[str, Measures]
) -> dict[str, float]:
    """The same from what FiftyOne found missing and spurious, where predictions are not at hand.

    Only boxes of which the model is sure are called missing there.
    """
    found = {}
    for sample in samples:
        one = measures.get(sample.key)
        if sample.is_labelled and one is not None and one.num_missing is not None:
            num_wrong = one.num_missing + (one.num_spurious or 0)
            num_boxes = sum(not box.is_ignored for box in sample.boxes) + one.num_missing
            found[sample.key] = min(1.0, num_wrong / max(num_boxes, 1))
    return found


def _detections(boxes: Sequence[Box], score_threshold: float, class_name: str) -> Detections:
    kept = [
        box for box in boxes if box.label == class_name and (box.score or 0.0) >= score_threshold
    ]
    return Detections(
        np.array([box.xyxy_px for box in kept], np.float32).reshape(-1, 4),
        np.array([box.score for box in kept], np.float32),
    )
