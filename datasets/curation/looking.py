"""One pass over the pixels of a data set: a picture file, a vector and predictions a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.dataset import Dataset
from datasets.files import write_atomically
from datasets.media import read_pictures
from datasets.samples import Box, Sample
from datasets.sampling.clusters import Embeds
from datasets.sampling.way import Detects
from serving.core.detections import Detections
from serving.core.frame import Frame
from serving.core.labels import PERSON

Image = NDArray[np.uint8]

_BATCH = 8
_JPEG_QUALITY = 92


@dataclass(slots=True)
class Looked:
    """What a pass has given, by `Sample.key`.

    `sizes_hw` are height and width of the pictures as shown. Samples whose file is not there are
    labels without a picture: they stand in `without_file` and nowhere else.
    """

    pictures: dict[str, Path] = field(default_factory=dict)
    sizes_hw: dict[str, tuple[int, int]] = field(default_factory=dict)
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    predictions: dict[str, tuple[Box, ...]] = field(default_factory=dict)
    without_file: list[str] = field(default_factory=list)


def look(
    dataset: Dataset,
    frames_folder: Path,
    embedder: Embeds | None = None,
    detector: Detects | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Looked:
    """Read each picture once and ask the models.

    A frame of a video, and the first one of a clip, is written below `frames_folder` as JPEG:
    FiftyOne shows files. What is there already from an earlier pass is kept.

    Raises:
        DatasetError: a picture or a frame cannot be read; names it.
    """
    looked = Looked()
    hashes = {entry.path: entry.sha256 for entry in dataset.manifest.files}
    there = [s for s in dataset.samples if s.path in hashes and dataset.path_of(s).is_file()]
    looked.without_file = sorted(
        {sample.key for sample in dataset.samples} - {sample.key for sample in there}
    )
    # Frames of one video in one pass.
    there.sort(key=lambda sample: (sample.path, sample.frame_index or 0))
    for batch in _batches(read_pictures(dataset.folder, there)):
        samples, images = [sample for sample, _ in batch], [image for _, image in batch]
        for sample, image in batch:
            looked.sizes_hw[sample.key] = (image.shape[0], image.shape[1])
            looked.pictures[sample.key] = (
                _frame_file(sample, image, frames_folder / hashes[sample.path][:16])
                if sample.is_video
                else dataset.path_of(sample).resolve()
            )
        if embedder is not None:
            vectors = embedder.embed(images)
            looked.vectors |= {s.key: v for s, v in zip(samples, vectors, strict=True)}
        if detector is not None:
            found = detector.detect([_frame(*pair, n) for n, pair in enumerate(batch)])
            looked.predictions |= {
                s.key: _boxes(one) for s, one in zip(samples, found, strict=True)
            }
        progress(len(looked.pictures), len(there))
    return looked


def _batches(
    pictures: Iterable[tuple[Sample, Image]],
) -> Iterator[list[tuple[Sample, Image]]]:
    rest = iter(pictures)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _frame_file(sample: Sample, image: Image, folder: Path) -> Path:
    """The file of a frame; the folder is named after the video's content."""
    path = (folder / f"{sample.frame_index or 0:06d}.jpg").resolve()
    if not path.is_file():
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
        write_atomically(path, data.tobytes())
    return path


def _frame(sample: Sample, image: Image, index: int) -> Frame:
    return Frame(image, sample.camera or "data-set", index, sample.captured_at or 0.0)


def _boxes(found: Detections) -> tuple[Box, ...]:
    return tuple(
        Box(tuple(map(float, xyxy_px)), PERSON, score=float(score))  # type: ignore[arg-type]
        for xyxy_px, score in zip(found.xyxy_px, found.score, strict=True)
    )
