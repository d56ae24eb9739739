"""Made-up pictures and videos: simple figures on a grey floor, for pages to show."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

FRAME_RATE_HZ = 10
COATS_BGR = ((60, 60, 200), (200, 120, 40), (80, 160, 60), (40, 40, 40))

XyxyPx = tuple[int, int, int, int]


def floor(height_px: int = 480, width_px: int = 640) -> NDArray[np.uint8]:
    """An empty floor with a till."""
    image = np.full((height_px, width_px, 3), 150, np.uint8)
    cv2.rectangle(image, (0, 0), (width_px, height_px // 3), (190, 185, 180), -1)
    cv2.rectangle(
        image, (width_px - 130, height_px // 4), (width_px, height_px // 2), (90, 110, 140), -1
    )
    return image


def draw_person(image: NDArray[np.uint8], box: XyxyPx, coat_bgr: tuple[int, int, int]) -> None:
    """A figure that fills a box: head, coat and legs."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    head = (left + width // 2, top + height // 10)
    cv2.rectangle(image, (left, top + height // 5), (right, top + 3 * height // 5), coat_bgr, -1)
    for side in (left + width // 8, left + 5 * width // 8):
        cv2.rectangle(
            image, (side, top + 3 * height // 5), (side + width // 4, bottom), (70, 50, 40), -1
        )
    cv2.circle(image, head, height // 10, (150, 180, 220), -1)


def draw_face(mask: bool) -> NDArray[np.uint8]:
    """A face, 192 px wide, with or without a mask."""
    image = np.full((192, 192, 3), 170, np.uint8)
    cv2.ellipse(image, (96, 100), (58, 78), 0, 0, 360, (150, 180, 220), -1)
    for x in (74, 118):
        cv2.circle(image, (x, 84), 8, (60, 40, 30), -1)
    if mask:
        cv2.rectangle(image, (48, 104), (144, 160), (220, 200, 160), -1)
    else:
        cv2.ellipse(image, (96, 140), (22, 8), 0, 0, 180, (70, 70, 160), 3)
    return image


def write_picture(path: Path, image: NDArray[np.uint8]) -> Path:
    """Write a picture; names may hold any letter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode(path.suffix, image)
    path.write_bytes(data.tobytes())
    return path


def write_video(path: Path, frames: list[NDArray[np.uint8]]) -> Path:
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
