import numpy as np
import pytest

from serving.core.detections import Detections, Tracks

TWO_BOXES = np.array([[0, 0, 10, 20], [5, 5, 15, 25]])


def two_detections() -> Detections:
    return Detections(TWO_BOXES, [0.9, 0.5], columns={"embedding": np.eye(2)})


def test_columns_become_the_stated_types():
    detections = two_detections()
    types = (detections.xyxy_px.dtype, detections.score.dtype, detections.class_id.dtype)
    assert types == (np.float32, np.float32, np.int64)
    assert detections.class_id.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("boxes", "score", "message"),
    [
        (TWO_BOXES, [0.9], r"score: expected shape \(2,\), got \(1,\)"),
        (TWO_BOXES[:, :3], [0.9, 0.5], r"xyxy_px: expected shape \('N', 4\), got \(2, 3\)"),
        ([[10, 0, 0, 20]], [0.9], "expected left ≤ right"),
        ([[0, 0, np.nan, 20]], [0.9], "expected finite coordinates"),
        (TWO_BOXES, [0.9, 1.5], r"expected values in \[0, 1\]"),
        (TWO_BOXES, [0.9, np.nan], r"expected values in \[0, 1\]"),
    ],
)
def test_columns_that_do_not_fit_are_refused_with_expected_and_got(boxes, score, message):
    with pytest.raises(ValueError, match=message):
        Detections(boxes, score)


def test_a_named_column_must_have_a_row_for_each_detection():
    with pytest.raises(ValueError, match="column 'embedding': expected 2 rows, got 3"):
        Detections(TWO_BOXES, [0.9, 0.5], columns={"embedding": np.eye(3)})


def test_detections_cannot_be_changed_in_place():
    with pytest.raises(ValueError, match="read-only"):
        two_detections().xyxy_px[0, 0] = 1


def test_freezing_leaves_the_callers_array_writable():
    boxes = TWO_BOXES.astype(np.float32)
    Detections(boxes, [0.9, 0.5])
    boxes[0, 0] = 1


def test_selecting_keeps_every_column_of_the_row():
    selected = two_detections().select(np.array([False, True]))
    assert selected.xyxy_px.tolist() == [[5, 5, 15, 25]]
    assert selected.columns["embedding"].tolist() == [[0, 1]]


def test_no_detections_is_an_ordinary_value():
    assert len(Detections([], [])) == len(Detections.empty()) == len(Tracks.empty()) == 0


def test_one_identity_cannot_stand_on_two_boxes_of_a_frame():
    with pytest.raises(ValueError, match="expected each once in a frame"):
        Tracks(two_detections(), [7, 7], [0, 0])
