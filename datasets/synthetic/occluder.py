"""What an occluder is, what it gives back, and choosing one by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from datasets.faces import Face
from datasets.samples import Attributes
from datasets.synthetic.geometry import Pose, fit_pose
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
    skin_bgr: tuple[float, float, float] = (0.55, 0.62, 0.8)


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
    return Scene((height, width), pose, Light.of(image_bgr, pose))


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
