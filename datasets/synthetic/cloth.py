"""Cloth: its colours, patterns, weave and creases, by the place on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import cv2
import numpy as np

from datasets.synthetic.geometry import Floats


class Pattern(StrEnum):
    """What is printed on cloth."""

    PLAIN = "plain"
    STRIPED = "striped"
    CHECKED = "checked"
    DOTTED = "dotted"
    CAMOUFLAGE = "camouflage"
    PRINTED = "printed"


Colour = tuple[float, float, float]
"""BGR in [0, 1] under white light."""

_NOISE_CELLS = 16
"""Cells of a field of creases; it repeats after them."""
_TILE_PX = 512
"""Side of a tile of noise that cuts are taken from."""


@dataclass(frozen=True, slots=True)
class Fabric:
    """One cloth.

    Args:
        colours: the ground, then what is printed on it.
        pattern: of the print.
        period: of the pattern, in units of the distance between the eyes.
        angle: of the pattern, in radians.
        weave: standard deviation of the fine texture, as a share of brightness.
        creases: the same of the folds.
        crease_size: of the folds across and down, in units.
    """

    colours: tuple[Colour, ...]
    pattern: Pattern = Pattern.PLAIN
    period: float = 0.3
    angle: float = 0.0
    weave: float = 0.02
    creases: float = 0.05
    crease_size: tuple[float, float] = (0.35, 0.2)

    def painted(self, coords: Floats, unit_px: float, rng: np.random.Generator) -> Floats:
        """(H, W, 3) BGR in [0, 1] at places on the cloth (H, W, 2)."""
        ground = np.float32(self.colours[0])
        colour = np.broadcast_to(ground, (*coords.shape[:2], 3))
        for index, share in enumerate(self._print(coords, unit_px, rng)):
            ink = np.float32(self.colours[min(index + 1, len(self.colours) - 1)])
            colour = colour + share[..., None] * (ink - ground)
        relief = 1 + self.creases * creases(coords, self.crease_size, rng)
        if self.weave > 0:
            relief = relief + np.float32(self.weave) * grain(coords.shape[:2], rng)
        return colour * relief[..., None]

    def _print(self, coords: Floats, unit_px: float, rng: np.random.Generator) -> list[Floats]:
        """(H, W) shares of each printed colour; edges are as soft as a pixel is large."""
        if self.pattern is Pattern.PLAIN:
            return []
        soft = min(0.5, 1.5 / (unit_px * self.period))
        if self.pattern in (Pattern.CAMOUFLAGE, Pattern.PRINTED):
            low = 0.15 if self.pattern is Pattern.CAMOUFLAGE else 0.7
            size = (self.period, self.period)
            fields = [creases(coords, size, rng) for _ in self.colours[1:]]
            return [_inside(field - low, soft * 2) for field in fields]
        across, down = _turned(coords, self.angle, self.period)
        if self.pattern is Pattern.STRIPED:
            return [_inside(np.cos(across * np.float32(2 * np.pi)), soft * 6)]
        if self.pattern is Pattern.DOTTED:
            down = down - np.float32(0.5) * np.mod(np.floor(across), 2)
            far = np.hypot(np.mod(across, 1) - 0.5, np.mod(down, 1) - 0.5)
            return [_inside(0.24 - far, soft)]
        one = _inside(np.cos(across * np.float32(2 * np.pi)), soft * 6)
        other = _inside(np.cos(down * np.float32(2 * np.pi)), soft * 6)
        return [(one + other) / 2]


def _turned(coords: Floats, angle: float, period: float) -> tuple[Floats, Floats]:
    cosine, sine = np.float32(np.cos(angle) / period), np.float32(np.sin(angle) / period)
    a, b = coords[..., 0], coords[..., 1]
    return a * cosine + b * sine, b * cosine - a * sine


def _inside(distance: Floats, soft: float) -> Floats:
    return np.clip(0.5 + distance / np.float32(max(soft, 1e-3)), 0, 1).astype(np.float32)


def creases(coords: Floats, size: tuple[float, float], rng: np.random.Generator) -> Floats:
    """(H, W) smooth noise of unit deviation that lies on the cloth; `size` in units."""
    noise = rng.standard_normal((_NOISE_CELLS, _NOISE_CELLS), dtype=np.float32)
    place = coords / np.float32(size) + np.float32(_NOISE_CELLS / 2)
    x, y = np.ascontiguousarray(place[..., 0]), np.ascontiguousarray(place[..., 1])
    field = cv2.remap(noise, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    return field * np.float32(1.4)  # type: ignore[no-any-return]


@cache
def _tile() -> Floats:
    tile = np.random.default_rng(0).standard_normal((_TILE_PX, _TILE_PX), dtype=np.float32)
    tile.setflags(write=False)
    return tile


def grain(size_hw: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """(H, W) noise of unit deviation: a random cut from one tile where that is large enough."""
    height, width = size_hw[:2]
    if max(height, width) > _TILE_PX // 2:
        return rng.standard_normal((height, width), dtype=np.float32)
    top, left = rng.integers(0, _TILE_PX // 2, 2)
    return _tile()[top : top + height, left : left + width]


def colour_of(hue: float, saturation: float, value: float) -> Colour:
    """BGR of a hue in [0, 1), a saturation and a value in [0, 1]."""
    pixel = np.float32([[[hue * 360, saturation, value]]])
    blue, green, red = cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0].tolist()
    return (blue, green, red)


def any_colour(rng: np.random.Generator) -> Colour:
    """A colour of clothes: half of them dark or grey, as in the street."""
    if rng.random() < 0.5:
        return colour_of(
            rng.random(), rng.uniform(0, 0.25), rng.choice([0.08, 0.15, 0.3, 0.6, 0.9])
        )
    return colour_of(rng.random(), rng.uniform(0.3, 0.85), rng.uniform(0.25, 0.95))


def any_fabric(rng: np.random.Generator, weave: float = 0.03, creases: float = 0.06) -> Fabric:
    """A cloth with any colours and pattern; half of them are plain."""
    patterns = list(Pattern)
    chances = [0.5] + [0.5 / (len(patterns) - 1)] * (len(patterns) - 1)
    pattern = patterns[int(rng.choice(len(patterns), p=chances))]
    colours = tuple(any_colour(rng) for _ in range(3))
    return Fabric(
        colours,
        pattern,
        period=float(rng.uniform(0.12, 0.45)),
        angle=float(rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])),
        weave=weave,
        creases=creases,
    )
