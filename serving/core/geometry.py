"""Plane geometry of pictures and floors. Image axes: x right, y down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from serving.core.errors import CalibrationError

Point = tuple[float, float]

MIN_POINT_PAIRS = 4
_FAR_DOWN_PX: Point = (0.0, 10_000.0)
"""Below the horizon of any picture that is not upside down."""
_HORIZON_W = 1e-12
"""Points whose homogeneous coordinate w is at most this lie on the horizon or beyond it."""
_COLLINEAR_SHARE = 0.02
"""Points whose thinner spread is under this share of the wider one count as lying on a line."""
_MOST_POINTS_TRIED = 20
"""Of so many calibration points, the outermost, all foursomes can be gone through in no time."""
_ON_LINE_SHARE = 1e-9
"""Points whose triangle with a side is under this share of the extent squared are on its line."""


def signed_distance_px(
    points_px: NDArray[np.floating], start_px: ArrayLike, end_px: ArrayLike
) -> NDArray[np.float64]:
    """(N,) distances of `points_px` (N, 2) from the infinite line through start and end.

    Positive on the right-hand side of someone who walks from start to end across the picture:
    with y down that is where (end − start) × (point − start) is positive. Of several lines, with
    starts and ends (L, 2), (L, N) distances.

    Raises:
        ValueError: start and end of a line are one point.
    """
    start, along = _start_and_way(start_px, end_px)
    length = np.hypot(along[..., 0], along[..., 1])
    if not length.all():
        raise ValueError(f"line: expected two different points, got {start.tolist()} twice")
    offset = np.asarray(points_px, np.float64) - start[..., None, :]
    cross = along[..., None, 0] * offset[..., 1] - along[..., None, 1] * offset[..., 0]
    return np.asarray(cross / length[..., None], np.float64)


def position_along(
    points_px: NDArray[np.floating], start_px: ArrayLike, end_px: ArrayLike
) -> NDArray[np.float64]:
    """(N,) where the foot of each perpendicular falls: 0 at start, 1 at end, beyond outside.

    Of several lines, with starts and ends (L, 2), (L, N) positions.
    """
    start, along = _start_and_way(start_px, end_px)
    offset = np.asarray(points_px, np.float64) - start[..., None, :]
    way = offset[..., 0] * along[..., None, 0] + offset[..., 1] * along[..., None, 1]
    return np.asarray(way / (along**2).sum(axis=-1)[..., None], np.float64)


def _start_and_way(
    start_px: ArrayLike, end_px: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    start = np.asarray(start_px, np.float64)
    return start, np.asarray(end_px, np.float64) - start


def inside_polygon(
    points_px: NDArray[np.floating], polygon_px: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """(N,) whether each of `points_px` (N, 2) lies in `polygon_px` (M, 2), by the even-odd rule.

    A point on a left or upper edge is inside, on a right or lower edge outside, so polygons that
    share an edge never both claim a point.
    """
    return inside_sides(points_px, polygon_sides(polygon_px))


def polygon_sides(polygon_px: NDArray[np.floating]) -> NDArray[np.float64]:
    """(5, M) of the sides of a polygon (M, 2): start x and y, end y, and the way along x and y."""
    start = np.asarray(polygon_px, np.float64)
    end = np.roll(start, -1, axis=0)
    run, rise = (end - start).T
    return np.stack([*start.T, end[:, 1], run, np.where(rise == 0, 1.0, rise)])


def inside_sides(points_px: NDArray[np.floating], sides: NDArray[np.float64]) -> NDArray[np.bool_]:
    """What `inside_polygon` gives, for a polygon that is asked often; see `polygon_sides`."""
    x, y = np.asarray(points_px, np.float64).T[:, :, None]
    x0, y0, y1, run, rise = sides
    spans = (y0 <= y) != (y1 <= y)
    crossings = spans & (x < x0 + (y - y0) * run / rise)
    return np.asarray(np.count_nonzero(crossings, axis=1) % 2 == 1)


def polygon_area(polygon: NDArray[np.floating]) -> float:
    """Area enclosed by `polygon` (M, 2), in its squared unit (shoelace formula)."""
    x, y = np.asarray(polygon, np.float64).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def sides_cross(polygon: NDArray[np.floating]) -> bool:
    """Whether two sides of `polygon` (M, 2) cross, each at a point inside the other one.

    Sides that touch or lie along each other do not cross.
    """
    starts = np.asarray(polygon, np.float64)
    ends = np.concatenate([starts[1:], starts[:1]])
    along = ends - starts

    def sides_of(points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(M, M) on which side, ±1, of the line through side i point j lies; 0 on the line."""
        offset = points[None] - starts[:, None]
        across = along[:, None, 0] * offset[..., 1] - along[:, None, 1] * offset[..., 0]
        extent = float(np.ptp(starts, axis=0).max())
        return np.where(np.abs(across) <= _ON_LINE_SHARE * extent**2, 0.0, np.sign(across))

    parts = sides_of(starts) * sides_of(ends) < 0
    return bool((parts & parts.T).any())


@dataclass(frozen=True, slots=True, eq=False)
class Homography:
    """Maps the picture to the floor: metres from pixels, for points that touch the floor.

    `matrix` (3, 3) takes image pixels to floor metres. A homography alone does not tell the floor
    in front of the camera from its mirror image beyond the horizon: `seen_px` is a picture point
    on the floor's side, by default one far below the picture, and the sign of `matrix` is chosen
    so that w, the third homogeneous coordinate, is positive there. `residual_m` is the root mean
    square distance in metres between the given floor points and the mapped picture points; 0 for
    a matrix that was given as such.

    Raises:
        CalibrationError: the matrix is no finite, invertible (3, 3), or has `seen_px` on its
            horizon.
    """

    matrix: NDArray[np.float64]
    residual_m: float = 0.0
    seen_px: Point = _FAR_DOWN_PX

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, np.float64)
        if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
            raise CalibrationError(
                f"homography: expected a finite (3, 3) matrix, got {matrix.shape} {matrix.tolist()}"
            )
        if abs(np.linalg.det(matrix / np.linalg.norm(matrix))) < 1e-14:
            raise CalibrationError("homography: expected an invertible matrix, got a singular one")
        seen_w = float(matrix[2] @ (*self.seen_px, 1.0))
        if abs(seen_w) <= _HORIZON_W:
            raise CalibrationError(
                f"homography: expected seen_px below the horizon, got {self.seen_px} on it"
            )
        if seen_w < 0:
            matrix = -matrix
        matrix.setflags(write=False)
        object.__setattr__(self, "matrix", matrix)

    @classmethod
    def from_point_pairs(cls, image_px: Sequence[Point], floor_m: Sequence[Point]) -> Homography:
        """The least-squares homography through at least four pairs.

        Raises:
            CalibrationError: too few pairs, pairs of unequal number, points on one line, or
                points that only a floor on both sides of the horizon would fit.
        """
        if len(image_px) != len(floor_m):
            raise CalibrationError(
                f"calibration: expected as many image points as floor points, "
                f"got {len(image_px)} and {len(floor_m)}"
            )
        if len(image_px) < MIN_POINT_PAIRS:
            raise CalibrationError(
                f"calibration: expected at least {MIN_POINT_PAIRS} point pairs, got {len(image_px)}"
            )
        pixels = np.asarray(image_px, np.float64)
        metres = np.asarray(floor_m, np.float64)
        for name, points in (("image_px", pixels), ("floor_m", metres)):
            if not _in_general_position(points):
                raise CalibrationError(
                    f"calibration {name}: expected {MIN_POINT_PAIRS} points of which no three lie "
                    f"on one line, got collinear points {points.tolist()}"
                )
        matrix, _ = cv2.findHomography(pixels, metres, 0)
        if matrix is None:
            raise CalibrationError(f"calibration: no homography fits the points {list(image_px)}")
        fitted = cls(np.asarray(matrix, np.float64), seen_px=image_px[0])
        offset_m = fitted.to_floor(pixels) - metres
        if not np.isfinite(offset_m).all():
            raise CalibrationError(
                f"calibration: expected image_px and floor_m in the same order, got points on both "
                f"sides of the horizon that fits them best: {pixels.tolist()}, {metres.tolist()}"
            )
        distance_m = np.linalg.norm(offset_m, axis=1)
        residual_m = float(np.sqrt(np.mean(distance_m**2)))
        return cls(fitted.matrix, residual_m, fitted.seen_px)

    def to_floor(self, points_px: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N, 2) floor positions in metres of image points (N, 2); inf at or above the horizon."""
        return _project(self.matrix, points_px)

    def to_image(self, points_m: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N, 2) image pixels of floor positions (N, 2) in metres; inf behind the camera."""
        # The inverse's w is 1 / w of the picture point, so it is positive in front of the camera.
        return _project(np.linalg.inv(self.matrix), points_m)

    def metres_per_pixel(self, points_px: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N, 2, 2) Jacobians of the floor position by image x and y at `points_px` (N, 2)."""
        points = np.asarray(points_px, np.float64)
        numerator = points @ self.matrix[:2, :2].T + self.matrix[:2, 2]
        w = points @ self.matrix[2, :2] + self.matrix[2, 2]
        w = np.where(np.abs(w) < _HORIZON_W, _HORIZON_W, w)[:, None, None]
        return np.asarray(
            self.matrix[None, :2, :2] / w
            - numerator[:, :, None] * self.matrix[None, None, 2, :2] / w**2
        )


def _project(matrix: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    homogeneous = np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]
    w = homogeneous[:, 2:]
    beyond = w <= _HORIZON_W
    return np.where(beyond, np.inf, homogeneous[:, :2] / np.where(beyond, 1.0, w))


def _in_general_position(points: NDArray[np.float64]) -> bool:
    """Whether four points can be chosen of which no three lie on a line.

    The outermost points are tried, `_MOST_POINTS_TRIED` of them: the spread counts.
    """
    points = np.unique(points, axis=0)
    from_middle = np.linalg.norm(points - points.mean(axis=0), axis=1)
    outer_first = points[np.argsort(-from_middle, kind="stable")][:_MOST_POINTS_TRIED]
    on_line = {
        triple: _collinear(outer_first[list(triple)])
        for triple in combinations(range(len(outer_first)), 3)
    }
    return any(
        not any(on_line[triple] for triple in combinations(four, 3))
        for four in combinations(range(len(outer_first)), MIN_POINT_PAIRS)
    )


def _collinear(triple: NDArray[np.float64]) -> bool:
    spread = np.linalg.svd(triple - triple.mean(axis=0), compute_uv=False)
    return bool(spread[1] <= _COLLINEAR_SHARE * spread[0])
