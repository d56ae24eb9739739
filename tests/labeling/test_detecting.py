"""The zoo's detector and the tracker on the sample: who walks through a short cut of it."""

from dataclasses import replace

import pytest

from datasets.formats.format import Losses
from datasets.formats.label_studio import Interface, samples_of, task_data
from datasets.samples import Sample
from labeling.detecting import FollowingPredictor
from labeling.predictions import predictions_of
from serving.core.errors import DatasetError
from tests.labeling.made_up import cut_of

TRACKS = Interface.PERSON_TRACKS
ZOO = "person-yolox-nano"
WHOLE = Sample("cut.mp4", image_size_hw=(576, 768), is_labelled=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, sample_video):
    folder = tmp_path_factory.mktemp("cut")
    cut_of(sample_video, folder / WHOLE.path)
    return folder


@pytest.fixture(scope="module")
def said(folder):
    """What is said of the whole video, by frame."""
    return FollowingPredictor(folder, ZOO, score_threshold=0.5).predict([WHOLE])


def test_a_whole_video_is_answered_frame_by_frame(said):
    assert list(said) == [f"cut.mp4#{index}" for index in range(30)]


def test_each_person_keeps_one_number_from_the_first_frame_to_the_last(said):
    """Three are there at once, the second until two others walk before; two come in."""
    frames = [{box.track_id for box in sample.boxes} for sample in said.values()]
    assert frames[0] == {"1", "2", "3"} and frames[-1] == {"1", "3", "4", "5"}
    for number in "12345":
        there = [index for index, numbers in enumerate(frames) if number in numbers]
        assert there == list(range(there[0], there[-1] + 1))
    assert all(len(sample.boxes) == len(n) for sample, n in zip(said.values(), frames, strict=True))


def test_frames_that_are_asked_about_get_what_the_whole_video_gets(folder, said):
    frames = [replace(WHOLE, frame_index=index) for index in (25, 5)]
    found = FollowingPredictor(folder, ZOO, score_threshold=0.5).predict(frames)
    assert set(found) == {"cut.mp4#25", "cut.mp4#5"}
    for key in found:
        corners = [[round(edge) for edge in box.xyxy_px] for box in found[key].boxes[:3]]
        assert corners == [[round(edge) for edge in box.xyxy_px] for box in said[key].boxes[:3]]


def test_with_a_step_only_some_frames_are_looked_at(folder):
    found = FollowingPredictor(folder, ZOO, score_threshold=0.5, every_s=0.3).predict([WHOLE])
    assert list(found) == [f"cut.mp4#{index}" for index in range(0, 30, 3)]
    assert all(len(sample.boxes) >= 3 for sample in found.values())


def test_a_frame_far_behind_the_end_is_told(folder):
    with pytest.raises(DatasetError, match="got 30 frames in all"):
        FollowingPredictor(folder, ZOO).predict([replace(WHOLE, frame_index=10**9)])


def test_a_video_that_is_missing_is_told(folder):
    with pytest.raises(DatasetError, match="expected a file"):
        FollowingPredictor(folder, ZOO).predict([Sample("lost.mp4")])


class Said:
    """A model that has said it all before."""

    version = "said@1"

    def __init__(self, said):
        self._said = said

    def predict(self, samples):
        return self._said


def test_a_labeler_gets_few_keyframes_and_the_boxes_stay_within_two_pixels(said):
    """119 boxes; the detector trembles by more than two pixels in most, and less in some."""
    (prediction,) = predictions_of(Said(said), TRACKS, [[WHOLE]], ["person"], lambda _: 10.0)
    keyframes = sum(len(each["value"]["sequence"]) for each in prediction["result"])
    assert keyframes < 0.8 * sum(len(sample.boxes) for sample in said.values())
    task = {"data": task_data(TRACKS, [WHOLE], lambda _: "/x", frame_rate_hz=10.0)}
    back = {each.key: each for each in samples_of(TRACKS, task, prediction, Losses())}
    for key, sample in said.items():
        drawn = {box.track_id: box.xyxy_px for box in back[key].boxes}
        for box in sample.boxes:
            assert drawn[box.track_id] == pytest.approx(box.xyxy_px, abs=2.01)


def test_a_video_in_which_nobody_is_seen_says_so():
    nobody = {f"cut.mp4#{index}": replace(WHOLE, frame_index=index) for index in range(3)}
    (prediction,) = predictions_of(Said(nobody), TRACKS, [[WHOLE]], ["person"], lambda _: 10.0)
    assert prediction == {"model_version": "said@1", "result": []}


def test_of_a_video_that_the_model_does_not_know_it_says_nothing():
    other = {"other.mp4#0": Sample("other.mp4", frame_index=0)}
    (prediction,) = predictions_of(Said(other), TRACKS, [[WHOLE]], ["person"], lambda _: 10.0)
    assert prediction is None
