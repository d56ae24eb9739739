"""Faces made unrecognisable before a picture leaves the machine. In doubt, more is hidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.sampling.way import Detects
from serving.core.boxes import nms
from serving.core.frame import Frame

_FACE_MARGIN = 0.35
"""Added on each side of a face, as a share of its size: hair, ears and chin tell people apart."""
_HEAD_SHARE = 0.25
"""Of a person's height: the head and the neck."""
_LEAST_HEAD_WIDTHS = 0.5
"""The head of someone who is cut off or sits, as a share of the box's width."""
_HEAD_MARGIN = 0.05
"""Added above a head, as a share of the person's height: a person's box is seldom exact."""
_CLOSE_SHARE = 0.6
"""Of the picture's sides: its four corners are looked at from so close as well."""
_SAME_HEAD_IOU = 0.65
"""Overlap above which two heads are one. Higher than for people: one behind the other are two."""
_NUM_CELLS = 4
"""Cells along the shorter side of a region: too few for eyes and a mouth."""
_LEAST_CELL_PX = 6


class HasBox(Protocol):
    """What was found, such as `datasets.faces.Face`."""

    @property
    def xyxy_px(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in pixels; it may reach outside the picture."""
        ...


class FindsFaces(Protocol):
    """Finds faces; `datasets.faces.FaceFinder` does."""

    def find(self, image_bgr: NDArray[np.uint8]) -> Sequence[HasBox]:
        """The faces in a picture, BGR uint8 (H, W, 3)."""
        ...


class FaceBlur:
    """Hides faces, and the heads of people whose faces are too small or turned away to be found.

    A region becomes a few cells of one colour each: what was in it is gone, unlike with a smooth
    blur, of which much can be computed back. Both finders are needed: a face that fills the picture
    has no person around it, and a small one is found by its person alone.

    Args:
        faces: finds faces.
        people: finds people; should report doubtful ones too, and those who stand close together:
            someone before someone else has a head of their own.
        min_score: of a person whose head is hidden.
    """

    def __init__(self, faces: FindsFaces, people: Detects, min_score: float = 0.1) -> None:
        self._faces, self._people, self._min_score = faces, people, min_score

    def blurred(self, frame: Frame) -> NDArray[np.uint8]:
        """A copy of the picture, BGR uint8 (H, W, 3), with every face and head made unrecognisable.

        Faces are looked for again afterwards; what is still found ends as one even colour.
        """
        image = frame.image.copy()
        for box in self._regions(frame):
            pixelate(image, box)
        # A region can leave a part of a face, or look like one.
        for num_cells in (2, 1):
            for face in self._faces.find(image):
                pixelate(image, widened(face.xyxy_px, _FACE_MARGIN), num_cells)
        return image

    def _regions(self, frame: Frame) -> Iterator[tuple[float, float, float, float]]:
        for face in self._faces.find(frame.image):
            yield widened(face.xyxy_px, _FACE_MARGIN)
        yield from self._heads(frame)

    def _heads(self, frame: Frame) -> Iterator[tuple[float, float, float, float]]:
        """The heads of people, each once, from the whole picture and from its corners."""
        boxes, scores = [], []
        for part, left, top in _parts(frame):
            people = self._people.detect([part])[0]
            offset = np.float32([left, top, left, top])
            for box, score in zip(people.xyxy_px, people.score, strict=True):
                if score >= self._min_score:
                    boxes.append(head_region(box + offset))
                    scores.append(score)
        heads_px = np.array(boxes, np.float32).reshape(-1, 4)
        for row in nms(heads_px, np.array(scores, np.float32), _SAME_HEAD_IOU):
            yield boxes[row]


def _parts(frame: Frame) -> Iterator[tuple[Frame, int, int]]:
    """The frame and its overlapping corners, each with its left and top."""
    yield frame, 0, 0
    height, width = frame.image_size_hw
    part_h, part_w = round(_CLOSE_SHARE * height), round(_CLOSE_SHARE * width)
    if min(part_h, part_w) < 1:
        return
    for top, left in product((0, height - part_h), (0, width - part_w)):
        corner = np.ascontiguousarray(frame.image[top : top + part_h, left : left + part_w])
        yield replace(frame, image=corner), left, top


def head_region(xyxy_px: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Where a person's head is: the upper quarter of the box and a little above, more if wide."""
    left, top, right, bottom = (float(side) for side in xyxy_px)
    height, width = bottom - top, right - left
    head = min(height, max(_HEAD_SHARE * height, _LEAST_HEAD_WIDTHS * width))
    return left, top - _HEAD_MARGIN * height, right, top + head


def widened(
    xyxy_px: tuple[float, float, float, float], share: float
) -> tuple[float, float, float, float]:
    """The box with a margin on each side, as a share of its longer side."""
    left, top, right, bottom = xyxy_px
    margin = share * max(right - left, bottom - top)
    return left - margin, top - margin, right + margin, bottom + margin


def pixelate(
    image: NDArray[np.uint8],
    xyxy_px: tuple[float, float, float, float],
    num_cells: int = _NUM_CELLS,
) -> None:
    """Replace what is in the box by cells of their mean colour, in place.

    Args:
        image: BGR uint8 (H, W, 3).
        xyxy_px: the box; what is outside the picture does not count.
        num_cells: along the shorter side; fewer where the cells would be too small.
    """
    height, width = image.shape[:2]
    left, top = max(0, int(np.floor(xyxy_px[0]))), max(0, int(np.floor(xyxy_px[1])))
    right, bottom = min(width, int(np.ceil(xyxy_px[2]))), min(height, int(np.ceil(xyxy_px[3])))
    if right <= left or bottom <= top:
        return
    region = image[top:bottom, left:right]
    cell_px = max(_LEAST_CELL_PX, min(region.shape[:2]) / num_cells)
    cells_wh = (
        max(1, int((right - left) / cell_px)),
        max(1, int((bottom - top) / cell_px)),
    )
    cells = cv2.resize(region, cells_wh, interpolation=cv2.INTER_AREA)
    size_wh = (right - left, bottom - top)
    image[top:bottom, left:right] = cv2.resize(cells, size_wh, interpolation=cv2.INTER_NEAREST)
