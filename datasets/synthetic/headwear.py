"""Hoods, beanies, caps and scarves, as sheets around the head and the neck."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.faces import Face
from datasets.synthetic.cloth import Fabric, any_fabric
from datasets.synthetic.geometry import BROW_Y, CROWN_Y, Floats, half_width, on_head
from datasets.synthetic.occluder import Drawing, Occluded, Scene, painted, scene_of
from datasets.synthetic.painting import Layer
from datasets.synthetic.surface import Mesh, Patch, Window, filled_outline, seen, sheet


class HeadwearKind(StrEnum):
    """What is worn."""

    HOOD = "hood"
    BEANIE = "beanie"
    CAP = "cap"
    SCARF_OVER_NOSE = "scarf-over-nose"
    SCARF_OVER_MOUTH = "scarf-over-mouth"
    SCARF_ON_NECK = "scarf-on-neck"


_SKULL = (1.26, 1.36, -1.0)
"""Half the width and half the depth of the skull under a hat, and where its axis stands in z."""

_TURNED = 0.35
"""Radians from which one side of the head hides a part of the other."""

_HOOD_RINGS = (
    (1.02, -2.0, 0.8),
    (1.34, -1.4, 1.0),
    (1.42, -0.8, 1.0),
    (1.3, -0.2, 0.7),
    (1.1, 0.06, 0.2),
    (1.0, 0.0, 0.0),
)
"""From the back to the border: how much wider than the border, how far back in units, and how much
of the way from the border up to the crown."""


class HeadwearOccluder:
    """Draws one kind of headwear. It hides no mask state: a scarf is not a mask.

    Args:
        kind: what to draw.
    """

    def __init__(self, kind: HeadwearKind) -> None:
        self.kind = HeadwearKind(kind)

    def apply(self, image_bgr: NDArray[np.uint8], face: Face, rng: np.random.Generator) -> Occluded:
        """The picture, BGR uint8 (H, W, 3), with it on the head.

        Raises:
            ValueError: the landmarks stand all at one place.
        """
        scene = scene_of(image_bgr, face)
        return painted(image_bgr, scene, self.draw(scene, rng), rng)

    def draw(self, scene: Scene, rng: np.random.Generator) -> Drawing:
        """The layers of it."""
        layers = _DRAWERS[self.kind](scene, rng)
        return Drawing(tuple(layer for layer in layers if layer is not None), self.kind.value)


def _cloth(
    scene: Scene, mesh: Mesh, fabric: Fabric, shadow: float, rng: np.random.Generator
) -> Layer | None:
    patch = seen(mesh, scene.pose, scene.image_size_hw, margin=0.25)
    if patch is None:
        return None
    relief = scene.light.relief(patch.normal)[..., None]
    colour = fabric.painted(patch.coords, patch.unit_px, rng) * relief
    return Layer(patch.window, patch.alpha, colour, shadow, patch.unit_px)


def _hood(scene: Scene, rng: np.random.Generator) -> list[Layer | None]:
    fabric = replace(any_fabric(rng, weave=0.03, creases=0.13), crease_size=(0.8, 0.45))
    opening = _opening(rng)
    lining = _lining(scene, opening, fabric)
    mesh = _hood_mesh(opening, rng)
    hood = _cloth(scene, mesh, fabric, 0.4, rng)
    return [lining, hood and _behind_face(hood, scene)]


def _opening(rng: np.random.Generator) -> Floats:
    """(N, 3): the border of a hood around the face, once around from below the chin."""
    turn = np.linspace(0, 2 * np.pi, 49, dtype=np.float32)
    wide, top, low = rng.uniform(1.12, 1.34), rng.uniform(-1.15, -0.7), rng.uniform(1.8, 2.15)
    middle, half = (top + low) / 2, (low - top) / 2
    x = -np.sin(turn) * np.float32(wide)
    y = np.float32(middle) + np.cos(turn) * np.float32(half)
    x = x * (1 - 0.22 * np.clip((y - 0.6) / 1.4, 0, 1))
    forward = rng.uniform(-0.35, 0.05) + 0.35 * np.clip(-y / 1.1, 0, 1)
    return np.stack([x, y, np.broadcast_to(forward, x.shape)], axis=-1).astype(np.float32)


def _hood_mesh(opening: Floats, rng: np.random.Generator) -> Mesh:
    """Rings from the back of the hood forward to its border."""
    top = float(opening[:, 1].min())
    crown = min(top - 0.3, CROWN_Y - rng.uniform(0.1, 0.4))
    rings = []
    for wider, back, up in _HOOD_RINGS:
        ring = opening.copy()
        flare = np.clip((ring[:, 1] - 0.9) / 1.2, 0, 1) ** 2
        ring[:, 0] *= wider + (wider - 1) * flare
        above, below = np.minimum(ring[:, 1], 0), np.maximum(ring[:, 1], 0)
        ring[:, 0] *= 1 + 0.3 * up * np.sin(np.pi * np.clip(above / top, 0, 1))  # not pointed
        ring[:, 1] = above * (1 + up * (crown / top - 1)) + below * wider
        ring[:, 2] += back
        rings.append(ring)
    middle = rings[0].mean(axis=0)
    points = np.stack([middle + (rings[0] - middle) * np.float32(0.03), *rings])  # closes the back
    return Mesh(points, points[..., :2] + points[..., 2:] * np.float32(0.5))


def _lining(scene: Scene, opening: Floats, fabric: Fabric) -> Layer | None:
    """The dark inside of a hood between its border and the face."""
    border = scene.pose.project(opening)
    window = Window.around(border, 2, scene.image_size_hw)
    if window.is_empty:
        return None
    alpha = filled_outline(border, window) * (1 - filled_outline(_face_outline(scene), window))
    unit_px = scene.pose.unit_px
    alpha = cv2.GaussianBlur(alpha, (0, 0), max(0.5, 0.05 * unit_px))
    colour = np.float32(fabric.colours[0]) * np.float32(0.22)
    return Layer(window, alpha, colour, 0.2, unit_px)  # type: ignore[arg-type]


def _behind_face(layer: Layer, scene: Scene) -> Layer:
    """The layer without what the face hides of it, on the side that a turned head shows less of."""
    yaw, unit_px = scene.pose.yaw, scene.pose.unit_px
    if not _TURNED < abs(yaw) < np.pi / 2:
        return layer
    right = np.arange(layer.window.width, dtype=np.float32) + layer.window.left
    far = np.clip((right - scene.pose.origin_px[0]) * np.sign(yaw) / (0.3 * unit_px), 0, 1)
    face = filled_outline(_face_outline(scene), layer.window)
    return replace(layer, alpha=layer.alpha * (1 - far.astype(np.float32) * face))


def _face_outline(scene: Scene) -> Floats:
    y = np.linspace(-0.95, 1.72, 12, dtype=np.float32)
    sides = [on_head(share * half_width(y), y) for share in (-0.9, -0.5, 0.0, 0.5, 0.9)]
    pixels = scene.pose.project(np.concatenate(sides))
    return cv2.convexHull(pixels)[:, 0]  # type: ignore[return-value]


def _dome(rim_y: float, rim_drop: float, height: float) -> Mesh:
    """A cap over the skull; `rim_drop` is how much lower its rim runs at the sides."""
    angle = np.linspace(-np.pi, np.pi, 41, dtype=np.float32)
    share = np.linspace(0.01, 1, 12, dtype=np.float32)[:, None]
    radius = np.sin(share * np.pi / 2)
    wide, deep, axis = _SKULL
    x = wide * radius * np.sin(angle)
    z = axis + deep * radius * np.cos(angle)
    rim = rim_y + rim_drop * (1 - np.cos(angle)) * share**2
    y = rim - height * np.maximum(0, 1 - radius**2.5) ** np.float32(0.45)
    points = np.stack(np.broadcast_arrays(x, y, z), axis=-1).astype(np.float32)
    coords = np.stack(np.broadcast_arrays(angle * wide, y - rim), axis=-1).astype(np.float32)
    return Mesh(points, coords)


def _beanie(scene: Scene, rng: np.random.Generator) -> list[Layer | None]:
    fabric = any_fabric(rng, weave=0.05, creases=0.07)
    rim_y = BROW_Y + rng.uniform(-0.45, -0.08)
    mesh = _dome(rim_y, rng.uniform(0.05, 0.3), rng.uniform(1.35, 1.65))
    patch = seen(mesh, scene.pose, scene.image_size_hw, margin=0.25)
    if patch is None:
        return []
    relief = scene.light.relief(patch.normal)
    if rng.random() < 0.7:
        relief = relief * _cuff(patch, float(rng.uniform(0.32, 0.5)))
    ribs = np.cos(patch.coords[..., 0] * np.float32(2 * np.pi / 0.11))
    fade = np.clip(0.11 * patch.unit_px / 3 - 1, 0, 1)  # ribs narrower than three pixels blur out
    relief = relief * (1 + np.float32(0.07 * fade) * ribs)
    colour = fabric.painted(patch.coords, patch.unit_px, rng) * relief[..., None]
    return [Layer(patch.window, patch.alpha, colour, 0.4, patch.unit_px)]


def _cuff(patch: Patch, height: float) -> Floats:
    """Brightness of a rim that is turned up."""
    up = patch.coords[..., 1] + np.float32(height)
    soft = max(0.05, 1.0 / patch.unit_px)
    above = np.clip(-up / 0.12 + 1, 0, 1) * np.clip(0.5 - up / soft, 0, 1)
    return 1 - np.float32(0.28) * above + np.float32(0.05) * np.clip(0.5 + up / soft, 0, 1)


def _cap(scene: Scene, rng: np.random.Generator) -> list[Layer | None]:
    fabric = any_fabric(rng, weave=0.02, creases=0.04)
    rim_y = BROW_Y + rng.uniform(-0.4, -0.15)
    dome = _cloth(scene, _dome(rim_y, -0.1, rng.uniform(1.25, 1.5)), fabric, 0.25, rng)
    brim = _visor(rim_y, rng)
    cloth = fabric if rng.random() < 0.8 else any_fabric(rng, creases=0.02)
    plain = Fabric((cloth.colours[0],), weave=0.02, creases=0.02)
    visor = _cloth(scene, brim, plain, 0.45, rng)
    if abs(scene.pose.yaw) > np.pi / 2:  # seen from behind
        return [visor, dome]
    return [_shade_under(scene, brim, rng), dome, visor]


def _visor(rim_y: float, rng: np.random.Generator) -> Mesh:
    angle = np.linspace(np.deg2rad(-68), np.deg2rad(68), 19, dtype=np.float32)
    out = np.linspace(0, 1, 6, dtype=np.float32)[:, None]
    wide, deep, axis = _SKULL
    reach = rng.uniform(0.75, 1.05) * np.cos(angle * np.float32(90 / 68)) ** np.float32(0.6)
    x = wide * np.sin(angle) * (1 + 0.04 * out)
    z = axis + deep * np.cos(angle) + reach * out
    curve, droop = rng.uniform(0.1, 0.35), rng.uniform(0.05, 0.3)
    y = rim_y + curve * np.sin(angle) ** 2 + droop * out * reach
    points = np.stack(np.broadcast_arrays(x, y, z), axis=-1).astype(np.float32)
    mesh = sheet(points)
    return Mesh(mesh.points, mesh.coords, two_sided=True)


def _shade_under(scene: Scene, brim: Mesh, rng: np.random.Generator) -> Layer | None:
    """The shadow that a visor throws on brow and eyes."""
    low = brim.points * np.float32([0.9, 1, 0.7]) + np.float32([0, rng.uniform(0.35, 0.6), 0])
    outline = np.concatenate([low[0], low[-1, ::-1]])
    pixels = scene.pose.project(outline)
    unit_px = scene.pose.unit_px
    window = Window.around(pixels, 0.4 * unit_px, scene.image_size_hw)
    if window.is_empty:
        return None
    hull = cv2.convexHull(pixels)[:, 0]
    alpha = cv2.GaussianBlur(filled_outline(hull, window), (0, 0), max(0.5, 0.12 * unit_px))
    alpha = alpha * np.float32(rng.uniform(0.25, 0.5))
    return Layer(window, alpha, np.float32([0, 0, 0]), 0.0, unit_px)  # type: ignore[arg-type]


def _scarf(
    top: tuple[float, float],
) -> Callable[[Scene, np.random.Generator], list[Layer | None]]:
    def draw(scene: Scene, rng: np.random.Generator) -> list[Layer | None]:
        fabric = any_fabric(rng, weave=0.05, creases=0.2)
        fabric = replace(fabric, crease_size=(1.1, 0.2))
        return [_cloth(scene, _scarf_mesh(float(rng.uniform(*top)), rng), fabric, 0.45, rng)]

    return draw


def _scarf_mesh(top: float, rng: np.random.Generator) -> Mesh:
    angle = np.linspace(-np.pi, np.pi, 37, dtype=np.float32)
    v = np.linspace(0, 1, 14, dtype=np.float32)[:, None]
    sag = rng.uniform(-0.1, 0.15)
    top_y = top + sag * (1 - np.cos(angle)) + 0.04 * np.sin(angle * rng.uniform(3, 5))
    y = top_y + (3.1 - top_y) * v
    loose = 0.1 + 0.35 * np.clip((y - 1.1) / 1.2, 0, 1)
    width = np.maximum(half_width(y), 0.85) + loose
    nose = 0.4 * np.exp(-((np.sin(angle) / 0.4) ** 2)) * np.exp(-(((y - 0.62) / 0.3) ** 2))
    chin = np.interp(y, (0.0, 0.6, 1.1, 1.6, 2.2), (0.2, 0.24, 0.34, 0.3, 0.2))
    ahead = chin + 0.08 + 0.5 * loose
    x = width * np.sin(angle)
    z = -0.95 + (ahead + 0.95) * np.cos(angle) + nose
    points = np.stack(np.broadcast_arrays(x, y, z), axis=-1).astype(np.float32)
    return sheet(points)


_DRAWERS: Mapping[HeadwearKind, Callable[[Scene, np.random.Generator], list[Layer | None]]] = {
    HeadwearKind.HOOD: _hood,
    HeadwearKind.BEANIE: _beanie,
    HeadwearKind.CAP: _cap,
    HeadwearKind.SCARF_OVER_NOSE: _scarf((0.3, 0.5)),
    HeadwearKind.SCARF_OVER_MOUTH: _scarf((0.75, 0.92)),
    HeadwearKind.SCARF_ON_NECK: _scarf((1.65, 1.9)),
}
