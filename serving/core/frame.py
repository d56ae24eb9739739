"""One picture from one camera at one time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded picture. The image is BGR uint8 (H, W, 3), as OpenCV gives it.

    `index` counts decoded frames of the source from 0; `captured_at` is the capture time in
    seconds UTC. Time is what the pipeline computes with: indices differ between cameras.
    """

    image: NDArray[np.uint8]
    camera_id: str
    index: int
    captured_at: float

    def __post_init__(self) -> None:
        image = self.image
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"camera '{self.camera_id}', frame {self.index}: expected a BGR uint8 image "
                f"(H, W, 3), got {image.dtype} {image.shape}"
            )

    @property
    def image_size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.image.shape[0], self.image.shape[1]
