import numpy as np
import pytest

from serving.analytics.paths import FlowPaths
from serving.core.geometry import Homography

FLOOR = Homography(np.diag([0.01, 0.01, 1.0]))


def told(paths, frames, tracks_at, step_s):
    return [
        (round(event.at_s, 6), event.track_id)
        for index, feet_px in enumerate(frames)
        for event in paths.update(tracks_at(feet_px), index * step_s)
    ]


def test_points_come_at_their_interval_whatever_the_frame_rate(tracks_at):
    for step_s in (0.1, 0.25, 0.5):
        frames = [{1: (100, 100)}] * (round(2 / step_s) + 1)
        times = told(FlowPaths("cam"), frames, tracks_at, step_s)
        assert times == [(0.0, 1), (0.5, 1), (1.0, 1), (1.5, 1), (2.0, 1)]


def test_rounded_times_of_today_skip_no_point(tracks_at):
    paths, told_at = FlowPaths("cam", every_s=0.3), []
    for index in range(31):
        for event in paths.update(tracks_at({1: (100, 100)}), 1.7e9 + 0.1 * index):
            told_at.append(round(event.at_s - 1.7e9, 3))
    assert told_at == [0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4, 2.7, 3.0]


def test_every_track_has_its_own_interval(tracks_at):
    frames = [{1: (0, 0)}, {1: (0, 0), 2: (9, 9)}, {2: (9, 9)}, {1: (0, 0), 2: (9, 9)}]
    assert told(FlowPaths("cam"), frames, tracks_at, 0.3) == [
        (0.0, 1),
        (0.3, 2),
        (0.9, 1),
        (0.9, 2),
    ]


def test_a_point_has_the_feet_in_pixels_and_metres(tracks_at):
    (event,) = FlowPaths("cam", FLOOR).update(tracks_at({3: (250, 120)}), 4.0)
    assert (event.track_id, event.at_s, event.xy_px, event.xy_m) == (3, 4.0, (250, 120), (2.5, 1.2))


def test_a_point_of_an_uncalibrated_camera_has_no_metres(tracks_at):
    (event,) = FlowPaths("cam").update(tracks_at({3: (250, 120)}), 4.0)
    assert event.xy_m is None


@pytest.mark.parametrize("y_px", [100, 80])
def test_a_point_at_or_above_the_horizon_has_no_metres(tracks_at, y_px):
    floor = Homography(np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0.01, -1.0]]))
    (event,) = FlowPaths("cam", floor).update(tracks_at({1: (50, y_px)}), 0.0)
    assert event.xy_m is None


def test_tracks_that_are_gone_are_forgotten(tracks_at):
    paths = FlowPaths("cam", memory_s=2.0)
    for index in range(500):
        paths.update(tracks_at({index + 1: (100, 100)}), index * 0.5)
    assert len(paths._told_s) <= 5
