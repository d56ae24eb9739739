"""What a user would write without Footfall: OpenCV, ONNX Runtime and a public tracker, in one loop.

It stands here to be measured against, so it is written as well as such loops are: frames decoded by
OpenCV, the same bundle's graph (which takes 8-bit pixels and decodes its boxes, so that no NumPy
pre-processing slows the loop down), OpenCV's non-maximum suppression, and ByteTrack (Zhang et al.,
2022) as the package `trackers` has it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from serving.core.bundle import Bundle
from serving.core.errors import SourceError

Boxes = NDArray[np.float32]
Scores = NDArray[np.float32]

_PAD_VALUE = 114
LOWEST_SCORE = 0.1
"""ByteTrack's own lower bound for its second stage."""


def peer_tracker(frame_rate_hz: float) -> Callable[[Boxes, Scores], object]:
    """ByteTrack of the package `trackers`: takes the boxes and scores of each next frame.

    Raises:
        ImportError: the package is not installed.
    """
    import supervision
    from trackers import ByteTrackTracker

    tracker = ByteTrackTracker(frame_rate=frame_rate_hz)

    def update(xyxy_px: Boxes, score: Scores) -> object:
        class_id = np.zeros(len(score), np.int64)
        return tracker.update(
            supervision.Detections(xyxy=xyxy_px, confidence=score, class_id=class_id)
        )

    return update


class PeerLoop:
    """The loop with its model loaded.

    Args:
        bundle: the detector; a public YOLOX-nano of its size takes the same time.
        num_threads: CPU threads of one inference.
        frame_rate_hz: of the footage, for the tracker.

    Raises:
        ImportError: the package `trackers` is not installed.
    """

    def __init__(self, bundle: Bundle, num_threads: int, frame_rate_hz: float) -> None:
        self._track = peer_tracker(frame_rate_hz)
        options = ort.SessionOptions()
        options.intra_op_num_threads = num_threads
        self._session = ort.InferenceSession(
            bundle.model_path, options, providers=["CPUExecutionProvider"]
        )
        self._input_name = self._session.get_inputs()[0].name
        self._output_names = [bundle.output("boxes").name, bundle.output("scores").name]
        self._input_size_hw = bundle.input_size_hw
        self._nms_iou = bundle.thresholds["nms_iou"]

    def run(self, video: Path, max_frames: int | None = None) -> int:
        """Decode, detect and track the whole video; the number of frames.

        Raises:
            SourceError: OpenCV cannot open the video.
        """
        capture = cv2.VideoCapture(str(video))
        if not capture.isOpened():
            raise SourceError(f"{video}: expected a video that OpenCV can open")
        num_frames = 0
        while max_frames is None or num_frames < max_frames:
            read, image = capture.read()
            if not read:
                break
            xyxy_px, score = self._detect(image)
            self._track(xyxy_px, score)
            num_frames += 1
        capture.release()
        return num_frames

    def _detect(self, image: NDArray[np.uint8]) -> tuple[Boxes, Scores]:
        height, width = self._input_size_hw
        scale = min(height / image.shape[0], width / image.shape[1])
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        batch = np.full((1, height, width, 3), _PAD_VALUE, np.uint8)
        batch[0, : size[1], : size[0]] = cv2.resize(image, size)
        boxes, scores = self._session.run(self._output_names, {self._input_name: batch})
        rows = scores[0, :, 0] >= LOWEST_SCORE
        xyxy, score = boxes[0][rows] / scale, scores[0, rows, 0]
        xywh = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(xywh.tolist(), score.tolist(), LOWEST_SCORE, self._nms_iou)
        chosen = np.asarray(kept, np.int64).reshape(-1)
        return xyxy[chosen], score[chosen]
