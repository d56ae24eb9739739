"""Average precision: by hand where it can be, and against pycocotools on the same input."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.metrics import detection
from evaluation.metrics.detection import average_precision, match
from serving.core.detections import Detections

TOLERANCE = 1e-6
BOX = [10.0, 10.0, 30.0, 50.0]
ELSEWHERE = [200.0, 10.0, 230.0, 50.0]


def seen(boxes=(), scores=None, **columns):
    boxes = np.array(boxes, np.float64).reshape(-1, 4)
    scores = np.ones(len(boxes)) if scores is None else scores
    return Detections(boxes, scores, columns={k: np.array(v) for k, v in columns.items()})


def test_a_perfect_detector_scores_1():
    result = average_precision([seen([BOX], [0.9])], [seen([BOX])])
    assert [result.ap, result.ap50, result.ap75, result.ar] == pytest.approx([1, 1, 1, 1])
    assert result.num_truths == 1


def test_half_of_the_people_found_without_error_gives_51_of_101_recalls():
    result = average_precision([seen([BOX], [0.9])], [seen([BOX, ELSEWHERE])])
    assert result.ap == pytest.approx(51 / 101)


def test_a_wrong_box_with_a_better_score_halves_the_precision():
    result = average_precision([seen([ELSEWHERE, BOX], [0.9, 0.8])], [seen([BOX])])
    assert result.ap == pytest.approx(0.5)


def test_a_wrong_box_with_a_worse_score_costs_nothing():
    assert average_precision([seen([BOX, ELSEWHERE], [0.9, 0.8])], [seen([BOX])]).ap == (
        pytest.approx(1)
    )


def test_the_second_box_on_one_person_is_wrong():
    result = average_precision([seen([BOX, BOX], [0.9, 0.8])], [seen([BOX, ELSEWHERE])])
    assert result.ap == pytest.approx(51 / 101)
    assert match([seen([BOX, BOX])], [seen([BOX])]).precision_recall().precision == 0.5


def test_overlap_of_exactly_one_half_counts_at_ap50():
    half = [10.0, 10.0, 30.0, 30.0]
    assert average_precision([seen([half], [0.9])], [seen([BOX])]).ap50 == pytest.approx(1)


def test_boxes_on_a_crowd_count_neither_way():
    truth = seen([BOX, [100, 0, 300, 100]], is_crowd=[False, True])
    result = average_precision([seen([BOX, ELSEWHERE, ELSEWHERE], [0.5, 0.9, 0.8])], [truth])
    assert (result.ap, result.num_truths) == (pytest.approx(1), 1)


def test_no_predictions_score_0_and_no_truth_has_no_score():
    nothing = average_precision([seen()], [seen([BOX])])
    assert (nothing.ap, nothing.ap50, nothing.ar) == (0, 0, 0)
    assert np.isnan(average_precision([seen([BOX])], [seen()]).ap)
    assert np.isnan(average_precision([], []).ap)


def test_precision_and_recall_at_a_score():
    predictions = [seen([BOX, ELSEWHERE], [0.9, 0.2]), seen([ELSEWHERE], [0.9])]
    truths = [seen([BOX]), seen([BOX])]
    matches = match(predictions, truths)
    at_half = matches.precision_recall(score_threshold=0.5)
    assert (at_half.precision, at_half.recall) == (1 / 2, 1 / 2)
    assert matches.precision_recall().precision == 1 / 3
    assert np.isnan(matches.precision_recall(score_threshold=0.95).precision)


def test_an_image_that_counts_twice_is_an_image_that_stands_twice():
    rng = np.random.default_rng(5)
    predictions, truths = random_images(rng, 12)
    weights = rng.multinomial(12, np.full(12, 1 / 12))
    repeated = np.repeat(np.arange(12), weights)
    weighted = match(predictions, truths).average_precision(weights)
    stood = average_precision([predictions[i] for i in repeated], [truths[i] for i in repeated])
    assert weighted.ap == pytest.approx(stood.ap, abs=1e-12)
    assert weighted.ar == pytest.approx(stood.ar, abs=1e-12)


def test_predictions_and_truths_must_be_of_the_same_images():
    with pytest.raises(ValueError, match="as many predictions as truths, got 1 and 0"):
        average_precision([seen()], [])


@pytest.mark.parametrize("seed", range(6))
def test_it_agrees_with_pycocotools(pycocotools_score, seed):
    rng = np.random.default_rng(seed)
    predictions, truths = random_images(rng, 30, whole_pixels=seed % 2 == 0)
    ours = average_precision(predictions, truths)
    theirs = pycocotools_score(predictions, truths)
    assert ours.ap == pytest.approx(theirs["ap"], abs=TOLERANCE)
    assert ours.ap50 == pytest.approx(theirs["ap50"], abs=TOLERANCE)
    assert ours.ap75 == pytest.approx(theirs["ap75"], abs=TOLERANCE)
    assert ours.ar == pytest.approx(theirs["ar"], abs=TOLERANCE)


def test_it_agrees_with_pycocotools_on_more_boxes_than_are_judged(pycocotools_score):
    rng = np.random.default_rng(9)
    predictions, truths = random_images(rng, 3, max_truths=90, max_extra=80)
    assert max(map(len, predictions)) > detection.MAX_DETECTIONS
    ours = average_precision(predictions, truths)
    theirs = pycocotools_score(predictions, truths)
    assert (ours.ap, ours.ar) == pytest.approx((theirs["ap"], theirs["ar"]), abs=TOLERANCE)


def random_images(rng, num_images, whole_pixels=False, max_truths=6, max_extra=4):
    """Images with people, some found a little off, some not, some invented, some in a crowd."""
    predictions, truths = [], []
    for _ in range(num_images):
        num = rng.integers(0, max_truths + 1)
        corner = rng.uniform(0, 400, (num, 2))
        true = np.hstack([corner, corner + rng.uniform(8, 120, (num, 2))])
        found = true[rng.random(num) < 0.8]
        found = found + rng.normal(0, 4, found.shape)
        corner = rng.uniform(0, 400, (rng.integers(0, max_extra + 1), 2))
        boxes = np.vstack([found, np.hstack([corner, corner + rng.uniform(8, 120, corner.shape)])])
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
        if whole_pixels:
            true, boxes = np.round(true), np.round(boxes)
        scores = np.round(rng.random(len(boxes)), 2)  # equal scores happen
        predictions.append(seen(boxes, scores))
        truths.append(seen(true, is_crowd=rng.random(num) < 0.15))
    return predictions, truths
