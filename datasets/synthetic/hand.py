"""A hand before the mouth, in the colour of the face's own skin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from datasets.faces import Face
from datasets.synthetic.geometry import Floats
from datasets.synthetic.occluder import Drawing, Occluded, Scene, painted, scene_of
from datasets.synthetic.painting import Layer
from datasets.synthetic.surface import Window

_FINGERS = (
    # root x, root y, length, radius; the hand points up, its palm is at the origin
    (-0.39, -0.42, 0.75, 0.125),
    (-0.13, -0.5, 0.9, 0.135),
    (0.13, -0.48, 0.85, 0.135),
    (0.38, -0.4, 0.7, 0.12),
)
_THUMB = (-0.45, 0.25, 0.6, 0.15)
"""A left hand; the other one is its mirror image."""


class HandOccluder:
    """Draws a hand over the mouth, or over mouth and nose; the mask state stays."""

    def apply(self, image_bgr: NDArray[np.uint8], face: Face, rng: np.random.Generator) -> Occluded:
        """The picture, BGR uint8 (H, W, 3), with a hand before the mouth.

        Raises:
            ValueError: the landmarks stand all at one place.
        """
        scene = scene_of(image_bgr, face)
        return painted(image_bgr, scene, self.draw(scene, rng), rng)

    def draw(self, scene: Scene, rng: np.random.Generator) -> Drawing:
        """The layer of the hand."""
        capsules = _placed(_hand(rng), rng)
        unit_px = scene.pose.unit_px
        ends = np.concatenate([capsules[:, :2], capsules[:, 2:4]])
        flat = np.column_stack([ends, np.full(len(ends), 0.7, np.float32)])
        pixels = scene.pose.project(flat)
        window = Window.around(pixels, 0.7 * unit_px, scene.image_size_hw)
        if window.is_empty:
            return Drawing((), "hand")
        first, last = np.split(pixels, 2)
        alpha, relief = _rounded(first, last, capsules[:, 4] * unit_px, window)
        grain = 1 + np.float32(0.02) * rng.standard_normal(alpha.shape, dtype=np.float32)
        colour = scene.skin_bgr * np.float32(rng.uniform(0.88, 1.05)) * (relief * grain)[..., None]
        return Drawing((Layer(window, alpha, colour, 0.45, unit_px),), "hand")


def _hand(rng: np.random.Generator) -> Floats:
    """(N, 5): capsules of a hand that points up: both ends and the radius."""
    capsules = []
    spread = rng.uniform(0.0, 0.25)
    for x, y, length, radius in _FINGERS:
        lean = x * spread
        tip = (x + length * np.sin(lean), y - length * np.cos(lean) * rng.uniform(0.9, 1.05))
        capsules.append((x, y, *tip, radius))
    x, y, length, radius = _THUMB
    lean = rng.uniform(0.3, 0.8)
    capsules.append((x, y, x - length * np.sin(lean), y - length * np.cos(lean), radius))
    for x in (-0.22, 0.0, 0.22):  # the palm and the wrist
        capsules.append((x, -0.3, x * 0.85, 0.35, 0.27))
    capsules.append((0.0, 0.4, 0.0, 1.6, 0.34))
    hand = np.array(capsules, np.float32)
    if rng.random() < 0.5:
        hand[:, [0, 2]] *= -1
    return hand


def _placed(hand: Floats, rng: np.random.Generator) -> Floats:
    """Turned and moved so that the fingers lie over the mouth."""
    angle = rng.choice([-1, 1]) * rng.uniform(0.3, 1.5)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.float32([[cosine, sine], [-sine, cosine]])
    over = np.float32([0, 0.6])  # the middle of the fingers
    mouth = np.float32([rng.uniform(-0.15, 0.15), rng.uniform(0.85, 1.1)])
    placed = hand.copy()
    for ends in (slice(0, 2), slice(2, 4)):
        placed[:, ends] = (hand[:, ends] + over) @ turn + mouth
    return placed


def _rounded(
    first: Floats, last: Floats, radius_px: Floats, window: Window
) -> tuple[Floats, Floats]:
    """(H, W) cover and brightness of capsules, each shaded as a rounded body, the nearest seen."""
    x = np.arange(window.width, dtype=np.float32) + np.float32(window.left + 0.5)
    y = np.arange(window.height, dtype=np.float32)[:, None] + np.float32(window.top + 0.5)
    alpha = np.zeros((window.height, window.width), np.float32)
    nearest = np.full_like(alpha, -np.inf)
    relief = np.ones_like(alpha)
    for start, end, radius in zip(first, last, radius_px, strict=True):
        along = end - start
        share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / max(along @ along, 1e-6)
        share = np.clip(share, 0, 1)
        off_x, off_y = x - start[0] - share * along[0], y - start[1] - share * along[1]
        far = np.hypot(off_x, off_y)
        inside = np.clip(radius - far + 0.5, 0, 1)
        round_ = np.sqrt(np.maximum(0, 1 - (far / max(float(radius), 1e-3)) ** 2))
        shade = 0.74 + 0.27 * round_ - 0.07 * off_y / max(float(radius), 1e-3)
        height = np.where(inside > 0, round_ * radius, -np.inf)
        relief = np.where(height > nearest, shade, relief)
        nearest = np.maximum(nearest, height)
        alpha = np.maximum(alpha, inside)
    return alpha, relief.astype(np.float32)
