"""YOLOX as a plain torch network: CSPDarknet, path-aggregation neck, decoupled head.

Ge et al. 2021, "YOLOX: Exceeding YOLO Series in 2021" (arXiv:2107.08430). The network knows
nothing of training; losses and the Lightning module stand beside it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.detection.layers import BaseConv, CSPLayer, Focus, SPPBottleneck, spatial_conv

STRIDES_PX = (8, 16, 32)
BOX_CHANNELS = 4
PRIOR_PROBABILITY = 0.01  # an untrained head calls one cell in a hundred a person


class CSPDarknet(nn.Module):
    """Image (N, 3, H, W) → features at strides 8, 16 and 32 with 4, 8 and 16 base channels."""

    def __init__(self, base_channels: int, base_depth: int, *, depthwise: bool) -> None:
        super().__init__()
        c = base_channels

        def stage(width: int, depth: int) -> list[nn.Module]:
            return [
                spatial_conv(width, 2 * width, 2, depthwise=depthwise),
                CSPLayer(2 * width, 2 * width, depth, depthwise=depthwise),
            ]

        self.stem = Focus(3, c)
        self.dark2 = nn.Sequential(*stage(c, base_depth))
        self.dark3 = nn.Sequential(*stage(2 * c, 3 * base_depth))
        self.dark4 = nn.Sequential(*stage(4 * c, 3 * base_depth))
        self.dark5 = nn.Sequential(
            spatial_conv(8 * c, 16 * c, 2, depthwise=depthwise),
            SPPBottleneck(16 * c),
            CSPLayer(16 * c, 16 * c, base_depth, shortcut=False, depthwise=depthwise),
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        stride_8 = self.dark3(self.dark2(self.stem(image)))
        stride_16 = self.dark4(stride_8)
        return stride_8, stride_16, self.dark5(stride_16)


class PAFPN(nn.Module):
    """Backbone and path-aggregation neck (Liu et al. 2018): three levels, each seeing all."""

    def __init__(self, base_channels: int, base_depth: int, *, depthwise: bool) -> None:
        super().__init__()
        c3, c4, c5 = (base_channels * factor for factor in (4, 8, 16))

        def csp(in_channels: int, out_channels: int) -> CSPLayer:
            return CSPLayer(
                in_channels, out_channels, base_depth, shortcut=False, depthwise=depthwise
            )

        self.backbone = CSPDarknet(base_channels, base_depth, depthwise=depthwise)
        self.lateral_conv0 = BaseConv(c5, c4, 1, 1)
        self.C3_p4 = csp(2 * c4, c4)
        self.reduce_conv1 = BaseConv(c4, c3, 1, 1)
        self.C3_p3 = csp(2 * c3, c3)
        self.bu_conv2 = spatial_conv(c3, c3, 2, depthwise=depthwise)
        self.C3_n3 = csp(2 * c3, c4)
        self.bu_conv1 = spatial_conv(c4, c4, 2, depthwise=depthwise)
        self.C3_n4 = csp(2 * c4, c5)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        stride_8, stride_16, stride_32 = self.backbone(image)
        top = self.lateral_conv0(stride_32)
        middle = self.C3_p4(torch.cat((_upsample(top), stride_16), dim=1))
        reduced = self.reduce_conv1(middle)
        out_8 = self.C3_p3(torch.cat((_upsample(reduced), stride_8), dim=1))
        out_16 = self.C3_n3(torch.cat((self.bu_conv2(out_8), reduced), dim=1))
        out_32 = self.C3_n4(torch.cat((self.bu_conv1(out_16), top), dim=1))
        return out_8, out_16, out_32


class DecoupledHead(nn.Module):
    """Separate branches for what (class) and where (box, objectness), one pair a level."""

    def __init__(
        self, in_channels: tuple[int, ...], channels: int, num_classes: int, *, depthwise: bool
    ) -> None:
        super().__init__()

        def branch() -> nn.Sequential:
            return nn.Sequential(
                *(spatial_conv(channels, channels, 1, depthwise=depthwise) for _ in range(2))
            )

        def predictor(outputs: int) -> nn.ModuleList:
            return nn.ModuleList(nn.Conv2d(channels, outputs, 1) for _ in in_channels)

        self.stems = nn.ModuleList(BaseConv(width, channels, 1, 1) for width in in_channels)
        self.cls_convs = nn.ModuleList(branch() for _ in in_channels)
        self.reg_convs = nn.ModuleList(branch() for _ in in_channels)
        self.cls_preds = predictor(num_classes)
        self.reg_preds = predictor(BOX_CHANNELS)
        self.obj_preds = predictor(1)
        for conv in (*self.cls_preds, *self.obj_preds):
            nn.init.constant_(conv.bias, -math.log((1 - PRIOR_PROBABILITY) / PRIOR_PROBABILITY))

    def forward(self, features: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        levels = []
        for level, feature in enumerate(features):
            x = self.stems[level](feature)
            class_logit = self.cls_preds[level](self.cls_convs[level](x))
            where = self.reg_convs[level](x)
            box, objectness = self.reg_preds[level](where), self.obj_preds[level](where)
            levels.append(torch.cat((box, objectness, class_logit), dim=1))
        return tuple(levels)


class Cells(NamedTuple):
    """The K grid cells of all levels: `index_xy` (K, 2), column and row; `stride_px` (K, 1)."""

    index_xy: Tensor
    stride_px: Tensor


class DetectionNetwork(nn.Module, ABC):
    """What loss, validation, export and parity ask of a network: `num_classes` and `forward`.

    `num_classes` is C, set by the constructor. Cell (column, row) of a level predicts a box with
    the coding of `decode_boxes`, so that all networks are decoded by the one `decode`.
    """

    num_classes: int

    @abstractmethod
    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Images (N, 3, H, W) float BGR 0–255, H and W multiples of 32, to raw level outputs.

        Returns one tensor for each stride 8, 16, 32: (N, 5 + C, H / stride, W / stride) with
        channels box (4: centre offset and log size in strides), objectness logit, class logits.
        """

    def decode(self, levels: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Raw level outputs to boxes (N, K, 4) xyxy in input pixels and scores (N, K, C).

        K counts the cells of all levels, finest first, row by row. A score is the probability
        of an object times that of the class.
        """
        raw = flatten_levels(levels)
        boxes = decode_boxes(raw[..., :BOX_CHANNELS], cells_of(levels))
        probability = raw[..., BOX_CHANNELS:].sigmoid()
        return boxes, probability[..., :1] * probability[..., 1:]


class YOLOX(DetectionNetwork):
    """Anchor-free one-stage detector.

    Args:
        width: factor on the channel counts; 1.0 has 64 base channels.
        depth: factor on the block counts; 1.0 has 3 blocks in a basic layer.
        depthwise: depthwise separable 3×3 convolutions, as in the nano network.
        num_classes: C.
    """

    def __init__(self, width: float, depth: float, depthwise: bool, num_classes: int) -> None:
        super().__init__()
        if num_classes < 1:
            raise ValueError(f"num_classes: expected at least 1, got {num_classes}")
        base_channels = int(width * 64)
        base_depth = max(round(depth * 3), 1)
        levels = tuple(base_channels * factor for factor in (4, 8, 16))
        self.num_classes = num_classes
        self.backbone = PAFPN(base_channels, base_depth, depthwise=depthwise)
        self.head = DecoupledHead(levels, int(width * 256), num_classes, depthwise=depthwise)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.head(self.backbone(images))


def flatten_levels(levels: tuple[Tensor, ...]) -> Tensor:
    """Levels (N, 5 + C, h, w) to one tensor (N, K, 5 + C), finest level first."""
    return torch.cat([level.flatten(2) for level in levels], dim=2).transpose(1, 2)


def cells_of(levels: tuple[Tensor, ...]) -> Cells:
    """The grid cells to which the rows of `flatten_levels(levels)` belong."""
    index_xy, stride_px = [], []
    for level, stride in zip(levels, STRIDES_PX, strict=True):
        height, width = level.shape[-2:]
        row, column = torch.meshgrid(
            torch.arange(height, dtype=level.dtype, device=level.device),
            torch.arange(width, dtype=level.dtype, device=level.device),
            indexing="ij",
        )
        index_xy.append(torch.stack((column, row), dim=-1).reshape(-1, 2))
        stride_px.append(level.new_full((height * width, 1), float(stride)))
    return Cells(torch.cat(index_xy), torch.cat(stride_px))


def decode_boxes(raw: Tensor, cells: Cells) -> Tensor:
    """Raw boxes (..., K, 4) to xyxy in input px: (offset + cell) · stride, exp(size) · stride."""
    centre = (raw[..., :2] + cells.index_xy) * cells.stride_px
    half = raw[..., 2:].exp() * cells.stride_px / 2
    return torch.cat((centre - half, centre + half), dim=-1)


def yolox_nano(num_classes: int) -> YOLOX:
    """YOLOX-nano: 0.9 M parameters, depthwise separable."""
    return YOLOX(width=0.25, depth=0.33, depthwise=True, num_classes=num_classes)


def yolox_tiny(num_classes: int) -> YOLOX:
    """YOLOX-tiny: 5.1 M parameters."""
    return YOLOX(width=0.375, depth=0.33, depthwise=False, num_classes=num_classes)


def _upsample(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
