"""What every tracker offers to the pipeline."""

from __future__ import annotations

from typing import Protocol

from serving.core.detections import Detections, Tracks


class Tracker(Protocol):
    """Follows people over the frames of one camera, online: no frame waits for a later one.

    One tracker serves one camera and keeps its state. Identities are positive and never given
    twice in a tracker's life, not even after `reset`. It may have `warnings()`, as
    `serving.pipeline.Warns` says.
    """

    def update(self, detections: Detections, at_s: float) -> Tracks:
        """The people in view at `at_s`, from that frame's detections.

        Must be called for every processed frame, also for one without detections. `at_s` is the
        frame's capture time in seconds; frames may come at any and at changing rates.
        """
        ...

    def reset(self) -> None:
        """Forget all tracks, as after a camera was moved or a recording changed."""
        ...
