"""Fitting a picture into a network's input, and bringing boxes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from serving.core import boxes

PAD_VALUE = 114
"""Grey level of the padding; the value that YOLOX was trained with."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """The geometry of one fit: scaled to fit, placed at the top left, padded below or right.

    Padding at one side only keeps the mapping a plain multiplication. The picture takes a whole
    number of pixels, so x and y are scaled by factors of their own, which nearly are one.
    """

    image_size_hw: tuple[int, int]
    input_size_hw: tuple[int, int]

    @property
    def scale(self) -> float:
        """Input pixels per image pixel, before the content is rounded to whole pixels."""
        return min(
            self.input_size_hw[0] / self.image_size_hw[0],
            self.input_size_hw[1] / self.image_size_hw[1],
        )

    @property
    def content_size_hw(self) -> tuple[int, int]:
        """Height and width in pixels that the picture takes of the input."""
        height, width = self.image_size_hw
        return max(1, round(height * self.scale)), max(1, round(width * self.scale))

    def apply(
        self, image: NDArray[np.uint8], out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """The letterboxed picture, uint8 (input height, input width, 3); into `out` where given."""
        if out is None:
            out = np.empty((*self.input_size_hw, 3), np.uint8)
        height, width = self.content_size_hw
        if (height, width) == image.shape[:2]:
            out[:height, :width] = image
        else:
            cv2.resize(
                image,
                (width, height),
                dst=out[:height, :width],
                interpolation=cv2.INTER_AREA if self.scale < 0.5 else cv2.INTER_LINEAR,
            )
        out[height:] = PAD_VALUE
        out[:height, width:] = PAD_VALUE
        return out

    def to_image(self, xyxy_px: boxes.Boxes) -> boxes.Boxes:
        """Boxes of the input in pixels of the image, clipped to it."""
        return boxes.clip(xyxy_px / self._scale_xyxy(xyxy_px.dtype), self.image_size_hw)

    def to_input(self, xyxy_px: boxes.Boxes) -> boxes.Boxes:
        """Boxes of the image in pixels of the input."""
        return np.asarray(xyxy_px * self._scale_xyxy(xyxy_px.dtype))

    def _scale_xyxy(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Input pixels per image pixel of the content as it is drawn, for each side of a box."""
        height, width = self.content_size_hw
        scale_x, scale_y = width / self.image_size_hw[1], height / self.image_size_hw[0]
        return np.array([scale_x, scale_y, scale_x, scale_y], np.result_type(dtype, np.float32))
