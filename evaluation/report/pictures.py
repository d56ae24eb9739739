"""Drawings on top of what a camera sees and of the floor: tracks, heat, routes, lines and zones.

A picture is a JPEG inside the page with the drawing as SVG over it, in the camera's pixels.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from evaluation.report.charts import element, picture
from serving.core.detections import Tracks
from serving.core.errors import LabelError
from serving.core.events import HeatmapTile
from serving.core.geometry import Homography
from serving.core.zones import Line, Zone

Image = NDArray[np.uint8]
Trails = Mapping[int, NDArray[np.float64]]
"""Where each track's foot was lately: (P, 2) pixels by track id, oldest first."""

_JPEG_QUALITY = 78
_DIMMED = 0.62
_NUM_TRACK_COLOURS = 7
_HEAT_LEVELS = 24
_DARKEST = 70
_COLOURS = cv2.applyColorMap(
    np.linspace(_DARKEST, 255, _HEAT_LEVELS).astype(np.uint8)[:, None], cv2.COLORMAP_INFERNO
)[:, 0]
"""Inferno: reads in grey and for the colour-blind; without its blacks, which would hide cells."""


@dataclass(frozen=True, slots=True, eq=False)
class FloorHeat:
    """Person-seconds by floor cell: `seconds` (rows, columns) from `origin_m` along x and y."""

    seconds: NDArray[np.float64]
    cell_m: float
    origin_m: tuple[float, float]

    @classmethod
    def from_tiles(cls, tiles: Sequence[HeatmapTile]) -> FloorHeat | None:
        """The sum of a camera's tiles, cut to the cells that anyone stood on; None without any.

        Raises:
            LabelError: tiles of different grids.
        """
        total: dict[tuple[int, int], float] = {}
        for tile in tiles:
            if (tile.cell_m, tile.origin_m) != (tiles[0].cell_m, tiles[0].origin_m):
                raise LabelError(
                    f"camera '{tile.camera_id}', heatmap at {tile.at_s:g} s: expected cells of "
                    f"{tiles[0].cell_m} m from {tiles[0].origin_m}, got {tile.cell_m} m from "
                    f"{tile.origin_m}"
                )
            for column, row, seconds in tile.cells:
                total[column, row] = total.get((column, row), 0.0) + seconds
        if not total:
            return None
        places = np.array(list(total))
        first, last = places.min(axis=0), places.max(axis=0)
        grid = np.zeros((last[1] - first[1] + 1, last[0] - first[0] + 1))
        grid[places[:, 1] - first[1], places[:, 0] - first[0]] = list(total.values())
        cell_m, (x_m, y_m) = tiles[0].cell_m, tiles[0].origin_m
        origin_m = (x_m + float(first[0]) * cell_m, y_m + float(first[1]) * cell_m)
        return cls(grid, cell_m, origin_m)

    @property
    def top_s(self) -> float:
        """The value that gets the brightest colour: exceeded by 1 % of the visited cells."""
        return float(np.percentile(self.seconds[self.seconds > 0], 99))

    def span_m(self, share: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper corner, (2,) each, of where that share of the time was spent.

        Along each axis the same small time is left out at both ends, so that a false alarm far
        away does not shrink the plan of everything else.
        """
        ends = []
        for axis in (0, 1):  # columns lie along x, rows along y
            along = self.seconds.sum(axis=axis).cumsum() / self.seconds.sum()
            first = int(np.searchsorted(along, (1 - share) / 2, side="right"))
            last = int(np.searchsorted(along, (1 + share) / 2 - 1e-12))
            ends.append((first, last + 1))
        low, high = np.array(ends, np.float64).T
        origin = np.asarray(self.origin_m)
        return origin + low * self.cell_m, origin + high * self.cell_m

    def at(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) person-seconds of the cells under floor points (N, 2); 0 outside the grid."""
        with np.errstate(invalid="ignore"):
            cells = np.floor((points_m - np.asarray(self.origin_m)) / self.cell_m)
        rows, columns = self.seconds.shape
        inside = ((cells >= 0) & (cells < (columns, rows))).all(axis=1)
        found = np.zeros(len(points_m))
        column, row = cells[inside].astype(np.intp).T
        found[inside] = self.seconds[row, column]
        return found


def over_frame(image: Image, alt: str, *drawing: str) -> Markup:
    """The image with a drawing in its pixels over it."""
    height, width = image.shape[:2]
    base = element("image", href=_data_uri(image), width=width, height=height)
    return picture(width, height, alt, base, *drawing, class_="camera")


def subdued(image: Image) -> Image:
    """The image in dark greys, as ground for coloured drawings."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    darker = (grey * _DIMMED).astype(np.uint8)
    return np.repeat(darker[:, :, None], 3, axis=2)


def tracks_drawing(tracks: Tracks, trails: Trails) -> list[Markup]:
    """Boxes with their identities, and the way that each came."""
    parts = []
    for track_id, xyxy_px in zip(tracks.track_id.tolist(), tracks.xyxy_px.tolist(), strict=True):
        left, top, right, bottom = xyxy_px
        class_ = f"track track-{track_id % _NUM_TRACK_COLOURS}"
        if len(trails.get(track_id, ())) > 1:
            parts.append(element("path", d=_path(trails[track_id]), class_=f"{class_} trail"))
        parts.append(
            element("rect", x=left, y=top, width=right - left, height=bottom - top, class_=class_)
        )
        parts.append(element("text", str(track_id), x=left + 2, y=top - 4, class_=class_))
    return parts


def places_drawing(
    lines: Sequence[Line], zones: Sequence[Zone], named: bool = True
) -> list[Markup]:
    """Counting lines with an arrow to their `in` side, and zones; with their names where asked."""
    parts = []
    for zone in zones:
        corners = np.asarray(zone.polygon_px, np.float64)
        parts.append(element("path", d=f"{_path(corners)}Z", class_="zone"))
        if named:
            parts.append(zone_name(zone.name, corners))
    for line in lines:
        start, end = np.asarray(line.start_px, np.float64), np.asarray(line.end_px, np.float64)
        middle = (start + end) / 2
        # `in` lies to the right of someone who walks from start to end: with y down, (-dy, dx).
        across = np.array([start[1] - end[1], end[0] - start[0]]) / line.length_px
        parts.append(element("path", d=_path(np.stack([start, end])), class_="line"))
        parts.append(arrow(np.stack([middle, middle + 26 * across]), 3.0, "line"))
        if named:
            parts.append(line_name(line.name, np.stack([start, end])))
    return parts


def zone_name(name: str, corners: NDArray[np.float64]) -> Markup:
    """The name of a zone, amid its corners (P, 2)."""
    x, y = (float(value) for value in corners.mean(axis=0))
    return element("text", name, x=x, y=y, class_="place of-zone", text_anchor="middle")


def line_name(name: str, ends: NDArray[np.float64]) -> Markup:
    """The name of a line, above the upper of its ends (2, 2)."""
    x, y = (float(value) for value in ends[ends[:, 1].argmin()])
    return element("text", name, x=x, y=max(y - 6, 14.0), class_="place", text_anchor="middle")


def arrow(points: NDArray[np.float64], width: float, class_: str) -> Markup:
    """A line through points (P, 2) that ends in a head, whose tip is the last point."""
    size = 2.2 * width + 4
    tip = points[-1]
    far = np.flatnonzero(np.linalg.norm(points - tip, axis=1) > size)
    before = points[far[-1]] if len(far) else points[0]
    ahead = (tip - before) / max(float(np.hypot(*(tip - before))), 1e-9)
    aside = np.array([-ahead[1], ahead[0]])
    neck = tip - ahead * size
    wings = np.stack([neck + aside * size * 0.6, tip, neck - aside * size * 0.6])
    body = np.concatenate([points[: far[-1] + 1] if len(far) else points[:1], [neck]])
    shaft = element("path", d=_smooth_path(body), class_=f"{class_} shaft", stroke_width=width)
    head = element("path", d=f"{_path(wings)}Z", class_=f"{class_} head")
    return Markup("{}{}").format(shaft, head)


def way(points: NDArray[np.float64], class_: str) -> Markup:
    """A thin line through points (P, 2)."""
    return element("path", d=_path(points), class_=class_)


def badge(at_px: NDArray[np.float64], number: int, class_: str) -> Markup:
    """A number in a disc."""
    x, y = (float(value) for value in at_px)
    disc = element("circle", cx=x, cy=y, r=13, class_=class_)
    text = element("text", str(number), x=x, y=y + 5, text_anchor="middle", class_=class_)
    return Markup("{}{}").format(disc, text)


def heated(image: Image, heat: FloorHeat, floor: Homography) -> Image:
    """The image in greys with each floor cell that people stood on in the colour of its time."""
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x.ravel(), y.ravel()], axis=1) + 0.5
    # Past the horizon the homography maps to the floor behind the camera, which it cannot see.
    depth = pixels @ floor.matrix[2, :2] + floor.matrix[2, 2]
    seen = np.sign(depth) == np.sign(
        np.array([width / 2, height]) @ floor.matrix[2, :2] + floor.matrix[2, 2]
    )
    seconds = np.where(seen, heat.at(floor.to_floor(pixels)), 0.0)
    share = np.clip(seconds / heat.top_s, 0, 1)
    colour = _COLOURS[np.rint(share * (_HEAT_LEVELS - 1)).astype(np.intp)]
    alpha = np.where(seconds > 0, 0.45 + 0.45 * share, 0.0)[:, None]
    ground = subdued(image).reshape(-1, 3)
    blended = ground * (1 - alpha) + colour * alpha
    return np.asarray(np.rint(blended).astype(np.uint8).reshape(image.shape))


def heat_colour(share: float) -> str:
    """The colour, as `#rrggbb`, for a share in [0, 1] of the longest time."""
    blue, green, red = _COLOURS[round(min(max(share, 0.0), 1.0) * (_HEAT_LEVELS - 1))]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _data_uri(image: Image) -> str:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def _path(points: NDArray[np.float64]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _smooth_path(points: NDArray[np.float64]) -> str:
    """A curve from the first point to the last that takes the corners of the others off."""
    middles = (points[1:-2] + points[2:-1]) / 2
    curves = [
        f"Q{corner[0]:.1f} {corner[1]:.1f} {to[0]:.1f} {to[1]:.1f}"
        for corner, to in zip(points[1:-2], middles, strict=True)
    ]
    return "".join([_path(points[:1]), *curves, *(f"L{x:.1f} {y:.1f}" for x, y in points[-2:])])
