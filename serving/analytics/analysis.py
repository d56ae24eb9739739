"""What every analysis offers to the pipeline, and the point of a person that it goes by."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from serving.core.boxes import foot_points
from serving.core.detections import OBSERVED_COLUMN, Tracks
from serving.core.errors import ConfigError
from serving.core.events import Event


class Analysis(Protocol):
    """Turns the tracks of one camera into events. Keeps state, and forgets tracks that are gone.

    It may have `warnings()`, as `serving.pipeline.Warns` says.
    """

    def update(self, tracks: Tracks, at_s: float) -> list[Event]:
        """The events that the tracks at `at_s` (seconds) bring; times never run backwards."""
        ...

    def finish(self, at_s: float) -> list[Event]:
        """The events that the end of the stream brings, such as stays that were still going on."""
        ...


class Anchor(StrEnum):
    """The point of a box that stands for the person."""

    FOOT = "foot"
    """Middle of the lower edge: on the floor, and hidden when something stands in front."""
    CENTRE = "centre"
    """Middle of the box: steadier, half a person above the floor."""
    HEAD = "head"
    """Middle of the upper edge: seen longest in a crowd."""


def anchor_points(tracks: Tracks, anchor: Anchor) -> NDArray[np.float64]:
    """(N, 2) the anchor of each track, in image pixels."""
    box_px = tracks.xyxy_px.astype(np.float64)
    points = foot_points(box_px)
    if anchor is Anchor.CENTRE:
        points[:, 1] = (box_px[:, 1] + box_px[:, 3]) / 2
    elif anchor is Anchor.HEAD:
        points[:, 1] = box_px[:, 1]
    return np.asarray(points)


def seen_rows(tracks: Tracks) -> NDArray[np.bool_]:
    """(N,) which tracks were seen in this frame; all, where the tracker does not tell."""
    observed: NDArray[Any] | None = tracks.detections.columns.get(OBSERVED_COLUMN)
    return np.ones(len(tracks), np.bool_) if observed is None else observed.astype(np.bool_)


def check_amounts(camera_id: str, **amounts: float) -> None:
    """Refuse options that are negative or not a number.

    Raises:
        ConfigError: names the camera and the option.
    """
    for name, amount in amounts.items():
        if not amount >= 0:
            raise ConfigError(f"camera '{camera_id}', {name}: expected zero or more, got {amount}")
