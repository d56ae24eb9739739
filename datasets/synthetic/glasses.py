"""Glasses and sunglasses: two lenses, a frame, and the side arms that the picture sees."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from datasets.faces import Face
from datasets.synthetic.cloth import Colour, any_colour
from datasets.synthetic.geometry import DEPTH, EAR, Floats
from datasets.synthetic.occluder import Drawing, Occluded, Scene, painted, scene_of
from datasets.synthetic.painting import Layer
from datasets.synthetic.surface import Window, filled_outline, strokes


class GlassesKind(StrEnum):
    """What kind of glasses."""

    GLASSES = "glasses"
    SUNGLASSES = "sunglasses"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The shape of one pair, in units of the distance between the eyes."""

    half_width: float
    half_height: float
    squareness: float
    """2 is an ellipse, more is nearer to a rectangle."""
    droop: float
    """How much lower the outer corner hangs, as of an aviator's."""
    thickness: float
    colour: Colour


class GlassesOccluder:
    """Draws glasses in shapes and colours that differ each time; the mask state stays.

    Args:
        kind: of glasses.
    """

    def __init__(self, kind: GlassesKind) -> None:
        self.kind = GlassesKind(kind)

    def apply(self, image_bgr: NDArray[np.uint8], face: Face, rng: np.random.Generator) -> Occluded:
        """The picture, BGR uint8 (H, W, 3), with glasses on the face.

        Raises:
            ValueError: the landmarks stand all at one place.
        """
        scene = scene_of(image_bgr, face)
        return painted(image_bgr, scene, self.draw(scene, rng), rng)

    def draw(self, scene: Scene, rng: np.random.Generator) -> Drawing:
        """The layers of the glasses."""
        frame = _any_frame(self.kind, rng)
        lenses = [scene.pose.project(_lens(frame, side)) for side in (-1, 1)]
        arms = _arms(scene)
        window = Window.around(
            np.concatenate([*lenses, *arms]), 0.15 * scene.pose.unit_px + 2, scene.image_size_hw
        )
        if window.is_empty:
            return Drawing((), self.kind.value)
        glass = _glass(self.kind, scene, lenses, window, rng)
        bridge = scene.pose.project(_bridge(frame))
        unit_px = scene.pose.unit_px
        lines = strokes(lenses, frame.thickness * unit_px, window, closed=True)
        lines = np.maximum(lines, strokes([bridge, *arms], frame.thickness * unit_px, window))
        rim = Layer(window, lines, np.float32(frame.colour), 0.3, unit_px)
        return Drawing((glass, rim), self.kind.value)


def _any_frame(kind: GlassesKind, rng: np.random.Generator) -> _Frame:
    is_dark = kind is GlassesKind.SUNGLASSES
    half_height = rng.uniform(0.26, 0.36) if is_dark else rng.uniform(0.19, 0.32)
    thin = rng.random() < 0.4
    return _Frame(
        half_width=float(rng.uniform(0.36, 0.43)),
        half_height=float(half_height),
        squareness=float(rng.uniform(2.0, 4.5)),
        droop=float(rng.uniform(0.0, 0.1) if is_dark else rng.uniform(-0.04, 0.03)),
        thickness=float(rng.uniform(0.025, 0.04) if thin else rng.uniform(0.05, 0.085)),
        colour=(0.08, 0.08, 0.09) if rng.random() < 0.6 else any_colour(rng),
    )


def _lens(frame: _Frame, side: int) -> Floats:
    turn = np.linspace(0, 2 * np.pi, 33, dtype=np.float32)[:-1]
    power = np.float32(2 / frame.squareness)
    cosine, sine = np.cos(turn), np.sin(turn)
    x = frame.half_width * np.sign(cosine) * np.abs(cosine) ** power
    y = frame.half_height * np.sign(sine) * np.abs(sine) ** power
    y = y + frame.droop * (x / frame.half_width) * (y > 0) + 0.06
    return _on_front(side * (x + 0.53), y)


def _bridge(frame: _Frame) -> Floats:
    x = np.linspace(-1, 1, 7, dtype=np.float32) * np.float32(0.53 - frame.half_width)
    y = 0.02 - 0.06 * (1 - (x / max(abs(float(x[0])), 1e-3)) ** 2)
    return _on_front(x, y)


def _on_front(x: Floats, y: Floats) -> Floats:
    """Points of a plane before the eyes that bends back at the sides."""
    return np.stack([x, y, 0.34 - 0.2 * x * x + 0 * y], axis=-1).astype(np.float32)


def _arms(scene: Scene) -> list[Floats]:
    """The arms to the ears, where that side of the head is seen."""
    share = np.linspace(0, 1, 5, dtype=np.float32)
    arms = []
    for side in (-1, 1):
        x = side * (0.97 + (EAR[0] + 0.04 - 0.97) * share)
        z = 0.14 + (EAR[2] + 0.1 - 0.14) * share
        line = np.stack([x, np.full_like(x, -0.02), z], axis=-1)
        outward = np.stack([x, np.zeros_like(x), (z + DEPTH) * 0.15], axis=-1)
        kept = outward @ scene.pose.rotation[2] > 0.05
        if kept.sum() >= 2:
            arms.append(scene.pose.project(line[kept]))
    return arms


def _glass(
    kind: GlassesKind,
    scene: Scene,
    lenses: list[Floats],
    window: Window,
    rng: np.random.Generator,
) -> Layer:
    inside = np.maximum(*(filled_outline(lens, window) for lens in lenses))
    down = np.linspace(-1, 1, window.height, dtype=np.float32)[:, None]
    right = np.linspace(-1, 1, window.width, dtype=np.float32)
    shine = np.exp(-(((right * 1.5 + down + rng.uniform(-1, 1)) / 0.25) ** 2))
    if kind is GlassesKind.GLASSES:
        alpha = inside * (np.float32(0.05) + np.float32(rng.uniform(0.0, 0.35)) * shine)
        return Layer(window, alpha, np.float32([0.95, 0.93, 0.9]), 0.0, scene.pose.unit_px)
    tint = np.float32(any_colour(rng)) * np.float32(0.25) + np.float32(0.02)
    alpha = inside * np.clip(rng.uniform(0.8, 0.98) - rng.uniform(0, 0.3) * down, 0, 0.99)
    light = np.float32(rng.uniform(0.0, 0.4)) * shine + 0.06 * (1 - down)
    colour = tint + light[..., None] * (np.float32([1, 0.97, 0.93]) - tint)
    return Layer(
        window, alpha.astype(np.float32), colour.astype(np.float32), 0.25, scene.pose.unit_px
    )
