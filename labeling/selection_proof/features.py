"""Features of pictures, looked at once and kept between runs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.dataset import Dataset
from datasets.files import write_atomically
from datasets.media import read_image
from labeling.selection_proof.backbone import NUM_VALUES, SIZE_PX, WEIGHTS, Backbone

Image = NDArray[np.uint8]

_NUM_COMPONENTS = 128
_LENGTH = 8.0
"""Root mean square length of compressed features: it goes with the decay of the head."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a pool.

    Args:
        path: of a real picture, relative to its data set's folder.
        variation: None: as it is. A number: as a camera would see it in another frame, see
            `varied`; each number gives another one.
    """

    path: str
    variation: int | None = None


def varied(image: Image, seed: int) -> Image:
    """A near-identical frame: the person sways, the camera's exposure and compression differ.

    Turned by 3° and scaled by 4 % (standard deviations), shifted by 3 % of its size, 8 % brighter
    or darker, with noise of 2 grey levels, saved as JPEG of quality 60 to 95.
    """
    random = np.random.default_rng(seed)
    height, width = image.shape[:2]
    turn, scale = random.normal(0, 3.0), 1 + random.normal(0, 0.04)
    moved = cv2.getRotationMatrix2D((width / 2, height / 2), turn, scale)
    moved[:, 2] += random.normal(0, 0.03, 2) * (width, height)
    frame = cv2.warpAffine(image, moved, (width, height), borderMode=cv2.BORDER_REFLECT)
    light = frame * (1 + random.normal(0, 0.08)) + random.normal(0, 2, frame.shape)
    options = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(60, 96))]
    data = cv2.imencode(".jpg", np.clip(light, 0, 255).astype(np.uint8), options)[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[return-value]


class FeatureStore:
    """Features by data set and shot, in a folder of their own.

    Args:
        folder: where they are kept.
        data_dir: where the backbone's weights lie or are fetched to.
        progress: told how many pictures were looked at, of how many.
    """

    def __init__(
        self,
        folder: Path,
        data_dir: Path,
        progress: Callable[[int, int | None], None] = lambda done, total: None,
    ) -> None:
        self._folder, self._data_dir, self._progress = folder, data_dir, progress
        self._backbone: Backbone | None = None

    def features(self, dataset: Dataset, shots: Sequence[Shot]) -> NDArray[np.float32]:
        """(N, NUM_VALUES) float32 of length 1.

        Raises:
            DatasetError: a picture cannot be read, or the weights cannot be had.
        """
        asked = [WEIGHTS.sha256, f"{SIZE_PX}", dataset.manifest.sha256, *map(str, shots)]
        digest = hashlib.sha256("\n".join(asked).encode()).hexdigest()
        path = self._folder / f"{dataset.manifest.name}-{digest[:16]}.npz"
        kept = _read(path)
        if kept is not None and kept.shape == (len(shots), NUM_VALUES):
            return kept
        if self._backbone is None:
            self._backbone = Backbone(WEIGHTS.get(self._data_dir / "weights"))
        rows = []
        for row in self._backbone.features(_images(dataset, shots)):
            rows.append(row)
            self._progress(len(rows), len(shots))
        found = np.stack(rows)
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
        data = io.BytesIO()
        np.savez(data, features=found)
        write_atomically(path, data.getvalue())
        return found


def compressed(
    pool: NDArray[np.float32], test: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both on the pool's principal components, which need no labels."""
    mean = pool.mean(axis=0)
    centred = pool - mean
    axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))[1][:, ::-1][:, :_NUM_COMPONENTS]
    turned = [((one - mean) @ axes).astype(np.float32) for one in (pool, test)]
    scale = np.float32(_LENGTH / np.sqrt((turned[0] ** 2).sum(axis=1).mean()))
    return turned[0] * scale, turned[1] * scale


def _images(dataset: Dataset, shots: Sequence[Shot]) -> Iterator[Image]:
    for shot in shots:
        image = read_image(dataset.folder / shot.path)
        yield image if shot.variation is None else varied(image, shot.variation)


def _read(path: Path) -> NDArray[np.float32] | None:
    """What is kept; None where there is nothing, or a broken file, which is made again."""
    try:
        with np.load(path, allow_pickle=False) as data:
            return data["features"]  # type: ignore[no-any-return]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
