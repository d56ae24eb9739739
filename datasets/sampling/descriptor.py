"""What a picture looks like, without a model: colours and edges, place by place."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

_SIZE_PX = 128
_GRID = 6
_NUM_DIRECTIONS = 6


class ColoursAndEdges:
    """Describes pictures by the mean colour and the directions of the edges in each cell of a grid.

    Pictures of the same place with people at other spots differ, and so do day and night. It needs
    no weights; who looks for likeness of meaning takes a bundle instead.
    """

    def embed(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, D) float32, L2-normalised, of BGR uint8 pictures that may differ in size."""
        size = _GRID * _GRID * (3 + _NUM_DIRECTIONS)
        rows = [_described(image) for image in images]
        return np.stack(rows) if rows else np.zeros((0, size), np.float32)


def _described(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    small = cv2.resize(image, (_SIZE_PX, _SIZE_PX), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_BGR2LAB) / np.float32(100)
    colours = cv2.resize(lab, (_GRID, _GRID), interpolation=cv2.INTER_AREA)
    values = np.concatenate([colours.ravel(), _edges(lab[..., 0]).ravel()])
    described: NDArray[np.float32] = (values / max(float(np.linalg.norm(values)), 1e-9)).astype(
        np.float32
    )
    return described


def _edges(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """(G, G, D): how strong the edges of each direction are in each cell."""
    right, down = cv2.Sobel(lightness, cv2.CV_32F, 1, 0), cv2.Sobel(lightness, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(right, down)
    direction = (angle / np.float32(np.pi) * _NUM_DIRECTIONS).astype(np.int32) % _NUM_DIRECTIONS
    planes = [
        cv2.resize(np.where(direction == one, strength, 0), (_GRID, _GRID),
                   interpolation=cv2.INTER_AREA)
        for one in range(_NUM_DIRECTIONS)
    ]  # fmt: skip
    return np.stack(planes, axis=-1)
