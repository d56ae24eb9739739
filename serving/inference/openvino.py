"""OpenVINO on the CPU."""

from __future__ import annotations

import functools
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import openvino as ov
from numpy.typing import NDArray

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

Precision = Literal["f32", "bf16"]

_IN_FLIGHT_PER_STREAM = 4
"""Enough that half of them keep the streams busy while the caller works on the other half."""


class OpenVinoBackend:
    """Runs a bundle with OpenVINO on the CPU.

    Args:
        bundle: read with `Bundle.load`.
        num_threads: CPU threads of all inferences together.
        num_streams: batches that are computed side by side, each with its share of the threads.
            A single one takes longer, all together less: no thread waits for another, neither for
            the rest of its layer nor for a core on which a frame is being decoded. Pays where
            `start` is called before the last result is taken. Two, or the one that there is a
            thread for, when omitted: two hide each other's waiting, and more hold more pictures.
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
        ValueError: an unknown precision, no thread or picture, or more streams than threads.
    """

    def __init__(
        self,
        bundle: Bundle,
        num_threads: int = 1,
        num_streams: int | None = None,
        precision: Precision = "bf16",
        batch_size: int = 1,
        cache_dir: str | Path | None = None,
    ) -> None:
        if precision not in get_args(Precision):
            raise ValueError(f"precision: expected one of {get_args(Precision)}, got {precision!r}")
        at_least_one("num_threads", num_threads)
        if num_streams is None:
            num_streams = min(2, num_threads)
        if at_least_one("num_streams", num_streams) > num_threads:
            raise ValueError(
                f"num_streams: expected at most num_threads, {num_threads}, got {num_streams}"
            )
        settings = settings_for(num_threads, precision, num_streams)
        if cache_dir is not None:
            settings["CACHE_DIR"] = str(cache_dir)
        core, model = read_model(bundle)
        self._bundle = bundle
        self._outputs = [_spec(port) for port in model.outputs]
        check_model(bundle, [_spec(port) for port in model.inputs], self._outputs)
        self._num_streams = num_streams
        shape = (at_least_one("batch_size", batch_size), *bundle.input_size_hw, 3)
        try:
            model.reshape(list(shape))
            compiled = core.compile_model(model, "CPU", settings)
            self._requests: _Requests | None = _Requests(compiled, bundle.name, shape)
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

    @property
    def num_in_flight(self) -> int:
        """See `Backend.num_in_flight`."""
        return 1 if self._num_streams == 1 else _IN_FLIGHT_PER_STREAM * self._num_streams

    def start(self, batch: NDArray[np.uint8]) -> Inference:
        """See `Backend.start`."""
        check_batch(self._bundle, batch)
        if self._requests is None:
            raise InferenceError(f"bundle '{self._bundle.name}': inference after close()")
        if not len(batch):
            return Done(empty_outputs(self._outputs))
        return _Pieces(self._requests, batch, self.num_in_flight)

    def infer(self, batch: NDArray[np.uint8]) -> Outputs:
        """See `Backend.infer`."""
        return self.start(batch).result()

    def close(self) -> None:
        """See `Backend.close`."""
        self._requests = None


class _Requests:
    """Inference requests of a compiled model, used again and again."""

    def __init__(
        self, compiled: ov.CompiledModel, bundle_name: str, shape: tuple[int, int, int, int]
    ) -> None:
        self._compiled = compiled
        self._bundle_name = bundle_name
        self._shape = shape
        self._names = [port.any_name for port in compiled.outputs]
        self._free = [compiled.create_infer_request()]

    @property
    def batch_size(self) -> int:
        """Pictures that go through the graph at once."""
        return self._shape[0]

    def begin(self, pictures: NDArray[np.uint8]) -> ov.InferRequest:
        """Send at most `batch_size` pictures on their way."""
        count = len(pictures)
        if count < self.batch_size:
            filled = np.zeros(self._shape, np.uint8)
            filled[:count] = pictures
            pictures = filled
        try:
            request = self._free.pop() if self._free else self._compiled.create_infer_request()
            request.start_async({0: pictures}, share_inputs=True)
        except RuntimeError as error:
            raise self._failed(error) from error
        return request

    def end(self, request: ov.InferRequest, count: int) -> Outputs:
        """The outputs for the first `count` pictures of what was begun."""
        try:
            request.wait()
        except RuntimeError as error:
            raise self._failed(error) from error
        outputs = {
            name: request.get_output_tensor(index).data[:count].copy()
            for index, name in enumerate(self._names)
        }
        self._free.append(request)
        return outputs

    def _failed(self, error: RuntimeError) -> InferenceError:
        return InferenceError(f"bundle '{self._bundle_name}', OpenVINO: {error}")


class _Pieces:
    """A batch that goes through the graph in pieces, at most so many of them at once."""

    def __init__(self, requests: _Requests, batch: NDArray[np.uint8], num_in_flight: int) -> None:
        self._requests = requests
        self._waiting = deque(
            batch[start : start + requests.batch_size]
            for start in range(0, len(batch), requests.batch_size)
        )
        self._running: deque[tuple[ov.InferRequest, int]] = deque()
        self._num_in_flight = num_in_flight
        self._fill()

    def wait(self) -> None:
        """See `Inference.wait`; of a batch in many pieces, for those that are under way."""
        for request, _ in self._running:
            with suppress(RuntimeError):  # `result` tells of it
                request.wait()

    def result(self) -> Outputs:
        """See `Inference.result`."""
        done = []
        while self._running:
            done.append(self._requests.end(*self._running.popleft()))
            self._fill()
        if len(done) == 1:
            return done[0]
        return {name: np.concatenate([piece[name] for piece in done]) for name in done[0]}

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._num_in_flight:
            pictures = self._waiting.popleft()
            self._running.append((self._requests.begin(pictures), len(pictures)))


def settings_for(num_threads: int, precision: Precision, num_streams: int = 1) -> dict[str, object]:
    """OpenVINO's settings for a share of the CPU."""
    return {
        "NUM_STREAMS": num_streams,
        "INFERENCE_NUM_THREADS": num_threads,
        "INFERENCE_PRECISION_HINT": precision,
        # Pinned, the backends of several workers would share one core while others idle.
        "ENABLE_CPU_PINNING": False,
    }


def read_model(bundle: Bundle) -> tuple[ov.Core, ov.Model]:
    """The graph of a bundle's file, and the core that compiles it.

    Raises:
        BundleError: the file is no ONNX model.
    """
    core = _core()
    try:
        return core, core.read_model(bundle.model_path)
    except RuntimeError as error:
        raise BundleError(
            f"{bundle.model_path}: expected an ONNX model that OpenVINO can read, got: {error}"
        ) from error


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
