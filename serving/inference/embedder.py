"""What a picture looks like to a model, as one vector: for finding look-alikes and odd ones.

A re-identification bundle says it itself. Every other bundle has looked at the picture all the
same: the deepest features of its graph, averaged over the picture, serve as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray

from serving.core.bundle import Bundle
from serving.core.errors import BundleError, InferenceError
from serving.core.labels import Task
from serving.core.letterbox import Letterbox
from serving.inference.openvino import read_model, settings_for

_MIN_GRID = 2
"""A map of one cell is a classifier's last layer: nothing is left to average."""


class PictureEmbedder:
    """Turns pictures into vectors with any bundle whose graph has a picture for its input.

    Args:
        bundle: read with `Bundle.load`.
        num_threads: CPU threads.
        batch_size: pictures that go through the graph at once.

    Raises:
        BundleError: the file is no ONNX model, or its graph holds no map of features.
        ValueError: no thread or no picture.
    """

    def __init__(self, bundle: Bundle, num_threads: int = 1, batch_size: int = 8) -> None:
        if min(num_threads, batch_size) < 1:
            raise ValueError(
                "num_threads and batch_size: expected at least 1, "
                f"got {num_threads} and {batch_size}"
            )
        self._bundle, self._batch_size = bundle, batch_size
        core, model = read_model(bundle)
        self._is_vector = bundle.task is Task.REID
        port = (
            model.output(bundle.output("embedding").name)
            if self._is_vector
            else _deepest_features(model, bundle)
        )
        vectors = ov.Model([port], model.get_parameters(), bundle.name)
        vectors.reshape([batch_size, *bundle.input_size_hw, 3])
        self._compiled = core.compile_model(vectors, "CPU", settings_for(num_threads, "f32"))

    @property
    def bundle(self) -> Bundle:
        """The bundle that it runs."""
        return self._bundle

    def embed(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """One row a picture, (N, D), L2-normalised; pictures are BGR uint8 and may differ in size.

        Raises:
            InferenceError: a picture has another shape or type, or the runtime failed.
        """
        rows = [row for batch in self._batches(images) for row in self._vectors(batch)]
        if not rows:
            return np.zeros((0, self._num_values), np.float32)
        vectors = np.stack(rows)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.maximum(norms, 1e-12)).astype(np.float32)

    @property
    def _num_values(self) -> int:
        return int(self._compiled.output(0).shape[1])

    def _batches(
        self, images: Sequence[NDArray[np.uint8]]
    ) -> Iterator[Sequence[NDArray[np.uint8]]]:
        for image in images:
            if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
                raise InferenceError(
                    f"bundle '{self._bundle.name}': expected a picture uint8 (H, W, 3), "
                    f"got {image.dtype} {image.shape}"
                )
        for start in range(0, len(images), self._batch_size):
            yield images[start : start + self._batch_size]

    def _vectors(self, images: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        size_hw = self._bundle.input_size_hw
        batch = np.zeros((self._batch_size, *size_hw, 3), np.uint8)
        contents = [self._fit(image, place) for image, place in zip(images, batch, strict=False)]
        try:
            found = self._compiled(batch)[0]
        except RuntimeError as error:
            raise InferenceError(f"bundle '{self._bundle.name}', OpenVINO: {error}") from error
        if self._is_vector:
            return list(found[: len(images)])
        return [
            _average(features, content, size_hw)
            for features, content in zip(found, contents, strict=False)
        ]

    def _fit(self, image: NDArray[np.uint8], place: NDArray[np.uint8]) -> tuple[int, int]:
        """Put a picture into the input; height and width in pixels that it takes of it."""
        height, width = size_hw = self._bundle.input_size_hw
        if self._bundle.resize == "stretch":
            cv2.resize(image, (width, height), dst=place, interpolation=cv2.INTER_LINEAR)
            return size_hw
        fit = Letterbox((image.shape[0], image.shape[1]), size_hw)
        fit.apply(image, out=place)
        return fit.content_size_hw


def _average(
    features: NDArray[np.float32], content_hw: tuple[int, int], size_hw: tuple[int, int]
) -> NDArray[np.float32]:
    """The mean of a map (C, h, w) over the picture, its padding left out."""
    rows = max(1, round(features.shape[1] * content_hw[0] / size_hw[0]))
    columns = max(1, round(features.shape[2] * content_hw[1] / size_hw[1]))
    return features[:, :rows, :columns].mean(axis=(1, 2))


def _deepest_features(model: ov.Model, bundle: Bundle) -> ov.Output:
    """Of the maps with the coarsest grid those with the most channels, of these the last.

    In a detector that is what its neck gives for large objects: it has seen all scales.
    """
    found = []
    for order, operation in enumerate(model.get_ordered_ops()):
        if operation.get_output_size() != 1 or operation.get_type_name() == "Concat":
            continue
        shape = operation.output(0).partial_shape
        if not shape.rank.is_static or shape.rank.get_length() != 4:
            continue
        if any(size.is_dynamic for size in list(shape)[1:]):
            continue
        channels, height, width = (size.get_length() for size in list(shape)[1:])
        if min(height, width) >= _MIN_GRID and channels > 3:
            found.append((-height * width, channels, order, operation.output(0)))
    if not found:
        raise BundleError(
            f"bundle '{bundle.name}': expected a graph with a map of features, got none"
        )
    return max(found, key=lambda one: one[:3])[3]
