"""Pictures with boxes: COCO label files over a video's frames or a folder of images. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from datasets.catalog import CATALOG
from datasets.dataset import SAMPLES_NAME, Dataset
from datasets.formats import coco
from datasets.manifest import FILE_NAME as MANIFEST_NAME
from datasets.manifest import Manifest
from datasets.media import frame_rate_hz, read_frames, read_image, read_pictures
from datasets.samples import Sample, Split
from serving.core.detections import CROWD_COLUMN, Detections
from serving.core.errors import ConfigError, DatasetError, LabelError

IGNORED = -1
"""Class of a box inside which nothing is learned: COCO's `iscrowd`, people too unclear to call."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectionSample:
    """One picture: `image` BGR uint8 (H, W, 3), `xyxy_px` (M, 4) float32, `class_id` (M,) int64.

    `class_id` indexes the class names that the source was opened with, or is `IGNORED`.
    """

    image: NDArray[np.uint8]
    xyxy_px: NDArray[np.float32]
    class_id: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledImage:
    """The labels of one picture, read and checked, without its pixels."""

    file_name: str
    frame_index: int | None
    xyxy_px: NDArray[np.float32]
    class_id: NDArray[np.int64]


class DetectionSource(Protocol):
    """Labelled pictures, divided into those to train on and those to validate on."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it consists of, for the manifest."""

    @property
    def manifest(self) -> Manifest | None:
        """Its own, where it is a data set that has one."""

    def prepare(self) -> None:
        """Fetch what is missing and can be fetched."""

    def train_samples(self, class_names: Sequence[str]) -> Sequence[DetectionSample]:
        """The pictures to train on."""

    def validation_samples(self, class_names: Sequence[str]) -> Sequence[DetectionSample]:
        """The pictures to validate on; never next to one to train on."""


class CocoVideo:
    """Frames of one video with a COCO label file whose images carry a `frame_index`.

    Args:
        labels: the COCO file.
        video: the video that it labels.
        catalog_name: the catalogue's entry to fetch the video from where it is missing.
        validation_fraction: share of the labelled frames, the last ones in time, to validate on.
        gap_s: labelled frames less than this before the first validation frame are left out:
            they show almost the same picture.
    """

    def __init__(
        self,
        labels: str | Path,
        video: str | Path,
        catalog_name: str | None = None,
        validation_fraction: float = 0.2,
        gap_s: float = 1.0,
    ) -> None:
        if not 0 <= validation_fraction < 1:
            raise DatasetError(
                f"validation_fraction: expected a share in [0, 1), got {validation_fraction}"
            )
        if catalog_name is not None and catalog_name not in CATALOG:
            raise DatasetError(
                f"catalog_name: expected one of {sorted(CATALOG)}, got '{catalog_name}'"
            )
        self.labels, self.video = Path(labels), Path(video)
        self.catalog_name = catalog_name
        self.validation_fraction, self.gap_s = validation_fraction, gap_s

    @property
    def files(self) -> tuple[Path, ...]:
        return self.labels, self.video

    @property
    def manifest(self) -> None:
        return None

    def prepare(self) -> None:
        if not self.video.is_file() and self.catalog_name is not None:
            CATALOG[self.catalog_name].get(self.video.parent)

    def train_samples(self, class_names: Sequence[str]) -> Sequence[DetectionSample]:
        return self._samples(class_names, validation=False)

    def validation_samples(self, class_names: Sequence[str]) -> Sequence[DetectionSample]:
        return self._samples(class_names, validation=True)

    def _samples(self, class_names: Sequence[str], validation: bool) -> list[DetectionSample]:
        labelled = read_coco(self.labels, class_names)
        for image in labelled:
            if image.frame_index is None:
                raise LabelError(
                    f"{self.labels}, image '{image.file_name}': expected a frame_index, got none"
                )
        train, held_out = split_by_time(
            labelled, self.validation_fraction, self.gap_s * frame_rate_hz(self.video)
        )
        chosen = held_out if validation else train
        frames = read_frames(self.video, [image.frame_index or 0 for image in chosen])
        return [
            _sample(frame, image, self.labels) for frame, image in zip(frames, chosen, strict=True)
        ]


class CocoImages:
    """A folder of images with a COCO label file; images are read when asked for.

    Args:
        labels: the COCO file.
        folder: where its `file_name`s lie.
        validation: these pictures are to validate on, all of them; else to train on, all of them.
    """

    def __init__(self, labels: str | Path, folder: str | Path, validation: bool = False) -> None:
        self.labels, self.folder, self.validation = Path(labels), Path(folder), validation

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.labels, *sorted(path for path in self.folder.rglob("*") if path.is_file()))

    @property
    def manifest(self) -> None:
        return None

    def prepare(self) -> None:
        if not self.folder.is_dir():
            raise DatasetError(f"images of {self.labels}: expected a folder, got {self.folder}")

    def train_samples(self, class_names: Sequence[str]) -> Sequence[DetectionSample]:
        return () if self.validation else _ImageFiles(self.labels, self.folder, class_names)

    def validation_samples(self, class_names: Sequence[str]) -> Sequence[DetectionSample]:
        return _ImageFiles(self.labels, self.folder, class_names) if self.validation else ()


class _ImageFiles(Sequence[DetectionSample]):
    def __init__(self, labels: Path, folder: Path, class_names: Sequence[str]) -> None:
        self._labels, self._folder = labels, folder
        self._labelled = read_coco(labels, class_names)

    def __len__(self) -> int:
        return len(self._labelled)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        labelled = self._labelled[index]
        image = read_image(self._folder / labelled.file_name)
        return _sample(image, labelled, self._labels)


class DatasetFolder:
    """A data set's folder, divided as its manifest says; pictures are read when asked for.

    Samples that nobody labelled are left out. Of a video the labelled frames are kept in memory.

    Args:
        folder: with `manifest.json` and `samples.jsonl`.
        unsplit: what samples without a split are for; left out when None.

    Raises:
        ConfigError: no folder was given.
    """

    def __init__(self, folder: str | Path | None, unsplit: Split | None = None) -> None:
        if folder is None:
            raise ConfigError("dataset: expected a data set's folder, dataset=DIR, got none")
        self.folder, self.unsplit = Path(folder), unsplit

    @property
    def files(self) -> tuple[Path, ...]:
        listed = (self.folder / entry.path for entry in self.manifest.files)
        return self.folder / MANIFEST_NAME, *listed

    @property
    def manifest(self) -> Manifest:
        return Manifest.read(self.folder)

    def prepare(self) -> None:
        """Check that every file is there unchanged.

        Raises:
            DatasetError: names those that are missing or changed.
        """
        Dataset.load(self.folder).manifest.verify(self.folder)

    def train_samples(self, class_names: Sequence[str]) -> Sequence[DetectionSample]:
        return self._samples(Split.TRAIN, class_names)

    def validation_samples(self, class_names: Sequence[str]) -> Sequence[DetectionSample]:
        return self._samples(Split.VALIDATION, class_names)

    def _samples(self, split: Split, class_names: Sequence[str]) -> Sequence[DetectionSample]:
        wanted = [
            sample
            for sample in Dataset.load(self.folder).samples
            if sample.is_labelled and (sample.split or self.unsplit) is split
        ]
        return _Pictures(self.folder, wanted, class_names)


class _Pictures(Sequence[DetectionSample]):
    def __init__(self, folder: Path, samples: Sequence[Sample], class_names: Sequence[str]) -> None:
        self._folder, self._samples = folder, samples
        self._labelled = [_labelled_sample(sample, class_names, folder) for sample in samples]
        self._frames = dict(_video_frames(folder, samples))

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        sample = self._samples[index]
        image = self._frames.get(sample.key)
        if image is None:
            image = read_image(self._folder / sample.path)
        return _sample(image, self._labelled[index], self._folder / SAMPLES_NAME)


def _video_frames(
    folder: Path, samples: Iterable[Sample]
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    of_videos = sorted(
        (s for s in samples if s.is_video), key=lambda s: (s.path, s.frame_index or 0)
    )
    for sample, image in read_pictures(folder, of_videos):
        yield sample.key, image


def _labelled_sample(sample: Sample, class_names: Sequence[str], folder: Path) -> LabelledImage:
    for box in sample.boxes:
        if box.label not in class_names and not box.is_ignored:
            raise LabelError(
                f"{folder / SAMPLES_NAME}, sample '{sample.key}': expected a class of "
                f"{list(class_names)}, got '{box.label}'"
            )
    class_id = [IGNORED if box.is_ignored else class_names.index(box.label) for box in sample.boxes]
    return LabelledImage(
        sample.key,
        sample.frame_index,
        np.array([box.xyxy_px for box in sample.boxes], np.float32).reshape(-1, 4),
        np.array(class_id, np.int64),
    )


def read_coco(path: Path, class_names: Sequence[str]) -> list[LabelledImage]:
    """The images of a COCO file in order of frame index, then name; categories match by name.

    Raises:
        LabelError: a label is of a category that is not in `class_names`, or the file is one that
            `datasets.formats.coco.read` refuses.
    """
    dataset = coco.read(path)
    names = {category.id: category.name for category in dataset.categories}
    for annotation in dataset.annotations:
        if names[annotation.category_id] not in class_names:
            raise LabelError(
                f"{path}, annotation {annotation.id}: expected a class of {list(class_names)}, "
                f"got '{names[annotation.category_id]}'"
            )
    found = dataset.detections(class_names)
    labelled = [_labelled(image, found[image.id]) for image in dataset.images]
    return sorted(labelled, key=lambda image: (image.frame_index or 0, image.file_name))


def _labelled(image: coco.Image, labels: Detections) -> LabelledImage:
    class_id = np.where(labels.columns[CROWD_COLUMN], IGNORED, labels.class_id)
    return LabelledImage(image.file_name, image.frame_index, labels.xyxy_px, class_id)


def split_by_time(
    labelled: Sequence[LabelledImage], validation_fraction: float, gap_frames: float
) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Earlier frames to train on, the last `validation_fraction` to validate on, a gap between.

    Frames less than `gap_frames` before the first validation frame go to neither side.
    """
    num_validation = round(len(labelled) * validation_fraction)
    if num_validation == 0:
        return list(labelled), []
    validation = list(labelled[-num_validation:])
    last_train_frame = (validation[0].frame_index or 0) - gap_frames
    train = [
        image
        for image in labelled[:-num_validation]
        if (image.frame_index or 0) <= last_train_frame
    ]
    return train, validation


def _sample(image: NDArray[np.uint8], labelled: LabelledImage, labels: Path) -> DetectionSample:
    height, width = image.shape[:2]
    if len(labelled.xyxy_px) and (labelled.xyxy_px.max(axis=0)[2:] > (width + 1, height + 1)).any():
        raise LabelError(
            f"{labels}, image '{labelled.file_name}': expected boxes inside {width}×{height} px, "
            f"got one to {labelled.xyxy_px.max(axis=0)[2:].tolist()}"
        )
    limits = np.array([width, height, width, height], np.float32)
    return DetectionSample(image, np.clip(labelled.xyxy_px, 0, limits), labelled.class_id)
