"""Small made-up data sets, and people who work in Label Studio."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from datasets.dataset import Dataset
from datasets.media import read_frames
from datasets.samples import Box, Sample
from labeling.accounts import sign_up
from labeling.client import Client

SIZE_HW = (48, 64)


def picture(path: Path, shade: int) -> None:
    """A picture of one colour, which no other shade has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((*SIZE_HW, 3), shade, np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())


def data_set(folder: Path, paths: Sequence[str]) -> Dataset:
    """A data set of pictures of which nobody has said anything."""
    for shade, path in enumerate(paths):
        picture(folder / path, shade)
    samples = [
        Sample(path, image_size_hw=SIZE_HW, camera="Tür", is_labelled=False) for path in paths
    ]
    return Dataset.create(
        folder, samples, name="made-up", source="drawn", licence="CC0", commercial_use=True
    )


def numbered(count: int) -> list[str]:
    """Paths that a careless program trips over."""
    return [f"Küche 1/bild#{number:02d}.jpg" for number in range(count)]


def person(left: float = 8, top: float = 6, score: float | None = None) -> Box:
    """A person, 16 wide and 24 high."""
    return Box((left, top, left + 16, top + 24), "person", score=score)


def new_labeler(admin: Client, name: str) -> Client:
    """Somebody who signs up by the invitation and works with a token of their own."""
    return sign_up(admin, f"{name}@example.com", "Made-up-12345")


def cut_of(video: Path, path: Path, num_frames: int = 30) -> None:
    """The first frames of a video, as a file of its own at ten frames a second."""
    writer: cv2.VideoWriter | None = None
    for image in read_frames(video, range(num_frames)):
        if writer is None:
            height, width = image.shape[:2]
            code = cv2.VideoWriter.fourcc(*"mp4v")
            writer = cv2.VideoWriter(str(path), code, 10.0, (width, height))
        writer.write(image)
    assert writer is not None
    writer.release()
