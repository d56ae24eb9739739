"""Frames in which a tracker loses people, finds them from nowhere, or mixes them up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from datasets.sampling.footage import Shot
from datasets.sampling.way import Choice, Detects, Gap, above_zero
from serving.core.detections import OBSERVED_COLUMN, Detections, Tracks
from serving.core.errors import ConfigError

LOST, BORN, SHORT, SWAP = "track-lost", "track-born", "track-short", "track-swap"

Box = NDArray[np.float32]


class Follows(Protocol):
    """Follows people; `serving.tracking.tracker.Tracker` says it in full."""

    def update(self, detections: Detections, at_s: float) -> Tracks:
        """The people in view at `at_s`."""
        ...

    def reset(self) -> None:
        """Forget all of them."""
        ...


@dataclass(slots=True)
class _Followed:
    """One track as long as it can still go on.

    Args:
        born_s: when it was first reported.
        is_from_start: it was there, or may have been, when the footage began.
        seen: the last frame that shows it, kept while the track is young.
        missed: the first frame that does not show it any more.
    """

    born_s: float
    is_from_start: bool
    xyxy_px: Box
    seen_s: float
    seen: Shot | None
    missed: Shot | None = None


@dataclass(frozen=True, slots=True)
class _Now:
    """The frame at hand and its time."""

    shot: Shot
    at_s: float
    tracks: Tracks = field(repr=False)

    @property
    def observed(self) -> NDArray[np.bool_]:
        """(N,) which of the tracks are seen and not only predicted."""
        columns = self.tracks.detections.columns
        everything = np.ones(len(self.tracks), np.bool_)
        return np.asarray(columns.get(OBSERVED_COLUMN, everything), np.bool_)


class BrokenTracks:
    """Frames where tracks break inside the picture: people do not appear and vanish there.

    `track-lost`: the first frame that no longer shows someone who was away from the border.
    `track-born`: the first frame of someone who was not there and did not come in.
    `track-swap`: someone is born close to where another was lost a moment ago, or jumps further
    than anyone walks: most likely the tracker gave one person a second identity.
    `track-short`: the last frame of a track that did not live long: a false alarm, or someone whom
    the detector hardly sees.

    Frames are held only while it is open whether a track comes back: one for each track unseen.

    Args:
        detector: finds people.
        tracker: follows them; it is reset between recordings.
        border: width of the border, as a share of the picture's sides.
        lost_s: after this time a track does not come back.
        short_s: a track that lived less is short.
        near_heights: how close to a lost one someone born is the same, in heights of the box.
        max_heights_per_s: how fast anyone moves, in heights of the box.
        period_s: frames that come faster are not looked at.

    Raises:
        ConfigError: an option is out of its range.
    """

    def __init__(
        self,
        detector: Detects,
        tracker: Follows,
        border: float = 0.06,
        lost_s: float = 5.0,
        short_s: float = 1.0,
        near_heights: float = 0.75,
        max_heights_per_s: float = 3.0,
        period_s: float = 0.1,
    ) -> None:
        if not 0 <= border < 0.5:
            raise ConfigError(f"broken tracks: expected border in [0, 0.5), got {border}")
        self._detector, self._tracker, self._border = detector, tracker, border
        self._lost_s = above_zero("lost_s", lost_s)
        self._short_s = above_zero("short_s", short_s)
        self._near_heights = above_zero("near_heights", near_heights)
        self._max_heights_per_s = above_zero("max_heights_per_s", max_heights_per_s)
        self._turn = Gap(period_s)
        self._followed: dict[int, _Followed] = {}
        self._first_s: float | None = None

    def see(self, shot: Shot) -> Iterator[Choice]:
        """The breaks that are clear at this frame."""
        at_s = shot.frame.captured_at
        if not self._turn.is_over(at_s):
            return
        self._first_s = at_s if self._first_s is None else self._first_s
        detections = self._detector.detect([shot.frame])[0]
        now = _Now(shot, at_s, self._tracker.update(detections, at_s))
        seen = np.flatnonzero(now.observed)
        for track_id, box in zip(now.tracks.track_id[seen], now.tracks.xyxy_px[seen], strict=True):
            if int(track_id) in self._followed:
                yield from self._continued(int(track_id), box, now)
            else:
                yield from self._born(int(track_id), box, now)
        yield from self._unseen({int(track_id) for track_id in now.tracks.track_id[seen]}, now)

    def end(self) -> Iterator[Choice]:
        """Forget all tracks: those that the end of the footage cuts off are not broken.

        Those that were unseen then are lost.
        """
        for followed in self._followed.values():
            yield from self._lost(followed)
        self._followed.clear()
        self._tracker.reset()
        self._first_s = None
        self._turn.forget()

    def finish(self) -> Iterator[Choice]:
        """Nothing is open."""
        yield from ()

    def _continued(self, track_id: int, box: Box, now: _Now) -> Iterator[Choice]:
        followed = self._followed[track_id]
        passed_s = now.at_s - followed.seen_s
        reach = self._near_heights + self._max_heights_per_s * passed_s
        if _distance_heights(followed.xyxy_px, box) > reach:
            yield Choice.of(now.shot, SWAP)
        is_young = now.at_s - followed.born_s < self._short_s
        followed.xyxy_px, followed.seen_s, followed.missed = box, now.at_s, None
        followed.seen = now.shot if is_young else None

    def _born(self, track_id: int, box: Box, now: _Now) -> Iterator[Choice]:
        # Trackers report a person after a few sightings: those of the first second were there.
        is_from_start = now.at_s - (self._first_s or 0.0) < self._short_s
        if not is_from_start and self._is_inside(box, now.shot):
            yield Choice.of(now.shot, SWAP if self._was_lost_near(box) else BORN)
        self._followed[track_id] = _Followed(now.at_s, is_from_start, box, now.at_s, now.shot)

    def _unseen(self, seen_ids: set[int], now: _Now) -> Iterator[Choice]:
        for track_id, followed in list(self._followed.items()):
            if track_id in seen_ids:
                continue
            followed.missed = followed.missed or now.shot
            if now.at_s - followed.seen_s > self._lost_s:
                del self._followed[track_id]
                yield from self._lost(followed)

    def _lost(self, followed: _Followed) -> Iterator[Choice]:
        """What a track that does not come back leaves; one that was seen to the end: nothing."""
        if followed.missed is None or not self._is_inside(followed.xyxy_px, followed.missed):
            return
        if followed.seen is not None and not followed.is_from_start:
            yield Choice.of(followed.seen, SHORT)
        else:
            yield Choice.of(followed.missed, LOST)

    def _was_lost_near(self, box: Box) -> bool:
        return any(
            followed.missed is not None
            and _distance_heights(followed.xyxy_px, box) <= self._near_heights
            for followed in self._followed.values()
        )

    def _is_inside(self, box: Box, shot: Shot) -> bool:
        """Whether a box keeps away from the picture's border, by which people come and go."""
        height, width = shot.frame.image_size_hw
        margin_x, margin_y = self._border * width, self._border * height
        left, top, right, bottom = (float(side) for side in box)
        across = left > margin_x and right < width - margin_x
        return across and top > margin_y / 2 and bottom < height - margin_y


def _distance_heights(a_px: Box, b_px: Box) -> float:
    """Between the centres of two boxes, in heights of the larger one."""
    centre_a, centre_b = (a_px[:2] + a_px[2:]) / 2, (b_px[:2] + b_px[2:]) / 2
    height_px = max(a_px[3] - a_px[1], b_px[3] - b_px[1], 1e-3)
    return float(np.hypot(*(centre_a - centre_b)) / height_px)
