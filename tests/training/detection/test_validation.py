"""What counts as found in training: the steps of serving, then the evaluation's precision."""

import math

import numpy as np
import pytest

from datasets.detection import IGNORED
from serving.core.detections import Detections
from serving.core.letterbox import Letterbox
from training.detection.validation import (
    NMS_IOU,
    SCORE_THRESHOLD,
    found_by_class,
    labelled_by_class,
    mean_average_precision,
)

AS_IT_IS = Letterbox((100, 100), (100, 100))
A, B = [10, 10, 30, 50], [60, 10, 80, 50]


def found(boxes: list[list[float]], scores: list[list[float]]) -> list[Detections]:
    return found_by_class(np.float32(boxes), np.float32(scores), AS_IT_IS)


def labelled(boxes: list[list[float]], classes: list[int], num_classes: int) -> list[Detections]:
    return labelled_by_class(np.float32(boxes), np.int64(classes), num_classes)


def test_a_find_on_people_too_unclear_to_call_counts_neither_way() -> None:
    finds = found([A, B], [[0.5], [0.9]])
    for classes, expected in (([0, IGNORED], 1.0), ([0], 0.5)):
        truth = labelled([A, B][: len(classes)], classes, 1)
        assert mean_average_precision([finds], [truth])["ap50"] == pytest.approx(expected)


def test_a_box_in_its_place_is_not_found_as_another_class() -> None:
    truth = labelled([A, B], [0, 1], 2)
    right, wrong = found([A, B], [[0.9, 0], [0, 0.9]]), found([A, B], [[0, 0.9], [0.9, 0]])
    assert mean_average_precision([right], [truth])["ap"] == pytest.approx(1)
    assert mean_average_precision([wrong], [truth])["ap"] == 0


def test_the_mean_is_over_the_classes_that_are_labelled() -> None:
    finds = found([A, B], [[0.9, 0, 0], [0, 0, 0]])
    result = mean_average_precision([finds], [labelled([A, B], [0, 1], 3)])
    assert result == {name: pytest.approx(0.5) for name in ("ap", "ap50", "ap75")}


def test_without_labels_there_is_no_figure() -> None:
    nothing = labelled([A], [IGNORED], 1)
    assert math.isnan(mean_average_precision([found([A], [[0.9]])], [nothing])["ap"])


def test_boxes_are_cut_at_the_picture_and_none_lies_in_the_padding() -> None:
    fit = Letterbox((50, 100), (200, 200))  # doubled, the lower half is padding
    boxes = np.float32([[20, 60, 60, 120], [20, 120, 60, 180]])
    (finds,) = found_by_class(boxes, np.float32([[0.9], [0.8]]), fit)
    assert finds.xyxy_px.tolist() == [[10, 30, 30, 50]]


def test_weak_boxes_and_the_weaker_of_two_on_one_person_are_dropped() -> None:
    weak, strong = SCORE_THRESHOLD * 0.9, SCORE_THRESHOLD
    cut = 10 + 40 * (NMS_IOU + 0.05)  # of A's height
    finds = found([A, [10, 10, 30, cut], B], [[0.9], [0.8], [weak]])
    assert [len(class_) for class_ in finds] == [1]
    assert [len(class_) for class_ in found([A, B], [[0.9], [strong]])] == [2]
