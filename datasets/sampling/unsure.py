"""Frames in which the detector is unsure of what it sees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.sampling.footage import Shot
from datasets.sampling.way import Choice, Detects, Gap, above_zero
from serving.core.boxes import iou
from serving.core.detections import Detections
from serving.core.errors import ConfigError
from serving.core.frame import Frame

_SAME_IOU = 0.5
"""Overlap from which two boxes are the same person."""


@dataclass(frozen=True, slots=True)
class _Doubtful:
    shot: Shot
    doubt: float


class Unsure:
    """The most doubtful frame of every few seconds, where there is enough doubt in it.

    Two things are doubt: a score near the threshold, and a person who is seen in the picture and
    not in its mirror image or a smaller copy of it, or with another score (the consistency of
    Elezi et al., Not All Labels Are Equal, CVPR 2022). The doubts of all people are added: each
    of them is something to learn.

    Args:
        detector: reports scores well below `threshold`.
        threshold: the score from which the model is believed.
        band: scores this far from it are no longer doubtful.
        min_doubt: what a frame needs; 1 is one person of whom nothing is known.
        window_s: of how many seconds the most doubtful frame is taken; two of them are at least
            half as far apart.
        look_s: how often the model is asked.
        scale: of the smaller copy; 1 leaves it out.

    Raises:
        ConfigError: an option is out of its range.
    """

    TAG = "unsure"

    def __init__(
        self,
        detector: Detects,
        threshold: float = 0.5,
        band: float = 0.25,
        min_doubt: float = 1.0,
        window_s: float = 4.0,
        look_s: float = 0.5,
        scale: float = 0.75,
    ) -> None:
        if not (0 < band < 1 and 0 < threshold < 1 and 0 < scale <= 1):
            raise ConfigError(
                "unsure: expected band and threshold inside (0, 1) and scale in (0, 1], "
                f"got {band}, {threshold} and {scale}"
            )
        self._detector, self._threshold, self._band = detector, threshold, band
        self._min_doubt = above_zero("min_doubt", min_doubt)
        self._window_s = above_zero("window_s", window_s)
        self._scale = scale
        self._look = Gap(look_s)
        self._opened_s, self._chosen_s = 0.0, -math.inf
        self._best: _Doubtful | None = None

    def see(self, shot: Shot) -> Iterator[Choice]:
        """The most doubtful frame of the window that this frame closes."""
        at_s = shot.frame.captured_at
        if self._best is not None and at_s - self._opened_s >= self._window_s:
            yield from self._close()
        if at_s - self._chosen_s < self._window_s / 2 or not self._look.is_over(at_s):
            return
        doubt = self.doubt(shot.frame)
        if doubt < self._min_doubt:
            return
        if self._best is None:
            self._opened_s = at_s
        if self._best is None or doubt > self._best.doubt:
            self._best = _Doubtful(shot, doubt)

    def end(self) -> Iterator[Choice]:
        """The most doubtful frame of the last window."""
        yield from self._close()
        self._look.forget()
        self._chosen_s = -math.inf

    def finish(self) -> Iterator[Choice]:
        """Nothing is open."""
        yield from ()

    def doubt(self, frame: Frame) -> float:
        """How unsure the model is of a frame: about so many people of whom nothing is known."""
        seen = self._detector.detect([frame])[0]
        others = [_mirrored_back(self._detector.detect([_mirrored(frame)])[0], frame)]
        if self._scale < 1:
            others.append(self._seen_smaller(frame))
        doubt = self._near_threshold(seen.score)
        for other in others:
            doubt = np.maximum(doubt, self._disagreement(seen, other))
        alone = sum(self._seen_by_one(other, seen) for other in others) / len(others)
        return float(doubt.sum() + alone)

    def _near_threshold(self, score: NDArray[np.float32]) -> NDArray[np.float32]:
        away = np.abs(score - np.float32(self._threshold)) / np.float32(self._band)
        return np.clip(1 - away, 0, 1).astype(np.float32)

    def _disagreement(self, seen: Detections, other: Detections) -> NDArray[np.float32]:
        """(N,) by how much the other look scores each person otherwise."""
        overlap = iou(seen.xyxy_px, other.xyxy_px)
        best = np.where(overlap >= _SAME_IOU, other.score[None, :], 0.0).max(axis=1, initial=0.0)
        differs = np.abs(self._belief(seen.score) - self._belief(best))
        return differs.astype(np.float32)

    def _seen_by_one(self, other: Detections, seen: Detections) -> float:
        """The people whom only the other look shows, by how much it believes in them."""
        overlap = iou(other.xyxy_px, seen.xyxy_px)
        is_alone = overlap.max(axis=1, initial=0.0) < _SAME_IOU
        return float(self._belief(other.score[is_alone]).sum())

    def _belief(self, score: NDArray[np.float32]) -> NDArray[np.float32]:
        """From 0, no one, to 1, a person: scores at the ends of the band and beyond are certain."""
        low = np.float32(self._threshold - self._band)
        return np.clip((score - low) / np.float32(2 * self._band), 0, 1)

    def _seen_smaller(self, frame: Frame) -> Detections:
        """What the detector sees in a smaller copy, in pixels of the frame.

        The copy lies on a canvas of the same size: a detector that fits pictures to its input would
        else make it large again.
        """
        canvas = np.full_like(frame.image, 114)
        height, width = frame.image_size_hw
        size_wh = max(1, round(width * self._scale)), max(1, round(height * self._scale))
        small = cv2.resize(frame.image, size_wh, interpolation=cv2.INTER_AREA)
        canvas[: size_wh[1], : size_wh[0]] = small
        seen = self._detector.detect([replace(frame, image=canvas)])[0]
        ratio = np.float32([width / size_wh[0], height / size_wh[1]] * 2)
        return Detections(seen.xyxy_px * ratio, seen.score, seen.class_id)

    def _close(self) -> Sequence[Choice]:
        best, self._best = self._best, None
        if best is None:
            return ()
        self._chosen_s = best.shot.frame.captured_at
        return (Choice.of(best.shot, self.TAG),)


def _mirrored(frame: Frame) -> Frame:
    return replace(frame, image=np.ascontiguousarray(frame.image[:, ::-1]))


def _mirrored_back(seen: Detections, frame: Frame) -> Detections:
    xyxy_px = seen.xyxy_px.copy()
    xyxy_px[:, [0, 2]] = frame.image_size_hw[1] - xyxy_px[:, [2, 0]]
    return Detections(xyxy_px, seen.score, seen.class_id)
