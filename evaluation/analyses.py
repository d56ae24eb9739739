"""The analyses that true and predicted tracks go through: those that the server would run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from evaluation.request import Parts
from serving.analytics.analysis import Analysis
from serving.core.errors import ConfigError
from serving.settings import Camera


def line_counter(camera_id: str, camera: Camera, parts: Parts) -> Callable[[], Analysis]:
    """Makes the camera's line counter, as the server would.

    Raises:
        ConfigError: the camera has no line.
    """
    lines = camera.counting_lines()
    if not lines:
        raise ConfigError(
            f"camera '{camera_id}': expected a counting line, got none ({parts.site_origin})"
        )
    return functools.partial(_analysis(parts, "counting"), camera_id=camera_id, lines=lines)


def heatmap(camera_id: str, camera: Camera, parts: Parts) -> Callable[[], Analysis]:
    """Makes the camera's heatmap, as the server would.

    Raises:
        ConfigError: the camera is not calibrated.
    """
    floor = camera.floor()
    if floor is None:
        raise ConfigError(
            f"camera '{camera_id}': expected a calibration, got none ({parts.site_origin})"
        )
    return functools.partial(_analysis(parts, "heatmap"), camera_id=camera_id, floor=floor)


def _analysis(parts: Parts, name: str) -> Callable[..., Any]:
    analyses = parts.build("analytics")
    if name not in analyses:
        raise ConfigError(
            f"key 'analytics' (conf/analytics/): expected an analysis '{name}', "
            f"got {sorted(analyses)}"
        )
    return analyses[name]  # type: ignore[no-any-return]
