"""Labels that a network makes itself: an ensemble over input sizes and mirrored pictures.

`python -m training.detection.pseudo_labels VIDEO OUTPUT` writes a COCO file. The small network sees
more at several larger sizes than at the one it will run at; what the ensemble agrees on teaches it
(Xie et al. 2020, "Self-training with Noisy Student"). Unsure boxes are written as `iscrowd`, and
nothing is learned inside them.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from datasets.files import write_atomically
from serving.core import boxes
from serving.core.detections import Detections
from serving.core.errors import ConfigError, DatasetError, FootfallError
from serving.core.labels import PERSON
from serving.core.letterbox import Letterbox
from training.detection.network import DetectionNetwork, yolox_nano
from training.detection.published import start_weights_path
from training.detection.weights import load_weights

MIN_SCORE = 0.05
FUSE_IOU = 0.6
WIDTHS_PX = (416, 640, 896)


@torch.no_grad()
def ensemble_detections(
    network: DetectionNetwork, image: NDArray[np.uint8], widths_px: Sequence[int] = WIDTHS_PX
) -> Detections:
    """What the network finds in `image` over all widths and both mirrorings, fused.

    `network` is in evaluation mode and has one class. Scores count views that found nothing as 0.
    """
    height, width = image.shape[:2]
    found: list[Detections] = []
    for width_px in widths_px:
        size_hw = (_multiple_of_32(width_px * height / width), _multiple_of_32(width_px))
        fit = Letterbox((height, width), size_hw)
        for mirrored in (False, True):
            view = fit.apply(np.ascontiguousarray(image[:, ::-1]) if mirrored else image)
            tensor = torch.from_numpy(view).permute(2, 0, 1)[None].float()
            box, score = network.decode(network(tensor))
            likely = score[0, :, 0] > MIN_SCORE
            xyxy_px = fit.to_image(box[0, likely].numpy())
            if mirrored:
                xyxy_px[:, [0, 2]] = width - xyxy_px[:, [2, 0]]
            detections = Detections(xyxy_px, score[0, likely, 0].numpy())
            found.append(
                detections.select(boxes.nms(detections.xyxy_px, detections.score, FUSE_IOU))
            )
    return fuse(found, FUSE_IOU)


def fuse(views: Sequence[Detections], iou_threshold: float) -> Detections:
    """Weighted boxes fusion (Solovyev et al. 2021) of detections of one picture, best first.

    Boxes that overlap a group's mean by more than `iou_threshold` join it; the mean is weighted
    by score. A group's score is the sum of its scores over the number of views.
    """
    xyxy_px = np.concatenate([view.xyxy_px for view in views])
    score = np.concatenate([view.score for view in views])
    groups: list[list[int]] = []
    means = np.zeros((0, 4), np.float32)
    for row in np.argsort(-score, kind="stable"):
        overlap = boxes.iou(xyxy_px[row : row + 1], means)[0]
        if len(overlap) and overlap.max() > iou_threshold:
            group = int(overlap.argmax())
            groups[group].append(int(row))
        else:
            group = len(groups)
            groups.append([int(row)])
            means = np.concatenate([means, xyxy_px[row : row + 1]])
        members = groups[group]
        means[group] = np.average(xyxy_px[members], axis=0, weights=score[members])
    fused_score = np.array([score[members].sum() / len(views) for members in groups], np.float32)
    order = np.argsort(-fused_score, kind="stable")
    return Detections(means[order], np.clip(fused_score[order], 0, 1))


def label_video(
    network: DetectionNetwork,
    video: Path,
    interval_s: float,
    sure_score: float,
    unsure_score: float,
) -> dict[str, Any]:
    """A COCO dictionary for one frame each `interval_s` of a video.

    Boxes scored at least `sure_score` are labels, those at least `unsure_score` are `iscrowd`.

    Raises:
        DatasetError: the video cannot be read, or was cut.
    """
    capture = cv2.VideoCapture(str(video))
    rate_hz = capture.get(cv2.CAP_PROP_FPS)
    if not capture.isOpened() or not rate_hz > 0:
        raise DatasetError(f"pseudo labels: expected a video, got {video}")
    _check_whole(video)
    every = max(1, round(interval_s * rate_hz))
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    index = 0
    while capture.grab():
        if index % every == 0:
            image = capture.retrieve()[1]
            image_id = len(images) + 1
            images.append(_image_entry(image_id, video, index, image))
            found = ensemble_detections(network, image)
            for xyxy_px, score in zip(found.xyxy_px, found.score, strict=True):
                if score >= unsure_score:
                    crowd = int(score < sure_score)
                    annotations.append(_annotation(len(annotations) + 1, image_id, xyxy_px, crowd))
        index += 1
    capture.release()
    return {
        "categories": [{"id": 1, "name": PERSON}],
        "images": images,
        "annotations": annotations,
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 0 when the file is written."""
    parser = argparse.ArgumentParser(
        prog="python -m training.detection.pseudo_labels", description=__doc__
    )
    parser.add_argument("video", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--weights", default="yolox_nano.onnx", help="of a YOLOX-nano network")
    parser.add_argument("--weights-dir", type=Path, default=Path("data/weights"))
    parser.add_argument("--interval-s", type=float, default=0.5)
    parser.add_argument("--sure-score", type=float, default=0.4)
    parser.add_argument("--unsure-score", type=float, default=0.1)
    options = parser.parse_args(arguments)
    try:
        _check_options(options)
        network = yolox_nano(1)
        load_weights(network, start_weights_path(options.weights, options.weights_dir), [PERSON])
        coco = label_video(
            network.eval(),
            options.video,
            options.interval_s,
            options.sure_score,
            options.unsure_score,
        )
        coco["info"] = {
            "description": f"Labels that {options.weights} made itself on {options.video.name}"
        }
        write_atomically(options.output, json.dumps(coco))
    except FootfallError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"error: {options.output} cannot be written: {error.strerror}", file=sys.stderr)
        return FootfallError.exit_code
    print(f"{options.output}: {len(coco['images'])} pictures, {len(coco['annotations'])} boxes")
    return 0


def _check_options(options: argparse.Namespace) -> None:
    """Raises `ConfigError` where an option is of no use, or the output would replace an input."""
    if not 0 < options.interval_s < math.inf:
        raise ConfigError(f"--interval-s: expected a number above zero, got {options.interval_s}")
    weights = Path(options.weights), options.weights_dir / options.weights
    for path in (options.video, *weights):
        if options.output.resolve().is_relative_to(path.resolve()):
            raise ConfigError(
                f"output {options.output}: expected a path apart from what is read, got one that "
                f"changes {path}"
            )


def _check_whole(video: Path) -> None:
    """Hold the packets of a video against what its container says, before anything is decoded.

    Raises:
        DatasetError: frames are missing at its end.
    """
    num_packets, end_s = 0, 0.0
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            stated = stream.frames
            rate_hz = float(stream.average_rate or stream.guessed_rate or 25)
            for packet in container.demux(stream):
                if not packet.size or packet.is_corrupt:
                    continue
                num_packets += 1
                if packet.pts is not None and packet.time_base is not None:
                    ticks = packet.pts + (packet.duration or 0) - (stream.start_time or 0)
                    end_s = max(end_s, float(ticks * packet.time_base))
            num_read = max(num_packets, round(end_s * rate_hz))  # a camera may have dropped frames
            if not stated and container.duration and len(container.streams) == 1:
                # A length in seconds is right to about a frame.
                stated = round(container.duration / av.time_base * rate_hz) - 1
    except av.FFmpegError as error:
        raise DatasetError(f"pseudo labels: expected a video, got {video}: {error}") from error
    if num_read < stated:
        raise DatasetError(
            f"{video}: expected {stated} frames, got {num_read}: the file is truncated"
        )


def _image_entry(
    image_id: int, video: Path, frame_index: int, image: NDArray[np.uint8]
) -> dict[str, Any]:
    return {
        "id": image_id,
        "file_name": f"{video.stem}_{frame_index:06d}.jpg",
        "frame_index": frame_index,
        "video": video.name,
        "height": image.shape[0],
        "width": image.shape[1],
    }


def _annotation(
    annotation_id: int, image_id: int, xyxy_px: NDArray[np.float32], crowd: int
) -> dict[str, Any]:
    left, top, right, bottom = (round(float(value), 1) for value in xyxy_px)
    bbox = [left, top, round(right - left, 1), round(bottom - top, 1)]
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": 1,
        "bbox": bbox,
        "area": round(bbox[2] * bbox[3], 1),
        "iscrowd": crowd,
    }


def _multiple_of_32(length_px: float) -> int:
    return max(32, round(length_px / 32) * 32)


if __name__ == "__main__":
    sys.exit(main())
