"""The routes that people take through a picture: paths that resemble each other, as one arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from serving.core.events import PathPoint

_NUM_POINTS = 16
"""Points at which two paths are compared, evenly spaced along each."""
_SHORTEST_SHARE = 0.1
_APART_SHARE = 0.14
_MOST_PATHS = 500
"""Beyond, evenly chosen ones stand for all: comparing takes memory that grows with the square."""

Path = NDArray[np.float64]
"""(P, 2) pixels where somebody walked, in the order of time."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """Paths that lead the same way. `path_px` is one of them, the closest to all the others."""

    path_px: Path
    num_people: int


def paths_of(points: Sequence[PathPoint]) -> dict[int, Path]:
    """Each track's path in pixels, by track id."""
    by_track: dict[int, list[PathPoint]] = {}
    for point in points:
        by_track.setdefault(point.track_id, []).append(point)
    return {
        track_id: np.array([p.xy_px for p in sorted(found, key=lambda p: p.at_s)], np.float64)
        for track_id, found in by_track.items()
    }


def main_routes(paths: Mapping[int, Path], image_size_hw: tuple[int, int]) -> list[Route]:
    """The routes that two or more people took, the most used first.

    Paths are compared point by point along their lengths, so opposite directions are two routes;
    two groups of paths are one route while they lie within a seventh of the picture's diagonal of
    each other on average (average linkage). Paths under a tenth of the diagonal lead nowhere.
    """
    diagonal = float(np.hypot(*image_size_hw))
    walked = [path for path in paths.values() if _length(path) >= _SHORTEST_SHARE * diagonal]
    if len(walked) < 2:
        return []
    chosen = np.linspace(0, len(walked) - 1, min(len(walked), _MOST_PATHS)).round().astype(int)
    scale = len(walked) / len(chosen)
    resampled = np.stack([_resampled(walked[index]) for index in chosen])
    distance = np.zeros((len(chosen), len(chosen)))
    for index, path in enumerate(resampled):
        distance[index] = np.linalg.norm(resampled - path, axis=2).mean(axis=1)
    groups = fcluster(
        linkage(squareform(distance, checks=False), "average"), _APART_SHARE * diagonal, "distance"
    )
    routes = []
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        if len(members) > 1:
            central = members[distance[np.ix_(members, members)].sum(axis=1).argmin()]
            routes.append(Route(resampled[central], round(len(members) * scale)))
    return sorted(routes, key=lambda route: -route.num_people)


def _length(path: Path) -> float:
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())


def _resampled(path: Path) -> Path:
    """The path at evenly spaced points along its length."""
    along = np.concatenate([[0.0], np.linalg.norm(np.diff(path, axis=0), axis=1).cumsum()])
    at = np.linspace(0, along[-1], _NUM_POINTS)
    return np.stack([np.interp(at, along, path[:, axis]) for axis in (0, 1)], axis=1)
