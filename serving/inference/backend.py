"""What every backend promises, and the check that a model file is what its bundle says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from serving.core.bundle import Bundle, Output, OutputKind
from serving.core.errors import BundleError, InferenceError
from serving.core.labels import AgeBand

Outputs = dict[str, NDArray[Any]]

_LAST_AXIS: dict[OutputKind, int] = {"boxes": 4, "age_band": len(AgeBand), "gender": 2}
_RANK: dict[OutputKind, int] = {"boxes": 3, "scores": 3, "age_years": 1}


class Inference(Protocol):
    """A batch on its way through a model."""

    def wait(self) -> None:
        """Return when the outputs are there, or when it is clear that they will not come."""

    def result(self) -> Outputs:
        """The outputs by name, waited for where they are not there yet. To be taken once.

        Raises:
            InferenceError: the runtime failed.
        """


@dataclass(frozen=True, slots=True)
class Done:
    """An inference whose outputs are there already."""

    outputs: Outputs

    def wait(self) -> None:
        """See `Inference.wait`."""

    def result(self) -> Outputs:
        """See `Inference.result`."""
        return self.outputs


class Backend(Protocol):
    """Runs a bundle's model on the CPU or an accelerator.

    A backend serves one thread at a time; give each worker its own. Its constructor states the
    thread budget and loads and checks the model; nothing is loaded later.
    """

    @property
    def bundle(self) -> Bundle:
        """The bundle that it runs."""

    @property
    def num_in_flight(self) -> int:
        """Batches that are worth having on their way at once; more only wait."""

    def start(self, batch: NDArray[np.uint8]) -> Inference:
        """Send a batch (N, H, W, 3) BGR uint8 of the bundle's input size on its way.

        N may be 0 and may change from call to call. Results may be taken in any order. The caller
        owns them, and must leave the batch as it is until then.

        Raises:
            InferenceError: the batch has another shape or type, or the runtime failed.
        """

    def infer(self, batch: NDArray[np.uint8]) -> Outputs:
        """The outputs for a batch: `start` and `result` in one."""

    def close(self) -> None:
        """Release the model. Idempotent; `start` raises InferenceError afterwards."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output of a model file: its name, NumPy type name, and shape (None: free)."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        sizes = ", ".join("N" if size is None else str(size) for size in self.shape)
        return f"'{self.name}' {self.dtype} ({sizes})"


def check_model(
    bundle: Bundle, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]
) -> None:
    """Hold a loaded model file against `bundle.json`.

    Raises:
        BundleError: names, types or shapes differ.
    """
    where = f"bundle '{bundle.name}', {bundle.model_path}"
    height, width = bundle.input_size_hw
    expected_input = f"one input uint8 (N, {height}, {width}, 3)"
    fits = (
        len(inputs) == 1
        and inputs[0].dtype == "uint8"
        and inputs[0].shape == (None, height, width, 3)
    )
    if not fits:
        raise BundleError(f"{where}: expected {expected_input}, got {_listed(inputs)}")
    by_name = {spec.name: spec for spec in outputs}
    wanted = [output.name for output in bundle.outputs]
    if sorted(by_name) != sorted(wanted):
        raise BundleError(f"{where}: expected outputs {wanted}, got {_listed(outputs)}")
    for output in bundle.outputs:
        _check_output(output, by_name[output.name], where)


def check_batch(bundle: Bundle, batch: NDArray[np.uint8]) -> None:
    """Hold a batch against the bundle's input.

    Raises:
        InferenceError: it is not uint8 (N, H, W, 3) of the bundle's input size.
    """
    if batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[1:] != (*bundle.input_size_hw, 3):
        height, width = bundle.input_size_hw
        raise InferenceError(
            f"bundle '{bundle.name}': expected a batch uint8 (N, {height}, {width}, 3), "
            f"got {batch.dtype} {batch.shape}"
        )


def at_least_one(name: str, value: int) -> int:
    """The value itself.

    Raises:
        ValueError: it is below one.
    """
    if value < 1:
        raise ValueError(f"{name}: expected at least 1, got {value}")
    return value


def empty_outputs(outputs: Sequence[TensorSpec]) -> Outputs:
    """What a model gives for no picture at all; not every runtime accepts an empty batch."""
    return {
        spec.name: np.zeros((0, *(size or 0 for size in spec.shape[1:])), spec.dtype)
        for spec in outputs
    }


def _check_output(output: Output, spec: TensorSpec, where: str) -> None:
    rank = _RANK.get(output.kind, 2)
    last = len(output.labels) or _LAST_AXIS.get(output.kind)
    fits = (
        spec.dtype == "float32"
        and len(spec.shape) == rank
        and (rank == 1 or last is None or spec.shape[-1] == last)
    )
    if not fits:
        sizes = ["N", *(["K"] if rank == 3 else []), *([str(last or "D")] if rank > 1 else [])]
        raise BundleError(
            f"{where}: output of kind '{output.kind}': expected float32 ({', '.join(sizes)}), "
            f"got {spec}"
        )


def _listed(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(map(str, specs)) or "none"
