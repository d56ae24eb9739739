import numpy as np
import pytest

from serving.analytics.paths import FlowPaths, flow_field, flow_lines
from serving.core.events import PathPoint
from serving.core.geometry import Homography

FLOOR = Homography(np.diag([0.01, 0.01, 1.0]))


def point(track_id, at_s, x, y):
    return PathPoint(camera_id="cam", at_s=at_s, track_id=track_id, xy_px=(x, y), xy_m=None)


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


def test_a_straight_way_keeps_its_ends_only():
    (line,) = flow_lines([point(1, t, 10.0 * t, 5.0) for t in range(6)])
    assert (line.track_id, line.xy_px.tolist()) == (1, [[0, 5], [50, 5]])
    assert line.at_s.tolist() == [0, 5]


def test_a_corner_stays_in_the_way():
    ways = [(0, 0), (10, 0), (20, 0), (20, 10), (20, 20)]
    (line,) = flow_lines([point(1, t, *xy) for t, xy in enumerate(ways)])
    assert line.xy_px.tolist() == [[0, 0], [20, 0], [20, 20]]


def test_a_wiggle_below_the_tolerance_is_smoothed_away():
    points = [point(1, t, 10.0 * t, float(t % 2)) for t in range(9)]
    (line,) = flow_lines(points, tolerance_px=2.0)
    assert len(line.xy_px) == 2


def test_a_way_that_returns_to_its_start_keeps_its_far_end():
    ways = [(0, 0), (30, 0), (60, 0), (30, 0), (0, 0)]
    (line,) = flow_lines([point(1, t, *xy) for t, xy in enumerate(ways)])
    assert line.xy_px.tolist() == [[0, 0], [60, 0], [0, 0]]


def test_tracks_of_one_point_have_no_line_and_points_may_come_in_any_order():
    points = [point(2, 1.0, 9, 9), point(1, 2.0, 20, 0), point(1, 1.0, 0, 0)]
    (line,) = flow_lines(points)
    assert line.xy_px.tolist() == [[0, 0], [20, 0]]


def test_the_flow_of_a_cell_is_the_mean_velocity_of_those_who_pass():
    # Both pass cell (0, 0): one at 10 px/s to the right, one at 30 px/s downwards.
    points = [
        point(1, 0.0, 5, 16),
        point(1, 2.0, 25, 16),
        point(2, 0.0, 8, 0),
        point(2, 1.0, 8, 30),
    ]
    field = flow_field(points, cell_px=32.0)
    assert field.centre_px.tolist() == [[16, 16]]
    assert field.mean_px_s.tolist() == [pytest.approx([5.0, 15.0])]
    assert field.num_tracks.tolist() == [2]


def test_the_flow_of_nobody_is_empty():
    field = flow_field([])
    assert field.centre_px.shape == field.mean_px_s.shape == (0, 2)
    assert len(field.num_tracks) == 0
