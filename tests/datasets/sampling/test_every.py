"""A frame every so many seconds, by time and not by frames."""

import pytest

from datasets.sampling.every import Every
from serving.core.errors import ConfigError
from tests.datasets.sampling.made_up import shot


def chosen(way, times_s):
    return [choice.shot.frame.captured_at for at in times_s for choice in way.see(shot(at))]


def test_at_ten_frames_a_second_every_twentieth_is_chosen():
    assert chosen(Every(2.0), [i / 10 for i in range(61)]) == [0.0, 2.0, 4.0, 6.0]


def test_a_changing_frame_rate_changes_nothing_of_the_rhythm():
    assert chosen(Every(2.0), [0, 0.1, 0.2, 1.9, 2.3, 2.4, 3.9, 4.05, 4.1]) == [0, 2.3, 4.05]


def test_a_gap_is_not_made_up_for():
    assert chosen(Every(2.0), [0, 9.5, 9.6, 9.9, 10.1, 11.9]) == [0, 9.5, 10.1]


def test_times_rounded_by_the_container_still_count_as_due():
    assert chosen(Every(0.1), [0.0, 0.099999, 0.2, 0.299999]) == [0.0, 0.099999, 0.2, 0.299999]


def test_each_footage_starts_with_its_first_frame():
    way = Every(5.0)
    assert chosen(way, [0, 3]) == [0]
    assert list(way.end()) == []
    assert chosen(way, [1, 4]) == [1]


def test_a_period_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="every: expected more than 0, got 0"):
        Every(0)
