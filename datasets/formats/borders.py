"""Boxes and the border of their picture, in formats that hold no box beyond it.

Reading refuses a box that is empty or reaches further outside than rounding does. Writing cuts it
at the border, which is counted as `box.xyxy_px`; a box of which nothing is left counts as `box`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from datasets.samples import Box, Sample
from serving.core.errors import LabelError

TOLERANCE_PX = 1.0
"""Public label files round boxes at the border outwards."""

EXACT_PX = 1e-6
"""What a round trip may move a coordinate by, and the least width and height of a box."""

Xyxy = tuple[float, float, float, float]


def is_inside(xyxy_px: Sequence[float], image_size_hw: tuple[int, int]) -> bool:
    """Whether a box has an area and lies in its picture, give or take `TOLERANCE_PX`."""
    left, top, right, bottom = xyxy_px
    height, width = image_size_hw
    return (
        -TOLERANCE_PX <= left < right <= width + TOLERANCE_PX
        and -TOLERANCE_PX <= top < bottom <= height + TOLERANCE_PX
    )


def check_inside(xyxy_px: Sequence[float], image_size_hw: tuple[int, int], where: str) -> None:
    """Check that a box has an area and lies in its picture.

    Raises:
        LabelError: it is empty, inverted, or outside by more than `TOLERANCE_PX`.
    """
    if not is_inside(xyxy_px, image_size_hw):
        height, width = image_size_hw
        raise LabelError(
            f"{where}: expected a box with an area inside {width}×{height} px, "
            f"got left, top, right, bottom {[round(value, 3) for value in xyxy_px]}"
        )


def cut(box: Box, image_size_hw: tuple[int, int]) -> Box | None:
    """The part of a box that lies in the picture; None where nothing does."""
    height, width = image_size_hw
    left, top, right, bottom = box.xyxy_px
    inside = (
        _cut(left, width),
        _cut(top, height),
        _cut(right, width),
        _cut(bottom, height),
    )
    if inside[2] - inside[0] < EXACT_PX or inside[3] - inside[1] < EXACT_PX:
        return None
    return box if inside == box.xyxy_px else replace(box, xyxy_px=inside)


def _cut(value: float, limit: int) -> float:
    if -EXACT_PX <= value <= limit + EXACT_PX:
        return value
    return min(max(value, 0.0), float(limit))


def is_labelled_picture(sample: Sample) -> bool:
    """Whether a sample is one picture that someone looked at.

    In a format of boxes a picture without any shows nobody, which of others would be invented.
    """
    return sample.is_labelled and not (sample.is_video and sample.frame_index is None)


def required_size_hw(sample: Sample, format_name: str) -> tuple[int, int]:
    """The size of a sample's picture.

    Raises:
        LabelError: it is not known.
    """
    if sample.image_size_hw is None:
        raise LabelError(
            f"sample '{sample.key}': expected an image size, which {format_name} needs, got none"
        )
    return sample.image_size_hw
