"""From a torch network to the ONNX graph of a bundle.

The graph takes what OpenCV gives, `images` uint8 (N, H, W, 3) BGR with a free batch size and a
fixed picture size. The cast, the transposition and the box decoding are inside; non-maximum
suppression is not, so that ONNX Runtime, OpenVINO, TensorRT and Triton all run the same file.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from training.detection.layers import Focus
from training.detection.network import (
    BOX_CHANNELS,
    STRIDES_PX,
    Cells,
    DetectionNetwork,
    cells_of,
    decode_boxes,
)

OPSET = 17
INPUT_NAME = "images"
BOXES = "boxes"
SCORES = "scores"


class ExportableDetector(nn.Module):
    """A detection network with the bundle's input and outputs, for one picture size.

    Two things differ from the network, for speed and not in result. The grid is a constant:
    computed in the graph from the picture size it costs fifty nodes. And each `Focus` with its
    convolution becomes one strided convolution, which saves a tenth of OpenVINO's time.

    Args:
        network: the trained network; copied.
        input_size_hw: height and width in pixels, multiples of the coarsest stride.

    Raises:
        ValueError: the size is not such a multiple.
    """

    def __init__(self, network: DetectionNetwork, input_size_hw: tuple[int, int]) -> None:
        super().__init__()
        height, width = input_size_hw
        if min(height, width) < 1 or height % STRIDES_PX[-1] or width % STRIDES_PX[-1]:
            raise ValueError(
                f"input_size_hw: expected multiples of {STRIDES_PX[-1]}, got {input_size_hw}"
            )
        sizes_hw = [(height // stride, width // stride) for stride in STRIDES_PX]
        cells = cells_of(tuple(torch.zeros(1, 1, *size) for size in sizes_hw))
        self.network = copy.deepcopy(network).eval()
        _make_strided(self.network)
        self.num_cells = [rows * columns for rows, columns in sizes_hw]
        self.num_channels = BOX_CHANNELS + 1 + network.num_classes
        self.register_buffer("index_xy", cells.index_xy)
        self.register_buffer("stride_px", cells.stride_px)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images uint8 (N, H, W, 3) to boxes (N, K, 4) xyxy input px and scores (N, K, C)."""
        levels = self.network(images.permute(0, 3, 1, 2).float())
        # Sizes as numbers, not as shapes of the tensors: the exporter would trace the latter.
        rows = [
            level.reshape(-1, self.num_channels, cells)
            for level, cells in zip(levels, self.num_cells, strict=True)
        ]
        raw = torch.cat(rows, dim=2).transpose(1, 2)
        boxes = decode_boxes(raw[..., :BOX_CHANNELS], Cells(self.index_xy, self.stride_px))
        probability = raw[..., BOX_CHANNELS:].sigmoid()
        return boxes, probability[..., :1] * probability[..., 1:]


def _make_strided(network: nn.Module) -> None:
    """Replace each `Focus` of the network."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, Focus):
                setattr(parent, name, child.as_strided())


def export_onnx(
    model: nn.Module, path: Path, input_size_hw: tuple[int, int], output_names: Sequence[str]
) -> None:
    """Write `model`, which maps uint8 (N, H, W, 3) to the named outputs, as an ONNX file.

    Batch normalisation is folded into the convolutions. The TorchScript exporter is chosen over
    the `torch.export` one: for these networks it is several times faster, and its file carries
    neither stack traces nor a second copy of shared constants (3.7 against 4.6 MB for nano).
    """
    # Two pictures: with one, the tracer may take the batch for a constant.
    example = torch.zeros(2, *input_size_hw, 3, dtype=torch.uint8)
    device = next(model.parameters()).device
    with warnings.catch_warnings(), torch.no_grad():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        torch.onnx.export(
            model.eval(),
            (example.to(device),),
            str(path),
            input_names=[INPUT_NAME],
            output_names=list(output_names),
            dynamic_axes={name: {0: "batch"} for name in (INPUT_NAME, *output_names)},
            opset_version=OPSET,
            dynamo=False,
        )
