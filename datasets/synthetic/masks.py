"""Face masks of several kinds, worn right and wrong, as sheets over nose, cheeks and chin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from datasets.faces import Face
from datasets.synthetic.cloth import Colour, Fabric, any_fabric, colour_of
from datasets.synthetic.geometry import (
    DEPTH,
    EAR,
    Floats,
    front,
    half_width,
    on_head,
)
from datasets.synthetic.occluder import Drawing, Occluded, Scene, painted, scene_of
from datasets.synthetic.painting import Layer
from datasets.synthetic.surface import Mesh, Patch, Window, seen, sheet, strokes
from serving.core.labels import Mask


class MaskKind(StrEnum):
    """What kind of mask."""

    SURGICAL = "surgical"
    CLOTH = "cloth"
    KN95 = "kn95"
    FFP2 = "ffp2"
    DUCKBILL = "duckbill"
    BANDANA = "bandana"


class Wear(StrEnum):
    """How a mask is worn; all but the first are wrong."""

    COVERING = "covering"
    NOSE_OUT = "nose-out"
    UNDER_CHIN = "under-chin"
    ONE_EAR = "one-ear"


WRONG = (Wear.NOSE_OUT, Wear.UNDER_CHIN, Wear.ONE_EAR)
_WRONG_SHARES = (0.6, 0.28, 0.12)
"""How often each is seen, roughly."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The shape of a mask on a face, in units of the distance between the eyes.

    Args:
        top: heights of the upper edge in the middle and at the sides.
        bottom: the same of the lower edge.
        side: how far the mask reaches to each side.
        edge_bend: exponents of the upper and the lower edge between middle and side: below 1 a
            peak in the middle, above 1 an arc.
        bulge: how far it stands off the face in the middle.
        ridge: exponent across: 1 a crease down the middle, 2 a dome.
        crest: the height of the part that stands out most; None follows the face.
    """

    top: tuple[float, float]
    bottom: tuple[float, float]
    side: float
    edge_bend: tuple[float, float] = (1.5, 1.7)
    bulge: float = 0.0
    ridge: float = 1.6
    crest: float | None = None


CUTS: Mapping[MaskKind, Cut] = {
    MaskKind.SURGICAL: Cut((0.27, 0.52), (1.72, 1.3), 0.88, (1.4, 1.7)),
    MaskKind.CLOTH: Cut((0.25, 0.55), (1.7, 1.2), 0.92, (1.2, 1.8), 0.02, 1.4),
    MaskKind.KN95: Cut((0.2, 0.72), (1.74, 1.12), 0.9, (1.0, 1.35), 0.14, 1.15),
    MaskKind.FFP2: Cut((0.22, 0.75), (1.66, 1.2), 0.8, (1.5, 2.0), 0.16, 2.0, 0.85),
    MaskKind.DUCKBILL: Cut((0.24, 0.74), (1.62, 1.14), 0.84, (1.5, 1.9), 0.3, 2.2, 0.95),
    MaskKind.BANDANA: Cut((0.3, 0.42), (2.35, 0.95), 1.06, (1.6, 0.9), 0.03, 1.7),
}

_NUM_ROWS, _NUM_COLUMNS = 11, 15
_PROFILE_Y = (0.0, 0.2, 0.4, 0.62, 0.9, 1.1, 1.4, 1.58, 1.74, 1.95, 2.6)
_PROFILE = (0.26, 0.32, 0.44, 0.58, 0.52, 0.46, 0.4, 0.33, 0.1, -0.1, -0.16)
"""The middle of cloth that hangs from nose to chin."""
_LOOP_WIDTH = 0.038
_TURNED = 0.35
"""Radians from which one side of the head is seen better than the other."""


class MaskOccluder:
    """Draws one kind of mask, in colours and proportions that differ each time.

    Args:
        kind: of mask.
        wear: how it is worn; None draws one of the wrong ways. A bandana, which has no loops, goes
            under the chin instead of hanging from one ear; a mask that would hang outside the
            picture goes below the nose.
    """

    def __init__(self, kind: MaskKind, wear: Wear | None = Wear.COVERING) -> None:
        self.kind = MaskKind(kind)
        self.wear = wear

    def apply(self, image_bgr: NDArray[np.uint8], face: Face, rng: np.random.Generator) -> Occluded:
        """The picture, BGR uint8 (H, W, 3), with a mask on the face.

        Raises:
            ValueError: the landmarks stand all at one place.
        """
        scene = scene_of(image_bgr, face)
        return painted(image_bgr, scene, self.draw(scene, rng), rng)

    def draw(self, scene: Scene, rng: np.random.Generator) -> Drawing:
        """The layers of the mask."""
        wear = self.wear or WRONG[int(rng.choice(len(WRONG), p=_WRONG_SHARES))]
        if self.kind is MaskKind.BANDANA and wear is Wear.ONE_EAR:  # it has no loops
            wear = Wear.UNDER_CHIN
        fabric = _FABRICS[self.kind](rng)
        side = _side_seen(scene)
        mesh = _hanging(side, rng) if wear is Wear.ONE_EAR else None
        if mesh is None or not _is_in_picture(scene, mesh):
            wear = Wear.NOSE_OUT if mesh is not None else wear
            mesh = _mesh(_worn(_varied(CUTS[self.kind], rng), wear, rng))
        if wear is Wear.UNDER_CHIN:
            fabric = replace(fabric, creases=fabric.creases * 2.5)
        body = _body(scene, mesh, fabric, self.kind, wear, rng)
        loops = _loops(scene, mesh, self.kind, wear, side, fabric.colours[0], rng)
        layers = tuple(layer for layer in (loops, body) if layer is not None)
        state = Mask.MASKED if wear is Wear.COVERING else Mask.INCORRECT
        return Drawing(layers, self.kind.value, wear.value, state)


def _varied(cut: Cut, rng: np.random.Generator) -> Cut:
    """The cut of one mask, tied a little higher or lower, wider or narrower than the mean."""
    up, down = rng.normal(0, 0.035), rng.normal(0, 0.04)
    return replace(
        cut,
        top=(cut.top[0] + up, cut.top[1] + up + rng.normal(0, 0.04)),
        bottom=(cut.bottom[0] + down, cut.bottom[1] + down + rng.normal(0, 0.05)),
        side=cut.side * rng.uniform(0.95, 1.05),
        bulge=cut.bulge * rng.uniform(0.7, 1.3),
        ridge=cut.ridge * rng.uniform(0.92, 1.1),
    )


def _worn(cut: Cut, wear: Wear, rng: np.random.Generator) -> Cut:
    if wear is Wear.NOSE_OUT:
        top = rng.uniform(0.76, 0.9)
        bottom = max(cut.bottom[0], 1.7) + rng.uniform(0.05, 0.15)
        sides = (max(cut.top[1], 0.72), cut.bottom[1] + 0.1)
        return replace(
            cut, top=(top, sides[0]), bottom=(bottom, sides[1]), bulge=cut.bulge * 0.4, crest=None
        )
    if wear is Wear.UNDER_CHIN:
        top = rng.uniform(1.36, 1.52)
        return replace(
            cut,
            top=(top, rng.uniform(0.95, 1.1)),
            bottom=(top + rng.uniform(0.5, 0.75), 1.5),
            edge_bend=(1.9, 1.9),
            bulge=0.04,
            ridge=2.0,
            crest=None,
        )
    return cut


def _mesh(cut: Cut) -> Mesh:
    u = np.linspace(-1, 1, _NUM_COLUMNS, dtype=np.float32)
    v = np.linspace(0, 1, _NUM_ROWS, dtype=np.float32)[:, None]
    top = _edge(cut.top, cut.edge_bend[0], u)
    bottom = _edge(cut.bottom, cut.edge_bend[1], u)
    y = top + (bottom - top) * v
    x = np.broadcast_to(cut.side * u, y.shape)
    stretch = np.sin(np.pi * np.clip(v, 0.02, 0.98)) ** 0.5
    if cut.crest is not None:
        stretch = np.maximum(0, 1 - ((y - cut.crest) / 0.75) ** 2)
    middle = np.interp(y, _PROFILE_Y, _PROFILE) + cut.bulge * stretch
    at_side = on_head(np.full_like(y, cut.side), y)[..., 2]
    tent = at_side + (middle - at_side) * (1 - np.abs(u) ** cut.ridge)
    skin = on_head(x, y, 0.03)[..., 2]
    return sheet(np.stack([x, y, np.maximum(tent, skin)], axis=-1).astype(np.float32))


def _edge(heights: tuple[float, float], bend: float, u: Floats) -> Floats:
    return (heights[0] + (heights[1] - heights[0]) * np.abs(u) ** bend).astype(np.float32)


def _hanging(side: int, rng: np.random.Generator) -> Mesh:
    """A mask that hangs from one ear beside the jaw."""
    inward = np.linspace(0, 1, 7, dtype=np.float32) * np.float32(rng.uniform(0.8, 1.05))
    v = np.linspace(0, 1, 9, dtype=np.float32)[:, None]
    turn, lean = rng.uniform(0.4, 0.9), rng.uniform(-0.15, 0.1)  # 0 faces the viewer
    height = rng.uniform(1.2, 1.5) * (1 - 0.12 * np.abs(inward - 0.5))
    x = side * (1.16 - inward * np.cos(turn) + lean * v)
    y = 0.72 + height * v + 0.15 * inward
    z = -0.75 + inward * np.sin(turn) + 0.12 * np.sin(np.pi * inward)
    points = np.stack(np.broadcast_arrays(x, y, z), axis=-1).astype(np.float32)
    mesh = sheet(points[:, ::-1] if side > 0 else points)
    return Mesh(mesh.points, mesh.coords, two_sided=True)


def _is_in_picture(scene: Scene, mesh: Mesh) -> bool:
    """Whether the picture shows so much of a mesh that a label may speak of it."""
    height, width = scene.image_size_hw
    x, y = scene.pose.project(mesh.points).reshape(-1, 2).T
    return bool(np.mean((x >= 0) & (x < width) & (y >= 0) & (y < height)) > 0.6)


def _side_seen(scene: Scene) -> int:
    """The side of the head that is seen better, or that has more room beside it."""
    if abs(scene.pose.yaw) > _TURNED:
        return -1 if scene.pose.yaw > 0 else 1
    width = scene.image_size_hw[1]
    ears = scene.pose.project(np.float32([[-EAR[0], 1.2, -0.6], [EAR[0], 1.2, -0.6]]))
    return -1 if float(ears[0, 0]) > width - float(ears[1, 0]) else 1


def _body(
    scene: Scene,
    mesh: Mesh,
    fabric: Fabric,
    kind: MaskKind,
    wear: Wear,
    rng: np.random.Generator,
) -> Layer | None:
    patch = seen(mesh, scene.pose, scene.image_size_hw, margin=0.17)
    if patch is None:
        return None
    relief = scene.light.relief(patch.normal)
    relief = relief / max(0.5, float(np.vdot(relief, patch.alpha)) / (patch.alpha.sum() + 1e-3))
    relief = relief * _seams(patch, mesh, kind, rng) * _contact(patch, mesh)
    colour = fabric.painted(patch.coords, patch.unit_px, rng) * relief[..., None]
    if kind is MaskKind.SURGICAL and wear is not Wear.UNDER_CHIN and rng.random() < 0.5:
        edge = _near(patch.coords[..., 1], 0.05, 0.07, patch.unit_px)
        colour = colour + (edge * np.float32(rng.uniform(0.1, 0.35)))[..., None] * (0.95 - colour)
    return Layer(patch.window, patch.alpha, colour, float(rng.uniform(0.2, 0.45)), patch.unit_px)


def _contact(patch: Patch, mesh: Mesh) -> Floats:
    """Darker to the border, where the cloth turns to the face, and its hem."""
    (left, right), depth = _extent(mesh)
    a, b = patch.coords[..., 0], patch.coords[..., 1]
    room = np.minimum(np.minimum(a - left, right - a), np.minimum(b, depth - b))
    fall = np.clip(room / np.float32(0.2), 0, 1)
    return np.float32(0.86) + np.float32(0.14) * fall


def _extent(mesh: Mesh) -> tuple[tuple[float, float], float]:
    coords = mesh.coords
    return (float(coords[0, 0, 0]), float(coords[0, -1, 0])), float(coords[-1, 0, 1])


def _near(field: Floats, value: float, reach: float, unit_px: float) -> Floats:
    """1 where a field is within `reach` of a value, with edges as soft as a pixel is large."""
    soft = max(reach * 0.6, 1.0 / unit_px)
    return np.clip((reach - np.abs(field - np.float32(value))) / soft + 0.5, 0, 1)


def _seams(patch: Patch, mesh: Mesh, kind: MaskKind, rng: np.random.Generator) -> Floats:
    """Brightness of pleats, folds and hems by the place on the cloth."""
    (_, right), depth = _extent(mesh)
    a, b, unit_px = patch.coords[..., 0], patch.coords[..., 1], patch.unit_px
    relief = np.ones_like(a)
    if kind is MaskKind.SURGICAL:
        start, step = depth * rng.uniform(0.26, 0.34), depth * rng.uniform(0.13, 0.19)
        for index in range(3):
            above = (b - np.float32(start + index * step)) / np.float32(step)
            relief -= np.float32(0.16) * np.clip(1 + above * 2, 0, 1) * (above < 0)
            relief += np.float32(0.05) * np.clip(1 - above * 2, 0, 1) * (above >= 0)
    if kind in (MaskKind.KN95, MaskKind.CLOTH):
        strength = 0.16 if kind is MaskKind.KN95 else 0.1
        relief -= np.float32(strength) * _near(a, 0.0, 0.02, unit_px)
        relief -= np.float32(0.05) * np.clip(a / 0.3, -1, 1) * np.float32(rng.choice([-1, 1]))
    if kind is MaskKind.KN95:
        for side in (-1, 1):
            relief -= np.float32(0.07) * _near(a, side * (right - 0.12), 0.015, unit_px)
    if kind is MaskKind.DUCKBILL:
        below = np.clip((b - np.float32(depth * 0.52)) / np.float32(0.12), 0, 1)
        relief *= 1 - np.float32(0.22) * below
        relief -= np.float32(0.12) * _near(b, depth * 0.52, 0.02, unit_px)
    if kind in (MaskKind.SURGICAL, MaskKind.CLOTH, MaskKind.BANDANA):
        for edge in (0.06, depth - 0.06):
            relief -= np.float32(0.07) * _near(b, edge, 0.012, unit_px)
    if kind is MaskKind.FFP2:
        relief -= np.float32(0.06) * _near(b, 0.1, 0.015, unit_px)
    return relief


def _loops(
    scene: Scene,
    mesh: Mesh,
    kind: MaskKind,
    wear: Wear,
    side: int,
    ground: Colour,
    rng: np.random.Generator,
) -> Layer | None:
    """The loops from the corners of a mask to the ears, where the picture sees them."""
    if kind is MaskKind.BANDANA:
        return None
    lines = []
    for one in (side,) if wear is Wear.ONE_EAR else (-1, 1):
        column = mesh.points[:, -1 if one > 0 else 0]
        lines += _on_side(scene, _ear_loops(column[[0, -1]], one))
    if not lines:
        return None
    size = scene.image_size_hw
    window = Window.around(np.concatenate(lines), 0.1 * scene.pose.unit_px + 2, size)
    if window.is_empty:
        return None
    unit_px = scene.pose.unit_px
    alpha = strokes(lines, _LOOP_WIDTH * unit_px, window) * np.float32(0.9)
    white = (0.92, 0.92, 0.92)
    colour = np.float32(white if rng.random() < 0.7 else ground)
    return Layer(window, alpha, colour, 0.15, unit_px)


_SHARE = np.linspace(0, 1, 8, dtype=np.float32)
_EAR_Y = np.float32([[EAR[1] - 0.18], [EAR[1] + 0.3]])


def _ear_loops(corners: Floats, side: int) -> Floats:
    """(2, N, 3): over the cheek from the corners of the mask (2, 3) to behind the ear."""
    y = corners[:, 1:2] + (_EAR_Y - corners[:, 1:2]) * _SHARE ** np.float32(1.2)
    width = half_width(y)
    first = np.arcsin(np.clip(np.abs(corners[:, :1]) / width[:, :1], 0, 0.98))
    angle = first + (np.float32(np.deg2rad(80)) - first) * _SHARE
    depth = front(y) - DEPTH * (1 - np.cos(angle))
    depth = depth + (corners[:, 2:] - depth[:, :1]) * (1 - _SHARE)
    return np.stack([side * width * np.sin(angle), y, depth], axis=-1).astype(np.float32)


def _on_side(scene: Scene, lines: Floats) -> list[Floats]:
    """What is seen of lines (L, N, 3) over a side of the head, in pixels."""
    across, _, depth = scene.pose.rotation[2]
    facing = lines[..., 0] / 1.1 * across + (lines[..., 2] + DEPTH) / 2 * depth
    pixels, kept = scene.pose.project(lines), facing > 0.12
    return [line[seen_] for line, seen_ in zip(pixels, kept, strict=True) if seen_.sum() >= 2]


def _surgical(rng: np.random.Generator) -> Fabric:
    colours = [
        colour_of(0.56, 0.32, 0.88),
        colour_of(0.54, 0.45, 0.8),
        colour_of(0.47, 0.3, 0.78),
        (0.93, 0.93, 0.93),
        colour_of(0.93, 0.25, 0.93),
        (0.1, 0.1, 0.1),
    ]
    chosen = colours[int(rng.choice(len(colours), p=[0.36, 0.16, 0.08, 0.2, 0.06, 0.14]))]
    shade = float(rng.uniform(0.92, 1.06))
    return Fabric((_times(chosen, shade),), weave=0.015, creases=0.035)


def _respirator(rng: np.random.Generator) -> Fabric:
    colours: list[Colour] = [(0.95, 0.95, 0.95), (0.1, 0.1, 0.1), (0.6, 0.6, 0.6)]
    colours.append(colour_of(rng.random(), 0.3, 0.85))
    chosen = colours[int(rng.choice(len(colours), p=[0.72, 0.14, 0.06, 0.08]))]
    return Fabric((_times(chosen, float(rng.uniform(0.92, 1.03))),), weave=0.02, creases=0.02)


def _times(colour: Colour, factor: float) -> Colour:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def _bandana(rng: np.random.Generator) -> Fabric:
    return replace(any_fabric(rng, weave=0.03, creases=0.1), crease_size=(0.16, 0.9))


_FABRICS: Mapping[MaskKind, Callable[[np.random.Generator], Fabric]] = {
    MaskKind.SURGICAL: _surgical,
    MaskKind.CLOTH: any_fabric,
    MaskKind.KN95: _respirator,
    MaskKind.FFP2: _respirator,
    MaskKind.DUCKBILL: _respirator,
    MaskKind.BANDANA: _bandana,
}
