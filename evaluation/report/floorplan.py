"""The floor from above, in metres: where people spent their time, with the places watched."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from evaluation.report.charts import element, picture
from evaluation.report.pictures import FloorHeat, heat_colour, line_name, zone_name
from serving.core.geometry import Homography
from serving.core.zones import Line, Zone

_WIDTH = 420
_INSET = 30
_LEGEND_HEIGHT = 34
_MOST_HEIGHT = 460
_MARGIN_M = 1.0
_SHARE_SHOWN = 0.99
"""Of the time spent; what lies outside the plan is a walk-on or a false alarm far away."""
_VIEW_STEPS = 24
"""Points along each border of the picture: a straight border may bend where it is cut off."""


def floor_plan(
    heat: FloorHeat,
    floor: Homography,
    image_size_hw: tuple[int, int],
    lines: Sequence[Line],
    zones: Sequence[Zone],
    alt: str,
) -> Markup:
    """The heatmap on a plan in metres, with the camera's view, lines, zones and a colour scale.

    The plan is never a mirror image: its y axis points up or down as the calibration has it.
    """
    frame = _PlanFrame(heat, floor, image_size_hw)
    parts = [
        element("rect", x=0, y=0, width=_WIDTH, height=frame.height, class_="floor"),
        element("path", d=frame.path(_view_outline(floor, image_size_hw)) + "Z", class_="view"),
        *_cells(heat, frame),
        *_grid(frame),
    ]
    for zone in zones:
        corners = frame.to_plan(floor.to_floor(np.asarray(zone.polygon_px, np.float64)))
        if not np.isfinite(corners).all():  # reaches above the horizon: not a place on the floor
            continue
        parts.append(element("path", d=_joined(corners) + "Z", class_="zone"))
        parts.append(zone_name(zone.name, corners))
    for line in lines:
        ends = frame.to_plan(floor.to_floor(np.array([line.start_px, line.end_px], np.float64)))
        if not np.isfinite(ends).all():
            continue
        parts.append(element("path", d=_joined(ends), class_="line"))
        parts.append(line_name(line.name, ends))
    plan = element("svg", *parts, x=0, y=0, width=_WIDTH, height=frame.height, overflow="hidden")
    return picture(
        _WIDTH,
        frame.height + _LEGEND_HEIGHT,
        alt,
        plan,
        *_legend(heat, frame.height),
        class_="plan",
    )


class _PlanFrame:
    """Where floor metres lie on the plan: nearly all of the time spent, at one scale."""

    def __init__(self, heat: FloorHeat, floor: Homography, image_size_hw: tuple[int, int]) -> None:
        low, high = heat.span_m(_SHARE_SHOWN)
        low, high = low - _MARGIN_M, high + _MARGIN_M
        size_m = high - low
        inner = _WIDTH - 2 * _INSET
        self.units_per_m = min(inner / size_m[0], (_MOST_HEIGHT - 2 * _INSET) / size_m[1])
        self.height = float(size_m[1] * self.units_per_m + 2 * _INSET)
        self.low_m, self.high_m = low, high
        self._left = (_WIDTH - size_m[0] * self.units_per_m) / 2
        centre = np.array([[image_size_hw[1] / 2, image_size_hw[0] * 0.8]])
        # With x right and y down in the picture, a floor seen from above keeps its handedness
        # when the determinant is positive; else its y axis points up.
        self._y_up = bool(np.linalg.det(floor.metres_per_pixel(centre)[0]) < 0)

    def to_plan(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 2) plan units of floor points (N, 2) in metres."""
        x = self._left + (points_m[:, 0] - self.low_m[0]) * self.units_per_m
        from_top = self.high_m[1] - points_m[:, 1] if self._y_up else points_m[:, 1] - self.low_m[1]
        return np.stack([x, _INSET + from_top * self.units_per_m], axis=1)

    def path(self, points_m: NDArray[np.float64]) -> str:
        return _joined(self.to_plan(points_m))


def _view_outline(floor: Homography, image_size_hw: tuple[int, int]) -> NDArray[np.float64]:
    """(N, 2) floor points around what the camera sees, cut a little below the horizon."""
    height, width = image_size_hw
    a, b, c = floor.matrix[2]
    top = 0.0
    if abs(b) > 1e-12:
        horizon = [-(a * x + c) / b for x in (0.0, float(width))]
        reaches = [y for y in horizon if y < height]
        top = max([0.0, *reaches]) + (0.02 * height if max([-1.0, *reaches]) >= 0 else 0.0)
    steps = np.linspace(0, 1, _VIEW_STEPS)
    right, down = steps * width, top + steps * (height - top)
    border = np.concatenate(
        [
            np.stack([right, np.full_like(steps, top)], axis=1),
            np.stack([np.full_like(steps, width), down], axis=1),
            np.stack([right[::-1], np.full_like(steps, height)], axis=1),
            np.stack([np.zeros_like(steps), down[::-1]], axis=1),
        ]
    )
    return floor.to_floor(border)


def _cells(heat: FloorHeat, frame: _PlanFrame) -> list[Markup]:
    side = heat.cell_m * frame.units_per_m
    rows, columns = np.nonzero(heat.seconds)
    centres = np.asarray(heat.origin_m) + (np.stack([columns, rows], axis=1) + 0.5) * heat.cell_m
    corners = frame.to_plan(centres) - side / 2
    return [
        element(
            "rect",
            element("title", f"{seconds:.1f} person-seconds"),
            x=float(x),
            y=float(y),
            width=side + 0.3,
            height=side + 0.3,
            fill=heat_colour(seconds / heat.top_s),
        )
        for (x, y), seconds in zip(corners, heat.seconds[rows, columns].tolist(), strict=True)
    ]


def _grid(frame: _PlanFrame) -> list[Markup]:
    """A line every so many metres, each with its distance."""
    size_m = float((frame.high_m - frame.low_m).max())
    step_m = next((s for s in (1, 2, 5, 10, 20, 50) if size_m / s <= 8), 100)
    parts = []
    for axis in (0, 1):
        low, high = frame.low_m[axis], frame.high_m[axis]
        for tick in range(math.ceil(low / step_m) * step_m, math.floor(high) + 1, step_m):
            ends = np.tile(np.array([frame.low_m, frame.high_m]), 1)
            ends[:, axis] = tick
            (x1, y1), (x2, y2) = frame.to_plan(ends)
            parts.append(
                element(
                    "line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_="mesh"
                )
            )
            if axis == 0:
                x, y, anchor = float(x1), frame.height - 10, "middle"
            else:
                x, y, anchor = float(min(x1, x2)) - 4, float(y1) + 4, "end"
            parts.append(element("text", f"{tick}", x=x, y=y, text_anchor=anchor, class_="metres"))
    parts.append(
        element(
            "text", "metres", x=_WIDTH - 6, y=frame.height - 10, text_anchor="end", class_="metres"
        )
    )
    return parts


def _legend(heat: FloorHeat, top: float) -> list[Markup]:
    """The colour scale with its ends in person-seconds."""
    steps, left, width = 24, 4.0, 150.0
    parts = [
        element(
            "rect",
            x=left + index * width / steps,
            y=top + 8,
            width=width / steps + 0.5,
            height=9,
            fill=heat_colour(index / (steps - 1)),
        )
        for index in range(steps)
    ]
    unit = f"person-seconds a cell of {heat.cell_m:g} m × {heat.cell_m:g} m"
    parts.append(element("text", "0", x=left, y=top + 30))
    parts.append(
        element("text", f"≥ {heat.top_s:.1f}", x=left + width, y=top + 30, text_anchor="end")
    )
    parts.append(element("text", unit, x=left + width + 10, y=top + 16))
    return parts


def _joined(points: NDArray[np.float64]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
