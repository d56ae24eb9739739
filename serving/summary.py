"""What a run did, for the one who started it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from signal import Signals

from rich.table import Table

from serving.core.errors import FootfallError
from serving.core.events import Crossing, Event
from serving.pipeline import Result
from serving.settings import Mode
from serving.streams.source import StreamState

_FORGET_S = 300.0
"""A track that was away for so long does not return; trackers forget it much sooner."""
_SIGNAL_EXIT = 128


@dataclass(slots=True)
class CameraSummary:
    """What one camera gave.

    Attributes:
        num_frames_expected: what its source says it has.
        num_tracks: different people, as far as the tracker knew them again.
        num_too_small: sightings of people who were too far to be reported.
        crossings: by line and direction.
        warnings: what the tracker and the analyses say was lost or looks wrong.
        reason: why it is in its state, in words.
        error: why it failed, None where it did not.
    """

    camera_id: str
    num_frames_expected: int | None = None
    state: StreamState | None = None
    reason: str = ""
    error: Exception | None = None
    num_frames: int = 0
    num_dropped: int = 0
    num_tracks: int = 0
    num_too_small: int = 0
    crossings: Counter[tuple[str, str]] = field(default_factory=Counter)
    warnings: tuple[str, ...] = ()
    _seen_at_s: dict[int, float] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Count one frame's results."""
        at_s = result.at_s
        self.num_frames += 1
        self.num_too_small += result.num_too_small
        ids = result.tracks.track_id.tolist()
        self.num_tracks += sum(track_id not in self._seen_at_s for track_id in ids)
        self._seen_at_s.update(dict.fromkeys(ids, at_s))
        if self.num_frames % 1000 == 0:
            recent = {i: seen for i, seen in self._seen_at_s.items() if at_s - seen < _FORGET_S}
            self._seen_at_s = recent
        self._count(result.events)

    def end(
        self, state: StreamState, reason: str, events: Sequence[Event], error: Exception | None
    ) -> None:
        """Note how the camera ended."""
        self.state, self.reason, self.error = state, reason, error
        self._count(events)

    def _count(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Crossing):
                self.crossings[event.place, event.direction] += 1


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    Attributes:
        stopped_by: the signal that asked it to stop.
        wall_s: how long it took, without loading.
    """

    cameras: tuple[CameraSummary, ...]
    mode: Mode
    stopped_by: Signals | None
    wall_s: float

    @property
    def error(self) -> Exception | None:
        """Why the first of the failed cameras failed."""
        return next((camera.error for camera in self.cameras if camera.error), None)

    @property
    def exit_code(self) -> int:
        """0 when the work was done.

        A failed camera gives its error's code. A replay that a signal stopped gives 128 + signal
        as shells do, since its source was not read to the end; a live run only ever ends so.
        """
        if self.error is not None:
            known = isinstance(self.error, FootfallError)
            return self.error.exit_code if known else FootfallError.exit_code  # type: ignore
        if self.stopped_by is not None and self.mode is Mode.REPLAY:
            return _SIGNAL_EXIT + self.stopped_by
        return 0

    def table(self) -> Table:
        """The figures, a row a camera."""
        table = Table("camera", "state", "frames", "dropped", "people", "crossings", "frames/s")
        for camera in self.cameras:
            counts = [
                f"{place} {direction}: {count}"
                for (place, direction), count in sorted(camera.crossings.items())
            ]
            of = f" of {camera.num_frames_expected}" if camera.num_frames_expected else ""
            table.add_row(
                camera.camera_id,
                self._state(camera),
                f"{camera.num_frames}{of}",
                str(camera.num_dropped),
                str(camera.num_tracks),
                "\n".join(counts) or "–",
                f"{camera.num_frames / self.wall_s:.1f}" if self.wall_s else "–",
            )
        return table

    def notes(self) -> list[str]:
        """What the table has no column for, a line each."""
        notes = []
        for camera in self.cameras:
            name = f"camera '{camera.camera_id}'"
            notes += [f"warning: {name}, {warning}" for warning in camera.warnings]
            if camera.num_too_small:
                notes.append(
                    f"{name}: {camera.num_too_small} sightings of people who are too small in the "
                    "picture for the detector were not reported (min_height_px=0 reports them)"
                )
        return notes

    def _state(self, camera: CameraSummary) -> str:
        """A replay that was stopped has an end that it did not reach; a live run has none."""
        if self.mode is Mode.REPLAY and camera.state is StreamState.STOPPED:
            return "stopped early"
        return str(camera.state)
