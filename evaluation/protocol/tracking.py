"""Tracking: HOTA, CLEAR MOT and IDF1 of one video."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.optimize import linear_sum_assignment

from datasets.formats.mot import DISTRACTORS, MotSequence
from evaluation.figure import Figure, Metric
from evaluation.metrics.overlap import exact_xywh, iou_by_corners
from evaluation.metrics.tracking import tracking_totals
from evaluation.protocol.sampling import Sampling, ends
from serving.core.detections import Detections, Tracks

_DISTRACTOR_IOU = 0.5
_NAMES = {
    Metric.HOTA: "hota",
    Metric.DETA: "deta",
    Metric.ASSA: "assa",
    Metric.LOCA: "loca",
    Metric.IDF1: "idf1",
    Metric.IDP: "idp",
    Metric.IDR: "idr",
    Metric.MOTA: "mota",
    Metric.MOTP: "motp",
    Metric.FALSE_POSITIVES: "false_positives",
    Metric.FALSE_NEGATIVES: "false_negatives",
    Metric.ID_SWITCHES: "id_switches",
    Metric.FRAGMENTATIONS: "fragmentations",
    Metric.MOSTLY_TRACKED: "mostly_tracked",
    Metric.MOSTLY_LOST: "mostly_lost",
}
_COUNTS = {
    Metric.FALSE_POSITIVES,
    Metric.FALSE_NEGATIVES,
    Metric.ID_SWITCHES,
    Metric.FRAGMENTATIONS,
    Metric.MOSTLY_TRACKED,
    Metric.MOSTLY_LOST,
}
_OF_PEOPLE = {Metric.MOSTLY_TRACKED, Metric.MOSTLY_LOST}
_NO_TRACKS = Tracks.empty()


def tracking_figures(
    truth: MotSequence,
    predicted: Mapping[int, Tracks],
    frame_rate_hz: float,
    dataset: str,
    sampling: Sampling,
) -> list[Figure]:
    """All figures of a video; frame numbers count from 1, as in MOT files.

    The interval draws stretches of time. Matches and identities stay those of the whole video, so
    a draw asks how good the tracker was in those stretches as part of it, not how good it would be
    on a video cut into pieces; IDF1 alone looks for the best assignment of identities anew.
    """
    numbers = sorted({*truth.frames, *truth.ignored, *predicted})
    true = [truth.frames.get(number, _NO_TRACKS) for number in numbers]
    found = [
        _without_distractors(
            predicted.get(number, _NO_TRACKS),
            truth.frames.get(number, _NO_TRACKS).detections,
            truth.ignored.get(number),
        )
        for number in numbers
    ]
    block = sampling.blocks([(number - 1) / frame_rate_hz for number in numbers])
    totals = tracking_totals(true, found, block.tolist())
    intervals = sampling.intervals(lambda w: totals.score(w).values(), totals.num_blocks)
    values = totals.score().values()
    num_boxes = sum(len(tracks) for tracks in true)
    num_people = len({int(i) for tracks in true for i in tracks.track_id})
    return [
        Figure(
            metric,
            values[name],
            num_people if metric in _OF_PEOPLE else num_boxes,
            "true people" if metric in _OF_PEOPLE else "true boxes",
            dataset,
            *ends(intervals, name),
            unit="count" if metric in _COUNTS else "share",
        )
        for metric, name in _NAMES.items()
    ]


def _without_distractors(
    predicted: Tracks, truth: Detections, ignored: Detections | None
) -> Tracks:
    """The tracks without those that match what looks like a person and counts neither way.

    As the MOT-16 benchmark does it: in each frame predictions are matched one to one, at IoU 0.5,
    to everything that is annotated, people and ignored boxes alike, and those that fall to a
    distractor are taken out of that frame. A crowd's label is a distractor.
    """
    if ignored is None or not len(predicted):
        return predicted
    annotated = np.vstack([exact_xywh(truth), exact_xywh(ignored)])
    mot_class = np.concatenate([np.zeros(len(truth), np.int64), ignored.class_id])
    overlap = iou_by_corners(annotated, exact_xywh(predicted.detections))
    overlap[overlap < _DISTRACTOR_IOU - np.finfo(np.float64).eps] = 0
    rows, columns = linear_sum_assignment(-overlap)
    on_distractor = (overlap[rows, columns] > 0) & np.isin(mot_class[rows], DISTRACTORS)
    kept = np.setdiff1d(np.arange(len(predicted)), columns[on_distractor])
    return Tracks(
        predicted.detections.select(kept), predicted.track_id[kept], predicted.age_s[kept]
    )
