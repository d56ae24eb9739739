"""ONNX Runtime on the CPU."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NotImplemented,
    RuntimeException,
)

from serving.core.bundle import Bundle
from serving.core.errors import BundleError, InferenceError
from serving.inference.backend import (
    Done,
    Inference,
    Outputs,
    TensorSpec,
    at_least_one,
    check_batch,
    check_model,
    empty_outputs,
)

_FAULTS = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented, RuntimeException)
_DTYPES = {"tensor(uint8)": "uint8", "tensor(float)": "float32"}
_LOG_ERRORS_ONLY = 3


class OnnxRuntimeBackend:
    """Runs a bundle with ONNX Runtime on the CPU, in 32-bit floats.

    Args:
        bundle: read with `Bundle.load`.
        num_threads: CPU threads that one inference may use.

    Raises:
        BundleError: the file is no ONNX model, or not the one that `bundle.json` describes.
    """

    def __init__(self, bundle: Bundle, num_threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = at_least_one("num_threads", num_threads)
        options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_ERRORS_ONLY
        try:
            session = ort.InferenceSession(
                bundle.model_path, options, providers=["CPUExecutionProvider"]
            )
        except _FAULTS as error:
            raise BundleError(
                f"{bundle.model_path}: expected an ONNX model that ONNX Runtime can run, "
                f"got: {error}"
            ) from error
        inputs = [_spec(node) for node in session.get_inputs()]
        outputs = [_spec(node) for node in session.get_outputs()]
        check_model(bundle, inputs, outputs)
        self._bundle = bundle
        self._session: ort.InferenceSession | None = session
        self._input_name = inputs[0].name
        self._outputs = outputs

    @property
    def bundle(self) -> Bundle:
        """The bundle that it runs."""
        return self._bundle

    @property
    def num_in_flight(self) -> int:
        """One: a batch is done when `start` returns."""
        return 1

    def start(self, batch: NDArray[np.uint8]) -> Inference:
        """See `Backend.start`."""
        return Done(self.infer(batch))

    def infer(self, batch: NDArray[np.uint8]) -> Outputs:
        """See `Backend.infer`."""
        check_batch(self._bundle, batch)
        if self._session is None:
            raise InferenceError(f"bundle '{self._bundle.name}': inference after close()")
        if not len(batch):
            return empty_outputs(self._outputs)
        names = [spec.name for spec in self._outputs]
        try:
            values = self._session.run(names, {self._input_name: batch})
        except _FAULTS as error:
            raise InferenceError(f"bundle '{self._bundle.name}', ONNX Runtime: {error}") from error
        return dict(zip(names, values, strict=True))

    def close(self) -> None:
        """See `Backend.close`."""
        self._session = None


def _spec(node: ort.NodeArg) -> TensorSpec:
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return TensorSpec(node.name, _DTYPES.get(node.type, node.type), shape)
