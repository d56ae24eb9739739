"""OpenVINO on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from serving.core.bundle import Bundle
from serving.core.errors import BundleError, InferenceError
from serving.inference.backend import (
    Outputs,
    TensorSpec,
    check_batch,
    check_model,
    check_num_threads,
    empty_outputs,
)

Precision = Literal["f32", "bf16"]


class OpenVinoBackend:
    """Runs a bundle with OpenVINO on the CPU.

    Args:
        bundle: read with `Bundle.load`.
        num_threads: CPU threads that one inference may use.
        precision: in which it computes. `f32` gives the results that the bundle's parity was
            checked with; `bf16` is faster on CPUs with such instructions, and what it costs in
            accuracy stands in `bundle.json` under `parity`.
        cache_dir: a folder in which compiled models are kept for a faster start; none when
            omitted.

    Raises:
        BundleError: the file is no ONNX model, or not the one that `bundle.json` describes.
        ValueError: an unknown precision or no thread.
    """

    def __init__(
        self,
        bundle: Bundle,
        num_threads: int = 1,
        precision: Precision = "f32",
        cache_dir: str | Path | None = None,
    ) -> None:
        if precision not in get_args(Precision):
            raise ValueError(f"precision: expected one of {get_args(Precision)}, got {precision!r}")
        settings: dict[str, object] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": check_num_threads(num_threads),
            "INFERENCE_PRECISION_HINT": precision,
            # Pinned, the backends of several workers would share one core while others idle.
            "ENABLE_CPU_PINNING": False,
        }
        if cache_dir is not None:
            settings["CACHE_DIR"] = str(cache_dir)
        core = ov.Core()
        try:
            model = core.read_model(bundle.model_path)
        except RuntimeError as error:
            raise BundleError(
                f"{bundle.model_path}: expected an ONNX model that OpenVINO can read, got: {error}"
            ) from error
        outputs = [_spec(port) for port in model.outputs]
        check_model(bundle, [_spec(port) for port in model.inputs], outputs)
        self._bundle = bundle
        self._outputs = outputs
        self._request: ov.InferRequest | None = core.compile_model(
            model, "CPU", settings
        ).create_infer_request()

    @property
    def bundle(self) -> Bundle:
        """The bundle that it runs."""
        return self._bundle

    def infer(self, batch: NDArray[np.uint8]) -> Outputs:
        """See `Backend.infer`."""
        check_batch(self._bundle, batch)
        if self._request is None:
            raise InferenceError(f"bundle '{self._bundle.name}': inference after close()")
        if not len(batch):
            return empty_outputs(self._outputs)
        try:
            values = self._request.infer({0: batch}, share_inputs=True)
        except RuntimeError as error:
            raise InferenceError(f"bundle '{self._bundle.name}', OpenVINO: {error}") from error
        return {spec.name: values[index] for index, spec in enumerate(self._outputs)}

    def close(self) -> None:
        """See `Backend.close`."""
        self._request = None


def _spec(port: ov.Output) -> TensorSpec:
    shape = tuple(None if size.is_dynamic else size.get_length() for size in port.partial_shape)
    return TensorSpec(port.any_name, np.dtype(port.element_type.to_dtype()).name, shape)
