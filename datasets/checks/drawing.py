"""Small pictures for a page: boxes drawn, the one that is meant in another colour."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from datasets.media import read_image, read_pictures
from datasets.samples import Box, Sample
from serving.core.errors import DatasetError

Image = NDArray[np.uint8]
Hide = Callable[[Image, Sample], Image]
"""Makes the people in a picture unrecognisable; called before anything is drawn."""

_LONGER_SIDE_PX = 300
_JPEG_QUALITY = 80
_PLAIN_BGR = (0xE9, 0xB4, 0x56)
_MEANT_BGR = (0x00, 0x5E, 0xFF)
_IGNORED_BGR = (0x90, 0x90, 0x90)
_OUTSIDE_BGR = (0x28, 0x20, 0x18)
_ZOOM = 3.0
"""Times the longer side of the boxes that are meant is shown of a large picture."""

_LEAST_SHARE = 0.2
"""Of the picture's longer side is shown at least."""

_MOST_MARGIN = 0.5
"""Of the picture's side: how far around it is shown where a box lies outside."""


def thumbnail(
    folder: Path, sample: Sample, meant: Sequence[int] = (), hide: Hide | None = None
) -> Markup | None:
    """An `img` of a sample with its boxes, `meant` ones marked; None where it cannot be read."""
    try:
        if sample.is_video:
            ((_, image),) = read_pictures(folder, [sample])
        else:
            image = read_image(folder / sample.path)
    except DatasetError:
        return None
    if hide is not None:
        image = hide(image, sample)
    shown = _drawn(image, sample.boxes, set(meant))
    ok, data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not ok:
        return None
    text = base64.b64encode(data.tobytes()).decode()
    return Markup('<img src="data:image/jpeg;base64,{}" alt="{}" width="{}" height="{}">').format(
        text, sample.key, shown.shape[1], shown.shape[0]
    )


def _drawn(image: Image, boxes: Sequence[Box], meant: set[int]) -> Image:
    left, top, right, bottom = _window(image.shape, [boxes[index] for index in meant])
    image = image[top:bottom, left:right]
    shift = np.array([left, top, left, top])
    boxes = [replace(box, xyxy_px=tuple((np.array(box.xyxy_px) - shift).tolist())) for box in boxes]
    height, width = image.shape[:2]
    scale = _LONGER_SIDE_PX / max(height, width)
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    enlarging = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(image, size_wh, interpolation=enlarging)
    margin = _margin_px(small.shape, [boxes[index] for index in meant], scale)
    if margin:
        border = (margin,) * 4
        small = cv2.copyMakeBorder(small, *border, cv2.BORDER_CONSTANT, value=_OUTSIDE_BGR)
    order = sorted(range(len(boxes)), key=lambda index: index in meant)
    for index in order:
        colour = _IGNORED_BGR if boxes[index].is_ignored else _PLAIN_BGR
        _rectangle(small, boxes[index], scale, margin, _MEANT_BGR if index in meant else colour)
    return np.asarray(small, np.uint8)


def _window(shape: tuple[int, ...], boxes: Sequence[Box]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is shown: small boxes with what is around them."""
    height, width = shape[:2]
    whole = 0, 0, width, height
    if not boxes:
        return whole
    ends = np.array([box.xyxy_px for box in boxes])
    (left, top), (right, bottom) = ends[:, :2].min(axis=0), ends[:, 2:].max(axis=0)
    side = max(_ZOOM * max(right - left, bottom - top), _LEAST_SHARE * max(height, width))
    is_inside = left >= 0 and top >= 0 and right <= width and bottom <= height
    if not is_inside or side >= min(height, width):
        return whole
    x = int(np.clip((left + right - side) / 2, 0, width - side))
    y = int(np.clip((top + bottom - side) / 2, 0, height - side))
    return x, y, x + int(side), y + int(side)


def _margin_px(shape: tuple[int, ...], boxes: Sequence[Box], scale: float) -> int:
    height, width = shape[:2]
    beyond = [0.0]
    for box in boxes:
        left, top, right, bottom = (side * scale for side in box.xyxy_px)
        beyond += [-left, -top, right - width, bottom - height]
    return round(min(max(beyond) + 4, _MOST_MARGIN * max(width, height))) if max(beyond) > 1 else 0


def _rectangle(
    image: Image, box: Box, scale: float, margin: int, colour: tuple[int, int, int]
) -> None:
    # OpenCV takes 32-bit integers, and a wrong label may hold anything.
    ends = np.clip(np.array(box.xyxy_px) * scale + margin, -1e6, 1e6).round().astype(int)
    left, top, right, bottom = (int(end) for end in ends)
    cv2.rectangle(image, (left, top), (right, bottom), colour, 2)
