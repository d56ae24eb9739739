"""The 8-bit version of a bundle, made to measure what quantisation would cost.

Static post-training quantisation (Jacob et al. 2018, "Quantization and Training of Neural Networks
for Efficient Integer-Arithmetic-Only Inference"): convolutions compute in 8 bits with ranges seen
on calibration pictures; decoding stays in floats.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from serving.core.bundle import METADATA_FILE, MODEL_FILE, Bundle, sha256_of


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Hands calibration the pictures of a batch one by one."""

    def __init__(self, input_name: str, batch: NDArray[np.uint8]) -> None:
        self._feeds: Iterator[dict[str, NDArray[np.uint8]]] = iter(
            [{input_name: picture[None]} for picture in batch]
        )

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        return next(self._feeds, None)


def quantized(bundle: Bundle, batch: NDArray[np.uint8], folder: Path, input_name: str) -> Bundle:
    """Write the 8-bit version of a bundle to `folder`, calibrated on `batch` (N, H, W, 3)."""
    prepared, model = folder / "prepared.onnx", folder / MODEL_FILE
    quant_pre_process(str(bundle.model_path), str(prepared), skip_symbolic_shape=True)
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it repeats advice that has just been followed
    try:
        quantize_static(
            str(prepared),
            str(model),
            _Pictures(input_name, batch),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
    finally:
        root.setLevel(level)
    eight_bit = replace(bundle, model_sha256=sha256_of(model), folder=folder)
    (folder / METADATA_FILE).write_text(eight_bit.to_json(), encoding="utf-8")
    return eight_bit
