import pytest

from serving.analytics.continuity import Continuity


@pytest.fixture
def continuity():
    return Continuity(rejoin_s=1.0, rejoin_heights=0.5, memory_s=5.0)


def test_a_track_stays_the_same_person(continuity):
    first = continuity.update([1, 2], [(0, 0), (500, 0)], [100, 100], 0.0)
    assert continuity.update([2, 1], [(510, 0), (20, 0)], [100, 100], 0.5) == first[::-1]


def test_a_new_track_near_a_lost_one_takes_over_its_person(continuity):
    (person,) = continuity.update([1], [(0, 0)], [100], 0.0)
    assert continuity.update([2], [(30, 0)], [100], 0.5) == [person]


@pytest.mark.parametrize(("x", "at_s"), [(60, 0.5), (30, 1.5)], ids=["too far", "too late"])
def test_a_new_track_out_of_reach_is_a_new_person(continuity, x, at_s):
    (person,) = continuity.update([1], [(0, 0)], [100], 0.0)
    assert continuity.update([2], [(x, 0)], [100], at_s) != [person]


def test_a_track_still_in_view_is_not_taken_over(continuity):
    continuity.update([1], [(0, 0)], [100], 0.0)
    first, second = continuity.update([1, 2], [(0, 0), (5, 0)], [100, 100], 0.1)
    assert first != second


def test_the_nearest_lost_track_is_taken_over(continuity):
    far, near = continuity.update([1, 2], [(0, 0), (40, 0)], [100, 100], 0.0)
    assert continuity.update([3], [(35, 0)], [100], 0.1) == [near]
    assert continuity.update([3, 4], [(35, 0), (10, 0)], [100, 100], 0.2) == [near, far]


def test_a_lost_track_is_taken_over_once(continuity):
    (person,) = continuity.update([1], [(0, 0)], [100], 0.0)
    first, second = continuity.update([2, 3], [(10, 0), (20, 0)], [100, 100], 0.1)
    assert first == person != second


def test_a_track_whose_person_was_taken_over_comes_back_as_somebody_new(continuity):
    (person,) = continuity.update([1], [(0, 0)], [100], 0.0)
    continuity.update([2], [(10, 0)], [100], 0.1)
    taken, back = continuity.update([2, 1], [(10, 0), (0, 0)], [100, 100], 0.2)
    assert taken == person != back


def test_tracks_out_of_memory_are_forgotten(continuity):
    for index in range(1000):
        continuity.update([index], [(0, 900 * (index % 2))], [100], index * 1.0)
    assert len(continuity._last) <= 6
