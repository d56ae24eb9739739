"""Detection data for Lightning: sources mixed, augmented, batched.

What a picture is turned into depends on the seed, the epoch and its index alone. So the number of
workers does not matter, and a resumed run sees what the uninterrupted one would have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from datasets.detection import DetectionSample, DetectionSource
from datasets.manifest import FileEntry, Manifest, distinct_names
from datasets.transforms import Augmentation, letterbox
from serving.core.bundle import sha256_of
from serving.core.errors import DatasetError


class DetectionBatch(NamedTuple):
    """`images` uint8 BGR (N, H, W, 3); for each image `xyxy_px` (M, 4) and `class_id` (M,).

    `original_size_hw` is the size that each picture had before it was fitted into `images`.
    """

    images: Tensor
    xyxy_px: list[Tensor]
    class_id: list[Tensor]
    original_size_hw: list[tuple[int, int]]


class TrainKey(NamedTuple):
    """Which picture, in which epoch: all that its augmentation depends on, with the seed."""

    epoch: int
    position: int
    index: int


class ShuffledKeys(Sampler[TrainKey]):
    """Every picture once an epoch, in an order drawn from seed and epoch; a share for each rank."""

    def __init__(self, num_pictures: int, seed: int, rank: int = 0, num_ranks: int = 1) -> None:
        self._num_pictures, self._seed = num_pictures, seed
        self._rank, self._num_ranks = rank, num_ranks
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch, also after resuming."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._num_pictures // self._num_ranks

    def __iter__(self) -> Iterator[TrainKey]:
        order = np.random.default_rng([self._seed, self._epoch]).permutation(self._num_pictures)
        for position in range(self._rank, len(self) * self._num_ranks, self._num_ranks):
            yield TrainKey(self._epoch, position, int(order[position]))


class AugmentedPictures(Dataset[DetectionSample]):
    """Training pictures by `TrainKey`; from `plain_from_epoch` on only mildly changed."""

    def __init__(
        self,
        samples: Sequence[DetectionSample],
        augmentation: Augmentation,
        seed: int,
        plain_from_epoch: int,
    ) -> None:
        self._samples, self._augmentation = samples, augmentation
        self._seed, self._plain_from_epoch = seed, plain_from_epoch

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, key: TrainKey) -> DetectionSample:
        rng = np.random.default_rng([self._seed, key.epoch, key.position])
        sample = self._samples[key.index]
        if key.epoch >= self._plain_from_epoch:
            return self._augmentation.plain(sample, rng)
        return self._augmentation(
            sample, lambda: self._samples[int(rng.integers(len(self._samples)))], rng
        )


class _Fitted(NamedTuple):
    sample: DetectionSample
    original_size_hw: tuple[int, int]


class _Letterboxed(Dataset[_Fitted]):
    def __init__(self, samples: Sequence[DetectionSample], size_hw: tuple[int, int]) -> None:
        self._samples, self._size_hw = samples, size_hw

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> _Fitted:
        sample = self._samples[index]
        return _Fitted(letterbox(sample, self._size_hw), _size_hw(sample))


class DetectionDataModule(LightningDataModule):
    """Pictures of one or more sources as training and validation batches.

    Args:
        sources: where the pictures come from.
        repeats: how often each source's pictures stand in one epoch; once each when omitted.
        class_names: the classes; category names in label files must be among them.
        augmentation: how training pictures are changed; gives the input size too.
        batch_size: pictures a step, for each process.
        num_workers: processes that prepare pictures; the result does not depend on it.
        plain_from_epoch: from this epoch on no mosaic, mixup or zoom.
        num_overfit: to see that a network can learn at all: train on the first so many pictures
            alone, letterboxed and never changed, in one order, and validate on the same.
        seed: of order and augmentation.
        name: of the data, in its manifest.
        licence: of the data, in its manifest.
        commercial_use: whether the licence allows it.
    """

    def __init__(
        self,
        sources: Sequence[DetectionSource],
        augmentation: Augmentation,
        class_names: Sequence[str] = ("person",),
        repeats: Sequence[int] | None = None,
        batch_size: int = 8,
        num_workers: int = 0,
        plain_from_epoch: int = 1_000_000,
        num_overfit: int | None = None,
        seed: int = 0,
        name: str = "site",
        licence: str = "private",
        commercial_use: bool = False,
    ) -> None:
        super().__init__()
        if not sources:
            raise DatasetError("sources: expected at least one, got none")
        repeats = repeats if repeats is not None else [1] * len(sources)
        if len(repeats) != len(sources) or min(repeats) < 1:
            raise DatasetError(
                f"repeats: expected {len(sources)} positive numbers, one a source, got {repeats}"
            )
        if batch_size < 1:
            raise ValueError(f"batch_size: expected at least 1, got {batch_size}")
        if num_workers < 0:
            raise ValueError(f"num_workers: expected at least 0, got {num_workers}")
        if num_overfit is not None and num_overfit < 1:
            raise ValueError(f"num_overfit: expected at least 1, got {num_overfit}")
        self.sources, self.repeats = sources, repeats
        self.augmentation, self.class_names = augmentation, tuple(class_names)
        self.batch_size, self.num_workers = batch_size, num_workers
        self.plain_from_epoch, self.num_overfit, self.seed = plain_from_epoch, num_overfit, seed
        self.name, self.licence, self.commercial_use = name, licence, commercial_use
        self.train_samples: list[DetectionSample] = []
        self.validation_samples: list[DetectionSample] = []

    def manifest(self) -> Manifest:
        """The files that this data consists of, with their hashes; of one data set its own."""
        own = self.sources[0].manifest
        if own is not None and len(self.sources) == 1:
            return own
        files = distinct_names(path.resolve() for source in self.sources for path in source.files)
        return Manifest(
            name=self.name,
            source=", ".join(sorted(files.values())),
            licence=self.licence,
            commercial_use=self.commercial_use,
            files=tuple(
                FileEntry(name, sha256_of(path), path.stat().st_size)
                for path, name in files.items()
            ),
        )

    def prepare_data(self) -> None:
        """Fetch what is missing."""
        for source in self.sources:
            source.prepare()

    def setup(self, stage: str | None = None) -> None:
        """Read the labels, and the frames of labelled videos into memory."""
        if self.train_samples:
            return
        for source, repeat in zip(self.sources, self.repeats, strict=True):
            self.train_samples.extend([*source.train_samples(self.class_names)] * repeat)
            self.validation_samples.extend(source.validation_samples(self.class_names))
        if not self.train_samples:
            names = [str(path) for source in self.sources for path in source.files[:1]]
            raise DatasetError(f"expected pictures to train on, got none in {names}")
        if self.num_overfit is not None:
            self.train_samples = self.train_samples[: self.num_overfit]
            self.validation_samples = list(self.train_samples)

    def train_dataloader(self) -> DataLoader[Any]:
        """Batches of augmented pictures; a last, smaller batch is left out."""
        if self.num_overfit is not None:
            return self._letterboxed(self.train_samples)
        trainer = self.trainer
        ranks = (trainer.global_rank, trainer.world_size) if trainer is not None else (0, 1)
        keys = ShuffledKeys(len(self.train_samples), self.seed, *ranks)
        pictures = AugmentedPictures(
            self.train_samples, self.augmentation, self.seed, self.plain_from_epoch
        )
        return self._loader(pictures, collate, keys, drop_last=len(keys) >= self.batch_size)

    def val_dataloader(self) -> DataLoader[Any]:
        """Batches of letterboxed pictures in their order."""
        return self._letterboxed(self.validation_samples)

    def _letterboxed(self, samples: Sequence[DetectionSample]) -> DataLoader[Any]:
        return self._loader(_Letterboxed(samples, self.augmentation.input_size_hw), _collate_fitted)

    def _loader(
        self,
        pictures: Dataset[Any],
        collate_fn: Callable[[list[Any]], DetectionBatch],
        sampler: Sampler[TrainKey] | None = None,
        drop_last: bool = False,
    ) -> DataLoader[Any]:
        return DataLoader(
            pictures,
            batch_size=self.batch_size,
            sampler=sampler,
            num_workers=self.num_workers,
            collate_fn=collate_fn,
            drop_last=drop_last,
            persistent_workers=self.num_workers > 0,
        )


def collate(samples: Sequence[DetectionSample]) -> DetectionBatch:
    """Pictures of one size, as they are, into one batch."""
    return _collate_fitted([_Fitted(sample, _size_hw(sample)) for sample in samples])


def _collate_fitted(fitted: Sequence[_Fitted]) -> DetectionBatch:
    samples = [sample for sample, _ in fitted]
    return DetectionBatch(
        torch.from_numpy(np.stack([sample.image for sample in samples])),
        [torch.from_numpy(np.ascontiguousarray(sample.xyxy_px)) for sample in samples],
        [torch.from_numpy(np.ascontiguousarray(sample.class_id)) for sample in samples],
        [size_hw for _, size_hw in fitted],
    )


def _size_hw(sample: DetectionSample) -> tuple[int, int]:
    return sample.image.shape[0], sample.image.shape[1]
