"""The parity gate: every backend gives what the torch network gives, on real frames.

At 32-bit floats the backends must stay within a stated tolerance, or there is no bundle. Lower
precisions are allowed to differ; what they cost is measured and written down, not hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray

from datasets.files import room_for
from serving.core.bundle import Bundle
from serving.core.errors import ParityError
from serving.core.frame import Frame
from serving.core.letterbox import Letterbox
from serving.inference.backend import Backend, Outputs
from serving.inference.onnxruntime import OnnxRuntimeBackend
from serving.inference.openvino import OpenVinoBackend
from training.detection.network import DetectionNetwork
from training.export.onnx import INPUT_NAME
from training.export.quantize import quantized

BOX_TOLERANCE_PX = 0.5
SCORE_TOLERANCE = 1e-3
SCORE_FLOOR = 0.01
"""Boxes are held to the tolerance where a class scores at least this much. Below it nobody reads
them, and those of cells that see nothing reach far outside the picture."""

Measure = Callable[[Backend], float]
"""Average precision of a backend's bundle on a caller's labelled frames."""

_GATED: Mapping[str, Callable[[Bundle], Backend]] = {
    "onnxruntime-f32": OnnxRuntimeBackend,
    "openvino-f32": lambda bundle: OpenVinoBackend(bundle, precision="f32"),
}
_MEASURED: Mapping[str, Callable[[Bundle], Backend]] = {
    "openvino-bf16": lambda bundle: OpenVinoBackend(bundle, precision="bf16"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """How far one backend lies from torch: largest absolute differences over all frames.

    `box_px` counts boxes that score at least `SCORE_FLOOR`, `any_box_px` all of them;
    `average_precision` is filled in where labelled frames were given.
    """

    box_px: float
    any_box_px: float
    score: float
    average_precision: float | None = None

    @property
    def within_tolerance(self) -> bool:
        """Whether a 32-bit backend may differ so much. A nan is outside."""
        return self.box_px <= BOX_TOLERANCE_PX and self.score <= SCORE_TOLERANCE


@dataclass(frozen=True, slots=True)
class Parity:
    """The differences from torch by backend and precision, over `num_frames` real frames."""

    num_frames: int
    differences: Mapping[str, Difference]

    def to_metadata(self) -> dict[str, object]:
        """What `bundle.json` holds under `parity`."""
        return {
            "reference": "torch-f32",
            "num_frames": self.num_frames,
            "box_tolerance_px": BOX_TOLERANCE_PX,
            "score_tolerance": SCORE_TOLERANCE,
            "score_floor": SCORE_FLOOR,
            "max_difference": {name: asdict(value) for name, value in self.differences.items()},
        }


def check_parity(
    network: DetectionNetwork,
    bundle: Bundle,
    frames: Sequence[Frame],
    measure: Measure | None = None,
) -> Parity:
    """Compare every backend with the network that the bundle was exported from.

    Args:
        network: as trained, and not as rewritten for export; left in evaluation mode.
        bundle: read from its folder.
        frames: real pictures, at least one of them with something to detect.
        measure: gives the average precision of each backend and precision. With it the 8-bit
            version is measured too, calibrated on `frames`.

    Raises:
        ParityError: a 32-bit backend differs by more than the tolerance, or no box of the frames
            scores `SCORE_FLOOR`, so that nothing would be compared.
    """
    batch = _batch_of(frames, bundle.input_size_hw)
    expected = _run_torch(network, bundle, batch)
    differences: dict[str, Difference] = {}
    for name, make_backend in {**_GATED, **_MEASURED}.items():
        with _opened(make_backend(bundle)) as backend:
            difference = _difference(bundle, expected, backend.infer(batch))
            if name in _GATED and not difference.within_tolerance:
                raise ParityError(
                    f"bundle '{bundle.name}', backend {name}: expected boxes within "
                    f"{BOX_TOLERANCE_PX} px and scores within {SCORE_TOLERANCE} of torch on "
                    f"{len(frames)} frames, got {difference.box_px:.4g} px and "
                    f"{difference.score:.4g}"
                )
            ap = measure(backend) if measure else None
        differences[name] = replace(difference, average_precision=ap)
    if measure is not None:
        differences["openvino-int8"] = _eight_bit_difference(bundle, batch, expected, measure)
    return Parity(len(frames), differences)


def _eight_bit_difference(
    bundle: Bundle, batch: NDArray[np.uint8], expected: Outputs, measure: Measure
) -> Difference:
    with TemporaryDirectory() as folder, room_for(f"8-bit version of the bundle in {folder}"):
        eight_bit = quantized(bundle, batch, Path(folder), INPUT_NAME)
        with _opened(OpenVinoBackend(eight_bit, precision="f32")) as backend:
            difference = _difference(bundle, expected, backend.infer(batch))
            return replace(difference, average_precision=measure(backend))


def _batch_of(frames: Sequence[Frame], input_size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    if not frames:
        raise ParityError("parity: expected at least one real frame, got none")
    return np.stack(
        [Letterbox(frame.image_size_hw, input_size_hw).apply(frame.image) for frame in frames]
    )


def _run_torch(network: DetectionNetwork, bundle: Bundle, batch: NDArray[np.uint8]) -> Outputs:
    device = next(network.parameters()).device
    images = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        boxes, scores = network.eval().decode(network(images))
    expected = {
        bundle.output("boxes").name: boxes.cpu().numpy(),
        bundle.output("scores").name: scores.cpu().numpy(),
    }
    scores = expected[bundle.output("scores").name]
    if not scores.max() >= SCORE_FLOOR:
        raise ParityError(
            f"bundle '{bundle.name}': expected frames on which torch scores a box {SCORE_FLOOR} "
            f"or more, got {scores.max():.4g} at most on {len(batch)} frames"
        )
    return expected


def _difference(bundle: Bundle, expected: Outputs, got: Outputs) -> Difference:
    boxes, scores = bundle.output("boxes").name, bundle.output("scores").name
    if any(got[name].shape != expected[name].shape for name in (boxes, scores)):
        raise ParityError(
            f"bundle '{bundle.name}': expected outputs of shape {expected[boxes].shape} and "
            f"{expected[scores].shape}, got {got[boxes].shape} and {got[scores].shape}"
        )
    apart_px = np.abs(got[boxes] - expected[boxes]).max(axis=-1)
    counts = np.maximum(expected[scores], got[scores]).max(axis=-1) >= SCORE_FLOOR
    return Difference(
        box_px=float(apart_px[counts].max()),
        any_box_px=float(apart_px.max()),
        score=float(np.abs(got[scores] - expected[scores]).max()),
    )


@contextmanager
def _opened(backend: Backend) -> Iterator[Backend]:
    try:
        yield backend
    finally:
        backend.close()
