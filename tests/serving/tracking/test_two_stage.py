"""The two-stage tracker on people drawn by hand: 40 px wide and 100 px high."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.core.detections import EMBEDDING_COLUMN, Detections
from serving.core.errors import ConfigError
from serving.core.geometry import Homography
from serving.tracking.sighting import Sighting
from serving.tracking.tracker import Tracker
from serving.tracking.two_stage import TwoStageTracker

FLOOR = Homography(np.diag([0.017, 0.017, 1.0]))
"""A floor seen from straight above, on which 100 px are 1.7 m."""

HORIZON = Homography(np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0.01, -2.0]]))
"""A floor whose horizon lies at y = 200."""


def seen(*feet_px, score=0.9, **columns):
    """Detections from foot points, all of one score or one each."""
    box_px = np.array([(x - 20, y - 100, x + 20, y) for x, y in feet_px]).reshape(-1, 4)
    scores = np.broadcast_to(score, len(box_px))
    return Detections(box_px, scores, None, {k: np.array(v) for k, v in columns.items()})


def follow(tracker, frames, step_s):
    """Per frame, the foot x of each reported track by its identity."""
    found = []
    for index, detections in enumerate(frames):
        tracks = tracker.update(detections, index * step_s)
        foot_x = (tracks.xyxy_px[:, 0] + tracks.xyxy_px[:, 2]) / 2
        found.append(dict(zip(tracks.track_id.tolist(), foot_x.tolist(), strict=True)))
    return found


def test_it_is_a_tracker():
    tracker: Tracker = TwoStageTracker()
    assert len(tracker.update(Detections.empty(), 0.0)) == 0


def test_a_person_is_reported_from_the_second_sighting_with_one_identity():
    found = follow(TwoStageTracker(), [seen((100 + 5 * i, 200)) for i in range(6)], 0.1)
    assert [list(frame) for frame in found] == [[], [1], [1], [1], [1], [1]]


def test_a_single_false_alarm_is_never_reported():
    frames = [seen((100, 200)), *[Detections.empty()] * 3, seen((104, 200))]
    assert follow(TwoStageTracker(), frames, 0.1) == [{}] * 5


def test_age_counts_seconds_from_the_first_sighting():
    tracker = TwoStageTracker()
    for at_s in (10.0, 10.5, 12.0):
        tracks = tracker.update(seen((100, 200)), at_s)
    assert tracks.age_s.tolist() == [2.0]


@pytest.mark.parametrize("rate_hz", [25, 10, 7, 2])
def test_two_people_who_pass_each_other_keep_their_identities_at_any_frame_rate(rate_hz):
    # 100 px/s is 1.7 m/s, a brisk walk; they pass at x = 400, one 35 px behind the other.
    def frame(at_s):
        return seen((100 + 100 * at_s, 300), (700 - 100 * at_s, 265))

    frames = [frame(i / rate_hz) for i in range(6 * rate_hz)]
    found = follow(TwoStageTracker(), frames, 1 / rate_hz)
    right, left = sorted(found[1], key=found[1].get)
    assert set(found[-1]) == {right, left}
    assert found[-1][right] > 600 and found[-1][left] < 200


def test_irregular_frames_keep_the_identity():
    rng = np.random.default_rng(0)
    tracker, at_s, found = TwoStageTracker(), 0.0, set()
    for _ in range(100):
        at_s += rng.choice([0.04, 0.1, 0.2, 0.5])
        found |= set(tracker.update(seen((100 + 80 * at_s, 200)), at_s).track_id.tolist())
    assert found == {1}


def test_a_doubtful_detection_continues_a_track_and_starts_none():
    frames = [seen((100 + 20 * i, 200), (500, 200), score=[0.9, 0.3]) for i in (0, 1)]
    frames += [seen((100 + 20 * i, 200), (500, 200), score=[0.3, 0.3]) for i in (2, 3)]
    assert [list(frame) for frame in follow(TwoStageTracker(), frames, 0.1)] == [[], [1], [1], [1]]


def test_a_track_that_took_a_confident_detection_takes_no_doubtful_one_too():
    tracker = TwoStageTracker(coast_s=0)
    follow(tracker, [seen((100, 200), (400, 200))] * 3, 0.1)
    # 24 px apart: two boxes for the tracker, each near enough to the track.
    tracks = tracker.update(seen((84, 200), (108, 200), score=[0.3, 0.9]), 0.3)
    assert tracks.score.tolist() == pytest.approx([0.9])


def test_a_doubtful_detection_does_not_bring_back_a_track_long_lost():
    tracker = TwoStageTracker(continue_s=1.0)
    follow(tracker, [seen((100, 200))] * 3, 0.1)
    tracker.update(Detections.empty(), 1.9)
    assert len(tracker.update(seen((100, 200), score=0.3), 2.0)) == 0
    assert tracker.update(seen((100, 200)), 2.1).track_id.tolist() == [1]


def test_below_the_low_score_nothing_is_seen():
    tracker = TwoStageTracker(low_score=0.1, coast_s=0)
    follow(tracker, [seen((100, 200))] * 3, 0.1)
    assert len(tracker.update(seen((100, 200), score=0.09), 0.3)) == 0


def test_a_hidden_person_is_coasted_with_a_falling_score_and_found_again():
    frames = [seen((100 + 10 * i, 200)) for i in range(10)]
    tracker = TwoStageTracker(coast_s=0.5)
    follow(tracker, frames, 0.1)
    coasted = [tracker.update(Detections.empty(), 0.9 + 0.1 * i) for i in range(1, 8)]
    assert [len(tracks) for tracks in coasted] == [1, 1, 1, 1, 1, 0, 0]
    scores = [float(tracks.score[0]) for tracks in coasted[:5]]
    assert scores == pytest.approx([0.72, 0.54, 0.36, 0.18, 0.0], abs=1e-6)
    assert not any(tracks.detections.columns["observed"].any() for tracks in coasted)
    # Walking on at 100 px/s it was at x = 190 when last seen, and 0.3 s later at 220.
    centre = coasted[2].xyxy_px[0, [0, 2]].mean()
    assert centre == pytest.approx(220, abs=3)
    assert tracker.update(seen((270, 200)), 1.7).track_id.tolist() == [1]


def test_a_person_who_returns_after_the_memory_is_somebody_new():
    tracker = TwoStageTracker(lost_s=5.0)
    follow(tracker, [seen((100, 200))] * 3, 0.1)
    tracker.update(seen((100, 200)), 5.3)
    assert tracker.update(seen((100, 200)), 5.4).track_id.tolist() == [2]


def test_a_long_gap_without_frames_ends_all_tracks():
    tracker = TwoStageTracker()
    follow(tracker, [seen((100, 200), (300, 200))] * 3, 0.1)
    assert len(tracker.update(seen((100, 200)), 3600.0)) == 0
    assert tracker.update(seen((100, 200)), 3600.1).track_id.tolist() == [3]


def test_empty_frames_are_no_trouble():
    tracker = TwoStageTracker(floor=FLOOR)
    assert all(len(tracker.update(Detections.empty(), 0.1 * i)) == 0 for i in range(5))


def test_two_detections_of_one_person_make_one_track():
    double = seen((100, 200), (106, 203), score=[0.9, 0.8])
    assert follow(TwoStageTracker(), [double] * 10, 0.1)[-1].keys() == {1}


def test_what_is_doubtful_and_never_moves_is_not_reported():
    sign = [seen((100, 200), score=0.7)]
    sign += [seen((100 + i % 2, 200), score=0.4) for i in range(20)]
    assert follow(TwoStageTracker(), sign, 0.1)[4:] == [{}] * 17
    told = follow(TwoStageTracker(moved_heights=0.0), sign, 0.1)
    assert told[-1].keys() == {1}


def test_a_doubtful_person_is_reported_once_they_have_moved():
    # 4 px a frame: 0.3 of 100 px are reached in about eight frames.
    frames = [seen((100, 200), score=0.7)]
    frames += [seen((100 + 4 * i, 200), score=0.4) for i in range(1, 21)]
    found = follow(TwoStageTracker(), frames, 0.1)
    assert not found[5] and found[12].keys() == found[-1].keys() == {1}


def test_a_person_who_stands_still_in_plain_view_is_reported():
    frames = [seen((100, 200), score=0.8)] * 20
    assert follow(TwoStageTracker(), frames, 0.1)[-1].keys() == {1}


def test_people_who_really_stand_together_are_two():
    pair = seen((100, 200), (135, 210))
    assert len(follow(TwoStageTracker(), [pair] * 4, 0.1)[-1]) == 2


def test_a_detection_that_two_people_share_belongs_to_the_one_in_front():
    # The second person walks behind the first, who stands still 4 px lower in the picture.
    behind = [200, 190, 180, 170, 160, 150, 140, 130, 120, 110, 100]
    frames = [seen((100, 200), (x, 196)) for x in behind[:-2]]
    tracker = TwoStageTracker(coast_s=0)
    front = min(follow(tracker, frames, 0.1)[-1].items(), key=lambda item: item[1])[0]
    tracks = tracker.update(seen((107, 197)), 0.1 * len(frames))
    assert tracks.track_id.tolist() == [front]
    indifferent = TwoStageTracker(coast_s=0, hidden_weight=0.0)
    follow(indifferent, frames, 0.1)
    assert indifferent.update(seen((107, 197)), 0.1 * len(frames)).track_id.tolist() != [front]


def test_the_order_of_detections_does_not_matter():
    rng = np.random.default_rng(1)
    ways = [((100 + 30 * i, 200), (500 - 20 * i, 260), (300, 150 + 10 * i)) for i in range(12)]
    plain = follow(TwoStageTracker(), [seen(*way) for way in ways], 0.2)
    shuffled = follow(TwoStageTracker(), [seen(*rng.permutation(way)) for way in ways], 0.2)
    for one, other in zip(plain, shuffled, strict=True):
        assert sorted(one.values()) == pytest.approx(sorted(other.values()))
    assert len(plain[-1]) == len({i for frame in shuffled for i in frame}) == 3


def test_on_the_floor_nobody_jumps_further_than_people_walk():
    # 60 px, one metre and more than the box is wide, within 0.04 s.
    frames = [*[seen((100, 200))] * 5, seen((160, 200))]
    by_picture = TwoStageTracker(buffer=1.0, coast_s=0)
    assert list(follow(by_picture, frames, 0.04)[-1]) == [1]
    by_floor = TwoStageTracker(
        buffer=1.0, coast_s=0, floor=FLOOR, floor_slack_m=0.2, max_speed_mps=3.0
    )
    # Feet may hide below the box, down the picture; sideways that explains nothing here.
    steep = Homography(np.diag([0.017, 0.0001, 1.0]))
    by_floor.floor = steep
    assert list(follow(by_floor, frames, 0.04)[-1]) == []


def test_hidden_feet_are_no_jump_on_the_floor():
    # A kerb hides the lower 30 px: on this floor that is half a metre within 0.04 s.
    whole, cut = (80, 100, 120, 200), (80, 100, 120, 170)
    tracker = TwoStageTracker(floor=FLOOR, floor_slack_m=0.1, max_speed_mps=1.0)
    for index in range(5):
        tracker.update(Detections([whole], [0.9]), 0.04 * index)
    assert tracker.update(Detections([cut], [0.9]), 0.2).track_id.tolist() == [1]
    assert tracker.update(Detections([cut], [0.9]), 0.24).detections.columns["observed"].all()


def test_feet_at_the_horizon_are_gated_by_the_picture_alone():
    tracker = TwoStageTracker(floor=HORIZON)
    assert list(follow(tracker, [seen((100 + i, 200)) for i in range(4)], 0.1)[-1]) == [1]


@pytest.mark.parametrize(
    ("seen_px", "doubted"), [((0, 300), [True, True, False]), ((0, 0), [False, True, True])]
)
def test_where_feet_are_or_may_be_past_the_horizon_the_floor_tells_nothing(seen_px, doubted):
    # Boxes 100 px high: the feet may be 30 px further down, for the middle one past either horizon.
    floor = Homography(HORIZON.matrix, seen_px=seen_px)
    feet_px = [(100, 150), (100, 200 if seen_px[1] else 180), (100, 250)]
    sighting = Sighting.of(
        seen(*feet_px), low_score=0.1, duplicate_iou=1.0, floor=floor, embedding_size=0
    )
    assert np.isinf(sighting.foot_doubt_m).tolist() == doubted
    assert np.isfinite(sighting.foot_m).all()


def test_appearance_outweighs_a_little_distance():
    red, blue = [1.0, 0.0], [0.0, 1.0]
    tracker = TwoStageTracker(coast_s=0)
    for index in range(4):
        tracker.update(seen((100, 200), (150, 200), embedding=[red, blue]), 0.1 * index)
    for index in range(4, 30):  # nobody looked; what was known stays known
        tracker.update(seen((100, 200), (150, 200)), 0.1 * index)
    # By place alone the track at 100 would take the detection at 112.
    tracks = tracker.update(seen((112, 200), (138, 200), embedding=[blue, red]), 3.0)
    colours = tracks.detections.columns[EMBEDDING_COLUMN].tolist()
    assert dict(zip(tracks.track_id.tolist(), colours, strict=True)) == {1: red, 2: blue}


def test_frames_without_appearance_are_followed_all_the_same():
    tracker = TwoStageTracker()
    tracker.update(seen((100, 200)), 0.0)
    tracker.update(seen((100, 200), embedding=[[1.0, 0.0]]), 0.1)
    tracker.update(seen((100, 200)), 0.2)
    assert tracker.update(seen((100, 200), embedding=[[0.0, 1.0]]), 0.3).track_id.tolist() == [1]


def test_columns_of_detections_come_along_and_are_zero_where_coasted():
    tracker = TwoStageTracker()
    for index in range(3):
        tracker.update(seen((100, 200), (300, 200), colour=[[1, 2], [3, 4]]), 0.1 * index)
    tracks = tracker.update(seen((300, 200), colour=[[5, 6]]), 0.3)
    columns = tracks.detections.columns
    assert tracks.track_id.tolist() == [1, 2]
    assert columns["colour"].tolist() == [[0, 0], [5, 6]]
    assert columns["observed"].tolist() == [False, True]


def test_a_file_s_own_words_for_box_and_score_do_not_come_along():
    tracker = TwoStageTracker()
    for index in range(3):
        detections = seen((100, 200), xywh_px=[[80.0, 100, 40, 100]], confidence=[0.9])
        tracks = tracker.update(detections, 0.1 * index)
    assert set(tracks.detections.columns) == {"observed"}


def test_the_class_of_a_track_is_that_of_its_detections():
    tracker = TwoStageTracker()
    for index in range(3):
        tracks = tracker.update(Detections([(0, 0, 40, 100)], [0.9], [7]), 0.1 * index)
    assert tracks.detections.class_id.tolist() == [7]


def test_time_that_runs_backwards_ends_all_tracks_and_is_counted():
    tracker = TwoStageTracker()
    follow(tracker, [seen((100, 200))] * 3, 0.1)
    assert (tracker.num_clock_resets, tracker.warnings()) == (0, [])
    assert len(tracker.update(seen((100, 200)), -5.0)) == 0
    assert tracker.num_clock_resets == 1
    (warning,) = tracker.warnings()
    assert warning.startswith("tracker: time ran backwards 1×, and")
    assert tracker.update(seen((100, 200)), -4.9).track_id.tolist() == [2]


def test_two_frames_of_one_time_are_followed():
    tracker = TwoStageTracker()
    for _ in range(3):
        tracks = tracker.update(seen((100, 200)), 1.0)
    assert tracks.track_id.tolist() == [1]
    assert np.isfinite(tracks.xyxy_px).all()


def test_identities_are_not_given_again_after_a_reset():
    tracker = TwoStageTracker()
    follow(tracker, [seen((100, 200))] * 3, 0.1)
    tracker.reset()
    assert list(follow(tracker, [seen((100, 200))] * 3, 0.1)[-1]) == [2]


@pytest.mark.parametrize("at_s", [math.nan, math.inf])
def test_a_time_that_is_none_is_refused(at_s):
    with pytest.raises(ValueError, match="at_s: expected a finite time in seconds"):
        TwoStageTracker().update(Detections.empty(), at_s)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low_score": 1.2}, r"tracker, low_score: expected a value in \[0, 1\], got 1.2"),
        ({"lost_s": -1}, "tracker, lost_s: expected zero or more, got -1"),
        ({"buffer": math.nan}, "tracker, buffer: expected zero or more, got nan"),
        ({"high_score": 0.7}, "expected low_score ≤ high_score ≤ birth_score, got 0.1, 0.7, 0.6"),
        ({"num_sightings": 0}, "tracker, num_sightings: expected at least 1, got 0"),
    ],
)
def test_an_option_out_of_range_is_refused_by_name(options, message):
    with pytest.raises(ConfigError, match=message):
        TwoStageTracker(**options)


BOX = st.tuples(
    st.floats(0, 700), st.floats(0, 500), st.floats(0, 90), st.floats(0, 200), st.floats(0, 1)
)


@settings(max_examples=60, deadline=None)
@given(
    frames=st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.04, 0.14, 0.5, 3.0, 60.0, -1.0]), st.lists(BOX, max_size=6)
        ),
        max_size=25,
    ),
    floor=st.sampled_from([None, FLOOR, HORIZON]),
)
def test_whatever_comes_identities_are_unique_new_ones_grow_and_boxes_are_finite(frames, floor):
    tracker, at_s, known = TwoStageTracker(floor=floor), 0.0, set()
    for elapsed_s, boxes in frames:
        at_s += elapsed_s
        values = np.array(boxes).reshape(-1, 5)
        box_px = np.concatenate([values[:, :2], values[:, :2] + values[:, 2:4]], axis=1)
        tracks = tracker.update(Detections(box_px, values[:, 4]), at_s)
        ids = set(tracks.track_id.tolist())
        assert len(ids) == len(tracks)
        if elapsed_s < 0 or elapsed_s > 5:
            assert not ids
        assert (tracks.age_s >= 0).all() and np.isfinite(tracks.xyxy_px).all()
        known |= ids
    assert all(track_id >= 1 for track_id in known)


def test_memory_is_bounded_by_the_people_of_the_last_seconds():
    # Three newcomers a frame, each at a new place, for 1,000 frames: 3,000 tracks.
    tracker, rng = TwoStageTracker(lost_s=2.0, num_sightings=1), np.random.default_rng(0)
    largest = 0
    for index in range(1000):
        tracker.update(seen(*rng.uniform(0, 50_000, (3, 2)) + 100), 0.1 * index)
        largest = max(largest, len(tracker._roster))
        assert len(tracker._roster) == len(tracker._motion)
    assert largest <= 3 * 21
