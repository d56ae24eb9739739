"""`task=floor`: a camera's calibration beside floor positions that others measured.

Both floors have an origin and axes of their own, so ours is laid on theirs by least squares first
(Umeyama, Least-squares estimation of transformation parameters between two point patterns, 1991):
turned and moved, which leaves our metre as it is, and scaled too, which tells whether the shape of
the floor is right and how long our metre is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.formats import mot
from evaluation.figure import Figure, Metric, Task
from evaluation.metrics.overlap import exact_xywh
from evaluation.request import Parts, Request
from evaluation.result import EvaluationResult
from evaluation.sample_truth import DATASET, require_public_truth
from evaluation.targets import Verdict
from serving.core.errors import ConfigError, LabelError

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alignment:
    """`scale` times our floor fits theirs; `distance_m` (N,) is what remains at each point."""

    scale: float
    distance_m: Points


def evaluate_floor(request: Request, parts: Parts) -> EvaluationResult:
    """Distances between where people stand by our calibration and by the truth's own positions.

    Raises:
        ConfigError: no site, or a camera without calibration.
        LabelError: the truth is not at hand, or has no positions on the floor.
    """
    name, camera = parts.camera(request)
    floor = camera.floor()
    if floor is None:
        raise ConfigError(
            f"camera '{name}': expected a calibration, got none ({parts.site_origin})"
        )
    path = request.gt or require_public_truth()
    boxes = [tracks.detections for tracks in mot.read_truth(path).frames.values()]
    if not all(mot.WORLD_COLUMN in found.columns for found in boxes):
        raise LabelError(f"{path}: expected floor metres in columns 8 and 9, got none")
    xywh = np.concatenate([exact_xywh(found) for found in boxes])
    theirs_m = np.concatenate([found.columns[mot.WORLD_COLUMN] for found in boxes])
    ours_m = floor.to_floor(xywh[:, :2] + xywh[:, 2:] * (0.5, 1.0))
    below_horizon = np.isfinite(ours_m).all(axis=1)
    ours_m, theirs_m = ours_m[below_horizon], theirs_m[below_horizon]
    dataset = request.dataset or (DATASET if request.gt is None else str(request.gt))
    figures: list[Figure] = []
    for how, scaled in (("turned and moved", False), ("scaled too", True)):
        found = align(ours_m, theirs_m, scaled)
        values = {
            Metric.FLOOR_DISTANCE_MEAN: found.distance_m.mean(),
            Metric.FLOOR_DISTANCE_P95: np.percentile(found.distance_m, 95),
        }
        about = len(ours_m), "true boxes", f"{dataset}, {how}"
        figures += [Figure(metric, float(m), *about, unit="m") for metric, m in values.items()]
    figures.append(Figure(Metric.FLOOR_SCALE, found.scale, *about, unit="ratio"))
    return EvaluationResult(
        request.task.value,
        figures[0].dataset,
        tuple(Verdict(figure, task=Task.FLOOR) for figure in figures),
        inputs={"gt": str(path), "site": parts.site_origin, "camera": name},
    )


def align(ours_m: Points, theirs_m: Points, scaled: bool) -> Alignment:
    """Lay our points (N, 2) on theirs: turned, moved and, where asked for, scaled; not mirrored."""
    ours, theirs = ours_m - ours_m.mean(axis=0), theirs_m - theirs_m.mean(axis=0)
    left, stretch, right = np.linalg.svd(ours.T @ theirs)
    sign = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    scale = float(stretch @ sign / (ours**2).sum()) if scaled else 1.0
    fitted = scale * ours @ (left * sign) @ right
    return Alignment(scale, np.linalg.norm(fitted - theirs, axis=1))
