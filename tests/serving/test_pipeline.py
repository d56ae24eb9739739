"""The order in which a frame passes the parts of a pipeline."""

import numpy as np
import pytest

from serving.core.detections import Detections, Tracks
from serving.core.errors import InferenceError
from serving.core.events import Occupancy
from serving.core.frame import Frame
from serving.pipeline import Pipeline


class OneBox:
    """Finds one person whose left edge is the frame's index, in at most `num_in_flight` at once."""

    def __init__(self, num_in_flight=1):
        self.num_in_flight = num_in_flight
        self.log = []

    def min_height_px(self, image_size_hw):
        return image_size_hw[0] / 4

    def start(self, frames):
        self.log.append(f"start {frames[0].index}")
        return OnTheWay(self, frames)


class OnTheWay:
    def __init__(self, detector, frames):
        self.detector = detector
        self.frames = frames

    def wait(self):
        self.detector.log.append(f"wait {self.frames[0].index}")

    def result(self):
        self.detector.log.append(f"take {self.frames[0].index}")
        return [
            Detections([[frame.index, 0, frame.index + 5, 10]], [0.9], None)
            for frame in self.frames
        ]


class OneTrack:
    """Calls whoever is found person 7."""

    def __init__(self):
        self.at_s = []

    def update(self, detections, at_s):
        self.at_s.append(at_s)
        return Tracks(detections, [7], [at_s])

    def reset(self):
        self.at_s.clear()


class CountPeople:
    """Reports how many tracks there are, and one event at the end."""

    def __init__(self, place):
        self.place = place

    def update(self, tracks, at_s):
        return [Occupancy(camera_id="door", place=self.place, at_s=at_s, count=len(tracks))]

    def finish(self, at_s):
        return [Occupancy(camera_id="door", place=self.place, at_s=at_s, count=0)]


def frame(index, at_s):
    return Frame(np.zeros((20, 20, 3), np.uint8), "door", index, at_s)


def test_frame_becomes_detections_tracks_and_events_at_its_time():
    tracker = OneTrack()
    pipeline = Pipeline("door", OneBox(), tracker, [CountPeople("a")])
    [result] = pipeline.process([frame(3, 1.5)])

    assert result.detections.xyxy_px.tolist() == [[3, 0, 8, 10]]
    assert result.tracks.track_id.tolist() == [7]
    assert tracker.at_s == [1.5]
    assert result.at_s == 1.5
    assert [(event.place, event.count, event.at_s) for event in result.events] == [("a", 1, 1.5)]


def test_events_come_in_the_order_of_the_analyses():
    pipeline = Pipeline("door", OneBox(), OneTrack(), [CountPeople("a"), CountPeople("b")])

    assert [event.place for event in next(pipeline.process([frame(0, 0.0)])).events] == ["a", "b"]
    assert [event.place for event in pipeline.finish(9.0)] == ["a", "b"]


def test_warnings_are_those_of_the_parts_that_can_warn():
    tracker, analysis = OneTrack(), CountPeople("b")
    parts = Pipeline("door", OneBox(), tracker, [CountPeople("a"), analysis])
    assert parts.warnings() == ()

    tracker.warnings = lambda: ["the clock stood still"]
    analysis.warnings = lambda: ["nobody came", "nobody went"]
    assert parts.warnings() == ("the clock stood still", "nobody came", "nobody went")


def test_every_event_names_the_bundles_that_made_it():
    pipeline = Pipeline("door", OneBox(), OneTrack(), [CountPeople("a")], bundles=("nano@1",))

    events = (*next(pipeline.process([frame(0, 0.0)])).events, *pipeline.finish(1.0))
    assert [event.bundles for event in events] == [("nano@1",), ("nano@1",)]


def test_people_too_far_to_be_judged_are_followed_but_not_reported():
    tracker = OneTrack()
    pipeline = Pipeline("door", OneBox(), tracker, [CountPeople("a")], min_height_px=10.5)
    [result] = pipeline.process([frame(0, 0.0)])

    assert len(result.detections) == 1
    assert tracker.at_s == [0.0]
    assert len(result.tracks) == 0
    assert [event.count for event in result.events] == [0]


def test_without_a_limit_the_detectors_own_one_holds_and_what_it_hides_is_counted():
    pipeline = Pipeline("door", OneBox(), OneTrack())
    [result] = pipeline.process([Frame(np.zeros((44, 20, 3), np.uint8), "door", 0, 0.0)])

    assert len(result.tracks) == 0  # 10 px high, where this detector is for 44 / 4
    assert result.num_too_small == 1
    [result] = Pipeline("door", OneBox(), OneTrack(), min_height_px=0.0).process([frame(0, 0.0)])
    assert (len(result.tracks), result.num_too_small) == (1, 0)


def test_a_person_of_just_the_least_height_is_reported():
    pipeline = Pipeline("door", OneBox(), OneTrack(), min_height_px=10.0)
    assert next(pipeline.process([frame(0, 0.0)])).tracks.track_id.tolist() == [7]


def test_frames_are_sent_on_their_way_before_an_earlier_one_is_followed():
    detector = OneBox(num_in_flight=2)
    results = Pipeline("door", detector, OneTrack()).process(frame(i, i / 10) for i in range(4))

    assert [result.frame.index for result in results] == [0, 1, 2, 3]
    assert detector.log == [
        *("start 0", "start 1", "wait 0", "take 0", "start 2", "wait 1", "take 1"),
        *("start 3", "wait 2", "take 2", "wait 3", "take 3"),
    ]


def test_half_of_what_is_under_way_is_followed_in_one_go():
    detector = OneBox(num_in_flight=4)
    results = Pipeline("door", detector, OneTrack()).process(frame(i, i / 10) for i in range(6))

    assert [result.frame.index for result in results] == [0, 1, 2, 3, 4, 5]
    assert detector.log == [
        *("start 0", "start 1", "start 2", "start 3", "wait 1", "take 0", "take 1"),
        *("start 4", "start 5", "wait 3", "take 2", "take 3"),
        *("wait 4", "take 4", "wait 5", "take 5"),
    ]


def test_a_frame_is_followed_without_waiting_for_a_later_one():
    detector = OneBox(num_in_flight=3)
    there = [frame(0, 0.0), None, frame(1, 0.1), frame(2, 0.2), None, None, None]
    asked = []

    def take(wait):
        asked.append(wait)
        return there.pop(0)

    results = Pipeline("door", detector, OneTrack()).process_from(take)
    assert [result.frame.index for result in results] == [0, 1, 2]
    assert asked == [True, False, True, False, False, False, True]
    assert detector.log == [
        *("start 0", "wait 0", "take 0", "start 1", "start 2"),
        *("wait 1", "take 1", "wait 2", "take 2"),
    ]


def test_frames_before_one_that_fails_have_their_results():
    class Fails(OnTheWay):
        def result(self):
            if self.frames[0].index == 1:
                raise InferenceError("no more memory")
            return super().result()

    class Failing(OneBox):
        def start(self, frames):
            return Fails(self, frames)

    results = Pipeline("door", Failing(4), OneTrack()).process(frame(i, i / 10) for i in range(6))
    assert next(results).frame.index == 0
    with pytest.raises(InferenceError, match="no more memory"):
        next(results)


def test_what_is_under_way_changes_no_result():
    def boxes(num_in_flight):
        pipeline = Pipeline("door", OneBox(num_in_flight), OneTrack(), [CountPeople("a")])
        results = pipeline.process(frame(i, i / 10) for i in range(9))
        return [(r.detections.xyxy_px.tolist(), r.tracks.age_s.tolist(), r.events) for r in results]

    assert boxes(1) == boxes(4)
