"""Occupancy and dwell in a zone that is a square from (100, 100) to (300, 300)."""

import pytest

from serving.analytics.zones import ZoneDwell, ZoneOccupancy
from serving.core.errors import ConfigError
from serving.core.zones import Zone

TILL = Zone("till", ((100, 100), (300, 100), (300, 300), (100, 300)))
INSIDE, OUTSIDE = (200, 200), (400, 200)


def stays(dwell, frames, tracks_at, step_s=0.5):
    """(track id, dwell, leaving) of each stay that the frames and their end bring."""
    events = []
    for index, feet_px in enumerate(frames):
        events += dwell.update(tracks_at(feet_px), index * step_s)
    events += dwell.finish(len(frames) * step_s)
    assert all((event.camera_id, event.place) == ("cam", "till") for event in events)
    return [(event.track_id, event.dwell_s, event.at_s) for event in events]


@pytest.fixture
def dwell():
    return ZoneDwell("cam", [TILL])


def test_a_stay_lasts_from_the_first_to_the_last_sighting_inside(dwell, tracks_at):
    # Inside at 0.5 s to 3.0 s.
    frames = [{1: OUTSIDE}, *[{1: INSIDE}] * 6, *[{1: OUTSIDE}] * 8]
    assert stays(dwell, frames, tracks_at) == [(1, 2.5, 3.0)]


def test_a_stay_is_told_once_the_person_has_been_away_for_long_enough(dwell, tracks_at):
    frames = [*[{1: INSIDE}] * 4, *[{1: OUTSIDE}] * 8]
    told = [
        index
        for index, feet_px in enumerate(frames)
        if dwell.update(tracks_at(feet_px), index * 0.5)
    ]
    # Last inside at 1.5 s, away for more than 2 s at 4.0 s.
    assert told == [8]


def test_a_short_absence_belongs_to_the_stay(dwell, tracks_at):
    frames = [*[{1: INSIDE}] * 4, *[{}] * 3, *[{1: INSIDE}] * 4, *[{1: OUTSIDE}] * 6]
    assert stays(dwell, frames, tracks_at) == [(1, 5.0, 5.0)]


def test_a_long_absence_makes_two_stays(dwell, tracks_at):
    frames = [*[{1: INSIDE}] * 4, *[{1: OUTSIDE}] * 6, *[{1: INSIDE}] * 3]
    assert stays(dwell, frames, tracks_at) == [(1, 1.5, 1.5), (1, 1.0, 6.0)]


def test_jitter_over_the_border_is_one_stay(dwell, tracks_at):
    border = [{1: (x, 200)} for x in (298, 302, 299, 303, 297, 301, 299)]
    assert stays(dwell, border, tracks_at) == [(1, 3.0, 3.0)]


def test_passing_through_is_no_stay(dwell, tracks_at):
    frames = [{1: OUTSIDE}, {1: INSIDE}, {1: INSIDE}, *[{1: OUTSIDE}] * 6]
    assert stays(dwell, frames, tracks_at) == []


def test_a_stay_still_going_on_ends_with_the_stream(dwell, tracks_at):
    assert stays(dwell, [{1: INSIDE}] * 5, tracks_at) == [(1, 2.0, 2.0)]


def test_a_new_track_beside_a_lost_one_carries_on_its_stay(dwell, tracks_at):
    frames = [*[{1: INSIDE}] * 4, {}, *[{2: (210, 210)}] * 4]
    assert stays(dwell, frames, tracks_at) == [(2, 4.0, 4.0)]


def test_people_in_one_zone_are_timed_apart(dwell, tracks_at):
    frames = [{1: (150, 150), 2: (280, 280)}] * 3 + [{1: (150, 150)}] * 3
    assert stays(dwell, frames, tracks_at) == [(1, 2.5, 2.5), (2, 1.0, 1.0)]


def test_stays_that_ended_are_forgotten(tracks_at):
    dwell = ZoneDwell("cam", [TILL])
    for index in range(1000):
        dwell.update(tracks_at({index + 1: INSIDE if index % 2 else (110, 110)}), index * 5.0)
    assert len(dwell._stays) == 1


def counts(occupancy, frames, tracks_at, step_s=1.0):
    events = []
    for index, feet_px in enumerate(frames):
        events += occupancy.update(tracks_at(feet_px), index * step_s)
    return [(event.at_s, event.count) for event in events + occupancy.finish(len(frames) * step_s)]


def test_occupancy_is_told_at_the_end_of_each_period(tracks_at):
    two = {1: INSIDE, 2: (150, 150), 3: OUTSIDE}
    frames = [*[two] * 5, *[{1: INSIDE}] * 5]
    assert counts(ZoneOccupancy("cam", [TILL]), frames, tracks_at) == [(5.0, 2), (10.0, 1)]


def test_a_person_missed_for_a_moment_does_not_show_in_the_occupancy(tracks_at):
    frames = [{1: INSIDE}, {1: INSIDE}, {}, {1: INSIDE}, {1: INSIDE}]
    assert counts(ZoneOccupancy("cam", [TILL]), frames, tracks_at) == [(5.0, 1)]


def test_occupancy_weighs_frames_by_the_time_that_they_stand_for(tracks_at):
    occupancy = ZoneOccupancy("cam", [TILL])
    # Three empty frames within 0.3 s, then somebody for 4.7 s.
    events = []
    for at_s, feet_px in ((0.0, {}), (0.1, {}), (0.2, {}), (0.3, {1: INSIDE}), (6.0, {})):
        events += occupancy.update(tracks_at(feet_px), at_s)
    assert [(event.at_s, event.count) for event in events] == [(5.0, 1)]


def test_a_period_without_frames_is_not_reported_as_empty(tracks_at):
    occupancy = ZoneOccupancy("cam", [TILL])
    events = []
    for at_s in (0.0, 1.0, 21.0, 22.0):
        events += occupancy.update(tracks_at({1: INSIDE}), at_s)
    events += occupancy.finish(23.0)
    assert [(event.at_s, event.count) for event in events] == [(5.0, 1), (23.0, 1)]


def test_a_stream_that_ends_as_a_period_begins_is_told_that_moment_once(tracks_at):
    occupancy = ZoneOccupancy("cam", [TILL])
    events = []
    for at_s, feet_px in ((0.0, {1: INSIDE}), (4.0, {1: INSIDE}), (5.0, {})):
        events += occupancy.update(tracks_at(feet_px), at_s)
    events += occupancy.finish(5.0)
    assert [(event.at_s, event.count) for event in events] == [(5.0, 1)]


def test_a_stream_of_one_frame_within_a_period_is_told(tracks_at):
    occupancy = ZoneOccupancy("cam", [TILL])
    assert occupancy.update(tracks_at({1: INSIDE}), 7.0) == []
    assert [(event.at_s, event.count) for event in occupancy.finish(7.0)] == [(7.0, 1)]


def test_occupancy_of_a_stream_without_frames_is_nothing():
    assert ZoneOccupancy("cam", [TILL]).finish(10.0) == []


def test_two_zones_of_one_name_are_refused():
    for analysis in (ZoneOccupancy, ZoneDwell):
        with pytest.raises(ConfigError, match="camera 'cam': expected zones of different names"):
            analysis("cam", [TILL, TILL])


def test_a_period_of_zero_is_refused():
    with pytest.raises(ConfigError, match="camera 'cam', period_s: expected more than zero, got 0"):
        ZoneOccupancy("cam", [TILL], period_s=0)
