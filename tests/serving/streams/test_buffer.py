"""Reading ahead: order, backpressure, drops, errors and stopping."""

from threading import Event

import numpy as np
import pytest

from serving.core.errors import SourceError
from serving.core.frame import Frame
from serving.streams.buffer import FrameBuffer


class Numbers:
    """Gives frames 0, 1, 2 … and counts them; `error` follows the last.

    `reached` is set as soon as frame `notable` is asked for.
    """

    camera_id = "door"
    image_size_hw = (4, 4)

    def __init__(self, num_frames, error=None, notable=None):
        self.num_frames = num_frames
        self.error = error
        self.num_given = 0
        self.notable = num_frames - 1 if notable is None else notable
        self.reached = Event()
        self.closed = False

    def __iter__(self):
        for index in range(self.num_frames):
            self.num_given += 1
            if index == self.notable:
                self.reached.set()
            yield Frame(np.zeros((4, 4, 3), np.uint8), "door", index, float(index))
        if self.error is not None:
            raise self.error

    def close(self):
        self.closed = True


class Held(Numbers):
    """Gives nothing until `go` is set."""

    def __init__(self, num_frames):
        super().__init__(num_frames)
        self.go = Event()

    def __iter__(self):
        self.go.wait()
        yield from super().__iter__()


def test_all_frames_come_in_order_through_a_small_buffer():
    source = Numbers(100)
    buffer = FrameBuffer(source, capacity=2)

    assert [frame.index for frame in buffer] == list(range(100))
    assert buffer.num_dropped == 0
    assert not buffer.was_cut
    assert source.closed


def test_reading_stays_at_most_the_capacity_ahead():
    source = Numbers(100)
    frames = iter(FrameBuffer(source, capacity=3))

    for num_taken in range(1, 50):
        next(frames)
        assert source.num_given <= num_taken + 3 + 1  # and one in the reader's hand


def test_error_of_the_source_comes_after_the_frames_before_it():
    seen = []
    with pytest.raises(SourceError, match="cable"):
        seen.extend(FrameBuffer(Numbers(5, SourceError("cable pulled"))))
    assert len(seen) == 5


def test_stop_lets_the_frames_through_that_were_read():
    source = Numbers(1000, notable=5)
    buffer = FrameBuffer(source, capacity=4)
    frames = iter(buffer)
    next(frames)
    source.reached.wait()  # frames 1 to 4 are in the buffer, and there is no room for frame 5
    buffer.close()

    assert [frame.index for frame in frames] == [1, 2, 3, 4]
    assert buffer.was_cut
    assert source.closed


def test_frame_limit_ends_the_reading_without_being_a_cut():
    buffer = FrameBuffer(Numbers(50), max_frames=7)

    assert len(list(buffer)) == 7
    assert not buffer.was_cut


def test_live_reading_drops_the_oldest_and_counts_it():
    source = Numbers(10)
    buffer = FrameBuffer(source, capacity=3, drops=True)
    frames = iter(buffer)
    next(frames)
    source.reached.wait()
    rest = [frame.index for frame in frames]

    assert rest[-2:] == [8, 9]
    assert 1 + len(rest) + buffer.num_dropped == 10


def test_capacity_below_one_is_refused():
    with pytest.raises(ValueError, match="capacity: expected at least 1, got 0"):
        FrameBuffer(Numbers(1), capacity=0)


def test_taking_without_waiting_gives_what_is_there_or_nothing():
    source = Held(2)
    buffer = FrameBuffer(source)

    assert buffer.take(wait=False) is None  # the source was not let go yet
    source.go.set()
    assert buffer.take().index == 0
    assert buffer.take().index == 1
    assert buffer.take() is None
    assert buffer.take(wait=False) is None


def test_error_of_the_source_waits_for_the_one_who_waits():
    buffer = FrameBuffer(Numbers(1, SourceError("cable pulled")))

    assert buffer.take().index == 0
    assert buffer.take(wait=False) is None
    with pytest.raises(SourceError, match="cable"):
        buffer.take()


def test_error_of_closing_the_source_ends_the_iteration():
    class Stuck(Numbers):
        def close(self):
            raise SourceError("file is gone")

    with pytest.raises(SourceError, match="gone"):
        list(FrameBuffer(Stuck(3)))
