"""OpenVINO on the CPU."""

from __future__ import annotations

import functools
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
    at_least_one,
    check_batch,
    check_model,
    empty_outputs,
)

Precision = Literal["f32", "bf16"]


class OpenVinoBackend:
    """Runs a bundle with OpenVINO on the CPU.

    Args:
        bundle: read with `Bundle.load`.
        num_threads: CPU threads that one inference may use.
        precision: in which it computes. `f32` gives the results that the parity gate holds;
            `bf16` takes two thirds of the time on CPUs with such instructions, and is 32-bit on
            others. What it costs in accuracy stands in `bundle.json` under `parity`.
        batch_size: pictures that go through the graph at once. The graph is compiled for this
            number alone, which saves a seventh of the time against a free one; `infer` cuts
            other batches into such pieces and fills up the last. More than one pays where the
            caller has several pictures at hand.
        cache_dir: a folder in which compiled models are kept for a faster start; none when
            omitted.

    Raises:
        BundleError: the file is no ONNX model, not the one that `bundle.json` describes, or cannot
            be compiled, be it for `cache_dir` in which nothing can be written.
        ValueError: an unknown precision, or no thread or picture.
    """

    def __init__(
        self,
        bundle: Bundle,
        num_threads: int = 1,
        precision: Precision = "bf16",
        batch_size: int = 1,
        cache_dir: str | Path | None = None,
    ) -> None:
        if precision not in get_args(Precision):
            raise ValueError(f"precision: expected one of {get_args(Precision)}, got {precision!r}")
        settings: dict[str, object] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": at_least_one("num_threads", num_threads),
            "INFERENCE_PRECISION_HINT": precision,
            # Pinned, the backends of several workers would share one core while others idle.
            "ENABLE_CPU_PINNING": False,
        }
        if cache_dir is not None:
            settings["CACHE_DIR"] = str(cache_dir)
        core = _core()
        try:
            model = core.read_model(bundle.model_path)
        except RuntimeError as error:
            raise BundleError(
                f"{bundle.model_path}: expected an ONNX model that OpenVINO can read, got: {error}"
            ) from error
        self._bundle = bundle
        self._outputs = [_spec(port) for port in model.outputs]
        check_model(bundle, [_spec(port) for port in model.inputs], self._outputs)
        shape = (at_least_one("batch_size", batch_size), *bundle.input_size_hw, 3)
        self._piece = np.zeros(shape, np.uint8)
        try:
            model.reshape(list(shape))
            compiled = core.compile_model(model, "CPU", settings)
            self._request: ov.InferRequest | None = compiled.create_infer_request()
        except RuntimeError as error:
            where = "" if cache_dir is None else f" with the cache folder {cache_dir}"
            raise BundleError(
                f"{bundle.model_path}: expected a model that OpenVINO can compile for {shape}"
                f"{where}, got: {error}"
            ) from error

    @property
    def bundle(self) -> Bundle:
        """The bundle that it runs."""
        return self._bundle

    def infer(self, batch: NDArray[np.uint8]) -> Outputs:
        """See `Backend.infer`."""
        check_batch(self._bundle, batch)
        request = self._request
        if request is None:
            raise InferenceError(f"bundle '{self._bundle.name}': inference after close()")
        if not len(batch):
            return empty_outputs(self._outputs)
        size = len(self._piece)
        pieces = [
            self._run(request, batch[start : start + size]) for start in range(0, len(batch), size)
        ]
        if len(pieces) == 1:
            return pieces[0]
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}

    def _run(self, request: ov.InferRequest, pictures: NDArray[np.uint8]) -> Outputs:
        """Outputs for at most `batch_size` pictures."""
        count = len(pictures)
        if count < len(self._piece):
            self._piece[:count] = pictures
            pictures = self._piece
        try:
            values = request.infer({0: pictures}, share_inputs=True)
        except RuntimeError as error:
            raise InferenceError(f"bundle '{self._bundle.name}', OpenVINO: {error}") from error
        return {spec.name: values[index][:count] for index, spec in enumerate(self._outputs)}

    def close(self) -> None:
        """See `Backend.close`."""
        self._request = None


@functools.cache
def _core() -> ov.Core:
    """One for the life of the process.

    OpenVINO's CPU plugin gives the thread that loads it a stack for signal handlers and takes it
    away in the thread that unloads it. Unloaded in another thread, the first one keeps a stack that
    is gone, and the next signal that Python handles, SIGTERM say, ends in a segmentation fault.
    """
    return ov.Core()


def _spec(port: ov.Output) -> TensorSpec:
    shape = tuple(None if size.is_dynamic else size.get_length() for size in port.partial_shape)
    return TensorSpec(port.any_name, np.dtype(port.element_type.to_dtype()).name, shape)
