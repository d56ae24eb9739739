"""An online tracker that associates in two stages, confident detections first, in seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.core.detections import (
    CONFIDENCE_COLUMN,
    OBSERVED_COLUMN,
    XYWH_COLUMN,
    Detections,
    Tracks,
)
from serving.core.errors import ConfigError
from serving.core.geometry import Homography
from serving.tracking import similarity
from serving.tracking.assignment import assign
from serving.tracking.motion import BoxMotion, Floats, MotionNoise
from serving.tracking.roster import Roster
from serving.tracking.sighting import Sighting

_SHARES = (
    "high_score", "low_score", "birth_score", "min_overlap", "min_overlap_low", "duplicate_iou"
)  # fmt: skip
_AMOUNTS = (
    "moved_heights", "lost_s", "coast_s", "continue_s", "buffer", "height_weight",
    "hidden_weight", "max_speed_mps", "floor_slack_m", "appearance_weight",
)  # fmt: skip

_OF_THE_DETECTION = (XYWH_COLUMN, CONFIDENCE_COLUMN)
"""Columns that repeat a detection's box and score: a track has its own."""

Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(kw_only=True, slots=True, eq=False)
class TwoStageTracker:
    """Follows people by motion and overlap, and by floor position and appearance where given.

    Per frame: every track is moved ahead by a constant-velocity filter; confident detections are
    paired with tracks by the overlap of widened boxes; doubtful ones may then only continue tracks
    that were seen a moment ago (Zhang et al., ByteTrack, ECCV 2022); what is confident and left
    starts new tracks. A track that is not seen is reported along its prediction for `coast_s` and
    can be found again for `lost_s`.

    All durations are seconds and all noise is in box heights, so one setting serves cameras of
    different frame rates and sizes. Below about one frame a second motion no longer tells people
    apart.

    Args:
        floor: maps the picture to the floor. Where given, a track cannot jump further than
            `floor_slack_m` plus what someone at `max_speed_mps` covers since its last sighting,
            beyond what hidden feet explain.
        high_score: detections from here on are associated first.
        low_score: detections below this are ignored.
        birth_score: a new track needs a detection this confident.
        num_sightings: sightings after which a track is reported.
        moved_heights: a track that has not moved so far yet, in heights of its box, is reported
            only while its mean score reaches `birth_score`: people move, false alarms stay.
        lost_s: how long an unseen track can be found again.
        coast_s: how long an unseen track is reported at its predicted place.
        continue_s: how recently a track must have been seen for a doubtful detection to
            continue it; a track of the frame before always can be.
        buffer: widening of boxes before comparing them, as a share of their mean side.
        min_overlap: least similarity of a confident pair, in [0, 1].
        min_overlap_low: the same for a doubtful pair.
        height_weight: exponent of the ratio of heights that lowers the overlap; 0 ignores it.
        hidden_weight: what it costs, beside an overlap of 1, to pair a track that is wholly behind
            another: where two people share one detection, it is the front one's.
        duplicate_iou: a detection that overlaps a better one by more is taken for a second box of
            the same person and ignored.
        appearance_weight: what a cosine distance of 1 costs, beside an overlap of 1.
        smooth_size: report seen boxes in their filtered size; False leaves them as detected.
        noise: the motion model's constants.

    Attributes:
        num_clock_resets: how often time ran backwards; each time all tracks were ended.

    Raises:
        ConfigError: an option is out of its range.
    """

    floor: Homography | None = None
    high_score: float = 0.5
    low_score: float = 0.1
    birth_score: float = 0.6
    num_sightings: int = 2
    moved_heights: float = 0.3
    lost_s: float = 5.0
    coast_s: float = 0.5
    continue_s: float = 1.0
    buffer: float = 0.3
    min_overlap: float = 0.2
    min_overlap_low: float = 0.35
    height_weight: float = 1.0
    hidden_weight: float = 0.3
    duplicate_iou: float = 0.45
    max_speed_mps: float = 3.0
    floor_slack_m: float = 1.0
    appearance_weight: float = 0.5
    smooth_size: bool = True
    noise: MotionNoise = field(default_factory=MotionNoise)
    num_clock_resets: int = field(default=0, init=False)
    _motion: BoxMotion = field(init=False, repr=False)
    _roster: Roster = field(init=False, repr=False)
    _last_s: float = field(default=-math.inf, init=False, repr=False)

    def __post_init__(self) -> None:
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                got = getattr(self, name)
                raise ConfigError(f"tracker, {name}: expected a value in [0, 1], got {got}")
        for name in _AMOUNTS:
            if not getattr(self, name) >= 0:
                got = getattr(self, name)
                raise ConfigError(f"tracker, {name}: expected zero or more, got {got}")
        if not self.low_score <= self.high_score <= self.birth_score:
            raise ConfigError(
                f"tracker: expected low_score ≤ high_score ≤ birth_score, "
                f"got {self.low_score}, {self.high_score}, {self.birth_score}"
            )
        if self.num_sightings < 1:
            raise ConfigError(
                f"tracker, num_sightings: expected at least 1, got {self.num_sightings}"
            )
        self._motion = BoxMotion(self.noise)
        self._roster = Roster()

    def reset(self) -> None:
        """Forget all tracks; later ones get fresh identities."""
        self._keep(np.zeros(len(self._roster), np.bool_))
        self._last_s = -math.inf

    def update(self, detections: Detections, at_s: float) -> Tracks:
        """The people in view at `at_s`, from that frame's detections.

        Seen people come with their detection's centre, score and columns; coasted ones with the
        predicted box, a score that falls to zero over `coast_s`, and zeros in the columns. The
        column `observed` tells them apart. Time that runs backwards ends all tracks and is counted.

        Raises:
            ValueError: `at_s` is not finite.
        """
        previous_s = self._advance(at_s)
        sighting = Sighting.of(
            detections,
            low_score=self.low_score,
            duplicate_iou=self.duplicate_iou,
            floor=self.floor,
            embedding_size=self._roster.embedding.shape[1],
        )
        self._roster.expect_embedding(sighting.embedding.shape[1])
        predicted_px = self._motion.boxes_px()
        tracks, found = self._associate(sighting, predicted_px, previous_s)
        self._take_in(tracks, found, sighting, at_s)
        source = np.full(len(self._roster), -1, np.intp)
        source[tracks] = found
        born = self._births(sighting, found)
        if len(born):
            self._add(born, sighting, at_s)
            source = np.concatenate([source, born])
        return self._report(detections, sighting, source, at_s)

    def warnings(self) -> list[str]:
        """Times that ran backwards."""
        if not self.num_clock_resets:
            return []
        return [
            f"tracker: time ran backwards {self.num_clock_resets}×, and whoever was followed "
            "then was counted again"
        ]

    def _advance(self, at_s: float) -> float:
        """Predict all tracks to `at_s`, forget the ones lost; the time of the frame before."""
        if not math.isfinite(at_s):
            raise ValueError(f"at_s: expected a finite time in seconds, got {at_s}")
        if at_s < self._last_s:
            self.reset()
            self.num_clock_resets += 1
        previous_s, self._last_s = self._last_s, at_s
        roster = self._roster
        if len(roster):
            # A newcomer that was not seen again at once was a false alarm.
            newcomer = roster.num_sightings < self.num_sightings
            alive = at_s - roster.seen_s <= self.lost_s
            alive &= ~newcomer | (roster.seen_s >= previous_s)
            if not alive.all():
                self._keep(alive)
            self._motion.predict(at_s - previous_s)
        return previous_s

    def _associate(
        self, sighting: Sighting, predicted_px: Floats, previous_s: float
    ) -> tuple[Rows, Rows]:
        """Rows of the roster and the rows of the sighting that continue them."""
        if not len(self._roster) or not len(sighting):
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        overlap, cost = self._compare(sighting, predicted_px)
        high = sighting.score >= self.high_score
        tracks, found = assign(cost, (overlap >= self.min_overlap) & high)
        if high.all() or len(tracks) == len(self._roster):
            return tracks, found
        recent = self._last_s - self._roster.seen_s <= self.continue_s
        recent |= self._roster.seen_s >= previous_s
        recent[tracks] = False
        doubtful = (overlap >= self.min_overlap_low) & ~high & recent[:, None]
        more_tracks, more_found = assign(cost, doubtful)
        return np.concatenate([tracks, more_tracks]), np.concatenate([found, more_found])

    def _compare(self, sighting: Sighting, predicted_px: Floats) -> tuple[Floats, Floats]:
        """(T, D) similarity in [0, 1], below zero where the floor forbids a pair, and its cost."""
        size_px = self._motion.size_px
        margin_px = (self.buffer / 2) * (size_px[:, 0] + size_px[:, 1])
        overlap = similarity.buffered_iou(predicted_px, sighting.box_px, margin_px)
        if self.height_weight:
            ratio = similarity.height_ratio(predicted_px, sighting.box_px)
            overlap *= ratio if self.height_weight == 1 else ratio**self.height_weight
        cost = -overlap
        roster = self._roster
        if self.hidden_weight and len(roster) > 1:
            cost += self.hidden_weight * similarity.hidden_share(predicted_px)[:, None]
        if roster.embedding.shape[1]:
            alike = similarity.cosine(roster.embedding, sighting.embedding)
            cost -= self.appearance_weight * alike
        if self.floor is not None:
            reach_m = self.floor_slack_m + self.max_speed_mps * (self._last_s - roster.seen_s)
            reach_m = (reach_m + roster.foot_doubt_m)[:, None] + sighting.foot_doubt_m
            jump_m = similarity.floor_distance_m(roster.foot_m, sighting.foot_m)
            overlap[jump_m > reach_m] = -1.0
        return overlap, cost

    def _take_in(self, tracks: Rows, found: Rows, sighting: Sighting, at_s: float) -> None:
        """Correct the tracks by what was found of them."""
        if not len(tracks):
            return
        self._motion.correct(tracks, sighting.centre_px[found], sighting.size_px[found])
        roster = self._roster
        roster.see(tracks, at_s, sighting.score[found])
        roster.foot_m[tracks] = sighting.foot_m[found]
        roster.foot_doubt_m[tracks] = sighting.foot_doubt_m[found]
        roster.blend_embedding(tracks, sighting.embedding[found])

    def _births(self, sighting: Sighting, found: Rows) -> Rows:
        """Rows of the sighting that start tracks: confident and left over."""
        fresh = sighting.score >= self.birth_score
        fresh[found] = False
        return np.flatnonzero(fresh)

    def _add(self, rows: Rows, sighting: Sighting, at_s: float) -> None:
        self._motion.add(sighting.centre_px[rows], sighting.size_px[rows])
        self._roster.add(
            at_s,
            class_id=sighting.class_id[rows],
            score=sighting.score[rows],
            born_px=sighting.centre_px[rows],
            foot_m=sighting.foot_m[rows],
            foot_doubt_m=sighting.foot_doubt_m[rows],
            embedding=sighting.embedding[rows],
        )

    def _keep(self, rows: Mask) -> None:
        self._motion.keep(rows)
        self._roster.keep(rows)

    def _alive(self) -> Mask:
        """(T,) whose score or motion tells a person from a post, a poster or a sign."""
        roster, motion = self._roster, self._motion
        way_px = motion.xy_px - roster.born_px
        reached_px = self.moved_heights * motion.size_px[:, 1]
        roster.moved |= np.hypot(way_px[:, 0], way_px[:, 1]) >= reached_px
        return roster.moved | (roster.mean_score >= self.birth_score)

    def _report(
        self, detections: Detections, sighting: Sighting, source: Rows, at_s: float
    ) -> Tracks:
        """Tracks from the rows of the sighting at `source` (-1: not seen) and from predictions."""
        roster = self._roster
        unseen_s = at_s - roster.seen_s
        shown = (roster.num_sightings >= self.num_sightings) & (unseen_s <= self.coast_s)
        shown &= self._alive()
        source = source[shown]
        observed = source >= 0
        found = source[observed]
        centre_px, size_px = self._motion.xy_px[shown], self._motion.size_px[shown]
        # Detected sizes jitter more than people change; a filtered centre would lag at turns.
        centre_px[observed] = sighting.centre_px[found]
        if not self.smooth_size:
            size_px[observed] = sighting.size_px[found]
        half_px = size_px / 2
        fading = 1 - unseen_s[shown] / max(self.coast_s, 1e-9)
        columns: dict[str, NDArray[Any]] = {OBSERVED_COLUMN: observed}
        for name, values in detections.columns.items():
            if name in _OF_THE_DETECTION:
                continue
            columns[name] = np.zeros((len(source), *values.shape[1:]), values.dtype)
            columns[name][observed] = values[sighting.row[found]]
        return Tracks(
            Detections(
                np.concatenate([centre_px - half_px, centre_px + half_px], axis=1),
                roster.score[shown] * fading,
                roster.class_id[shown],
                columns,
            ),
            roster.track_id[shown],
            at_s - roster.born_s[shown],
        )
