"""Finding faces with five landmarks, for data work: small crops, and small faces in big pictures.

It prepares data on the bench and is no part of the serving runtime.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.catalog.yunet import yunet_weights
from serving.core.errors import DatasetError

WEIGHTS_DIR = Path("data/weights")
"""Where weights lie and are fetched to, unless a caller says otherwise."""

NUM_LANDMARKS = 5

_LEAST_INPUT_FACE_PX = 14
"""A face must be this wide in the network's input to be found well."""
_LEAST_INPUT_PX = 64
"""OpenCV 4.12 gives boxes of random numbers for inputs up to 32 pixels high."""
_GREY = (114, 114, 114)
_COARSEST_PX = 320
"""The longer side of the smallest pyramid level: faces that fill the picture are found there."""
_LEVEL_STEP = 3.0
_MAX_UPSCALE = 4.0
_TILE_PX, _OVERLAP_PX = 1280, 192
"""Levels are cut into tiles of this size to bound memory; overlaps hold what a cut would break."""
_MAX_OVERLAP = 0.4
"""Intersection over union above which two faces are one."""
_PADDING = 0.4
"""What is added on each side of a picture that may be all face, as a share of its longer side."""
_PADDED_BELOW_PX = 512
"""The longer side up to which a picture may be nothing but a face."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face.

    Args:
        xyxy_px: left, top, right, bottom of brow to chin, in pixels of the picture; it may
            reach outside.
        landmarks_px: (5, 2) float32: eye, eye, nose tip, mouth corner, mouth corner; of each pair
            first the person's right one, which is left in a frontal picture.
        score: of the detector, in [0, 1].
    """

    xyxy_px: tuple[float, float, float, float]
    landmarks_px: NDArray[np.float32] = field(repr=False)
    score: float = 1.0

    def __post_init__(self) -> None:
        landmarks_px = np.array(self.landmarks_px, np.float32)
        if landmarks_px.shape != (NUM_LANDMARKS, 2) or not np.isfinite(landmarks_px).all():
            raise ValueError(
                f"landmarks_px: expected finite numbers of shape (5, 2), got {landmarks_px}"
            )
        left, top, right, bottom = self.xyxy_px
        if not (right > left and bottom > top):
            raise ValueError(f"xyxy_px: expected a box with an area, got {list(self.xyxy_px)}")
        landmarks_px.setflags(write=False)
        object.__setattr__(self, "landmarks_px", landmarks_px)

    @property
    def size_px(self) -> float:
        """The longer side of the box."""
        left, top, right, bottom = self.xyxy_px
        return max(right - left, bottom - top)


class FaceFinder:
    """Finds faces with YuNet, over a pyramid of sizes, so that near and far ones are found.

    One finder may be used by several threads at a time: each gets a network of its own. It can be
    pickled, for the workers of a data loader.

    Args:
        weights: the network's `.onnx` file; None takes the public weights from `weights_dir`,
            and fetches them where they are missing.
        min_score: faces below are left out.
        min_size_px: faces whose longer side is shorter are left out. Below 14 the picture is
            enlarged first, which costs time with its square.
        weights_dir: where public weights lie.

    Raises:
        DatasetError: weights that cannot be had, or that are no YuNet.
    """

    def __init__(
        self,
        weights: Path | None = None,
        min_score: float = 0.6,
        min_size_px: float = 12.0,
        weights_dir: Path = WEIGHTS_DIR,
    ) -> None:
        if not 0 < min_score <= 1:
            raise ValueError(f"min_score: expected a share in (0, 1], got {min_score}")
        if not min_size_px > 0:
            raise ValueError(f"min_size_px: expected more than 0, got {min_size_px}")
        self.weights = weights if weights is not None else yunet_weights(weights_dir)
        self.min_score = min_score
        self.min_size_px = min_size_px
        self._threads = threading.local()
        self._network()

    def __reduce__(self) -> tuple[type[FaceFinder], tuple[Path, float, float]]:
        return FaceFinder, (self.weights, self.min_score, self.min_size_px)

    def find(self, image_bgr: NDArray[np.uint8]) -> tuple[Face, ...]:
        """The faces in a picture, BGR uint8 (H, W, 3), the largest first.

        A small picture in which none is found is searched once more with a margin around it: the
        network misses a face that fills its input from edge to edge.

        Raises:
            ValueError: the picture has another shape or type.
        """
        if image_bgr.ndim != 3 or image_bgr.shape[2] != 3 or image_bgr.dtype != np.uint8:
            raise ValueError(
                f"image_bgr: expected uint8 (H, W, 3), got {image_bgr.dtype} {image_bgr.shape}"
            )
        if not image_bgr.size:
            return ()
        faces = self._over_levels(image_bgr)
        if not faces and max(image_bgr.shape[:2]) <= _PADDED_BELOW_PX:
            faces = self._with_margin(image_bgr)
        return tuple(sorted(faces, key=lambda face: -face.size_px))

    def largest(self, image_bgr: NDArray[np.uint8]) -> Face | None:
        """The largest face of a picture, None without one."""
        faces = self.find(image_bgr)
        return faces[0] if faces else None

    def _with_margin(self, image_bgr: NDArray[np.uint8]) -> list[Face]:
        margin = round(_PADDING * max(image_bgr.shape[:2]))
        padded = cv2.copyMakeBorder(
            image_bgr, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=_GREY
        )
        offset = np.float32(-margin)
        return [_moved(face, offset, offset, 1.0) for face in self._over_levels(padded)]

    def _over_levels(self, image_bgr: NDArray[np.uint8]) -> list[Face]:
        found = []
        for scale in self._scales(max(image_bgr.shape[:2])):
            for tile, left_px, top_px in _tiles(_scaled(image_bgr, scale)):
                rows = self._detect(tile)
                found += [_face(row, left_px, top_px, scale) for row in rows]
        found = [face for face in found if face.size_px >= self.min_size_px]
        return _without_doubles(found, self.min_score)

    def _scales(self, longer_side_px: int) -> Iterator[float]:
        """From the finest level, on which the smallest face is large enough, to the coarsest."""
        coarsest = _COARSEST_PX / longer_side_px
        scale = _LEAST_INPUT_FACE_PX / self.min_size_px
        if scale < 1:
            scale = min(1.0, max(scale, coarsest))
        scale = min(_MAX_UPSCALE, scale)
        yield scale
        while scale > coarsest:
            scale = max(scale / _LEVEL_STEP, coarsest)
            yield scale

    def _detect(self, image_bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        network = self._network()
        height, width = image_bgr.shape[:2]
        down, right = max(0, _LEAST_INPUT_PX - height), max(0, _LEAST_INPUT_PX - width)
        if down or right:
            image_bgr = cv2.copyMakeBorder(  # type: ignore[assignment]
                image_bgr, 0, down, 0, right, cv2.BORDER_CONSTANT, value=_GREY
            )
        network.setInputSize((image_bgr.shape[1], image_bgr.shape[0]))
        _, rows = network.detect(image_bgr)
        return np.zeros((0, 15), np.float32) if rows is None else rows  # type: ignore[return-value]

    def _network(self) -> cv2.FaceDetectorYN:
        network = getattr(self._threads, "network", None)
        if network is None:
            network = self._threads.network = _opened(self.weights, self.min_score)
        return network  # type: ignore[no-any-return]


def _opened(weights: Path, min_score: float) -> cv2.FaceDetectorYN:
    if not weights.is_file():
        raise DatasetError(f"face finder: expected weights in {weights}, got no file")
    try:
        network = cv2.FaceDetectorYN.create(
            str(weights), "", (_COARSEST_PX, _COARSEST_PX), min_score, _MAX_OVERLAP, 5000
        )
        network.detect(np.zeros((_COARSEST_PX, _COARSEST_PX, 3), np.uint8))
    except cv2.error as error:
        raise DatasetError(
            f"face finder: expected YuNet weights in {weights}, got {error.err or error}"
        ) from error
    return network


def _scaled(image_bgr: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    if scale == 1.0:
        return image_bgr
    height, width = image_bgr.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image_bgr, size, interpolation=how)  # type: ignore[return-value]


def _tiles(image_bgr: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.uint8], int, int]]:
    """The picture in overlapping tiles, each with its left and top."""
    height, width = image_bgr.shape[:2]
    for top, left in product(_starts(height), _starts(width)):
        tile = image_bgr[top : top + _TILE_PX, left : left + _TILE_PX]
        yield np.ascontiguousarray(tile), left, top


def _starts(length_px: int) -> list[int]:
    last = max(0, length_px - _TILE_PX)
    return [*range(0, last, _TILE_PX - _OVERLAP_PX), last]


def _face(row: NDArray[np.float32], left_px: int, top_px: int, scale: float) -> Face:
    """A face from a row of the detector: x, y, w, h, ten coordinates, score."""
    left, top, width, height = (float(value) for value in row[:4])
    box = (left, top, left + max(width, 1.0), top + max(height, 1.0))
    face = Face(box, row[4:14].reshape(NUM_LANDMARKS, 2), min(1.0, float(row[14])))
    return _moved(face, left_px, top_px, 1 / scale)


def _moved(face: Face, right_px: float, down_px: float, scale: float) -> Face:
    """The face moved, then scaled about the origin."""
    shift = np.array([right_px, down_px], np.float32)
    left, top, right, bottom = face.xyxy_px
    box = np.array([[left, top], [right, bottom]]) + shift
    box_px = tuple(float(value) for value in (box * scale).ravel())
    return Face(box_px, (face.landmarks_px + shift) * scale, face.score)  # type: ignore[arg-type]


def _without_doubles(faces: list[Face], min_score: float) -> list[Face]:
    if len(faces) < 2:
        return faces
    boxes = [(x0, y0, x1 - x0, y1 - y0) for x0, y0, x1, y1 in (f.xyxy_px for f in faces)]
    scores = [face.score for face in faces]
    kept = cv2.dnn.NMSBoxes(boxes, scores, 0.0, _MAX_OVERLAP)
    return [faces[index] for index in np.asarray(kept).ravel()]
