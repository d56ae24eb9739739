"""No face is left, nothing else is lost, and without both finders nothing happens."""

from dataclasses import dataclass

import numpy as np
import pytest

from datasets.faces import FaceFinder
from datasets.media import read_frames
from datasets.sampling.blur import FaceBlur, head_region, pixelate
from serving.core.detections import Detections
from serving.core.errors import DatasetError
from serving.core.frame import Frame
from serving.core.zoo import PERSON_DETECTOR, load_bundle
from serving.inference.detector import Detector
from serving.inference.openvino import OpenVinoBackend
from tests.datasets.sampling.made_up import people

FOOTAGE = (
    ("classroom", (0, 20, 40), 4),
    ("face-demographics-walking", (0, 16, 32), 2),
    ("head-pose-face-detection-female-and-male", (0, 25, 50), 2),
    ("worker-zone-detection", (0, 8), 1),
)
"""Recordings, frames, and how many faces the finder sees in each at least."""
VTEST_FRAMES = (198, 396, 594, 792)
"""Frames in which the finder sees a face of about 15 px."""


class NoFaces:
    def find(self, image_bgr):
        return ()


@dataclass
class FaceAt:
    xyxy_px: tuple[float, float, float, float]


class FacesInTurn:
    """Finds other faces each time it is asked."""

    def __init__(self, *boxes_of_turns):
        self.turns = list(boxes_of_turns)

    def find(self, image_bgr):
        return [FaceAt(box) for box in (self.turns.pop(0) if self.turns else ())]


class Nobody:
    def detect(self, frames):
        return [Detections.empty() for _ in frames]


class Someone:
    """People in the whole picture, and in no corner of it."""

    def __init__(self, *rows):
        self.rows = rows

    def detect(self, frames):
        is_whole = [frame.image_size_hw == (96, 128) for frame in frames]
        return [people(*self.rows) if whole else people() for whole in is_whole]


class OnlyFromClose:
    """Sees a person at the right lower corner's (20, 10), and nobody anywhere else."""

    def __init__(self, image):
        self.corner = image[96 - 58 :, 128 - 77 :]

    def detect(self, frames):
        is_it = [np.array_equal(frame.image, self.corner) for frame in frames]
        return [people((20, 10, 30, 50, 0.9)) if it else people() for it in is_it]


def noise(size_hw=(96, 128)):
    return np.random.default_rng(0).integers(0, 256, (*size_hw, 3), np.uint8)


def frame(image):
    return Frame(image, "door", 0, 0.0)


@pytest.fixture(scope="module")
def finder(mirror):
    return FaceFinder(mirror / "weights" / "face" / "yunet_n_640_640.onnx")


@pytest.fixture(scope="module")
def detector():
    return Detector(OpenVinoBackend(load_bundle(PERSON_DETECTOR)), nms_iou=0.9)


def test_the_head_of_a_standing_person_is_the_upper_quarter_and_a_little_above():
    assert head_region(np.float32([10, 20, 40, 120])) == pytest.approx((10, 15, 40, 45))


def test_the_head_of_a_person_cut_off_at_the_chest_is_half_as_high_as_the_box_is_wide():
    assert head_region(np.float32([0, 0, 100, 100])) == pytest.approx((0, -5, 100, 50))


def test_a_region_keeps_no_more_than_a_few_colours():
    image = noise()
    before = image.copy()
    pixelate(image, (10.2, 20.0, 49.5, 59.7))
    region = image[20:60, 10:50]
    assert len(np.unique(region.reshape(-1, 3), axis=0)) <= 16
    image[20:60, 10:50] = before[20:60, 10:50]
    assert (image == before).all()


def test_a_small_region_is_one_colour():
    image = noise()
    pixelate(image, (10, 10, 18, 19))
    assert len(np.unique(image[10:19, 10:18].reshape(-1, 3), axis=0)) == 1


def test_a_region_that_reaches_outside_is_cut_and_one_outside_is_nothing():
    image = noise()
    before = image.copy()
    pixelate(image, (-50, -50, -10, -10))
    pixelate(image, (200, 10, 220, 30))
    assert (image == before).all()
    pixelate(image, (-10, -10, 20, 20))
    assert (image[20:] == before[20:]).all() and (image[:, 20:] == before[:, 20:]).all()
    assert (image[:20, :20] != before[:20, :20]).any()


def test_a_person_without_a_visible_face_loses_the_head_and_keeps_the_rest():
    image = noise()
    blurred = FaceBlur(NoFaces(), Someone((40, 20, 60, 84, 0.9))).blurred(frame(image))
    # A head of 0.25 · 64 px, and 0.05 · 64 px above it.
    changed = np.argwhere((blurred != image).any(axis=2))
    top, left = changed.min(axis=0)
    bottom, right = changed.max(axis=0) + 1
    assert (left, top, right, bottom) == (40, 16, 60, 36)


def test_doubtful_people_lose_their_heads_too():
    image = noise()
    blurred = FaceBlur(NoFaces(), Someone((40, 20, 60, 84, 0.11))).blurred(frame(image))
    assert (blurred[20:36, 40:60] != image[20:36, 40:60]).any()


def test_a_person_who_is_seen_only_from_close_is_hidden_where_he_stands():
    image = noise()
    blurred = FaceBlur(NoFaces(), OnlyFromClose(image)).blurred(frame(image))
    # The corner begins at 51, 38; a head of 0.25 · 40 px, and 0.05 · 40 px above it.
    changed = np.argwhere((blurred != image).any(axis=2))
    assert changed.min(axis=0).tolist() == [46, 71]
    assert (changed.max(axis=0) + 1).tolist() == [58, 81]


def test_a_head_before_another_persons_body_is_hidden(sample_video, detector):
    """Frame 508: a man in profile before another; no face is found, and the two overlap."""
    (image,) = read_frames(sample_video, [508])
    changed = (FaceBlur(NoFaces(), detector).blurred(frame(image)) != image).any(axis=2)
    assert changed[300:318, 650:668].mean() > 0.9


def test_a_face_is_hidden_with_its_hair_and_chin():
    image = noise()
    blurred = FaceBlur(FacesInTurn([(40, 30, 60, 50)]), Nobody()).blurred(frame(image))
    # 0.35 · 20 px around it.
    changed = np.argwhere((blurred != image).any(axis=2))
    assert changed.min(axis=0).tolist() == [23, 33]
    assert (changed.max(axis=0) + 1).tolist() == [57, 67]


def test_a_face_that_is_still_found_ends_as_one_colour():
    box = (40, 30, 60, 50)
    blurred = FaceBlur(FacesInTurn([box], [box], [box]), Nobody()).blurred(frame(noise()))
    assert len(np.unique(blurred[23:57, 33:67].reshape(-1, 3), axis=0)) == 1


def test_a_face_that_shows_only_after_the_first_pass_is_hidden_too():
    image = noise()
    blurred = FaceBlur(FacesInTurn([], [(40, 30, 60, 50)]), Nobody()).blurred(frame(image))
    assert (blurred[30:50, 40:60] != image[30:50, 40:60]).any(axis=2).mean() > 0.95


def test_the_picture_that_was_given_stays_as_it_is():
    image = noise()
    before = image.copy()
    FaceBlur(NoFaces(), Someone((40, 20, 60, 84, 0.9))).blurred(frame(image))
    assert (image == before).all()


def test_a_picture_of_nobody_is_not_changed():
    image = noise()
    assert (FaceBlur(NoFaces(), Nobody()).blurred(frame(image)) == image).all()


@pytest.mark.parametrize(("name", "indices", "num_faces"), FOOTAGE)
def test_no_face_is_found_any_more_on_real_footage(
    name, indices, num_faces, mirror, finder, detector
):
    blur = FaceBlur(finder, detector)
    for image in read_frames(mirror / "data" / "footage" / f"{name}.gif", indices):
        assert len(finder.find(image)) >= num_faces
        assert finder.find(blur.blurred(frame(image))) == ()


def test_the_face_finder_alone_is_enough_where_people_fill_the_picture(mirror, finder):
    video = mirror / "data" / "footage" / "head-pose-face-detection-female-and-male.gif"
    (image,) = read_frames(video, [0])
    assert finder.find(FaceBlur(finder, Nobody()).blurred(frame(image))) == ()


def test_people_far_away_are_still_found_when_their_heads_are_hidden(
    sample_video, finder, detector
):
    blur = FaceBlur(finder, detector)
    num_before = num_after = 0
    for image in read_frames(sample_video, VTEST_FRAMES):
        blurred = blur.blurred(frame(image))
        assert finder.find(blurred) == ()
        num_before += (detector.detect([frame(image)])[0].score >= 0.5).sum()
        num_after += (detector.detect([frame(blurred)])[0].score >= 0.5).sum()
    assert num_before >= 20
    assert num_after >= 0.85 * num_before


def test_a_face_finder_without_weights_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="face finder: expected weights"):
        FaceFinder(tmp_path / "missing.onnx")
