"""The light, sharpness and noise of a picture, so that what is drawn into it fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.geometry import Floats, Pose
from datasets.synthetic.surface import Window

LUMA = np.float32([0.114, 0.587, 0.299])
"""Weights of BGR in brightness."""

_SAMPLE_PX = 24
_MAX_SLOPE = 0.45
"""The most that log brightness may change over one unit of the head."""
_EVEN = 0.8
"""How much of the slope over a face is the light's, and not the face's own shape."""
_WHITE_OVER_SKIN, _MAX_WHITE_OVER_SKIN = 1.3, 2.0
"""White cloth over skin in one light: at least for light skin, at most for dark skin."""
_TINT = 0.4
"""How much of the tint of the brightest places is the lamp's, and not the things'."""
_GREY_CHROMA = 10.0
"""The most that the channels of a grey picture differ, after compression in colour."""
_SHARPEST_PX, _USUAL_PX, _SOFTEST_PX = 0.4, 0.7, 3.0
_MOST_BLUR = 0.2
"""A face blurred by more of the distance between its eyes would not have been found."""
_NO_EDGES = 0.5
"""Squared levels a pixel below which a picture has nothing to tell its blur by."""
_TO_DEVIATION = 1 / (0.6745 * 6)
"""From the median of Immerkær's mask to a standard deviation."""
_IMMERKAER = np.float32([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """How a picture shows things near one head.

    Args:
        white_bgr: (3,) the value, 0 to 255, of white cloth that faces the light.
        slope: (2,) change of log brightness over one pixel to the right and down.
        origin_px: (2,) where `white_bgr` holds.
        blur_px: standard deviation of the blur of edges.
        noise: standard deviation of the pixels' noise, in levels.
        toward: (3,) unit direction to the light along the picture's axes, z to the viewer.
        colourfulness: 1 for a picture in colour, 0 for one in grey.
    """

    white_bgr: Floats
    slope: tuple[float, float]
    origin_px: tuple[float, float]
    blur_px: float
    noise: float
    toward: Floats
    colourfulness: float = 1.0

    @classmethod
    def of(cls, image_bgr: NDArray[np.uint8], pose: Pose) -> Light:
        """The light on a head, from its skin and from the brightest places of the picture."""
        window = face_window(pose, image_bgr.shape[:2])
        if window.is_empty:
            window = Window(0, 0, image_bgr.shape[1], image_bgr.shape[0])
        crop = image_bgr[window.slices]
        small = cv2.resize(crop, (_SAMPLE_PX, _SAMPLE_PX), interpolation=cv2.INTER_AREA)
        slope, skin = _skin(small, window, pose)  # type: ignore[arg-type]
        right = float(np.clip(slope[0] * pose.unit_px * 1.5, -0.6, 0.6))
        toward = np.float32([right, -0.5, 0.8])
        gray = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
        return cls(
            white_bgr=_white(image_bgr, skin),
            slope=slope,
            origin_px=pose.origin_px,
            blur_px=min(_blur_px(gray), max(_SHARPEST_PX, _MOST_BLUR * pose.unit_px)),
            noise=_noise(gray),
            toward=toward / np.linalg.norm(toward),
            colourfulness=_colourfulness(small),
        )

    def shown(self, colour: Floats) -> Floats:
        """The values (…, 3), 0 to 255, of colours (…, 3) that face the light at the origin."""
        lit = np.maximum(colour, 0) * self.white_bgr
        if self.colourfulness < 1:
            grey = (lit @ LUMA)[..., None]
            lit = grey + np.float32(self.colourfulness) * (lit - grey)
        return lit  # type: ignore[no-any-return]

    def over(self, window: Window) -> Floats:
        """(H, W): brightness over a window, 1 at the origin."""
        x = np.arange(window.width, dtype=np.float32) + window.left - self.origin_px[0]
        y = np.arange(window.height, dtype=np.float32) + window.top - self.origin_px[1]
        logs = x[None] * np.float32(self.slope[0]) + y[:, None] * np.float32(self.slope[1])
        return np.exp(np.clip(logs, -0.9, 0.5))  # type: ignore[no-any-return]

    def relief(self, normal: Floats) -> Floats:
        """(H, W): brightness of surfaces by their normals (H, W, 3), 1 for one to the viewer.

        Light that is thrown back from all around keeps what faces down from going dark.
        """
        facing = np.maximum(cv2.transform(normal, self.toward[None]), 0)  # quicker than a product
        return np.float32(0.62) + np.float32(0.38 / max(self.toward[2], 0.3)) * facing


def face_window(pose: Pose, image_size_hw: tuple[int, ...]) -> Window:
    """The box of brow to chin."""
    corners = np.float32([[-0.95, -0.5, 0], [0.95, -0.5, 0], [0.95, 1.5, 0], [-0.95, 1.5, 0]])
    return Window.around(pose.project(corners), 0.0, (image_size_hw[0], image_size_hw[1]))


def _skin(
    small: NDArray[np.uint8], window: Window, pose: Pose
) -> tuple[tuple[float, float], float]:
    """The slope of log brightness over the face, and how bright its lit skin is."""
    luma = small.reshape(-1, 3) @ LUMA
    steps = (np.arange(_SAMPLE_PX, dtype=np.float32) + 0.5) / _SAMPLE_PX
    grid = np.stack(np.meshgrid(steps * window.width, steps * window.height), axis=-1)
    offset = np.float32([window.left, window.top]) - np.float32(pose.origin_px)
    place = (grid.reshape(-1, 2) + offset) / np.float32(pose.unit_px)
    middle = pose.turned(np.float32([0, 0.55, 0]))[:2]
    inside = (((place - middle) / np.float32([0.85, 1.0])) ** 2).sum(axis=1) < 1
    if inside.sum() < 12:
        return (0.0, 0.0), _quantile(luma, 0.75)
    place, inner = place[inside], luma[inside]
    skin = _quantile(inner, 0.75)
    lit = np.clip(np.log(inner + 8), np.log(skin * 0.35 + 8), np.log(skin * 1.3 + 8))
    place, lit = place - place.mean(axis=0), lit - lit.mean()
    slope = np.linalg.solve(place.T @ place + 1e-3 * np.eye(2), place.T @ lit) * _EVEN
    slope = np.clip(slope, -_MAX_SLOPE, _MAX_SLOPE) / pose.unit_px
    return (float(slope[0]), float(slope[1])), skin


def _quantile(values: NDArray[Any], share: float) -> float:
    """The value that a share of the values stay below; quicker than a percentile between two."""
    index = min(len(values) - 1, int(share * len(values)))
    return float(np.partition(values, index)[index])


def _white(image_bgr: NDArray[np.uint8], skin: float) -> Floats:
    step = max(1, min(image_bgr.shape[:2]) // 40)
    pixels = image_bgr[::step, ::step].reshape(-1, 3).astype(np.float32)
    luma = pixels @ LUMA
    bright = _quantile(luma, 0.96)
    tint = pixels[luma >= bright].mean(axis=0) + 8
    tint = 1 + _TINT * (tint / (tint @ LUMA) - 1)
    value = max(skin * _WHITE_OVER_SKIN, min(0.94 * bright, skin * _MAX_WHITE_OVER_SKIN))
    return np.clip(tint * min(max(value, 12.0), 246.0), 0, 255).astype(np.float32)


def _colourfulness(small: NDArray[np.uint8]) -> float:
    chroma = _quantile((small.max(axis=2) - small.min(axis=2)).ravel(), 0.9)
    return float(np.clip((chroma - _GREY_CHROMA) / _GREY_CHROMA, 0, 1))


def _blur_px(gray: Floats) -> float:
    """From how much of the gradients' energy a blur of one pixel takes.

    An edge blurred by s has an energy of 1 / s; the blur makes it 1 / sqrt(s² + 1).
    """
    before, after = _energy(gray), _energy(cv2.GaussianBlur(gray, (0, 0), 1.0))
    if before < _NO_EDGES * gray.size:
        return _USUAL_PX
    ratio = before / max(after, 1e-6)
    if ratio <= 1.02:
        return _SOFTEST_PX
    return float(np.clip(1 / np.sqrt(ratio * ratio - 1), _SHARPEST_PX, _SOFTEST_PX))


def _energy(gray: Floats) -> float:
    if min(gray.shape) < 3:
        return 0.0
    across, down = np.diff(gray, axis=1), np.diff(gray, axis=0)
    return float(np.vdot(across, across) + np.vdot(down, down))


def _noise(gray: Floats) -> float:
    """Immerkær's estimate (1996) with a median, which texture moves less than a mean."""
    response = np.abs(cv2.filter2D(gray, -1, _IMMERKAER)).ravel()
    if len(response) > 4096:
        response = response[:: len(response) // 2048]
    return float(np.clip(_quantile(response, 0.5) * _TO_DEVIATION * 0.8, 0.0, 12.0))
