"""Frames, tracks and events to write."""

import numpy as np
import pytest

from serving.core.detections import Detections, Tracks
from serving.core.events import Crossing
from serving.core.frame import Frame
from serving.core.labels import Direction


@pytest.fixture
def crossing():
    """A crossing of the line `entry` at a time."""

    def make(at_s, direction=Direction.IN):
        return Crossing(camera_id="door", place="entry", at_s=at_s, track_id=3, direction=direction)

    return make


@pytest.fixture
def seen():
    """Frame `index` at `at_s`, with one person found: (frame, detections, tracks)."""

    def make(index, at_s, left=10.0, size_hw=(48, 64)):
        frame = Frame(np.full((*size_hw, 3), 90, np.uint8), "door", index, at_s)
        detections = Detections([[left, 5.5, left + 20, 45.25]], [0.875])
        return frame, detections, Tracks(detections, [3], [at_s])

    return make
