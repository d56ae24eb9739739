"""People in pictures: letterbox, inference, threshold and non-maximum suppression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.core import boxes
from serving.core.detections import Detections
from serving.core.errors import BundleError
from serving.core.frame import Frame
from serving.core.labels import PERSON, Task
from serving.core.letterbox import Letterbox
from serving.inference.backend import Backend, Inference


@dataclass(frozen=True, slots=True, eq=False)
class PendingDetections:
    """The frames of one `Detector.start` on their way."""

    detector: Detector
    fits: Sequence[Letterbox]
    inference: Inference
    buffer: NDArray[np.uint8]

    def wait(self) -> None:
        """Return when the result is there, or when it is clear that it will not come."""
        self.inference.wait()

    def result(self) -> list[Detections]:
        """One `Detections` a frame, best score first, boxes in pixels of that frame.

        Waits where it must; to be called once.
        """
        return self.detector.collect(self)


class Detector:
    """Finds the objects of one class with a detection bundle.

    Args:
        backend: runs the bundle; closed by whoever made it.
        score_threshold: lowest score in [0, 1] that is reported; the bundle's when omitted.
        nms_iou: of two boxes that overlap more than this, the better one stays; the bundle's
            when omitted.
        class_name: one of the bundle's classes.

    Raises:
        BundleError: the bundle is no detector, has no such class, or leaves out a threshold.
        ValueError: a threshold lies outside [0, 1].
    """

    def __init__(
        self,
        backend: Backend,
        score_threshold: float | None = None,
        nms_iou: float | None = None,
        class_name: str = PERSON,
    ) -> None:
        bundle = backend.bundle
        if bundle.task is not Task.DETECTION or bundle.resize != "letterbox":
            raise BundleError(
                f"bundle '{bundle.name}': expected task 'detection' with resize 'letterbox', "
                f"got '{bundle.task}' with '{bundle.resize}'"
            )
        labels = bundle.output("scores").labels
        if class_name not in labels:
            raise BundleError(
                f"bundle '{bundle.name}': expected class '{class_name}', got classes {list(labels)}"
            )
        self._backend = backend
        self._boxes_name = bundle.output("boxes").name
        self._scores_name = bundle.output("scores").name
        self._class_id = labels.index(class_name)
        self._score_threshold = _threshold(backend, "score", score_threshold)
        self._nms_iou = _threshold(backend, "nms_iou", nms_iou)
        self._input_size_hw = bundle.input_size_hw
        self._free: list[NDArray[np.uint8]] = []

    @property
    def num_in_flight(self) -> int:
        """Calls of `start` that are worth having on their way at once."""
        return self._backend.num_in_flight

    def min_height_px(self, image_size_hw: tuple[int, int]) -> float:
        """The least height in such a picture of the people that the bundle was made for."""
        return (
            self._backend.bundle.min_height_px / Letterbox(image_size_hw, self._input_size_hw).scale
        )

    def start(self, frames: Sequence[Frame]) -> PendingDetections:
        """Send frames on their way through the model, as one batch.

        They may differ in size and camera.
        """
        fits = [Letterbox(frame.image_size_hw, self._input_size_hw) for frame in frames]
        buffer = self._free.pop() if self._free else self._new_buffer(len(frames))
        if len(buffer) < len(frames):
            buffer = self._new_buffer(len(frames))
        batch = buffer[: len(frames)]
        for frame, fit, place in zip(frames, fits, batch, strict=True):
            fit.apply(frame.image, out=place)
        return PendingDetections(self, fits, self._backend.start(batch), buffer)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """One `Detections` a frame: `start` and `result` in one."""
        return self.start(frames).result()

    def collect(self, pending: PendingDetections) -> list[Detections]:
        """What `PendingDetections.result` gives."""
        outputs = pending.inference.result()
        self._free.append(pending.buffer)
        scores = outputs[self._scores_name][..., self._class_id]
        rows = zip(pending.fits, outputs[self._boxes_name], scores, strict=True)
        return [self._select(*row) for row in rows]

    def _new_buffer(self, num_frames: int) -> NDArray[np.uint8]:
        return np.empty((num_frames, *self._input_size_hw, 3), np.uint8)

    def _select(
        self, fit: Letterbox, xyxy_px: NDArray[np.float32], score: NDArray[np.float32]
    ) -> Detections:
        # Most cells see background: everything after this line works on a few rows.
        rows = np.flatnonzero(score >= self._score_threshold)
        xyxy_px, score = xyxy_px[rows], score[rows]
        kept = boxes.nms(xyxy_px, score, self._nms_iou)
        xyxy_px, score = fit.to_image(xyxy_px[kept]), score[kept]
        inside = boxes.area_px2(xyxy_px) > 0  # not the padding
        class_id = np.full(np.count_nonzero(inside), self._class_id, np.int64)
        return Detections(xyxy_px[inside], score[inside], class_id)


def _threshold(backend: Backend, name: str, value: float | None) -> float:
    """The given value, or else the bundle's."""
    bundle = backend.bundle
    if value is None:
        if name not in bundle.thresholds:
            raise BundleError(
                f"bundle '{bundle.name}': expected a threshold '{name}', "
                f"got {sorted(bundle.thresholds)}"
            )
        value = bundle.thresholds[name]
    if not 0 <= value <= 1:
        raise ValueError(f"{name} threshold: expected a value in [0, 1], got {value}")
    return float(value)
