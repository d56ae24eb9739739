"""Frames in which something moves."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.sampling.footage import Shot
from datasets.sampling.way import Choice, Gap, above_zero
from serving.core.errors import ConfigError

Grey = NDArray[np.float32]

_WIDTH_PX = 160
_NEIGHBOURHOOD_PX = 12.0
"""Standard deviation of the neighbourhood that a pixel is compared with, at that width."""
_NOISE = 2.0
"""Grey values that the camera's noise may reach at that size."""
_FAINT = 0.06
"""Contrast, as a share of the brightness, below which a surface counts as even."""
_PARTS_WH = (8, 6)
_CHANGED_PART = 0.03
"""Share of changed pixels that makes a part a changed one."""


class Motion:
    """Frames in which enough of the picture differs from what stood there before.

    The picture is made small and each pixel is put in relation to its neighbourhood: a lamp or a
    cloud changes brightness and contrast of a place and leaves that relation as it is. What is
    compared with is a background that follows the picture slowly. Where something changed nearly
    everywhere, the camera was moved or dazzled: the background starts anew and the frame is not
    chosen.

    Args:
        min_share: of the pixels that must have changed.
        max_spread: share of the picture's parts with a change, from which on it is the camera and
            not something in front of it.
        gap_s: least time between two frames that are chosen.
        background_s: how slowly the background follows.
        contrast: by how much a pixel's relation to its neighbourhood must change, in standard
            deviations of that neighbourhood.

    Raises:
        ConfigError: an option is out of its range.
    """

    TAG = "motion"

    def __init__(
        self,
        min_share: float = 0.004,
        max_spread: float = 0.65,
        gap_s: float = 1.0,
        background_s: float = 5.0,
        contrast: float = 0.9,
    ) -> None:
        if not (0 < min_share < 1 and 0 < max_spread <= 1):
            raise ConfigError(
                "motion: expected min_share inside (0, 1) and max_spread in (0, 1], "
                f"got {min_share} and {max_spread}"
            )
        self._min_share, self._max_spread = min_share, max_spread
        self._background_s = above_zero("background_s", background_s)
        self._contrast = above_zero("contrast", contrast)
        self._gap = Gap(gap_s)
        self._background: Grey | None = None
        self._last_s = 0.0

    def see(self, shot: Shot) -> Iterator[Choice]:
        """This frame, where something moves in it."""
        share = self.changed_share(shot.frame.image, shot.frame.captured_at)
        if share >= self._min_share and self._gap.is_over(shot.frame.captured_at):
            yield Choice.of(shot, self.TAG)

    def end(self) -> Iterator[Choice]:
        """The next footage has another background."""
        self._background = None
        self._gap.forget()
        yield from ()

    def finish(self) -> Iterator[Choice]:
        """Nothing is open."""
        yield from ()

    def changed_share(self, image: NDArray[np.uint8], at_s: float) -> float:
        """The share of pixels that differ from the background, which then follows.

        0 for the first picture, and where something has changed nearly everywhere.
        """
        relief = _relief(image)
        background, passed_s = self._background, at_s - self._last_s
        self._last_s = at_s
        if background is None or background.shape != relief.shape:
            self._background = relief
            return 0.0
        # Single pixels are noise; what moves is larger.
        changed = (np.abs(relief - background) > self._contrast).astype(np.uint8)
        changed = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        if _spread(changed) > self._max_spread:
            self._background = relief
            return 0.0
        pace = 1 - math.exp(-max(passed_s, 0.0) / self._background_s)
        self._background = background + np.float32(pace) * (relief - background)
        return float(changed.mean())


def _spread(changed: NDArray[np.uint8]) -> float:
    """The share of the picture's parts in which more than single pixels have changed."""
    shares = cv2.resize(changed.astype(np.float32), _PARTS_WH, interpolation=cv2.INTER_AREA)
    return float((shares > _CHANGED_PART).mean())


def _relief(image: NDArray[np.uint8]) -> Grey:
    """(h, w) float32: each pixel's brightness relative to its neighbourhood, in its deviations."""
    height, width = image.shape[:2]
    size = (_WIDTH_PX, max(1, round(_WIDTH_PX * height / width)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    mean = cv2.GaussianBlur(grey, (0, 0), _NEIGHBOURHOOD_PX)
    around = cv2.GaussianBlur((grey - mean) ** 2, (0, 0), _NEIGHBOURHOOD_PX)
    relief: Grey = (grey - mean) / (np.sqrt(around) + _FAINT * mean + _NOISE)
    return relief
