"""Which breaks of tracks are worth a look, with a tracker that says what the test wrote."""

import numpy as np
import pytest

from datasets.sampling.broken_tracks import BrokenTracks
from serving.core.detections import OBSERVED_COLUMN, Detections, Tracks
from serving.core.errors import ConfigError
from tests.datasets.sampling.made_up import people, shot

INSIDE = (50, 30, 60, 60)
ELSEWHERE = (90, 30, 100, 60)
AT_THE_LEFT = (2, 30, 12, 60)


class Nobody:
    def detect(self, frames):
        return [Detections.empty() for _ in frames]


class Scripted:
    """The tracks of each half second: {track: box}, or {track: (box, observed)}."""

    def __init__(self, script):
        self.script = script
        self.num_resets = 0

    def update(self, detections, at_s):
        now = self.script(at_s)
        boxes = people(*[(*box, 0.9) for box in now.values()])
        columns = {OBSERVED_COLUMN: np.ones(len(now), np.bool_)}
        boxes = Detections(boxes.xyxy_px, boxes.score, boxes.class_id, columns)
        return Tracks(boxes, np.array(list(now), np.int64), np.zeros(len(now), np.float32))

    def reset(self):
        self.num_resets += 1


def breaks(script, seconds=20.0):
    """(time, tag) of all choices."""
    way = BrokenTracks(Nobody(), Scripted(script))
    choices = []
    for index in range(round(seconds * 2)):
        choices += list(way.see(shot(index / 2)))
    choices += list(way.end())
    return [(choice.shot.frame.captured_at, choice.tag) for choice in choices]


def test_a_track_that_ends_inside_the_picture_is_lost_at_the_first_frame_without_it():
    assert breaks(lambda s: {1: INSIDE} if s < 8 else {}) == [(8.0, "track-lost")]


def test_a_track_that_ends_at_the_border_has_left():
    assert breaks(lambda s: {1: AT_THE_LEFT} if s < 8 else {}) == []


def test_a_track_that_comes_back_in_time_is_not_broken():
    assert breaks(lambda s: {} if 8 <= s < 12 else {1: INSIDE}) == []


def test_a_track_that_begins_inside_is_born_there():
    assert breaks(lambda s: {1: INSIDE} if s >= 8 else {}) == [(8.0, "track-born")]


def test_a_track_that_begins_at_the_border_has_come_in():
    assert breaks(lambda s: {1: AT_THE_LEFT} if s >= 8 else {}) == []


def test_who_is_there_from_the_start_or_until_the_end_is_not_broken():
    assert breaks(lambda s: {1: INSIDE}) == []


def test_someone_born_where_another_was_just_lost_is_a_swap():
    script = lambda s: {1: INSIDE} if s < 8 else ({2: INSIDE} if s >= 9 else {})  # noqa: E731
    assert breaks(script) == [(9.0, "track-swap"), (8.0, "track-lost")]


def test_someone_born_far_from_who_was_lost_is_no_swap():
    script = lambda s: {1: INSIDE} if s < 8 else ({2: ELSEWHERE} if s >= 9 else {})  # noqa: E731
    assert breaks(script) == [(9.0, "track-born"), (8.0, "track-lost")]


def test_a_track_that_jumps_further_than_anyone_walks_is_a_swap():
    # From 25 to 115 of 128 px in half a second: three heights of 30 px, against 0.75 + 3 · 0.5.
    script = lambda s: {1: (20, 30, 30, 60) if s < 8 else (110, 30, 120, 60)}  # noqa: E731
    assert breaks(script) == [(8.0, "track-swap")]


def test_a_track_that_lives_shortly_inside_is_short_at_its_last_frame():
    script = lambda s: {1: INSIDE} if 8 <= s < 9 else {}  # noqa: E731
    assert breaks(script) == [(8.0, "track-born"), (8.5, "track-short")]


def test_no_frame_is_held_of_a_track_that_is_seen_and_no_longer_young():
    way = BrokenTracks(Nobody(), Scripted(lambda s: {1: INSIDE}))
    for index in range(20):
        list(way.see(shot(index / 2)))
    (followed,) = way._followed.values()
    assert followed.seen is None and followed.missed is None


def test_the_tracker_forgets_everybody_between_recordings():
    tracker = Scripted(lambda s: {1: INSIDE})
    way = BrokenTracks(Nobody(), tracker)
    list(way.see(shot(0.0)))
    assert list(way.end()) == []
    assert tracker.num_resets == 1
    assert list(way.see(shot(0.0))) == []


def test_a_border_over_the_whole_picture_is_refused():
    with pytest.raises(ConfigError, match=r"expected border in \[0, 0.5\), got 0.5"):
        BrokenTracks(Nobody(), Scripted(lambda s: {}), border=0.5)
