"""Hoods, hats, scarves, masks and bags on whole people, by their box alone.

Crops for re-identification show a head of 10 to 40 pixels, in which no landmarks are found. A head
is about a 7.5th of the body's height; it is assumed there, upright, in the middle of the box. That
is enough to teach a network that these things come and go with the same person.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.cloth import Fabric, any_fabric
from datasets.synthetic.geometry import CHIN_Y, CROWN_Y, Floats, Pose
from datasets.synthetic.headwear import HeadwearKind, HeadwearOccluder
from datasets.synthetic.light import Light
from datasets.synthetic.masks import MaskKind, MaskOccluder, Wear
from datasets.synthetic.occluder import Drawing, Occluded, Scene, painted, skin_under
from datasets.synthetic.painting import Layer
from datasets.synthetic.surface import Window, filled_outline, strokes

BoxPx = tuple[float, float, float, float]

_HEADS_PER_BODY = 7.5
_FRONTAL = 0.6
_HEAD_BAND = (0.02, 0.12)
"""From where to where a head reaches at least, in shares of the box from its top."""
_OFF_MIDDLE = 0.3
"""How far heads stand off the middle of the box, as a share of its width."""


class BodyKind(StrEnum):
    """What a person wears or carries."""

    HOOD = "hood"
    BEANIE = "beanie"
    CAP = "cap"
    SCARF = "scarf"
    MASK = "mask"
    BACKPACK = "backpack"
    SHOULDER_BAG = "shoulder-bag"
    SHOPPING_BAG = "shopping-bag"


_HEADWEAR = {
    BodyKind.HOOD: HeadwearKind.HOOD,
    BodyKind.BEANIE: HeadwearKind.BEANIE,
    BodyKind.CAP: HeadwearKind.CAP,
    BodyKind.SCARF: HeadwearKind.SCARF_OVER_MOUTH,
}


class BodyOccluder:
    """Draws one thing on a person of whom only the box is known.

    Args:
        kind: what to draw.
        max_yaw: radians that the head may be turned; None: 0.6 for a mask, which is right only for
            people who face the camera, and any turn for the rest.
    """

    def __init__(self, kind: BodyKind, max_yaw: float | None = None) -> None:
        self.kind = BodyKind(kind)
        self.max_yaw = max_yaw or (_FRONTAL if self.kind is BodyKind.MASK else np.pi)

    def apply(
        self,
        image_bgr: NDArray[np.uint8],
        rng: np.random.Generator,
        box_px: BoxPx | None = None,
    ) -> Occluded:
        """The picture, BGR uint8 (H, W, 3), with it on the person.

        Args:
            image_bgr: a crop or a whole picture.
            rng: decides colours, shapes and the head's turn.
            box_px: left, top, right, bottom of the person; None: the whole picture.
        """
        height, width = image_bgr.shape[:2]
        box_px = box_px or (0.0, 0.0, float(width), float(height))
        yaw = float(rng.uniform(-self.max_yaw, self.max_yaw))
        pose = assumed_pose(box_px, yaw, head_x_px(image_bgr, box_px))
        light = Light.of(image_bgr, pose)
        skin = skin_under(image_bgr, pose) / light.white_bgr
        scene = Scene((height, width), pose, light, skin)
        return painted(image_bgr, scene, self._draw(scene, box_px, rng), rng)

    def _draw(self, scene: Scene, box_px: BoxPx, rng: np.random.Generator) -> Drawing:
        if self.kind in _HEADWEAR:
            drawing = HeadwearOccluder(_HEADWEAR[self.kind]).draw(scene, rng)
            return Drawing(drawing.layers, self.kind.value)
        if self.kind is BodyKind.MASK:
            kind = list(MaskKind)[int(rng.integers(len(MaskKind)))]
            return MaskOccluder(kind, Wear.COVERING).draw(scene, rng)
        return Drawing(_bag(self.kind, scene, box_px, rng), self.kind.value)


def assumed_pose(box_px: BoxPx, yaw: float = 0.0, head_px: float | None = None) -> Pose:
    """The pose of the head of a person who fills a box from crown to sole.

    Args:
        box_px: left, top, right, bottom of the person.
        yaw: of the head, radians.
        head_px: where the head stands across; None: in the middle.
    """
    left, top, right, bottom = box_px
    unit_px = max(bottom - top, 1.0) / _HEADS_PER_BODY / (CHIN_Y - CROWN_Y)
    across = (left + right) / 2 if head_px is None else head_px
    return Pose(yaw, 0.0, 0.0, unit_px, (across, top - CROWN_Y * unit_px))


def head_x_px(image_bgr: NDArray[np.uint8], box_px: BoxPx) -> float:
    """Where the head stands across: in the band of heads, what differs most from the borders."""
    left, top, right, bottom = box_px
    high, low = (top + share * (bottom - top) for share in _HEAD_BAND)
    rows = slice(max(0, int(high)), max(1, int(np.ceil(low))))
    columns = slice(max(0, int(left)), max(1, int(np.ceil(right))))
    band = image_bgr[rows, columns].astype(np.float32)
    num_columns = band.shape[1] if band.size else 0
    if num_columns < 5:
        return (left + right) / 2
    border = max(1, num_columns // 8)
    sides = np.stack([band[:, :border].mean(axis=1), band[:, -border:].mean(axis=1)])
    off = np.linalg.norm(band[None] - sides[:, :, None], axis=-1).min(axis=0).mean(axis=0)
    head = np.hanning(round((low - high) * 1.5) + 3)
    middle = (np.arange(num_columns) + 0.5) / num_columns - 0.5
    score = np.convolve(off + 1, head, "same") ** 2 * np.exp(-((middle / _OFF_MIDDLE) ** 2) / 2)
    return float(columns.start + np.argmax(score) + 0.5)


_RIGHT, _LEFT = 1, -1


def _bag(
    kind: BodyKind, scene: Scene, box_px: BoxPx, rng: np.random.Generator
) -> tuple[Layer, ...]:
    """A bag and its straps, in shares of the box: x from its middle, y from its top."""
    side = _RIGHT if rng.random() < 0.5 else _LEFT
    body: tuple[float, float, float, float] | None
    if kind is BodyKind.BACKPACK and rng.random() < 0.5:  # from the front: the straps alone
        x, low = rng.uniform(0.13, 0.2), rng.uniform(0.32, 0.4)
        straps = [[(s * x * 1.1, 0.17), (s * x, 0.24), (s * x * 1.3, low)] for s in (-1, 1)]
        body, thickness = None, 0.09
    elif kind is BodyKind.BACKPACK:
        body = (0.0, rng.uniform(0.18, 0.22), rng.uniform(0.22, 0.32), rng.uniform(0.2, 0.28))
        straps, thickness = [], 0.0
    elif kind is BodyKind.SHOULDER_BAG:
        hip = side * rng.uniform(0.26, 0.38)
        body = (hip, rng.uniform(0.42, 0.5), rng.uniform(0.13, 0.2), rng.uniform(0.09, 0.14))
        straps = [[(-side * 0.2, 0.17), (0.0, 0.3), (hip, body[1] + 0.02)]]
        thickness = 0.04
    else:
        hand = side * rng.uniform(0.3, 0.42)
        body = (hand, rng.uniform(0.53, 0.58), rng.uniform(0.12, 0.19), rng.uniform(0.12, 0.19))
        straps = [[(hand - 0.06, body[1]), (hand, body[1] - 0.05), (hand + 0.06, body[1])]]
        thickness = 0.025
    fabric = any_fabric(rng, weave=0.03, creases=0.08)
    layers = [_straps(straps, thickness, fabric, scene, box_px)] if straps else []
    if body is not None:
        layers.append(_pouch(body, fabric, scene, box_px, rng))
    return tuple(layer for layer in layers if layer is not None)


def _in_picture(shares: Floats, box_px: BoxPx) -> Floats:
    left, top, right, bottom = box_px
    size = np.float32([right - left, bottom - top])
    return shares * size + np.float32([(left + right) / 2, top])


def _straps(
    lines: list[list[tuple[float, float]]],
    thickness: float,
    fabric: Fabric,
    scene: Scene,
    box_px: BoxPx,
) -> Layer | None:
    pixels = [_in_picture(np.float32(line), box_px) for line in lines]
    width_px = thickness * (box_px[2] - box_px[0])
    window = Window.around(np.concatenate(pixels), width_px + 2, scene.image_size_hw)
    if window.is_empty:
        return None
    colour = np.float32(fabric.colours[0]) * np.float32(0.8)
    return Layer(window, strokes(pixels, width_px, window), colour, 0.2, scene.pose.unit_px)


def _pouch(
    place: tuple[float, float, float, float],
    fabric: Fabric,
    scene: Scene,
    box_px: BoxPx,
    rng: np.random.Generator,
) -> Layer | None:
    """A rounded bag: its middle, its top, half its width and its height, in shares of the box."""
    x, top, half, height = place
    turn = np.linspace(0, 2 * np.pi, 41, dtype=np.float32)[:-1]
    power = np.float32(2 / rng.uniform(2.8, 6))
    across = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
    down = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
    flare = 1 + rng.uniform(-0.08, 0.15) * down
    outline = np.stack([x + half * across * flare, top + height / 2 * (1 + down)], axis=-1)
    pixels = _in_picture(outline.astype(np.float32), box_px)
    window = Window.around(pixels, 3, scene.image_size_hw)
    if window.is_empty:
        return None
    unit_px = scene.pose.unit_px
    right = np.arange(window.width, dtype=np.float32) / np.float32(unit_px)
    below = np.arange(window.height, dtype=np.float32) / np.float32(unit_px)
    coords = np.stack(np.meshgrid(right, below), axis=-1)
    fall = np.linspace(1.06, 0.78, window.height, dtype=np.float32)[:, None, None]
    colour = fabric.painted(coords, unit_px, rng) * fall
    return Layer(window, filled_outline(pixels, window), colour, 0.3, unit_px)
