"""One camera: a frame becomes detections, tracks and events. No thread, no clock, no file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from serving.analytics.analysis import Analysis
from serving.core.detections import Detections, Tracks
from serving.core.events import Event
from serving.core.frame import Frame
from serving.tracking.tracker import Tracker


class Detector(Protocol):
    """Finds people in pictures."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """One `Detections` a frame, boxes in pixels of that frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What was found in one frame."""

    frame: Frame
    detections: Detections
    tracks: Tracks
    events: tuple[Event, ...]

    @property
    def at_s(self) -> float:
        """When the frame was taken, seconds UTC."""
        return self.frame.captured_at


class Pipeline:
    """Detects, tracks and analyses the frames of one camera.

    The same frames give the same results: nothing here depends on the clock or on other cameras.

    Args:
        camera_id: whose frames these are.
        detector: used by this pipeline alone while `process` runs.
        tracker: keeps this camera's state.
        analyses: keep this camera's state; their events come in this order.
        bundles: what every event names as its makers, `name@version`.
        min_height_px: people whose box is less high are too far to be judged: they are followed,
            so that they keep their identity when they come nearer, but not reported.
    """

    def __init__(
        self,
        camera_id: str,
        detector: Detector,
        tracker: Tracker,
        analyses: Sequence[Analysis] = (),
        bundles: tuple[str, ...] = (),
        min_height_px: float = 0.0,
    ) -> None:
        self.camera_id = camera_id
        self._detector = detector
        self._tracker = tracker
        self._analyses = tuple(analyses)
        self._bundles = bundles
        self._min_height_px = min_height_px

    def process(self, frame: Frame) -> Result:
        """The results of the next frame; frames come in the order of time."""
        at_s = frame.captured_at
        (detections,) = self._detector.detect([frame])
        tracks = self._near(self._tracker.update(detections, at_s))
        events = [e for analysis in self._analyses for e in analysis.update(tracks, at_s)]
        return Result(frame, detections, tracks, self._signed(events))

    def finish(self, at_s: float) -> tuple[Event, ...]:
        """The events that the end of the stream brings, such as stays that were still going on."""
        return self._signed([e for analysis in self._analyses for e in analysis.finish(at_s)])

    def _near(self, tracks: Tracks) -> Tracks:
        if self._min_height_px == 0:
            return tracks
        heights_px = tracks.xyxy_px[:, 3] - tracks.xyxy_px[:, 1]
        return tracks.select(heights_px >= self._min_height_px)

    def _signed(self, events: Sequence[Event]) -> tuple[Event, ...]:
        return tuple(replace(event, bundles=self._bundles) for event in events)
