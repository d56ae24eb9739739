"""Painting layers into a picture: light, shadow, blur, noise and compression as the picture has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.cloth import grain
from datasets.synthetic.geometry import Floats
from datasets.synthetic.light import Light
from datasets.synthetic.surface import Window

_JPEG_SHARE = 0.3
_JPEG_QUALITY = (55, 92)
_SHADOW_UNITS = 0.1
"""How far a shadow reaches from the border, in units of the distance between the eyes."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One thing to paint.

    Args:
        window: where.
        alpha: (H, W) float32 in [0, 1], how much of what is behind it hides.
        colour: (H, W, 3) or (3,) float32 BGR, 1 being white in the light of the place.
        shadow: how much the border of what is behind darkens, in [0, 1].
        unit_px: pixels of the distance between the eyes.
    """

    window: Window
    alpha: Floats
    colour: Floats
    shadow: float
    unit_px: float


def paint(
    image_bgr: NDArray[np.uint8],
    layers: Sequence[Layer],
    light: Light,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture with the layers over it, the first one lowest, and their alpha (H, W) uint8.

    Pixels that no layer and no shadow reaches stay as they are.
    """
    canvas = image_bgr.copy()
    hidden = np.zeros(image_bgr.shape[:2], np.float32)
    for layer in layers:
        if layer.window.is_empty:
            continue
        place = layer.window.slices
        alpha = _soft(layer.alpha, light.blur_px)
        value = _value(layer, light, rng)
        behind = canvas[place].astype(np.float32)
        if layer.shadow > 0:
            behind *= 1 - _shadow(alpha, layer)[..., None]
        behind += alpha[..., None] * (value - behind)
        canvas[place] = cv2.convertScaleAbs(behind)  # rounds, and stays within 0 to 255
        hidden[place] = 1 - (1 - hidden[place]) * (1 - alpha)
    mask = cv2.convertScaleAbs(hidden, alpha=255)
    if layers and rng.random() < _JPEG_SHARE:
        canvas = _compressed(canvas, mask, layers, int(rng.integers(*_JPEG_QUALITY)))
    return canvas, mask  # type: ignore[return-value]


def _soft(field: Floats, blur_px: float) -> Floats:
    if blur_px < 0.45:
        return field
    return cv2.GaussianBlur(field, (0, 0), blur_px)  # type: ignore[return-value]


def _value(layer: Layer, light: Light, rng: np.random.Generator) -> Floats:
    colour = light.shown(layer.colour)
    if colour.ndim == 1:  # thin things: neither light nor noise differs along them
        return np.minimum(colour, 255)
    colour = _soft(np.minimum(colour, 255), light.blur_px)
    value = colour * light.over(layer.window)[..., None]
    if light.noise > 0.3:
        value += (np.float32(light.noise) * grain(layer.alpha.shape, rng))[..., None]
    return np.clip(value, 0, 255, out=value)


def _shadow(alpha: Floats, layer: Layer) -> Floats:
    """A soft darkening around the layer, more below it than above."""
    spread = max(0.6, _SHADOW_UNITS * layer.unit_px)
    down = np.float32([[1, 0, 0], [0, 1, 0.5 * spread]])
    height, width = alpha.shape
    moved = cv2.warpAffine(alpha, down, (width, height), borderMode=cv2.BORDER_REPLICATE)
    around = cv2.GaussianBlur(moved, (0, 0), spread)
    return np.float32(layer.shadow) * around * (1 - alpha)


def _compressed(
    canvas: NDArray[np.uint8], mask: NDArray[np.uint8], layers: Sequence[Layer], quality: int
) -> NDArray[np.uint8]:
    """JPEG over what was painted, in blocks that lie as they would in the whole picture."""
    boxes = [layer.window for layer in layers if not layer.window.is_empty]
    if not boxes:
        return canvas
    left = min(box.left for box in boxes) // 8 * 8
    top = min(box.top for box in boxes) // 8 * 8
    place = (
        slice(top, max(box.top + box.height for box in boxes)),
        slice(left, max(box.left + box.width for box in boxes)),
    )
    coded = cv2.imencode(".jpg", canvas[place], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    painted = mask[place] > 0
    canvas[place][painted] = decoded[painted]
    return canvas
