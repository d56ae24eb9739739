"""A detector judged on labelled pictures, in training and at export, as it will serve.

The thresholds and the steps after the network are those of `serving.inference.Detector`, and the
figure is the evaluation's: an average precision that training reports is the one that the exported
bundle gets on the same pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from datasets.detection import IGNORED
from evaluation.metrics.detection import average_precision
from serving.core import boxes
from serving.core.detections import CROWD_COLUMN, Detections
from serving.core.letterbox import Letterbox

SCORE_THRESHOLD = 0.05
"""Lowest score that a detector reports; low, since the tracker's second stage uses weak boxes."""

NMS_IOU = 0.6
"""Of two boxes of a class that overlap more, the better one stays."""


def found_by_class(
    xyxy_px: NDArray[np.float32], score: NDArray[np.float32], fit: Letterbox
) -> list[Detections]:
    """What a network found in one picture, for each of C classes, in pixels of the picture.

    Args:
        xyxy_px: (K, 4) decoded boxes in input pixels.
        score: (K, C).
        fit: how the picture was fitted into the input.
    """
    found = []
    for class_id in range(score.shape[1]):
        rows = np.flatnonzero(score[:, class_id] >= SCORE_THRESHOLD)
        rows = rows[boxes.nms(xyxy_px[rows], score[rows, class_id], NMS_IOU)]
        inside = fit.to_image(xyxy_px[rows])
        has_area = boxes.area_px2(inside) > 0  # not the padding
        found.append(Detections(inside[has_area], score[rows, class_id][has_area]))
    return found


def labelled_by_class(
    xyxy_px: NDArray[np.float32], class_id: NDArray[np.int64], num_classes: int
) -> list[Detections]:
    """The labels of one picture, for each class; what is to be ignored is a crowd to all of them.

    Args:
        xyxy_px: (M, 4) boxes in pixels of the picture.
        class_id: (M,), `IGNORED` where a box may be anything.
        num_classes: C.
    """
    ignored = class_id == IGNORED
    labelled = []
    for wanted in range(num_classes):
        rows = ignored | (class_id == wanted)
        crowd = {CROWD_COLUMN: ignored[rows]}
        labelled.append(Detections(xyxy_px[rows], np.ones(rows.sum(), np.float32), columns=crowd))
    return labelled


def mean_average_precision(
    found: Sequence[Sequence[Detections]], labelled: Sequence[Sequence[Detections]]
) -> dict[str, float]:
    """`ap`, `ap50` and `ap75`: means over the classes of which there are labels, nan without any.

    Both sequences hold the pictures, each the C results of the functions above.
    """
    by_class = [
        average_precision(predictions, truths)
        for predictions, truths in zip(
            zip(*found, strict=True), zip(*labelled, strict=True), strict=True
        )
    ]
    known = [result for result in by_class if result.num_truths]
    return {
        name: float(np.mean([getattr(result, name) for result in known])) if known else np.nan
        for name in ("ap", "ap50", "ap75")
    }
