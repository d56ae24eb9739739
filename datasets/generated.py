"""Data sets made up for measuring: as many samples as asked for, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.dataset import SAMPLES_NAME, Dataset, write_samples
from datasets.formats.pa100k import ATTRIBUTES as PA100K_NAMES
from datasets.formats.pa100k import FEMALE
from datasets.manifest import FileEntry, Manifest
from datasets.samples import Attributes, Box, Sample, Split
from serving.core.labels import PERSON, AgeBand, Gender, Mask

Kind = Callable[[int], Iterator[Sample]]
"""Gives so many samples."""

_SIZE_HW = (480, 640)
_SPLITS = (Split.TRAIN,) * 7 + (Split.VALIDATION,) + (Split.TEST,) * 2
_LICENCE = {"source": "generated", "licence": "CC0-1.0", "commercial_use": True}


def scenes(count: int, size_hw: tuple[int, int] = _SIZE_HW) -> Iterator[Sample]:
    """Pictures of a few cameras with 0 to 4 people in each, tracked and named."""
    height, width = size_hw
    for index in range(count):
        camera = index * 4 // max(count, 1)
        boxes = tuple(
            Box(
                (left, height * 0.2, left + width * 0.1, height * 0.8),
                PERSON,
                track_id=str(place + 1),
                is_occluded=False,
                visibility=1.0,
            )
            for place in range(index % 5)
            for left in [round(width * (0.02 + 0.24 * place), 1)]
        )
        yield Sample(
            f"camera-{camera}/img1/{index + 1:06}.jpg",
            image_size_hw=size_hw,
            camera=str(camera),
            captured_at=1.6e9 + 10.0 * index,
            source=f"camera-{camera}/{index // 50}",
            split=_SPLITS[index // 50 % 10],
            boxes=boxes,
        )


def portraits(count: int, size_hw: tuple[int, int] = (128, 64)) -> Iterator[Sample]:
    """One person a picture: eight pictures each, by two cameras, with age, gender and mask."""
    bands, genders, masks = tuple(AgeBand), tuple(Gender), tuple(Mask)
    for index in range(count):
        person = index // 8
        camera = index % 2 + 1
        yield Sample(
            f"people/{person:05}_c{camera}_{index:07}.jpg",
            image_size_hw=size_hw,
            camera=str(camera),
            split=_SPLITS[person % 10],
            label=PERSON,
            identity=str(person + 1),
            attributes=Attributes(
                age_band=bands[3 + person % 6],
                age_years=(24.0, 33.0, 44.0, 55.0, 66.0, 77.0)[person % 6],
                gender=genders[person % 2],
                mask=masks[index % 3],
            ),
        )


def pedestrians(count: int) -> Iterator[Sample]:
    """Portraits with everything that PA-100K states of a person, and nothing else."""
    genders = tuple(Gender)
    for index, sample in enumerate(portraits(count)):
        stated = {name: str((index + place) % 2) for place, name in enumerate(PA100K_NAMES)}
        del stated[FEMALE]
        attributes = Attributes(gender=genders[index % 2])
        yield Sample(sample.path, split=sample.split, attributes=attributes, properties=stated)


def frames(count: int) -> Iterator[Sample]:
    """Frames of four synchronised videos, which are not there, with people named over them."""
    for index, scene in enumerate(scenes(count)):
        view = index * 4 // max(count, 1)
        boxes = tuple(replace(box, identity=box.track_id, visibility=None) for box in scene.boxes)
        yield Sample(
            f"view-HC{view}.mp4",
            frame_index=index - view * count // 4,
            camera=f"HC{view}",
            boxes=boxes,
        )


def detected_frames(count: int) -> Iterator[Sample]:
    """The same frames with a detector's boxes, which nobody looked at."""
    for frame in frames(count):
        boxes = tuple(Box(box.xyxy_px, box.label, score=0.5) for box in frame.boxes)
        yield replace(frame, boxes=boxes, is_labelled=False)


def clips(count: int) -> Iterator[Sample]:
    """Short videos, each of one class; the files are not there."""
    for index in range(count):
        yield Sample(
            f"clips/{index:06}.mp4",
            image_size_hw=_SIZE_HW,
            source=f"take-{index // 4}",
            split=_SPLITS[index // 4 % 10],
            label=("normal", "shoplifting")[index % 2],
            duration_s=3.0,
        )


KINDS: tuple[Kind, ...] = (
    scenes,
    portraits,
    pedestrians,
    frames,
    detected_frames,
    clips,
)
"""What formats are tried with, in this order."""


def labels_alone(folder: Path, count: int) -> None:
    """A data set of scenes whose manifest lists every picture, and whose pictures are not there."""
    samples = list(scenes(count))
    path = write_samples(folder / SAMPLES_NAME, samples)
    entries = [FileEntry(sample.path, f"{row:064x}", 4096) for row, sample in enumerate(samples)]
    manifest = Manifest("generated", files=(FileEntry.of(path, folder), *entries), **_LICENCE)  # type: ignore[arg-type]
    manifest.write(folder)


def with_pictures(folder: Path, count: int, size_hw: tuple[int, int] = (128, 128)) -> Dataset:
    """A data set of scenes with their pictures, all different, on disk."""
    samples = list(scenes(count, size_hw))
    rng = np.random.default_rng(0)
    for sample in samples:
        path = folder / sample.path
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), _picture(rng, size_hw))
    return Dataset.create(folder, samples, name="generated", **_LICENCE)  # type: ignore[arg-type]


def write_picture(path: Path, size_hw: tuple[int, int] = (128, 128)) -> None:
    """One picture, the same every time."""
    cv2.imwrite(str(path), _picture(np.random.default_rng(0), size_hw))


def _picture(rng: np.random.Generator, size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """Blotches of colour with grain: as large and as slow to decode as a photograph."""
    blotches = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    image = cv2.resize(blotches, size_hw[::-1], interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 8, (*size_hw, 3))
    return np.clip(image + grain, 0, 255).astype(np.uint8)
