"""People drawn by hand: tracks from the places of their feet."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from serving.core.detections import OBSERVED_COLUMN, Detections, Tracks

TracksAt = Callable[..., Tracks]


@pytest.fixture
def tracks_at() -> TracksAt:
    """Builds tracks from foot points by track id; people are 100 px high and 40 px wide.

    `predicted` names the tracks that the tracker did not see but coasts.
    """

    def build(
        feet_px: Mapping[int, tuple[float, float]], predicted: tuple[int, ...] = ()
    ) -> Tracks:
        box_px = [(x - 20, y - 100, x + 20, y) for x, y in feet_px.values()]
        observed = np.array([i not in predicted for i in feet_px], np.bool_)
        detections = Detections(
            box_px, np.full(len(feet_px), 0.9), None, {OBSERVED_COLUMN: observed}
        )
        return Tracks(detections, list(feet_px), np.zeros(len(feet_px)))

    return build
