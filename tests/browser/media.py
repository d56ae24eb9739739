"""Made-up pictures and videos: drawn figures in a drawn shop, for pages to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from serving.core.labels import Mask

FRAME_RATE_HZ = 10

Bgr = tuple[int, int, int]
Image = NDArray[np.uint8]
XyPx = tuple[int, int]
XyxyPx = tuple[int, int, int, int]

POSTER: XyxyPx = (515, 40, 600, 140)
"""Where the floor's wall has a poster with a person on it."""
TILL: XyxyPx = (535, 235, 640, 360)

_WALL, _TILES, _JOINTS = (206, 212, 214), (168, 172, 176), (150, 154, 158)
_WOOD, _SHADOW, _SKIN = (88, 122, 158), (138, 142, 146), (150, 180, 222)
_GOODS = ((90, 150, 210), (110, 170, 120), (190, 150, 100), (120, 110, 190), (200, 200, 205))


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody wears; colours as blue, green, red."""

    coat_bgr: Bgr = (60, 60, 190)
    trousers_bgr: Bgr = (72, 52, 44)
    hair_bgr: Bgr = (40, 50, 70)
    bag_bgr: Bgr | None = None


RED = Look()
BLUE = Look((190, 120, 50), hair_bgr=(60, 60, 60))
GREEN = Look((90, 140, 70), (90, 100, 110), (90, 150, 190), bag_bgr=(50, 70, 110))
RED_WITH_BAG = Look((60, 60, 190), (150, 160, 170), (30, 30, 40), bag_bgr=(40, 40, 40))
CLERK = Look((60, 50, 50), (40, 40, 40), (150, 150, 155))


def floor(height_px: int = 480, width_px: int = 640) -> Image:
    """An empty shop: a wall with shelves, tiles, and, where there is room, a poster and a till."""
    image = np.full((height_px, width_px, 3), _TILES, np.uint8)
    wall_px = round(height_px * 0.36)
    for x in range(-width_px, 2 * width_px, max(width_px // 8, 1)):
        end = (width_px // 2 + 3 * (x - width_px // 2), height_px)
        cv2.line(image, (x, wall_px), end, _JOINTS, 1, cv2.LINE_AA)
    for step in (0.44, 0.55, 0.7, 0.9):
        y = round(height_px * step)
        cv2.line(image, (0, y), (width_px, y), _JOINTS, 1)
    image[:wall_px] = _WALL
    if width_px >= TILL[2] and height_px >= TILL[3]:
        _draw_shelves(image, (30, 40, 480, wall_px))
        _draw_poster(image)
        draw_till(image)
    return image


def _draw_shelves(image: Image, at: XyxyPx) -> None:
    left, top, right, bottom = at
    cv2.rectangle(image, (left, top), (right, bottom), (120, 140, 160), -1)
    rows = [round(y) for y in np.linspace(top, bottom, 4)]
    for row, (upper, lower) in enumerate(pairwise(rows)):
        for place, x in enumerate(range(left + 8, right - 24, 26)):
            height = (lower - upper) * (6 + (3 * place + 5 * row) % 4) // 12
            colour = _GOODS[(place // 3 + 2 * row) % len(_GOODS)]
            cv2.rectangle(image, (x, lower - height), (x + 20, lower - 4), colour, -1)
        cv2.rectangle(image, (left, lower - 4), (right, lower), _WOOD, -1)


def _draw_poster(image: Image) -> None:
    left, top, right, bottom = POSTER
    poster = np.full((bottom - top, right - left, 3), (180, 215, 235), np.uint8)
    middle = (right - left) // 2
    draw_person(poster, (middle - 22, 8, middle + 22, bottom - top + 60), BLUE)  # cut at the legs
    image[top:bottom, left:right] = poster
    cv2.rectangle(image, (left, top), (right, bottom), (110, 110, 110), 2)


def draw_till(image: Image) -> None:
    """The till, which hides whoever stands behind it."""
    left, top, right, bottom = TILL
    cv2.rectangle(image, (left, top), (right, bottom), _WOOD, -1)
    cv2.rectangle(image, (left - 6, top), (right, top + 12), (70, 96, 124), -1)
    cv2.rectangle(image, (right - 60, top - 26), (right - 22, top), (70, 70, 70), -1)


def draw_stand(image: Image, box: XyxyPx) -> None:
    """A low stand with goods on it."""
    left, top, right, bottom = box
    cv2.rectangle(image, (left, top), (right, bottom), (100, 128, 150), -1)
    cv2.rectangle(image, (left, top), (right, top + 6), (70, 96, 124), -1)
    for place, x in enumerate(range(left + 4, right - 12, 16)):
        cv2.rectangle(image, (x, top - 14), (x + 12, top), _GOODS[place % len(_GOODS)], -1)


def draw_person(image: Image, box: XyxyPx, look: Look, hand: XyPx | None = None) -> None:
    """A figure that fills a box from head to feet.

    `hand` is where the right hand reaches to, which may be outside the box.
    """
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    middle, thick = left + width // 2, max(width // 5, 2)

    def at(x_share: float, y_share: float) -> XyPx:
        return left + round(width * x_share), top + round(height * y_share)

    cv2.ellipse(
        image, (middle, bottom - 2), (width // 2, max(height // 40, 2)), 0, 0, 360, _SHADOW, -1
    )
    for hip, foot in ((0.38, 0.32), (0.62, 0.68)):
        cv2.line(image, at(hip, 0.52), at(foot, 0.94), look.trousers_bgr, thick + 2, cv2.LINE_AA)
        cv2.ellipse(
            image,
            at(foot, 0.975),
            (thick * 3 // 4, max(height // 45, 2)),
            0,
            0,
            360,
            (40, 40, 40),
            -1,
        )
    for shoulder, end in ((0.18, at(0.09, 0.5)), (0.82, hand or at(0.91, 0.5))):
        cv2.line(image, at(shoulder, 0.22), end, _darker(look.coat_bgr), thick, cv2.LINE_AA)
        cv2.circle(image, end, max(thick // 2, 2), _SKIN, -1, cv2.LINE_AA)
    body = [
        at(0.22, 0.17),
        at(0.78, 0.17),
        at(0.86, 0.24),
        at(0.78, 0.56),
        at(0.22, 0.56),
        at(0.14, 0.24),
    ]
    cv2.fillPoly(image, [np.array(body, np.int32)], look.coat_bgr, cv2.LINE_AA)
    if look.bag_bgr is not None:
        cv2.line(
            image, at(0.3, 0.18), at(0.86, 0.44), look.bag_bgr, max(thick // 3, 1), cv2.LINE_AA
        )
        cv2.rectangle(image, at(0.68, 0.42), at(0.98, 0.56), look.bag_bgr, -1)
    head, radius = at(0.5, 0.085), max(round(height * 0.075), 3)
    cv2.rectangle(image, at(0.43, 0.13), at(0.57, 0.18), _SKIN, -1)
    cv2.ellipse(image, head, (round(radius * 0.85), radius), 0, 0, 360, _SKIN, -1, cv2.LINE_AA)
    cv2.ellipse(
        image,
        head,
        (round(radius * 0.95), round(radius * 1.1)),
        0,
        185,
        355,
        look.hair_bgr,
        -1,
        cv2.LINE_AA,
    )


def _darker(colour: Bgr) -> Bgr:
    blue, green, red = (round(value * 0.8) for value in colour)
    return blue, green, red


def seen_by(image: Image, gains_bgr: Sequence[float]) -> Image:
    """The picture as a camera with other colours shows it."""
    return np.clip(image * np.array(gains_bgr), 0, 255).astype(np.uint8)


def draw_face(mask: Mask, hair_bgr: Bgr, has_wrinkles: bool = False) -> Image:
    """A drawn face, 384 px wide, that wears a mask rightly, wrongly or not at all."""
    image = np.full((384, 384, 3), (190, 180, 172), np.uint8)
    cv2.ellipse(image, (192, 420), (170, 110), 0, 180, 360, (110, 90, 70), -1, cv2.LINE_AA)
    cv2.rectangle(image, (152, 270), (232, 340), _darker(_SKIN), -1)
    cv2.ellipse(image, (192, 170), (118, 140), 0, 180, 360, hair_bgr, -1, cv2.LINE_AA)
    cv2.ellipse(image, (192, 190), (100, 128), 0, 0, 360, _SKIN, -1, cv2.LINE_AA)
    cv2.ellipse(image, (192, 128), (102, 76), 0, 180, 360, hair_bgr, -1, cv2.LINE_AA)
    for x in (152, 232):
        cv2.ellipse(image, (x, 176), (20, 11), 0, 0, 360, (245, 245, 245), -1, cv2.LINE_AA)
        cv2.circle(image, (x, 176), 9, (70, 60, 50), -1, cv2.LINE_AA)
        cv2.ellipse(image, (x, 154), (25, 10), 0, 200, 340, _darker(hair_bgr), 5, cv2.LINE_AA)
    if has_wrinkles:
        for y in (138, 146):
            cv2.ellipse(image, (192, y + 6), (52, 8), 0, 200, 340, _darker(_SKIN), 2, cv2.LINE_AA)
        for x, turn in ((120, 0), (264, 180)):
            for angle in (-18, 0, 18):
                cv2.ellipse(image, (x, 178), (14, 3), turn + angle, 0, 40, _darker(_SKIN), 2)
    cv2.line(image, (192, 180), (184, 222), _darker(_SKIN), 4, cv2.LINE_AA)
    cv2.line(image, (184, 222), (200, 224), _darker(_SKIN), 4, cv2.LINE_AA)
    cv2.ellipse(image, (192, 252), (32, 12), 0, 10, 170, (90, 90, 170), 5, cv2.LINE_AA)
    if mask is not Mask.UNMASKED:
        _draw_mask(image, 236 if mask is Mask.INCORRECT else 198)
    return image


def _draw_mask(image: Image, top: int) -> None:
    cloth, fold = (205, 185, 150), (180, 160, 128)
    outline = [(104, top + 6), (192, top), (280, top + 6), (262, 290), (192, 322), (122, 290)]
    for x, ear in ((104, 94), (280, 290)):
        cv2.line(image, (x, top + 8), (ear, 190), (225, 225, 225), 3, cv2.LINE_AA)
    cv2.fillPoly(image, [np.array(outline, np.int32)], cloth, cv2.LINE_AA)
    for share in (0.3, 0.55, 0.8):
        y = round(top + (300 - top) * share)
        cv2.line(image, (128, y), (256, y), fold, 2, cv2.LINE_AA)


def write_picture(path: Path, image: Image) -> Path:
    """Write a picture; names may hold any letter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode(path.suffix, image)
    path.write_bytes(data.tobytes())
    return path


def write_video(path: Path, frames: list[Image]) -> Path:
    """Write an H.264 video of 10 frames a second, which browsers play."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FRAME_RATE_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
