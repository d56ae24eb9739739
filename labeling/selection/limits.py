"""How many pictures of one batch may come from one recording, and how close in time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

NOWHERE = -1
"""The view of a picture that names no recording and no camera."""


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """What keeps one place or one moment from filling a batch.

    Args:
        view: (N,) number of the camera or recording of each picture; `NOWHERE` for none.
        at_s: (N,) when it was taken, in seconds; nan where that is not known.
        max_per_view: pictures of one view in a batch; None: any number.
        gap_s: the least time between two pictures of one view, labelled ones among them.
    """

    view: NDArray[np.int64]
    at_s: NDArray[np.float64]
    max_per_view: int | None = None
    gap_s: float = 0.0

    def near(self, row: int) -> NDArray[np.bool_]:
        """(N,) pictures of the same view less than `gap_s` from one; that one is among them."""
        # A comparison with nan is False: what has no time is near nothing.
        is_near = (self.view == self.view[row]) & (np.abs(self.at_s - self.at_s[row]) < self.gap_s)
        if self.view[row] == NOWHERE:
            is_near[:] = False
        is_near[row] = True
        return is_near

    def near_any(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """(N,) pictures that are near one of many."""
        found = np.zeros(len(self.view), np.bool_)
        found[rows] = True
        timed = rows[np.isfinite(self.at_s[rows]) & (self.view[rows] != NOWHERE)]
        for view in np.unique(self.view[timed]):
            times = np.sort(self.at_s[timed[self.view[timed] == view]])
            same = np.flatnonzero((self.view == view) & np.isfinite(self.at_s))
            after = np.searchsorted(times, self.at_s[same])
            gap_before = np.abs(self.at_s[same] - times[np.maximum(after - 1, 0)])
            gap_after = np.abs(self.at_s[same] - times[np.minimum(after, len(times) - 1)])
            found[same] |= np.minimum(gap_before, gap_after) < self.gap_s
        return found


def no_limits(num: int) -> Limits:
    """Limits that limit nothing, for `num` pictures."""
    return Limits(np.full(num, NOWHERE), np.full(num, np.nan))


@dataclass(slots=True)
class Allowance:
    """What may still be picked while a batch grows.

    Args:
        limits: which hold.
        allowed: (N,) what may be picked.
    """

    limits: Limits
    allowed: NDArray[np.bool_]
    _num_taken: Counter[int] = field(default_factory=Counter)

    @classmethod
    def at_start(cls, limits: Limits, is_labelled: NDArray[np.bool_]) -> Allowance:
        """All without a label that are not too near in time to one with a label."""
        return cls(limits, ~limits.near_any(np.flatnonzero(is_labelled)))

    def take(self, row: int) -> None:
        """Count a pick, and close what may no longer be picked beside it."""
        self.allowed &= ~self.limits.near(row)
        view = int(self.limits.view[row])
        self._num_taken[view] += 1
        if view != NOWHERE and self._num_taken[view] == self.limits.max_per_view:
            self.allowed &= self.limits.view != view
