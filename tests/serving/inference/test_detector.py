"""From the outputs of a graph to detections, with answers derived by hand."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from serving.core.bundle import Bundle, Output
from serving.core.errors import BundleError
from serving.core.frame import Frame
from serving.core.labels import Task
from serving.core.letterbox import PAD_VALUE
from serving.inference.backend import Done
from serving.inference.detector import Detector
from serving.inference.onnxruntime import OnnxRuntimeBackend

INPUT_SIZE_HW = (100, 200)


def bundle(**changes):
    values = {
        "name": "two-classes",
        "version": "1.0.0",
        "task": Task.DETECTION,
        "input_size_hw": INPUT_SIZE_HW,
        "resize": "letterbox",
        "outputs": (Output("boxes", "boxes"), Output("scores", "scores", ("car", "person"))),
        "thresholds": {"score": 0.25, "nms_iou": 0.5},
        "licence": "Apache-2.0",
        "commercial_use": True,
        "model_sha256": "0" * 64,
        "data_manifest_sha256": "0" * 64,
        "git_commit": "0" * 40,
        "training_command": "none",
    }
    return Bundle(**{**values, **changes})


class Table:
    """A backend that gives the same rows for each picture, and keeps what it was shown."""

    def __init__(self, rows, bundle):
        self.rows = np.array(rows, np.float32).reshape(-1, 6)
        self.bundle = bundle
        self.shown = None

    num_in_flight = 2

    def start(self, batch):
        self.shown = batch.copy()
        rows = np.broadcast_to(self.rows, (len(batch), *self.rows.shape))
        return Done({"boxes": rows[..., :4], "scores": rows[..., 4:]})

    def close(self):
        pass


def detector(*rows, thresholds=(None, None), class_name="person", **changes):
    return Detector(Table(rows, bundle(**changes)), *thresholds, class_name)


def frame(height, width, value=0):
    return Frame(np.full((height, width, 3), value, np.uint8), "door", 0, 0.0)


def test_boxes_come_back_in_pixels_of_the_picture():
    # 400×400 goes into 100×200 at a quarter.
    [found] = detector([10, 20, 30, 60, 0, 0.9]).detect([frame(400, 400)])
    assert found.xyxy_px.tolist() == [[40, 80, 120, 240]]
    assert found.score.tolist() == pytest.approx([0.9])


def test_boxes_end_at_the_border_of_the_picture():
    [found] = detector([-5, 10, 50, 200, 0, 0.9]).detect([frame(100, 200)])
    assert found.xyxy_px.tolist() == [[0, 10, 50, 100]]


def test_a_box_in_the_padding_is_no_detection():
    # 100×100 fills the left half of 100×200.
    [found] = detector([120, 10, 150, 50, 0, 0.9]).detect([frame(100, 100)])
    assert len(found) == 0


def test_only_the_asked_class_is_reported_under_its_index():
    rows = ([0, 0, 10, 10, 0.9, 0.0], [50, 0, 60, 10, 0.0, 0.8])
    [people] = detector(*rows).detect([frame(100, 200)])
    [cars] = detector(*rows, class_name="car").detect([frame(100, 200)])
    assert (people.xyxy_px[:, 0].tolist(), people.class_id.tolist()) == ([50], [1])
    assert (cars.xyxy_px[:, 0].tolist(), cars.class_id.tolist()) == ([0], [0])


def test_weak_boxes_and_second_boxes_are_dropped_and_the_best_comes_first():
    rows = (
        [0, 0, 20, 40, 0, 0.5],
        [100, 0, 120, 40, 0, 0.8],
        [1, 0, 21, 40, 0, 0.4],  # the first one again: IoU 760 / 840
        [150, 0, 170, 40, 0, 0.2],  # below the bundle's threshold
    )
    [found] = detector(*rows).detect([frame(100, 200)])
    assert found.score.tolist() == pytest.approx([0.8, 0.5])
    [found] = detector(*rows, thresholds=(0.1, 0.95)).detect([frame(100, 200)])
    assert found.score.tolist() == pytest.approx([0.8, 0.5, 0.4, 0.2])


def test_a_score_at_the_threshold_counts():
    [found] = detector([0, 0, 9, 9, 0, 0.25]).detect([frame(100, 200)])
    assert len(found) == 1


def test_frames_of_different_cameras_share_a_batch():
    several = detector([0, 0, 50, 50, 0, 0.9])
    small, large = several.detect([frame(50, 50), frame(200, 400)])
    assert small.xyxy_px.tolist() == [[0, 0, 25, 25]]
    assert large.xyxy_px.tolist() == [[0, 0, 100, 100]]


def test_the_bundles_least_height_is_that_of_a_picture():
    # 200×400 px go into the input of 100×200: 30 px there are 60 px here.
    assert detector(min_height_px=30.0).min_height_px((200, 400)) == pytest.approx(60)
    assert detector().min_height_px((200, 400)) == 0


def test_no_frames_give_no_results():
    assert detector([0, 0, 9, 9, 0, 0.9]).detect([]) == []


def test_nothing_of_an_earlier_frame_remains_in_the_batch():
    backend = Table([[0, 0, 9, 9, 0, 0.9]], bundle())
    reused = Detector(backend)
    reused.detect([frame(100, 200, 255)])
    reused.detect([frame(100, 100, 7)])
    assert (backend.shown[0, :, :100] == 7).all()
    assert (backend.shown[0, :, 100:] == PAD_VALUE).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: detector(task=Task.REID), "expected task 'detection'"),
        (lambda: detector(resize="stretch"), "resize 'letterbox', got 'detection' with 'stretch'"),
        (lambda: detector(class_name="dog"), r"expected class 'dog', got classes \['car', 'pers"),
    ],
)
def test_a_bundle_that_is_no_such_detector_is_refused(make, message):
    with pytest.raises(BundleError, match=message):
        make()


def test_a_bundle_without_threshold_needs_one_given():
    bare = bundle(thresholds={"score": 0.1})
    with pytest.raises(BundleError, match=r"expected a threshold 'nms_iou', got \['score'\]"):
        Detector(Table([], bare))
    assert Detector(Table([], bare), nms_iou=0.5).detect([frame(9, 9)])


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan")])
def test_a_threshold_outside_0_to_1_is_refused(threshold):
    with pytest.raises(ValueError, match=r"score threshold: expected a value in \[0, 1\]"):
        detector(thresholds=(threshold, None))


def test_the_zoo_detector_sees_people_on_the_sample(zoo_bundle: Path, sample_video: Path):
    backend = OnnxRuntimeBackend(Bundle.load(zoo_bundle))
    _, image = cv2.VideoCapture(str(sample_video)).read()
    [found] = Detector(backend, score_threshold=0.4).detect([Frame(image, "vtest", 0, 0.0)])
    size = found.xyxy_px[:, 2:] - found.xyxy_px[:, :2]
    assert 3 <= len(found) <= 10
    assert (size[:, 1] > 1.2 * size[:, 0]).all()  # they stand upright
