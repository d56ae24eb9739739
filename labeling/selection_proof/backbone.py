"""MobileNetV2 with ImageNet's weights, up to its last stage but one: frozen features of a picture.

Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018; the layers have the
names of torchvision's published weights. Torch reads these, OpenVINO runs them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.catalog.entry import AddressOrigin, CatalogEntry, MirrorOrigin

WEIGHTS = CatalogEntry(
    name="mobilenet_v2",
    file_name="mobilenet_v2-b0353104.pth",
    sha256="b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
    size_bytes=14_212_972,
    licence="BSD-3-Clause",
    commercial_use=True,
    origins=(
        MirrorOrigin("weights/backbone/mobilenet_v2-b0353104.pth"),
        AddressOrigin("https://download.pytorch.org/models/mobilenet_v2-b0353104.pth"),
    ),
)

SIZE_PX = 128
NUM_VALUES = 640
"""160 channels in each quarter of the picture: faces are aligned, so places mean something."""

_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
)
"""Expansion, channels, blocks, stride of the first; the last published stage is left out."""

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_BATCH = 16


class Backbone:
    """Turns pictures into frozen features.

    Args:
        weights: torchvision's file.
        num_threads: CPU threads.
    """

    def __init__(self, weights: Path, num_threads: int = 2) -> None:
        import openvino as ov

        options = {"INFERENCE_NUM_THREADS": num_threads, "INFERENCE_PRECISION_HINT": "f32"}
        self._compiled = ov.Core().compile_model(_converted(weights), "CPU", options)

    def features(self, images: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """(NUM_VALUES,) of each picture, BGR uint8 of any size; it is stretched to a square."""
        rest = iter(images)
        while batch := list(islice(rest, _BATCH)):
            filled = np.zeros((_BATCH, SIZE_PX, SIZE_PX, 3), np.uint8)
            for place, image in zip(filled, batch, strict=False):
                cv2.resize(image, (SIZE_PX, SIZE_PX), dst=place, interpolation=cv2.INTER_AREA)
            yield from self._compiled(filled)[0][: len(batch)].copy()


def _converted(weights: Path) -> Any:
    import openvino as ov
    import torch

    shape = [_BATCH, SIZE_PX, SIZE_PX, 3]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO traces with what torch calls deprecated
        model = ov.convert_model(
            _network(weights), example_input=torch.zeros(shape, dtype=torch.uint8)
        )
    model.reshape(shape)
    return model


def _network(weights: Path) -> Any:
    """From uint8 BGR (N, H, W, 3) to features (N, NUM_VALUES)."""
    import torch
    from torch import nn

    stages = nn.Sequential(*_layers())
    published = torch.load(weights, map_location="cpu", weights_only=True)
    prefix = "features."
    known = {
        name.removeprefix(prefix): value
        for name, value in published.items()
        if name.startswith(prefix) and int(name.split(".")[1]) < len(stages)
    }
    stages.load_state_dict(known)

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stages = stages
            for name, value in (("mean", _MEAN), ("deviation", _DEVIATION)):
                self.register_buffer(name, 255 * torch.tensor(value).view(1, 3, 1, 1))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            rgb = images.permute(0, 3, 1, 2).flip(1).float()
            grid = self.stages((rgb - self.mean) / self.deviation)
            return nn.functional.avg_pool2d(grid, grid.shape[-1] // 2).flatten(1)

    return Network().eval()


def _layers() -> Iterator[Any]:
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, conv: nn.Sequential) -> None:
            super().__init__()
            self.conv = conv

        def forward(self, x: Any) -> Any:
            return x + self.conv(x)

    class Plain(Residual):
        def forward(self, x: Any) -> Any:
            return self.conv(x)

    def convolution(num_in: int, num_out: int, size: int, stride: int, groups: int) -> list[Any]:
        conv = nn.Conv2d(num_in, num_out, size, stride, size // 2, groups=groups, bias=False)
        return [conv, nn.BatchNorm2d(num_out)]

    def activated(*shape: int) -> nn.Sequential:
        return nn.Sequential(*convolution(*shape), nn.ReLU6())

    yield activated(3, 32, 3, 2, 1)
    num_in = 32
    for expansion, num_out, num_blocks, first_stride in _STAGES:
        for block in range(num_blocks):
            stride, wide = (1 if block else first_stride), num_in * expansion
            parts = [activated(num_in, wide, 1, 1, 1)] if expansion > 1 else []
            parts += [activated(wide, wide, 3, stride, wide), *convolution(wide, num_out, 1, 1, 1)]
            kind = Residual if stride == 1 and num_in == num_out else Plain
            yield kind(nn.Sequential(*parts))
            num_in = num_out
