"""One camera: a frame becomes detections, tracks and events. No thread, no clock, no file."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from serving.analytics.analysis import Analysis
from serving.core.detections import Detections, Tracks
from serving.core.events import Event
from serving.core.frame import Frame
from serving.tracking.tracker import Tracker


class PendingDetections(Protocol):
    """Frames on their way through a detector."""

    def wait(self) -> None:
        """Return when the result is there, or when it is clear that it will not come."""

    def result(self) -> list[Detections]:
        """One `Detections` a frame, boxes in pixels of that frame, waited for where it must."""


class Detector(Protocol):
    """Finds people in pictures."""

    @property
    def num_in_flight(self) -> int:
        """Calls of `start` that are worth having on their way at once."""

    def min_height_px(self, image_size_hw: tuple[int, int]) -> float:
        """The least height in such a picture of people whom it was made to find."""

    def start(self, frames: Sequence[Frame]) -> PendingDetections:
        """Send frames on their way."""


@runtime_checkable
class Warns(Protocol):
    """A tracker or an analysis that may have something to say of a run as a whole."""

    def warnings(self) -> list[str]:
        """What was lost or looks wrong, a sentence each; empty where nothing was."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What was found in one frame; `num_too_small` people were followed and are not in `tracks`."""

    frame: Frame
    detections: Detections
    tracks: Tracks
    events: tuple[Event, ...]
    num_too_small: int = 0

    @property
    def at_s(self) -> float:
        """When the frame was taken, seconds UTC."""
        return self.frame.captured_at


class Pipeline:
    """Detects, tracks and analyses the frames of one camera.

    The same frames give the same results: nothing here depends on the clock or on other cameras.

    Args:
        camera_id: whose frames these are.
        detector: used by this pipeline alone.
        tracker: keeps this camera's state.
        analyses: keep this camera's state; their events come in this order.
        bundles: what every event names as its makers, `name@version`.
        min_height_px: people whose box is less high are too far to be judged: they are followed,
            so that they keep their identity when they come nearer, but not reported. None: what
            the detector was made for.
    """

    def __init__(
        self,
        camera_id: str,
        detector: Detector,
        tracker: Tracker,
        analyses: Sequence[Analysis] = (),
        bundles: tuple[str, ...] = (),
        min_height_px: float | None = None,
    ) -> None:
        self.camera_id = camera_id
        self._detector = detector
        self._tracker = tracker
        self._analyses = tuple(analyses)
        self._bundles = bundles
        self._min_height_px = min_height_px

    def process(self, frames: Iterable[Frame]) -> Iterator[Result]:
        """The results of frames, which come in the order of time."""
        left = iter(frames)
        return self.process_from(lambda wait: next(left, None))

    def process_from(self, take: Callable[[bool], Frame | None]) -> Iterator[Result]:
        """The results of what `take` gives, until it gives None although it was asked to wait.

        Where the detector can work on several frames at once, later ones are on their way while a
        frame is tracked and analysed; in the results this makes no difference. A frame that is
        being detected waits for no later one: `take(False)` is asked for what is there already.
        """
        under_way: deque[tuple[Frame, PendingDetections]] = deque()
        while True:
            while len(under_way) < self._detector.num_in_flight:
                frame = take(not under_way)
                if frame is None:
                    break
                under_way.append((frame, self._detector.start([frame])))
            if not under_way:
                return
            # Half of them are followed in one go, while the detector has the others: code that has
            # just run is still in the processor's caches, and inference drives it out.
            num_next = max(1, len(under_way) - self._detector.num_in_flight // 2)
            batch = [under_way.popleft() for _ in range(num_next)]
            batch[-1][1].wait()
            for frame, pending in batch:
                yield self._follow(frame, pending)

    def finish(self, at_s: float) -> tuple[Event, ...]:
        """The events that the end of the stream brings, such as stays that were still going on."""
        return self._signed([e for analysis in self._analyses for e in analysis.finish(at_s)])

    def warnings(self) -> tuple[str, ...]:
        """What the tracker and the analyses have to say of all frames so far."""
        parts = self._tracker, *self._analyses
        return tuple(text for part in parts if isinstance(part, Warns) for text in part.warnings())

    def _follow(self, frame: Frame, pending: PendingDetections) -> Result:
        """What a frame gives whose people are detected."""
        at_s = frame.captured_at
        (detections,) = pending.result()
        followed = self._tracker.update(detections, at_s)
        tracks = self._near(followed, frame.image_size_hw)
        events = [e for analysis in self._analyses for e in analysis.update(tracks, at_s)]
        num_too_small = len(followed) - len(tracks)
        return Result(frame, detections, tracks, self._signed(events), num_too_small)

    def _near(self, tracks: Tracks, image_size_hw: tuple[int, int]) -> Tracks:
        least_px = self._min_height_px
        if least_px is None:
            least_px = self._detector.min_height_px(image_size_hw)
        near = tracks.xyxy_px[:, 3] - tracks.xyxy_px[:, 1] >= least_px
        return tracks if near.all() else tracks.select(near)

    def _signed(self, events: Sequence[Event]) -> tuple[Event, ...]:
        return tuple(replace(event, bundles=self._bundles) for event in events)
