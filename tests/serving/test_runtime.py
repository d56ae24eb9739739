"""Workers and the writer: order, isolation, stopping, and outputs that fail."""

import signal
from threading import Event, Thread

import cv2
import numpy as np
import pytest

from serving.core.detections import Detections, Tracks
from serving.core.errors import ConfigError, SinkError, SourceError
from serving.core.events import CameraState, Crossing, Occupancy
from serving.core.frame import Frame
from serving.core.labels import Direction
from serving.pipeline import Pipeline
from serving.runtime import CameraRun, Runtime
from serving.settings import Mode


class Film:
    """Frames at the given times; `error` follows the last, `at_end` is set before it."""

    image_size_hw = (4, 4)

    def __init__(self, camera_id, times_s, error=None):
        self.camera_id = camera_id
        self.times_s = times_s
        self.error = error
        self.num_frames = len(times_s)
        self.closed = False

    def __iter__(self):
        for index, at_s in enumerate(self.times_s):
            yield Frame(np.zeros((4, 4, 3), np.uint8), self.camera_id, index, at_s)
        if self.error is not None:
            raise self.error

    def close(self):
        self.closed = True


class Endless(Film):
    """Goes on until it is closed."""

    def __iter__(self):
        index = 0
        while not self.closed:
            yield Frame(np.zeros((4, 4, 3), np.uint8), self.camera_id, index, index / 10)
            index += 1


class NoDetector:
    """Takes three frames at once and finds nobody."""

    num_in_flight = 3

    def min_height_px(self, image_size_hw):
        return 0.0

    def start(self, frames):
        return Nobody(frames)


class Nobody:
    def __init__(self, frames):
        self.frames = frames

    def wait(self):
        pass

    def result(self):
        return [Detections.empty() for _ in self.frames]


class FailingDetector(NoDetector):
    """Fails at the third frame."""

    def start(self, frames):
        return OutOfMemory() if frames[0].index == 2 else Nobody(frames)


class OutOfMemory:
    def wait(self):
        pass

    def result(self):
        raise RuntimeError("no more memory")


class TwoPeople:
    """Persons `index` and `index + 1` at frame `index`: two at once, one new each frame."""

    def __init__(self):
        self.index = 0

    def update(self, detections, at_s):
        self.index += 1
        boxes = Detections([[0, 0, 1, 1], [1, 1, 2, 2]], [0.9, 0.9])
        return Tracks(boxes, [self.index, self.index + 1], [0.0, 0.0])

    def reset(self):
        self.index = 0


class FailingAtTheEnd:
    def update(self, tracks, at_s):
        return []

    def finish(self, at_s):
        raise RuntimeError("no end")


class CrossEveryFrame:
    def __init__(self, camera_id):
        self.camera_id = camera_id

    def update(self, tracks, at_s):
        return [
            Crossing(
                camera_id=self.camera_id,
                place="line",
                at_s=at_s,
                track_id=1,
                direction=Direction.IN,
            )
        ]

    def finish(self, at_s):
        return [Occupancy(camera_id=self.camera_id, place="end", at_s=at_s, count=0)]


class Worried(CrossEveryFrame):
    def warnings(self):
        return ["line: nobody went out"]


class Kept:
    """A sink that keeps what it was given; `fails_at` makes its n-th write fail."""

    def __init__(self, fails_at=None):
        self.events = []
        self.num_writes = 0
        self.fails_at = fails_at
        self.state = "open"

    def write(self, events):
        self.num_writes += 1
        if self.num_writes == self.fails_at:
            raise SinkError("disk is full")
        self.events.extend(events)

    def close(self):
        self.state = "whole"

    def abandon(self):
        self.state = "abandoned"


class KeptFrames(Kept):
    """The same for the frames of one camera."""

    def __init__(self, fails_at=None, on_write=None):
        super().__init__(fails_at)
        self.on_write = on_write
        self.indices = []

    def write(self, frame, detections, tracks, events):
        super().write(events)
        self.indices.append(frame.index)
        if self.on_write is not None:
            self.on_write()


def camera(source, detector=None, sinks=()):
    analyses = [CrossEveryFrame(source.camera_id)]
    pipeline = Pipeline(source.camera_id, detector or NoDetector(), TwoPeople(), analyses)
    return CameraRun(source, pipeline, tuple(sinks))


def told(sink):
    """What was written, in short: (camera, time, kind or state)."""
    return [
        (event.camera_id, event.at_s, event.state if event.KIND == "camera_state" else event.KIND)
        for event in sink.events
    ]


def test_one_camera_from_first_frame_to_end():
    events, frames = Kept(), KeptFrames()
    summary = Runtime([camera(Film("door", [0.0, 0.5, 1.0]), sinks=[frames])], [events]).run()

    assert told(events) == [
        ("door", 0.0, "streaming"),
        ("door", 0.0, "crossing"),
        ("door", 0.5, "crossing"),
        ("door", 1.0, "crossing"),
        ("door", 1.0, "occupancy"),
        ("door", 1.0, "ended"),
    ]
    assert frames.indices == [0, 1, 2]
    assert events.state == frames.state == "whole"
    assert summary.exit_code == 0
    assert summary.cameras[0].num_frames == 3
    assert summary.cameras[0].num_tracks == 4
    assert summary.cameras[0].crossings == {("line", "in"): 3}


def test_what_a_camera_warns_of_is_in_the_summary():
    def run(*analyses):
        pipeline = Pipeline("door", NoDetector(), TwoPeople(), analyses, min_height_px=2)
        return Runtime([CameraRun(Film("door", [0.0, 0.5]), pipeline)]).run()

    warning, note = run(CrossEveryFrame("door"), Worried("door")).notes()
    assert warning == "warning: camera 'door', line: nobody went out"
    assert note.startswith("camera 'door': 4 sightings of people who are too small")
    assert run(CrossEveryFrame("door")).notes() == [note]


def test_replay_writes_cameras_in_the_order_of_video_time():
    slow, fast = Film("slow", [0.0, 1.0, 2.0]), Film("fast", [0.0, 0.4, 0.8, 1.0])
    events = Kept()
    Runtime([camera(slow), camera(fast)], [events]).run()

    crossings = [(name, at_s) for name, at_s, kind in told(events) if kind == "crossing"]
    assert crossings == [
        ("slow", 0.0), ("fast", 0.0), ("fast", 0.4), ("fast", 0.8), ("slow", 1.0), ("fast", 1.0),
        ("slow", 2.0),
    ]  # fmt: skip


def test_camera_that_fails_ends_alone():
    broken = Film("broken", [0.0, 1.0], error=SourceError("camera 'broken': cable pulled"))
    good = Film("good", [0.0, 1.0, 2.0, 3.0])
    frames = {name: KeptFrames() for name in ("broken", "good")}
    events = Kept()
    summary = Runtime(
        [camera(broken, sinks=[frames["broken"]]), camera(good, sinks=[frames["good"]])], [events]
    ).run()

    assert frames["broken"].indices == [0, 1]
    assert frames["good"].indices == [0, 1, 2, 3]
    assert ("broken", 1.0, "failed") in told(events)
    assert ("broken", 1.0, "occupancy") in told(events)
    assert ("good", 3.0, "ended") in told(events)
    assert summary.exit_code == 1
    assert summary.error is broken.error
    assert (frames["broken"].state, frames["good"].state) == ("abandoned", "whole")
    assert events.state == "abandoned"


def test_defect_in_one_camera_ends_it_alone(caplog):
    bad, good = Endless("bad", []), Film("good", [0.0, 1.0, 2.0, 3.0])
    summary = Runtime([camera(bad, FailingDetector()), camera(good)]).run()

    assert [c.num_frames for c in summary.cameras] == [2, 4]
    assert bad.closed
    assert summary.exit_code == 1
    assert "no more memory" in caplog.text


def test_camera_that_fails_live_waits_for_no_further_frame():
    source = Film("door", [0.0, 0.0, 0.0, 1e6])  # the next one is due in eleven days
    thread = Thread(target=Runtime([camera(source, FailingDetector())], mode=Mode.LIVE).run)
    thread.daemon = True
    thread.start()
    thread.join(timeout=20)

    assert not thread.is_alive()
    assert source.closed


def test_defect_at_the_end_of_a_camera_ends_it_alone(caplog):
    bad, good = Film("bad", [0.0]), Film("good", [0.0, 1.0])
    pipeline = Pipeline("bad", NoDetector(), TwoPeople(), [FailingAtTheEnd()])
    summary = Runtime([CameraRun(bad, pipeline), camera(good)]).run()

    assert [c.state for c in summary.cameras] == ["failed", "ended"]
    assert summary.exit_code == 1
    assert "no end" in caplog.text


def test_exit_code_is_that_of_the_failed_cameras_error():
    broken = Film("broken", [0.0], error=ConfigError("camera 'broken': no fps"))
    assert Runtime([camera(broken), camera(Film("good", [0.0]))]).run().exit_code == 2


def test_failed_output_ends_the_run_and_gives_up_every_file():
    events = Kept()
    full = KeptFrames(fails_at=4)
    source = Endless("door", [])
    with pytest.raises(SinkError, match="disk is full"):
        Runtime([camera(source, sinks=[full])], [events]).run()

    assert full.indices == [0, 1, 2]
    assert full.state == events.state == "abandoned"
    assert source.closed


def test_output_that_fails_at_its_end_gives_up_every_file():
    events = Kept(fails_at=1)
    frames = KeptFrames()
    with pytest.raises(SinkError, match="disk is full"):
        Runtime([camera(Film("door", [0.0]), sinks=[frames])], [events]).run()
    assert frames.state == events.state == "abandoned"


@pytest.mark.parametrize(
    ("mode", "kind", "code"),
    [
        (Mode.REPLAY, signal.SIGTERM, 143),
        (Mode.REPLAY, signal.SIGINT, 130),
        (Mode.LIVE, signal.SIGTERM, 0),
        (Mode.LIVE, signal.SIGINT, 0),
    ],
)
def test_signal_ends_the_reading_and_loses_nothing_that_was_read(mode, kind, code):
    def interrupt():
        if frames.indices[-1] == 3:
            signal.raise_signal(kind)
            assert signal.getsignal(kind) is before  # a second one ends the process at once

    before = signal.getsignal(kind)
    events, frames = Kept(), KeptFrames(on_write=interrupt)
    source = Endless("door", [])
    summary = Runtime([camera(source, sinks=[frames])], [events], mode=mode).run()

    seen = summary.cameras[0]
    assert source.closed
    assert len(frames.indices) == seen.num_frames > 3
    assert sum(kind == "crossing" for _, _, kind in told(events)) == seen.num_frames
    assert told(events)[-1][2] == "stopped"
    assert events.state == frames.state == "whole"
    assert summary.exit_code == code
    (told_state,) = summary.table().columns[1].cells
    assert told_state == ("stopped early" if mode is Mode.REPLAY else "stopped")
    assert signal.getsignal(kind) is before


def test_run_outside_the_main_thread_leaves_signals_alone():
    events, done = Kept(), Event()

    def run():
        Runtime([camera(Film("door", [0.0]))], [events]).run()
        done.set()

    thread = Thread(target=run)
    thread.start()
    thread.join()
    assert done.is_set()


def test_frame_limit_ends_every_camera():
    summary = Runtime([camera(Endless("a", [])), camera(Endless("b", []))], max_frames=5).run()

    assert [c.num_frames for c in summary.cameras] == [5, 5]
    assert summary.exit_code == 0


def test_stopped_state_says_how_many_frames_there_were():
    events = Kept()
    Runtime([camera(Film("door", [0.0, 1.0]))], [events]).run()

    states = [event for event in events.events if isinstance(event, CameraState)]
    assert [(state.state, state.reason) for state in states] == [
        ("streaming", ""),
        ("ended", "after 2 frames"),
    ]


def test_opencv_works_in_one_thread_during_a_run_and_has_its_threads_back_afterwards():
    seen = []

    class Watching(NoDetector):
        def start(self, frames):
            seen.append(cv2.getNumThreads())
            return Nobody(frames)

    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    try:
        Runtime([camera(Film("door", [0.0, 0.1]), Watching())]).run()
        assert seen == [1, 1]
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(before)
