"""Line counting, on a line across the picture at y = 300 that runs from x = 100 to x = 500.

People are 100 px high and the band is a tenth of that, so it reaches from y = 290 to y = 310.
Coming down the picture is `in`.
"""

import numpy as np
import pytest

from serving.analytics.analysis import Anchor
from serving.analytics.counting import LineCounter
from serving.core.detections import Detections, Tracks
from serving.core.errors import ConfigError
from serving.core.zones import Line

DOOR = Line("door", (100, 300), (500, 300))
STEP_S = 0.1


def crossings(counter, frames, tracks_at, step_s=STEP_S):
    """(direction, track id, frame) of each crossing that the frames bring."""
    found = []
    for index, frame in enumerate(frames):
        feet_px, predicted = frame if isinstance(frame, tuple) else (frame, ())
        for event in counter.update(tracks_at(feet_px, predicted), index * step_s):
            assert (event.camera_id, event.place, event.at_s) == ("cam", "door", index * step_s)
            found.append((str(event.direction), event.track_id, index))
    return found + counter.finish(len(frames) * step_s)


def walk(track_id, *ys, x=300.0):
    return [{track_id: (x, y)} for y in ys]


@pytest.fixture
def counter():
    return LineCounter("cam", [DOOR])


def test_a_person_who_walks_down_over_the_line_counts_once_as_in(counter, tracks_at):
    frames = walk(1, 270, 285, 300, 315, 330, 345)
    assert crossings(counter, frames, tracks_at) == [("in", 1, 3)]


def test_a_person_who_walks_up_over_the_line_counts_once_as_out(counter, tracks_at):
    assert crossings(counter, walk(1, 330, 305, 295, 280), tracks_at) == [("out", 1, 3)]


def test_a_person_standing_on_the_line_and_jittering_counts_nothing(counter, tracks_at):
    frames = walk(1, 295, 305, 298, 309, 291, 302, 300, 308, 292)
    assert crossings(counter, frames, tracks_at) == []


def test_a_person_who_stops_on_the_line_and_walks_on_is_counted_once(counter, tracks_at):
    frames = walk(1, 270, 298, 303, 296, 305, 299, 308, 330, 350)
    assert crossings(counter, frames, tracks_at) == [("in", 1, 7)]


def test_a_turn_inside_the_band_counts_nothing(counter, tracks_at):
    assert crossings(counter, walk(1, 270, 295, 305, 309, 295, 270), tracks_at) == []


def test_there_and_back_counts_once_each_way(counter, tracks_at):
    frames = walk(1, 270, 330, 270)
    assert crossings(counter, frames, tracks_at) == [("in", 1, 1), ("out", 1, 2)]


def test_the_band_grows_with_the_height_of_the_person(tracks_at):
    frames = walk(1, 270, 320)
    wide = LineCounter("cam", [DOOR], band_heights=0.25)
    assert crossings(wide, frames, tracks_at) == []
    narrow = LineCounter("cam", [DOOR], band_heights=0.15)
    assert crossings(narrow, frames, tracks_at) == [("in", 1, 1)]


def test_walking_around_the_end_of_the_line_counts_nothing(counter, tracks_at):
    frames = [{1: (480, 280)}, {1: (520, 280)}, {1: (520, 320)}, {1: (480, 320)}]
    assert crossings(counter, frames, tracks_at) == []


def test_the_place_of_crossing_decides_and_not_where_the_person_ends_up(counter, tracks_at):
    # From (480, 280) to (540, 320) the line is passed at x = 510, beyond its end at 500.
    assert crossings(counter, [{1: (480, 280)}, {1: (540, 320)}], tracks_at) == []
    # From (440, 280) to (540, 320) it is passed at x = 490.
    frames = [{2: (440, 280)}, {2: (540, 320)}]
    assert crossings(LineCounter("cam", [DOOR]), frames, tracks_at) == [("in", 2, 1)]


def test_two_people_who_cross_in_opposite_directions_count_one_each(counter, tracks_at):
    frames = [
        {1: (250, 270), 2: (350, 330)},
        {1: (280, 300), 2: (320, 300)},
        {1: (300, 330), 2: (300, 270)},
    ]
    assert crossings(counter, frames, tracks_at) == [("in", 1, 2), ("out", 2, 2)]


def test_an_id_swap_of_two_who_walk_the_same_way_counts_both(counter, tracks_at):
    frames = [
        {1: (280, 280), 2: (320, 270)},
        {1: (300, 300), 2: (300, 295)},
        {2: (280, 320), 1: (320, 315)},
    ]
    assert crossings(counter, frames, tracks_at) == [("in", 2, 2), ("in", 1, 2)]


def test_an_id_swap_of_two_who_walk_opposite_ways_keeps_the_balance(counter, tracks_at):
    frames = [
        {1: (295, 280), 2: (305, 320)},
        {1: (300, 300), 2: (300, 300)},
        {2: (305, 320), 1: (295, 280)},
    ]
    assert crossings(counter, frames, tracks_at) == []


def test_a_track_lost_at_the_line_and_born_again_behind_it_counts_once(counter, tracks_at):
    # Track 1 is last seen 5 px before the line; 0.5 s later track 2 appears 25 px further on.
    frames = [*walk(1, 270, 285, 295), {}, {}, {}, {}, *walk(2, 320, 335)]
    assert crossings(counter, frames, tracks_at) == [("in", 2, 7)]


def test_a_track_born_again_inside_the_band_counts_when_it_leaves_it(counter, tracks_at):
    frames = [*walk(1, 270, 295), {}, *walk(2, 305, 320)]
    assert crossings(counter, frames, tracks_at) == [("in", 2, 4)]


def test_a_new_track_far_from_a_lost_one_is_someone_else(counter, tracks_at):
    frames = [*walk(1, 270, 295), {}, *walk(2, 305, 320, x=400)]
    assert crossings(counter, frames, tracks_at) == []


def test_a_new_track_long_after_a_lost_one_is_someone_else(counter, tracks_at):
    frames = [*walk(1, 270, 295), *[{}] * 20, *walk(2, 305, 320)]
    assert crossings(counter, frames, tracks_at) == []


def test_a_lost_track_that_another_continued_is_not_counted_again(counter, tracks_at):
    frames = [*walk(1, 270, 295), {}, *walk(2, 305, 320), *walk(1, 320, 340)]
    assert crossings(counter, frames, tracks_at) == [("in", 2, 4)]


def test_the_same_track_found_again_behind_the_line_is_counted(counter, tracks_at):
    frames = [*walk(1, 270, 285), *[{}] * 30, *walk(1, 330)]
    assert crossings(counter, frames, tracks_at) == [("in", 1, 32)]


def test_a_predicted_position_crosses_nothing(counter, tracks_at):
    frames = [{1: (300, 280)}, ({1: (300, 320)}, (1,)), ({1: (300, 340)}, (1,))]
    assert crossings(counter, frames, tracks_at) == []


def test_a_track_born_inside_the_band_takes_the_side_that_it_leaves_to(counter, tracks_at):
    frames = walk(1, 295, 305, 320, 290, 280)
    assert crossings(counter, frames, tracks_at) == [("out", 1, 4)]


def test_a_person_entering_at_the_border_is_counted_at_a_line_a_band_away_from_it(tracks_at):
    # The picture ends at y = 576: while the legs are still outside the box ends there.
    counter = LineCounter("cam", [Line("door", (100, 560), (500, 560))])
    frames = walk(1, 576, 576, 576, 565, 552, 540)
    assert crossings(counter, frames, tracks_at) == [("out", 1, 5)]


def test_the_anchor_decides_when_the_line_is_crossed(tracks_at):
    frames = walk(1, *range(280, 430, 10))
    assert crossings(LineCounter("cam", [DOOR]), frames, tracks_at) == [("in", 1, 4)]
    centre = LineCounter("cam", [DOOR], anchor="centre")
    assert crossings(centre, frames, tracks_at) == [("in", 1, 9)]
    head = LineCounter("cam", [DOOR], anchor=Anchor.HEAD)
    assert crossings(head, frames, tracks_at) == [("in", 1, 14)]


def test_each_line_counts_for_itself(tracks_at):
    lines = [DOOR, Line("aisle", (100, 400), (500, 400))]
    counter = LineCounter("cam", lines)
    places = [
        event.place
        for index, y in enumerate((270, 350, 430))
        for event in counter.update(tracks_at({1: (300, y)}), index * STEP_S)
    ]
    assert places == ["door", "aisle"]


def test_counts_do_not_depend_on_the_frame_rate(tracks_at):
    ys = [270 + 70 * np.sin(t / 5) for t in range(60)]
    dense = crossings(LineCounter("cam", [DOOR]), walk(1, *ys), tracks_at)
    sparse = crossings(LineCounter("cam", [DOOR]), walk(1, *ys[::3]), tracks_at, 3 * STEP_S)
    assert [d for d, _, _ in dense] == [d for d, _, _ in sparse] == ["in", "out", "in", "out"]


def test_tracks_without_the_observed_column_count_as_seen():
    counter = LineCounter("cam", [DOOR])
    events = []
    for at_s, y in enumerate((270, 330)):
        detections = Detections([(280, y - 100, 320, y)], [0.9])
        events += counter.update(Tracks(detections, [1], [0.0]), float(at_s))
    assert [str(event.direction) for event in events] == ["in"]


def test_people_who_are_gone_are_forgotten(tracks_at):
    counter = LineCounter("cam", [DOOR], memory_s=2.0)
    for index in range(2000):
        counter.update(tracks_at({index + 1: (300, 280 + index % 40)}), index * STEP_S)
    assert len(counter._walkers) <= 21


def test_two_lines_of_one_name_are_refused():
    with pytest.raises(ConfigError, match="camera 'cam': expected lines of different names"):
        LineCounter("cam", [DOOR, DOOR])


def test_a_negative_band_is_refused_by_name():
    with pytest.raises(ConfigError, match="camera 'cam', band_heights: expected zero or more"):
        LineCounter("cam", [DOOR], band_heights=-0.1)
