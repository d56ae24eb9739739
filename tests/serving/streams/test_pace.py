"""Recorded frames that come at their time by a clock of our own."""

from threading import Event

import numpy as np
import pytest

from serving.core.frame import Frame
from serving.streams.pace import Paced


class StepClock:
    """Time passes only in waits."""

    def __init__(self):
        self.at_s = 100.0
        self.waits_s = []

    def now_s(self):
        return self.at_s

    def wait(self, seconds, stop):
        self.waits_s.append(seconds)
        self.at_s += seconds


class Film:
    camera_id = "door"
    image_size_hw = (4, 4)

    def __init__(self, times_s):
        self.times_s = times_s
        self.num_frames = len(times_s)

    def __iter__(self):
        for index, at_s in enumerate(self.times_s):
            yield Frame(np.zeros((4, 4, 3), np.uint8), "door", index, at_s)

    def close(self):
        pass


def test_frames_wait_for_their_time_after_the_first():
    clock = StepClock()
    given_at_s = [clock.at_s for _ in Paced(Film([5.0, 5.2, 6.0]), Event(), clock)]

    assert given_at_s == pytest.approx([100.0, 100.2, 101.0])
    assert clock.waits_s == pytest.approx([0.2, 0.8])


def test_late_frame_comes_at_once_and_the_next_at_its_own_time():
    clock = StepClock()
    given_at_s = []
    for frame in Paced(Film([0.0, 0.1, 0.2, 1.0]), Event(), clock):
        given_at_s.append(clock.at_s)
        if frame.index == 0:
            clock.at_s += 0.5  # whoever takes the frames was slow

    assert given_at_s == pytest.approx([100.0, 100.5, 100.5, 101.0])
