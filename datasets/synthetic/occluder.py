"""What an occluder is, what it gives back, and choosing one by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from datasets.faces import Face
from datasets.samples import Attributes
from datasets.synthetic.geometry import Floats, Pose, fit_pose, on_head
from datasets.synthetic.light import Light
from datasets.synthetic.painting import Layer, paint
from serving.core.labels import Mask


@dataclass(frozen=True, slots=True, eq=False)
class Occluded:
    """A picture with something drawn over a face.

    Args:
        image_bgr: (H, W, 3) uint8, a new picture.
        alpha: (H, W) uint8, how much of each pixel is hidden: 0 not at all, 255 wholly.
        kind: what was drawn, as `surgical`.
        how: how it is worn, as `nose-out`; empty where there is one way.
        mask: the mask state that the face now has; None where it has not changed.
    """

    image_bgr: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    kind: str
    how: str = ""
    mask: Mask | None = None

    def changed(self, attributes: Attributes) -> Attributes:
        """The attributes of the person after it."""
        return attributes if self.mask is None else replace(attributes, mask=self.mask)


_SKIN_PLACES = np.concatenate(
    [
        on_head(np.float32([-0.55, -0.4, 0.4, 0.55]), np.float32([0.6, 0.75, 0.75, 0.6])),
        on_head(np.float32([-0.3, 0.0, 0.3]), np.float32([-0.6, -0.6, -0.6])),
    ]
)


class Occluder(Protocol):
    """Draws one kind of thing. The same picture, face and random state give the same pixels."""

    def apply(self, image_bgr: NDArray[np.uint8], face: Face, rng: np.random.Generator) -> Occluded:
        """The picture, BGR uint8 (H, W, 3), with a new thing over the face.

        Raises:
            ValueError: the landmarks stand all at one place.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What an occluder needs to know to draw."""

    image_size_hw: tuple[int, int]
    pose: Pose
    light: Light
    skin_bgr: Floats
    """(3,) colour of the cheeks, 1 being white in the light of the place."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What an occluder drew: its layers, the lowest first, and what they mean."""

    layers: tuple[Layer, ...]
    kind: str
    how: str = ""
    mask: Mask | None = None


def scene_of(image_bgr: NDArray[np.uint8], face: Face) -> Scene:
    """The scene of one face."""
    pose = fit_pose(face.landmarks_px)
    height, width = image_bgr.shape[:2]
    light = Light.of(image_bgr, pose)
    return Scene((height, width), pose, light, skin_under(image_bgr, pose) / light.white_bgr)


def skin_under(image_bgr: NDArray[np.uint8], pose: Pose) -> Floats:
    """(3,) the median BGR, 0 to 255, of cheeks and brow."""
    places = pose.project(_SKIN_PLACES)
    height, width = image_bgr.shape[:2]
    x, y = np.clip(np.rint(places).astype(int), 0, (width - 1, height - 1)).T
    return np.maximum(np.median(image_bgr[y, x].astype(np.float32), axis=0), 8)


def painted(
    image_bgr: NDArray[np.uint8], scene: Scene, drawing: Drawing, rng: np.random.Generator
) -> Occluded:
    """The picture with a drawing over it."""
    image, alpha = paint(image_bgr, drawing.layers, scene.light, rng)
    return Occluded(image, alpha, drawing.kind, drawing.how, drawing.mask)


class RandomOccluder:
    """One of several occluders, chosen anew for each picture.

    Args:
        weights: how often each is chosen, in proportion.

    Raises:
        ValueError: no occluder, or weights that are negative or all zero.
    """

    def __init__(self, weights: Mapping[Occluder, float]) -> None:
        shares = np.array(list(weights.values()), np.float64)
        if not len(shares) or (shares < 0).any() or not shares.sum() > 0:
            raise ValueError(
                f"weights: expected some above 0 and none below, got {list(weights.values())}"
            )
        self._occluders = tuple(weights)
        self._shares = shares / shares.sum()

    def apply(self, image_bgr: NDArray[np.uint8], face: Face, rng: np.random.Generator) -> Occluded:
        """The picture with the chosen thing over the face."""
        chosen = int(rng.choice(len(self._occluders), p=self._shares))
        return self._occluders[chosen].apply(image_bgr, face, rng)
