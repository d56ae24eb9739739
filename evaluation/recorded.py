"""Recorded truth and predictions: MOT text and COCO files, in any mix, brought frame to frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.formats import coco, mot
from datasets.formats.coco import TRACK_COLUMN, CocoDataset
from evaluation.protocol.detection import JudgedImages
from serving.core.detections import CROWD_COLUMN, XYWH_COLUMN, Detections, Tracks
from serving.core.errors import LabelError
from serving.core.labels import PERSON

_NOTHING = Detections.empty()


def read_images(
    gt: Path, pred: Path, frame_rate_hz: float, class_name: str = PERSON
) -> JudgedImages:
    """Truth and predictions of the images that both say something about.

    Files that end in `.json` are COCO, others MOT text. Judged are all frames where both are MOT;
    the truth's images where it is COCO; and where only the predictions are, the images that they
    list. A COCO image is a frame of the video that its `frame_index` says.

    Raises:
        LabelError: a file is missing or breaks its format, a MOT file meets COCO images without
            `frame_index` or no image at all, or the truth does not know the class.
    """
    if not is_coco(gt):
        return _against_mot(gt, pred, frame_rate_hz, class_name)
    truth = coco.read(gt)
    if class_name not in [category.name for category in truth.categories]:
        known = [category.name for category in truth.categories]
        raise LabelError(f"{gt}: expected a category '{class_name}', got {known}")
    true = truth.detections([class_name])
    if is_coco(pred):
        found = coco.read_results(pred, truth).detections([class_name])
        indices = [image.frame_index for image in truth.images]
        return JudgedImages(
            tuple(true[image.id] for image in truth.images),
            tuple(found.get(image.id, _NOTHING) for image in truth.images),
            None if None in indices else tuple(index or 0 for index in indices),
            frame_rate_hz,
        )
    numbers = _frame_numbers(truth, gt)
    by_number = {number: true[image_id] for image_id, number in numbers.items()}
    return judge_frames(by_number, mot.read_detections(pred), sorted(by_number), frame_rate_hz)


def cut(
    sequence: mot.MotSequence, first_frame: int, last_frame: int | None = None
) -> mot.MotSequence:
    """The frames with an index, counted from 0, of `first_frame` to `last_frame`."""
    end = np.inf if last_frame is None else last_frame

    def inside(number: int) -> bool:
        return first_frame <= number - 1 <= end

    return mot.MotSequence(
        {number: tracks for number, tracks in sequence.frames.items() if inside(number)},
        {number: boxes for number, boxes in sequence.ignored.items() if inside(number)},
    )


def true_boxes(sequence: mot.MotSequence) -> dict[int, Detections]:
    """Boxes to be found by frame number; those to be ignored are marked as a crowd's."""
    return {
        number: _with_crowd(
            sequence.frames[number].detections if number in sequence.frames else _NOTHING,
            sequence.ignored.get(number, _NOTHING),
        )
        for number in {*sequence.frames, *sequence.ignored}
    }


def judge_frames(
    true: Mapping[int, Detections],
    found: Mapping[int, Detections],
    numbers: Sequence[int],
    frame_rate_hz: float,
) -> JudgedImages:
    """The frames `numbers`, from 1, of a video; a frame without an entry shows nobody."""
    return JudgedImages(
        tuple(true.get(number, _NOTHING) for number in numbers),
        tuple(found.get(number, _NOTHING) for number in numbers),
        tuple(number - 1 for number in numbers),
        frame_rate_hz,
    )


def tracks_of_labels(labels: CocoDataset, path: Path, class_name: str) -> mot.MotSequence:
    """The labels of a video as tracks, with an entry, be it empty, for every labelled frame.

    A crowd's box is nobody's track: it is ignored, as a distractor, so that it is neither to be
    found nor wrong when it is.

    Raises:
        LabelError: an image without `frame_index` or a label without `track_id`.
    """
    for annotation in labels.annotations:
        if annotation.track_id is None and not annotation.is_crowd:
            raise LabelError(f"{path}, annotation {annotation.id}: expected a track_id, got none")
    numbers = _frame_numbers(labels, path)
    frames, ignored = {}, {}
    for image_id, boxes in labels.detections([class_name]).items():
        is_crowd = boxes.columns[CROWD_COLUMN]
        people, crowd = boxes.select(~is_crowd), boxes.select(is_crowd)
        age_s = np.zeros(len(people), np.float32)
        frames[numbers[image_id]] = Tracks(people, people.columns[TRACK_COLUMN], age_s)
        if len(crowd):
            class_id = np.full(len(crowd), mot.DISTRACTOR)
            ignored[numbers[image_id]] = replace(crowd, class_id=class_id)
    return mot.MotSequence(frames, ignored)


def _against_mot(gt: Path, pred: Path, frame_rate_hz: float, class_name: str) -> JudgedImages:
    true = true_boxes(mot.read_truth(gt))
    if not is_coco(pred):
        found = mot.read_detections(pred)
        return judge_frames(true, found, sorted({*true, *found}), frame_rate_hz)
    listed = coco.read_results(pred)
    if not listed.images:
        raise LabelError(f"{pred}: expected images, the frames of {gt} to judge, got none")
    boxes = listed.detections([class_name])
    found = {n: boxes[image_id] for image_id, n in _frame_numbers(listed, pred).items()}
    return judge_frames(true, found, sorted(found), frame_rate_hz)


def is_coco(path: Path) -> bool:
    """Whether a file is taken for COCO JSON, by its name; others are MOT text."""
    return path.suffix.lower() == ".json"


def _frame_numbers(dataset: CocoDataset, path: Path) -> dict[int, int]:
    """MOT frame number, from 1, of each image."""
    for image in dataset.images:
        if image.frame_index is None:
            raise LabelError(
                f"{path}, image {image.id}: expected a frame_index, to find it in a MOT file, "
                "got none"
            )
    return {image.id: (image.frame_index or 0) + 1 for image in dataset.images}


def _with_crowd(truth: Detections, ignored: Detections) -> Detections:
    xywh = np.vstack([d.columns.get(XYWH_COLUMN, np.zeros((0, 4))) for d in (truth, ignored)])
    is_crowd = np.arange(len(xywh)) >= len(truth)
    return Detections(
        np.vstack([truth.xyxy_px, ignored.xyxy_px]),
        np.ones(len(xywh), np.float32),
        columns={XYWH_COLUMN: xywh, CROWD_COLUMN: is_crowd},
    )
