"""Pictures with boxes, changed: letterbox, affine, mosaic, mixup, colour, flip.

NumPy and OpenCV only. Whatever is random comes from the generator that is passed in, so the same
generator state gives the same pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.detection import DetectionSample
from serving.core.letterbox import PAD_VALUE, Letterbox

MIN_SIDE_PX = 4.0
"""A box that a transform leaves narrower or lower than this is dropped."""

MIN_VISIBLE = 0.25
"""A box of which less than this share of the area stays inside the picture is dropped."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strongly training pictures are changed; each comes out as a crop of `size_hw`.

    Args:
        input_size_hw: what the trained network will be given, height and width in pixels; a zoom
            of 1 shows things as large as they will be there.
        size_hw: of the training pictures, multiples of 32. Smaller than the input, a step is
            cheaper and a picture is cropped more.
        mosaic_probability: four pictures as tiles of one.
        mixup_probability: two pictures as the mean of both, each keeping its boxes.
        scale: smallest and largest zoom.
        translate: how far the crop's centre may lie from the picture's, as a share of its size.
        rotation_deg: largest rotation, either way.
        hue, saturation, brightness: largest relative change, each way.
        flip_probability: left and right exchanged.
    """

    input_size_hw: tuple[int, int]
    size_hw: tuple[int, int]
    mosaic_probability: float = 0.5
    mixup_probability: float = 0.0
    scale: tuple[float, float] = (0.5, 1.5)
    translate: float = 0.3
    rotation_deg: float = 0.0
    hue: float = 0.015
    saturation: float = 0.5
    brightness: float = 0.4
    flip_probability: float = 0.5

    def __post_init__(self) -> None:
        for name, size_hw in (("input_size_hw", self.input_size_hw), ("size_hw", self.size_hw)):
            if len(size_hw) != 2 or any(side <= 0 or side % 32 for side in size_hw):
                raise ValueError(
                    f"{name}: expected height and width, multiples of 32 px, got {list(size_hw)}"
                )
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ValueError(f"scale: expected 0 < smallest ≤ largest, got {tuple(self.scale)}")

    def __call__(
        self,
        sample: DetectionSample,
        draw_other: Callable[[], DetectionSample],
        rng: np.random.Generator,
    ) -> DetectionSample:
        """One training picture from `sample` and, for mosaic and mixup, others drawn on demand."""
        picture = self._placed(sample, draw_other, rng)
        if rng.random() < self.mixup_probability:
            picture = mixup(picture, self._placed(draw_other(), draw_other, rng))
        if rng.random() < self.flip_probability:
            picture = flip(picture)
        return colour_jitter(picture, rng, self.hue, self.saturation, self.brightness)

    def plain(self, sample: DetectionSample, rng: np.random.Generator) -> DetectionSample:
        """The mild form for the last epochs: no mosaic, no mixup and no zoom."""
        fit = Letterbox(_size_hw(sample.image), self.input_size_hw).scale
        picture = self._cropped(sample, fit, rng, scale=(1.0, 1.0))
        if rng.random() < self.flip_probability:
            picture = flip(picture)
        return colour_jitter(picture, rng, self.hue, self.saturation, self.brightness)

    def _placed(
        self,
        sample: DetectionSample,
        draw_other: Callable[[], DetectionSample],
        rng: np.random.Generator,
    ) -> DetectionSample:
        if rng.random() < self.mosaic_probability:
            tiles = [sample, draw_other(), draw_other(), draw_other()]
            return self._cropped(mosaic(tiles, self.input_size_hw, rng), 1.0, rng, self.scale)
        fit = Letterbox(_size_hw(sample.image), self.input_size_hw).scale
        return self._cropped(sample, fit, rng, self.scale)

    def _cropped(
        self,
        sample: DetectionSample,
        fit: float,
        rng: np.random.Generator,
        scale: tuple[float, float],
    ) -> DetectionSample:
        """A crop; `fit` is the zoom at which the picture is as large as the network sees it."""
        zoom = (fit * scale[0], fit * scale[1])
        return random_affine(sample, self.size_hw, rng, zoom, self.translate, self.rotation_deg)


def letterbox(sample: DetectionSample, size_hw: tuple[int, int]) -> DetectionSample:
    """The whole picture fitted into `size_hw`, as serving fits it."""
    height, width = sample.image.shape[:2]
    fit = Letterbox((height, width), (int(size_hw[0]), int(size_hw[1])))
    boxes = fit.to_input(sample.xyxy_px).astype(np.float32)
    return DetectionSample(fit.apply(sample.image), boxes, sample.class_id)


def flip(sample: DetectionSample) -> DetectionSample:
    """Left and right exchanged."""
    width = sample.image.shape[1]
    boxes = sample.xyxy_px.copy()
    boxes[:, [0, 2]] = width - sample.xyxy_px[:, [2, 0]]
    return DetectionSample(np.ascontiguousarray(sample.image[:, ::-1]), boxes, sample.class_id)


def colour_jitter(
    sample: DetectionSample,
    rng: np.random.Generator,
    hue: float,
    saturation: float,
    brightness: float,
) -> DetectionSample:
    """Hue shifted, saturation and brightness scaled, each by a random amount up to its limit."""
    gain = 1 + rng.uniform(-1, 1, 3) * (hue, saturation, brightness)
    levels = np.arange(256)
    hsv = cv2.split(cv2.cvtColor(sample.image, cv2.COLOR_BGR2HSV))
    tables = (
        np.mod(levels * gain[0], 180),
        np.clip(levels * gain[1], 0, 255),
        np.clip(levels * gain[2], 0, 255),
    )
    changed = cv2.merge(
        [cv2.LUT(plane, table.astype(np.uint8)) for plane, table in zip(hsv, tables, strict=True)]
    )
    image = cv2.cvtColor(changed, cv2.COLOR_HSV2BGR)
    return DetectionSample(image, sample.xyxy_px, sample.class_id)


def random_affine(
    sample: DetectionSample,
    size_hw: tuple[int, int],
    rng: np.random.Generator,
    scale: tuple[float, float],
    translate: float,
    rotation_deg: float,
) -> DetectionSample:
    """Zoomed, turned and cut out around a point near the centre, into a picture of `size_hw`.

    The zoom is drawn evenly in its logarithm between the two values of `scale`.
    """
    image_height, image_width = _size_hw(sample.image)
    height, width = size_hw
    zoom = float(np.exp(rng.uniform(*np.log(scale))))
    angle_deg = float(rng.uniform(-rotation_deg, rotation_deg))
    away = rng.uniform(-translate, translate, 2)
    centre = ((0.5 + away[0]) * image_width, (0.5 + away[1]) * image_height)
    matrix = cv2.getRotationMatrix2D(centre, angle_deg, zoom)
    matrix[:, 2] += np.array([width / 2, height / 2]) - centre
    # Boxes count from the pixels' corners, OpenCV from their centres.
    centred = matrix.copy()
    centred[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    image = cv2.warpAffine(
        sample.image, centred, (width, height), borderValue=(PAD_VALUE, PAD_VALUE, PAD_VALUE)
    )
    return _kept(image, _warped(sample.xyxy_px, matrix), sample.class_id)


def mosaic(
    samples: list[DetectionSample], size_hw: tuple[int, int], rng: np.random.Generator
) -> DetectionSample:
    """Four pictures around a random point of a canvas twice `size_hw`, each fitted to `size_hw`.

    Bochkovskiy et al. 2020, YOLOv4.
    """
    height, width = int(size_hw[0]), int(size_hw[1])
    canvas = np.full((2 * height, 2 * width, 3), PAD_VALUE, np.uint8)
    centre_x = int(rng.uniform(0.5 * width, 1.5 * width))
    centre_y = int(rng.uniform(0.5 * height, 1.5 * height))
    boxes, classes = [], []
    for tile, sample in enumerate(samples):
        image_height, image_width = sample.image.shape[:2]
        fit = Letterbox((image_height, image_width), (height, width))
        tile_height, tile_width = fit.content_size_hw
        picture = cv2.resize(sample.image, (tile_width, tile_height))
        left = centre_x - tile_width if tile % 2 == 0 else centre_x
        top = centre_y - tile_height if tile < 2 else centre_y
        x_min, y_min = max(left, 0), max(top, 0)
        x_max, y_max = min(left + tile_width, 2 * width), min(top + tile_height, 2 * height)
        canvas[y_min:y_max, x_min:x_max] = picture[
            y_min - top : y_max - top, x_min - left : x_max - left
        ]
        boxes.append(fit.to_input(sample.xyxy_px) + np.float32([left, top, left, top]))
        classes.append(sample.class_id)
    return _kept(canvas, np.concatenate(boxes), np.concatenate(classes))


def mixup(first: DetectionSample, second: DetectionSample) -> DetectionSample:
    """The mean of two pictures of one size with the boxes of both (Zhang et al. 2018)."""
    return DetectionSample(
        cv2.addWeighted(first.image, 0.5, second.image, 0.5, 0),
        np.concatenate([first.xyxy_px, second.xyxy_px]),
        np.concatenate([first.class_id, second.class_id]),
    )


def _size_hw(image: NDArray[np.uint8]) -> tuple[int, int]:
    return image.shape[0], image.shape[1]


def _warped(xyxy_px: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Upright boxes around the images of the boxes' corners under an affine map (2, 3)."""
    corners = xyxy_px[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    moved = corners @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1).astype(np.float32)


def _kept(
    image: NDArray[np.uint8], xyxy_px: NDArray[np.float32], class_id: NDArray[np.int64]
) -> DetectionSample:
    """The sample with its boxes clipped to the picture, those hardly left in it dropped."""
    height, width = image.shape[:2]
    clipped = np.clip(xyxy_px, 0, np.array([width, height, width, height])).astype(np.float32)
    size = clipped[:, 2:] - clipped[:, :2]
    whole = np.maximum(xyxy_px[:, 2:] - xyxy_px[:, :2], 1e-6)
    visible = size.prod(axis=1) / whole.prod(axis=1)
    keep = (size.min(axis=1, initial=np.inf) >= MIN_SIDE_PX) & (visible >= MIN_VISIBLE)
    return DetectionSample(image, clipped[keep], class_id[keep])
