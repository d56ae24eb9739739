"""Building blocks of YOLOX (Ge et al. 2021, "YOLOX: Exceeding YOLO Series in 2021").

Attribute names follow the published checkpoints, so that these load without a translation table.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

BATCH_NORM_EPS = 1e-3
BATCH_NORM_MOMENTUM = 0.03


class BaseConv(nn.Module):
    """Convolution without bias, batch normalisation, SiLU: (N, in, H, W) → (N, out, H/s, W/s)."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding=(kernel_size - 1) // 2,
            groups=groups,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(out_channels, eps=BATCH_NORM_EPS, momentum=BATCH_NORM_MOMENTUM)
        self.act = nn.SiLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))


class DepthwiseConv(nn.Module):
    """A depthwise convolution followed by a pointwise one, each a `BaseConv`."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.dconv = BaseConv(in_channels, in_channels, kernel_size, stride, groups=in_channels)
        self.pconv = BaseConv(in_channels, out_channels, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.pconv(self.dconv(x))


def spatial_conv(
    in_channels: int, out_channels: int, stride: int, *, depthwise: bool
) -> BaseConv | DepthwiseConv:
    """A 3×3 convolution, depthwise separable in the nano network."""
    if depthwise:
        return DepthwiseConv(in_channels, out_channels, 3, stride)
    return BaseConv(in_channels, out_channels, 3, stride)


class Focus(nn.Module):
    """Each 2×2 block of pixels becomes four channels: (N, 3, H, W) → (N, out, H/2, W/2)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = BaseConv(in_channels * 4, out_channels, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        top, bottom = x[..., ::2, :], x[..., 1::2, :]
        patches = (top[..., ::2], bottom[..., ::2], top[..., 1::2], bottom[..., 1::2])
        return self.conv(torch.cat(patches, dim=1))

    def as_strided(self) -> BaseConv:
        """A block of its own that gives the same, with one convolution that reads the pixels."""
        block = copy.deepcopy(self.conv)
        weight = strided_from_focus(block.conv.weight.detach())
        out_channels, in_channels, size, _ = weight.shape
        block.conv = nn.Conv2d(in_channels, out_channels, size, stride=2, padding=2, bias=False)
        block.conv.weight = nn.Parameter(weight.contiguous())
        return block


def strided_from_focus(weight: Tensor) -> Tensor:
    """The 6×6 kernel that does on pixels, at stride 2, what a 3×3 one does on `Focus` blocks.

    (O, 4·C, 3, 3) → (O, C, 6, 6). A runtime computes the one convolution faster than four strided
    slices and a convolution; the sum is the same.
    """
    out_channels, in_channels, size, _ = weight.shape
    blocks = weight.reshape(out_channels, 2, 2, in_channels // 4, size, size)  # O, dx, dy, C, y, x
    pixels = blocks.permute(0, 3, 4, 2, 5, 1)
    return pixels.reshape(out_channels, in_channels // 4, 2 * size, 2 * size)


def focus_from_strided(weight: Tensor) -> Tensor:
    """The inverse of `strided_from_focus`: (O, C, 6, 6) → (O, 4·C, 3, 3)."""
    out_channels, in_channels, size, _ = weight.shape
    pixels = weight.reshape(out_channels, in_channels, size // 2, 2, size // 2, 2)
    blocks = pixels.permute(0, 5, 3, 1, 2, 4)
    return blocks.reshape(out_channels, 4 * in_channels, size // 2, size // 2)


class Bottleneck(nn.Module):
    """1×1 then 3×3 convolution at one width, with the input added where `shortcut` is set."""

    def __init__(self, channels: int, *, shortcut: bool, depthwise: bool) -> None:
        super().__init__()
        self.conv1 = BaseConv(channels, channels, 1, 1)
        self.conv2 = spatial_conv(channels, channels, 1, depthwise=depthwise)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(self.conv1(x))
        return x + y if self.shortcut else y


class CSPLayer(nn.Module):
    """Cross-stage partial layer (Wang et al. 2020): half the channels pass `num_blocks` blocks."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        num_blocks: int,
        *,
        shortcut: bool = True,
        depthwise: bool,
    ) -> None:
        super().__init__()
        hidden = out_channels // 2
        self.conv1 = BaseConv(in_channels, hidden, 1, 1)
        self.conv2 = BaseConv(in_channels, hidden, 1, 1)
        self.conv3 = BaseConv(2 * hidden, out_channels, 1, 1)
        self.m = nn.Sequential(
            *(Bottleneck(hidden, shortcut=shortcut, depthwise=depthwise) for _ in range(num_blocks))
        )

    def forward(self, x: Tensor) -> Tensor:
        through, around = self.conv1(x), self.conv2(x)
        return self.conv3(torch.cat((self.m(through), around), dim=1))


class SPPBottleneck(nn.Module):
    """Spatial pyramid pooling (He et al. 2014) over windows of 5, 9 and 13 cells."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // 2
        self.conv1 = BaseConv(channels, hidden, 1, 1)
        self.m = nn.ModuleList(nn.MaxPool2d(size, 1, padding=size // 2) for size in (5, 9, 13))
        self.conv2 = BaseConv(hidden * 4, channels, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        return self.conv2(torch.cat([x, *(pool(x) for pool in self.m)], dim=1))
