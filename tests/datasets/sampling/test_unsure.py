"""Which frames the model is unsure of, and how many of them are taken."""

import numpy as np
import pytest

from datasets.sampling.unsure import Unsure
from serving.core.detections import Detections
from serving.core.errors import ConfigError
from serving.core.frame import Frame
from tests.datasets.sampling.made_up import people, shot

RAMP = np.tile(np.arange(128, dtype=np.uint8)[None, :, None], (96, 1, 3))
"""Brighter to the right: tells a picture from its mirror image."""
BOX = (10, 20, 30, 80)
MIRRORED_BOX = (98, 20, 118, 80)


class Seer:
    """Sees one thing in a picture and another in its mirror image."""

    def __init__(self, seen, mirrored):
        self.seen, self.mirrored = seen, mirrored
        self.num_looks = 0

    def detect(self, frames):
        self.num_looks += len(frames)
        is_mirrored = [frame.image[0, 0, 0] > frame.image[0, -1, 0] for frame in frames]
        return [self.mirrored if mirror else self.seen for mirror in is_mirrored]


class Scripted:
    """The doubt of each frame is one person whose score is near the threshold, or nobody."""

    def __init__(self, scores):
        self.scores = scores

    def detect(self, frames):
        # In the middle of the picture: the mirror image shows it at the same place.
        return [people((54, 20, 74, 80, self.scores[round(frame.captured_at)])) for frame in frames]


def doubt(seen, mirrored):
    return Unsure(Seer(seen, mirrored), scale=1).doubt(Frame(RAMP, "door", 0, 0.0))


def test_who_is_certain_both_ways_is_no_doubt():
    assert doubt(people((*BOX, 0.9)), people((*MIRRORED_BOX, 0.9))) == 0


def test_nobody_both_ways_is_no_doubt():
    assert doubt(Detections.empty(), Detections.empty()) == 0


def test_a_score_at_the_threshold_is_one_doubt():
    assert doubt(people((*BOX, 0.5)), people((*MIRRORED_BOX, 0.5))) == pytest.approx(1)


def test_a_score_halfway_out_of_the_band_is_half_a_doubt():
    seen, mirrored = people((*BOX, 0.625)), people((*MIRRORED_BOX, 0.625))
    assert doubt(seen, mirrored) == pytest.approx(0.5)


def test_a_person_whom_the_mirror_image_does_not_show_is_one_doubt():
    assert doubt(people((*BOX, 0.9)), Detections.empty()) == pytest.approx(1)


def test_a_person_whom_only_the_mirror_image_shows_is_one_doubt():
    assert doubt(Detections.empty(), people((*MIRRORED_BOX, 0.9))) == pytest.approx(1)


def test_doubts_of_several_people_add_up():
    seen = people((*BOX, 0.5), (60, 10, 80, 70, 0.9))
    assert doubt(seen, people((*MIRRORED_BOX, 0.5))) == pytest.approx(2)


def test_the_smaller_copy_is_compared_at_its_own_size():
    class BySize:
        def detect(self, frames):
            (frame,) = frames
            is_small = bool((frame.image[-1] == 114).all())
            box = np.array(BOX) * 0.75 if is_small else np.array(BOX)
            return [people((*box, 0.9))]

    image = np.zeros((96, 128, 3), np.uint8)  # the same when mirrored, but boxes are not
    way = Unsure(BySize(), scale=0.75)
    way_without = Unsure(BySize(), scale=1)
    frame = Frame(image, "door", 0, 0.0)
    # The mirror image disagrees: one doubt for the person seen, one for the other; the smaller
    # copy agrees, which halves the second.
    assert way_without.doubt(frame) == pytest.approx(2)
    assert way.doubt(frame) == pytest.approx(1.5)


def test_the_most_doubtful_frame_of_a_window_is_taken():
    scores = [0.9, 0.58, 0.5, 0.58, 0.9, 0.9, 0.9, 0.9]
    way = Unsure(Scripted(scores), scale=1, window_s=4.0, look_s=1.0, min_doubt=0.5)
    choices = [choice for second in range(8) for choice in way.see(shot(float(second)))]
    assert [(choice.origin, choice.tag) for choice in choices] == [("clip#2000", "unsure")]


def test_two_frames_that_are_taken_are_half_a_window_apart():
    scores = [0.58, 0.9, 0.9, 0.5, 0.5, 0.5, 0.5, 0.9, 0.9, 0.9]
    way = Unsure(Scripted(scores), scale=1, window_s=4.0, look_s=1.0, min_doubt=0.5)
    choices = [choice for second in range(10) for choice in way.see(shot(float(second)))]
    choices += way.end()
    # The window of 0 s to 4 s gives 3 s; 4 s is too near to it, 5 s is not.
    assert [choice.origin for choice in choices] == ["clip#3000", "clip#5000"]


def test_the_last_window_is_closed_with_the_footage():
    way = Unsure(Scripted([0.5]), scale=1, min_doubt=0.5)
    assert list(way.see(shot(0.0))) == []
    assert [choice.origin for choice in way.end()] == ["clip#0"]
    assert list(way.end()) == []


def test_the_model_is_asked_only_so_often():
    seer = Seer(Detections.empty(), Detections.empty())
    way = Unsure(seer, scale=1, look_s=1.0)
    for index in range(21):
        list(way.see(shot(index / 10)))
    assert seer.num_looks == 3 * 2


def test_a_band_wider_than_all_scores_is_refused():
    with pytest.raises(ConfigError, match="expected band and threshold inside"):
        Unsure(Scripted([]), band=1.5)
