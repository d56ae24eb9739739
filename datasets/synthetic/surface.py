"""Surfaces on a head as the picture sees them: which pixels they cover, and what stands there."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.geometry import Floats, Pose

_SHIFT = 4
"""Fractional bits of the corners that OpenCV fills between."""
_FINE_PX = 320
"""Small surfaces are filled at a multiple of their size, up to this, to smooth their edges."""
_MAX_FINE = 4
_MAX_FIELD_PX = 48
"""Fields are smooth: for large surfaces they are computed at this size and enlarged."""
_NUM_TERMS = 10
_RIDGE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A rectangle of a picture: left, top, width, height in pixels."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def around(cls, points_px: Floats, margin_px: float, image_size_hw: tuple[int, int]) -> Window:
        """What a picture shows of the box around points, with a margin; it may be empty."""
        height, width = image_size_hw
        low = np.floor(points_px.reshape(-1, 2).min(axis=0) - margin_px)
        high = np.ceil(points_px.reshape(-1, 2).max(axis=0) + margin_px)
        left, top = (int(v) for v in np.clip(low, 0, (width, height)))
        right, bottom = (int(v) for v in np.clip(high, 0, (width, height)))
        return cls(left, top, max(0, right - left), max(0, bottom - top))

    @property
    def is_empty(self) -> bool:
        """Whether it has no pixel."""
        return self.width < 1 or self.height < 1

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the picture."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A curved sheet over a head.

    Args:
        points: (R, C, 3) in head units, R rows from top to bottom, C columns from left to right as
            a frontal picture shows it; the outside is then the side that faces away from the head.
        coords: (R, C, 2) places on the cloth in the same units, for patterns: across and down.
        two_sided: whether the inside is seen as well, as of a sheet that hangs free.
    """

    points: Floats
    coords: Floats
    two_sided: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What a picture shows of a mesh, over one window.

    Args:
        window: where it stands.
        alpha: (H, W) float32, the share of each pixel that it covers.
        coords: (H, W, 2) float32, the place on the cloth.
        normal: (H, W, 3) float32, the outside's direction along the picture's axes; of about
            unit length, as it is fitted.
        unit_px: pixels of one unit.
    """

    window: Window
    alpha: Floats
    coords: Floats
    normal: Floats
    unit_px: float


def sheet(points: Floats) -> Mesh:
    """A mesh whose cloth lies on it without stretch along its middle row and middle column."""
    rows, columns = points.shape[0] // 2, points.shape[1] // 2
    across = _arc(points[rows])
    across = across - across[columns]
    down = _arc(points[:, columns])
    coords = np.stack(np.meshgrid(across, down), axis=-1)
    return Mesh(points, coords.astype(np.float32))


def _arc(points: Floats) -> Floats:
    steps = points[1:] - points[:-1]
    arc = np.zeros(len(points), np.float32)
    np.cumsum(np.sqrt((steps * steps).sum(axis=1)), out=arc[1:])
    return arc


def normals(points: Floats) -> Floats:
    """Unit normals (R, C, 3) of a grid of points, away from the head."""
    ax, ay, az = np.moveaxis(_along(points.transpose(1, 0, 2)).transpose(1, 0, 2), -1, 0)
    dx, dy, dz = np.moveaxis(_along(points), -1, 0)
    normal = np.stack([ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx], axis=-1)
    return _unit(normal)


def _along(points: Floats) -> Floats:
    """Differences along the first axis, of the same shape."""
    steps = np.empty_like(points)
    steps[1:-1] = points[2:] - points[:-2]
    steps[0], steps[-1] = points[1] - points[0], points[-1] - points[-2]
    return steps


def _unit(vectors: Floats) -> Floats:
    square = (vectors * vectors).sum(axis=-1, keepdims=True)
    return vectors / np.sqrt(np.maximum(square, np.float32(1e-12)))


def seen(mesh: Mesh, pose: Pose, image_size_hw: tuple[int, int], margin: float) -> Patch | None:
    """The part of a mesh that a picture shows; None where it shows nothing.

    Places on the cloth and normals are smooth fields, cubic in the pixel's place and fitted to the
    corners that are seen: cheaper than filling each face of the mesh with them, and without steps.

    Args:
        mesh: the sheet.
        pose: of the head.
        image_size_hw: of the picture.
        margin: what to add around it, in units, for shadows.
    """
    turned = pose.turned(mesh.points)
    pixels = turned[..., :2] * np.float32(pose.unit_px) + np.float32(pose.origin_px)
    facing = normals(turned)
    corners_seen = np.ones(facing.shape[:2], bool) if mesh.two_sided else facing[..., 2] > 0.02
    faces = _faces_seen(corners_seen)
    if not faces.any():
        return None
    window = Window.around(pixels[corners_seen], margin * pose.unit_px + 2, image_size_hw)
    if window.is_empty:
        return None
    alpha = _filled(_quads(pixels)[faces], window)
    targets = np.concatenate([mesh.coords, facing], axis=-1)[corners_seen]
    fields = _fields(pixels[corners_seen], targets, window)
    normal = fields[..., 2:]
    if mesh.two_sided:  # the side that is seen
        normal = normal * np.where(normal[..., 2:] < 0, np.float32(-1), np.float32(1))
    coords = np.ascontiguousarray(fields[..., :2])
    return Patch(window, alpha, coords, normal, pose.unit_px)


def _faces_seen(corners: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A face of the mesh is seen where half of its corners are."""
    count = corners.astype(np.int8)
    return (count[:-1, :-1] + count[1:, :-1] + count[:-1, 1:] + count[1:, 1:]) >= 2


def _quads(pixels: Floats) -> Floats:
    """(R-1, C-1, 4, 2): the corners of each face, in turn."""
    corners = (pixels[:-1, :-1], pixels[:-1, 1:], pixels[1:, 1:], pixels[1:, :-1])
    return np.stack(corners, axis=2)


def _filled(quads: Floats, window: Window) -> Floats:
    """(H, W) float32: the share of each pixel that quads (N, 4, 2) cover together."""
    fine = fineness(window)
    canvas = np.zeros((window.height * fine, window.width * fine), np.uint8)
    place = (quads - np.float32([window.left, window.top])) * fine - 0.5
    for quad in np.rint(place * (1 << _SHIFT)).astype(np.int32):
        cv2.fillConvexPoly(canvas, quad, 255, cv2.LINE_8, _SHIFT)
    return shrunk(canvas, window)


def fineness(window: Window) -> int:
    """By how much a window is enlarged for drawing with smooth edges."""
    return int(np.clip(_FINE_PX // max(window.width, window.height), 1, _MAX_FINE))


def shrunk(canvas: NDArray[np.uint8], window: Window) -> Floats:
    """A canvas at a multiple of the window's size as float32 shares (H, W)."""
    if canvas.shape[0] == window.height:
        canvas = cv2.blur(canvas, (3, 3))  # type: ignore[assignment]
    else:
        size = (window.width, window.height)
        canvas = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return canvas.astype(np.float32) * np.float32(1 / 255)


def _fields(points_px: Floats, targets: Floats, window: Window) -> Floats:
    """(H, W, K): cubic fields through `targets` (N, K) at `points_px` (N, 2)."""
    size = np.float32([window.width, window.height])
    centre, half = np.float32([window.left, window.top]) + size / 2, max(size) / 2
    basis = _terms((points_px - centre) / half)
    normal = basis.T @ basis + np.eye(_NUM_TERMS) * _RIDGE * len(points_px)
    weights = np.linalg.solve(normal, basis.T @ targets).astype(np.float32)
    shrink = max(1.0, max(window.width, window.height) / _MAX_FIELD_PX)
    width, height = round(window.width / shrink) or 1, round(window.height / shrink) or 1
    x = ((np.arange(width, dtype=np.float32) + 0.5) / width - 0.5) * (size[0] / half)
    y = ((np.arange(height, dtype=np.float32) + 0.5) / height - 0.5) * (size[1] / half)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    fields = (_terms(grid) @ weights).reshape(height, width, -1)
    if shrink > 1:
        whole = (window.width, window.height)
        fields = cv2.resize(fields, whole, interpolation=cv2.INTER_LINEAR)
    return fields.astype(np.float32, copy=False)


def _terms(points: Floats) -> Floats:
    x, y = points[:, 0].astype(np.float32), points[:, 1].astype(np.float32)
    xx, yy, xy = x * x, y * y, x * y
    one = np.ones_like(x)
    return np.stack([one, x, y, xx, xy, yy, xx * x, xx * y, yy * x, yy * y], axis=1)


def strokes(
    lines_px: list[Floats], thickness_px: float, window: Window, closed: bool = False
) -> Floats:
    """(H, W) float32: the share of each pixel that lines through points (N, 2) cover.

    A line thinner than a pixel is drawn a pixel wide and fainter.
    """
    fine = fineness(window)
    canvas = np.zeros((window.height * fine, window.width * fine), np.uint8)
    thickness = max(1, round(thickness_px * fine))
    value = int(255 * min(1.0, thickness_px * fine / thickness))
    for line in lines_px:
        place = (line - np.float32([window.left, window.top])) * fine - 0.5
        place = np.clip(np.rint(place * (1 << _SHIFT)), -(2**24), 2**24).astype(np.int32)
        cv2.polylines(canvas, [place], closed, value, thickness, cv2.LINE_AA, _SHIFT)
    return shrunk(canvas, window)


def filled_outline(points_px: Floats, window: Window) -> Floats:
    """(H, W) float32: the share of each pixel inside an outline (N, 2)."""
    fine = fineness(window)
    canvas = np.zeros((window.height * fine, window.width * fine), np.uint8)
    place = (points_px - np.float32([window.left, window.top])) * fine - 0.5
    place = np.clip(np.rint(place * (1 << _SHIFT)), -(2**24), 2**24).astype(np.int32)
    cv2.fillPoly(canvas, [place], 255, cv2.LINE_AA, _SHIFT)
    return shrunk(canvas, window)
