"""What a data set holds, split by split: counts, classes, sizes, attributes, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datasets.checks.contents import Row
from datasets.checks.recordings import identities_of
from datasets.samples import Attributes, Sample

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
HEIGHT_EDGES_PX = (0, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 768, float("inf"))
"""Edges of the columns in which heights of boxes are counted."""

ATTRIBUTES = ("age_band", "age_years", "gender", "mask")


@dataclass(frozen=True, slots=True)
class Spread:
    """Where values lie: `QUANTILES` of `count` of them; empty without any."""

    count: int
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of some values."""
        if not values:
            return cls(0, ())
        return cls(len(values), tuple(float(value) for value in np.quantile(values, QUANTILES)))

    @property
    def median(self) -> float | None:
        """The middle value; None without any."""
        return self.quantiles[QUANTILES.index(0.5)] if self.quantiles else None


@dataclass(slots=True)
class SplitStatistics:
    """What one split holds; `num_people` are those whose attributes could be known."""

    split: str
    num_samples: int = 0
    num_unlabelled: int = 0
    num_empty: int = 0
    num_boxes: int = 0
    num_ignored_boxes: int = 0
    num_people: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    box_labels: Counter[str] = field(default_factory=Counter)
    cameras: Counter[str] = field(default_factory=Counter)
    sources: set[str] = field(default_factory=set)
    identities: set[str] = field(default_factory=set)
    attributes: dict[str, Counter[str]] = field(
        default_factory=lambda: {name: Counter() for name in ATTRIBUTES if name != "age_years"}
    )
    missing: Counter[str] = field(default_factory=Counter)
    image_heights_px: list[float] = field(default_factory=list)
    box_heights_px: list[float] = field(default_factory=list)
    box_aspects: list[float] = field(default_factory=list)
    boxes_per_picture: list[float] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        """Count one sample."""
        self.num_samples += 1
        self.num_unlabelled += not sample.is_labelled
        self.num_boxes += len(sample.boxes)
        self.num_empty += sample.is_labelled and not sample.boxes and sample.label is None
        self.labels.update([sample.label] if sample.label is not None else [])
        self.cameras.update([sample.camera] if sample.camera is not None else [])
        self.sources.update([sample.source] if sample.source is not None else [])
        self.identities.update(identities_of(sample))
        self.missing["camera"] += sample.camera is None
        self.missing["captured_at"] += sample.captured_at is None
        self.missing["source"] += sample.source is None
        self.missing["image_size_hw"] += sample.image_size_hw is None
        if sample.image_size_hw is not None:
            self.image_heights_px.append(sample.image_size_hw[0])
        self.boxes_per_picture.append(sum(not box.is_ignored for box in sample.boxes))
        self._add_boxes(sample)
        for attributes in _people(sample):
            self._add_person(attributes)

    def _add_boxes(self, sample: Sample) -> None:
        for box in sample.boxes:
            if box.is_ignored:
                self.num_ignored_boxes += 1
                continue
            left, top, right, bottom = box.xyxy_px
            self.box_labels[box.label] += 1
            self.box_heights_px.append(bottom - top)
            if bottom > top:
                self.box_aspects.append((right - left) / (bottom - top))

    def _add_person(self, attributes: Attributes) -> None:
        self.num_people += 1
        for name in ATTRIBUTES:
            value = getattr(attributes, name)
            if value is None:
                self.missing[name] += 1
            elif name in self.attributes:
                self.attributes[name][value.value] += 1

    @property
    def imbalance(self) -> float | None:
        """How often the most frequent class stands for each of the rarest; None below two."""
        counts = (self.box_labels or self.labels).values()
        return max(counts) / min(counts) if len(counts) > 1 else None

    @property
    def box_height_px(self) -> Spread:
        """Of the boxes that are not ignored."""
        return Spread.of(self.box_heights_px)

    @property
    def box_aspect(self) -> Spread:
        """Width over height, of the boxes that have a height."""
        return Spread.of(self.box_aspects)

    def height_counts(self) -> list[int]:
        """How many boxes lie between each two of `HEIGHT_EDGES_PX`."""
        return [int(n) for n in np.histogram(self.box_heights_px, HEIGHT_EDGES_PX)[0]]

    def picture_counts(self, most: int = 12) -> list[int]:
        """How many pictures have 0, 1, 2 … boxes; the last one counts those with more, too."""
        counts = np.minimum(np.array(self.boxes_per_picture, np.int64), most)
        return [int(n) for n in np.bincount(counts, minlength=most + 1)]

    def to_record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "split": self.split,
            "num_samples": self.num_samples,
            "num_unlabelled": self.num_unlabelled,
            "num_empty": self.num_empty,
            "num_boxes": self.num_boxes,
            "num_ignored_boxes": self.num_ignored_boxes,
            "num_people": self.num_people,
            "num_identities": len(self.identities),
            "num_sources": len(self.sources),
            "labels": dict(sorted(self.labels.items())),
            "box_labels": dict(sorted(self.box_labels.items())),
            "imbalance": self.imbalance,
            "cameras": dict(sorted(self.cameras.items())),
            "attributes": {
                name: dict(sorted(counts.items()))
                for name, counts in self.attributes.items()
                if counts
            },
            "missing": {name: count for name, count in sorted(self.missing.items()) if count},
            "quantiles": list(QUANTILES),
            "image_height_px": list(Spread.of(self.image_heights_px).quantiles),
            "box_height_px": list(self.box_height_px.quantiles),
            "box_aspect": list(self.box_aspect.quantiles),
            "boxes_per_picture": list(Spread.of(self.boxes_per_picture).quantiles),
        }


def statistics_of(rows: Sequence[Row]) -> tuple[SplitStatistics, ...]:
    """What each split holds, in the order of splits; samples without one come last."""
    found: dict[str | None, SplitStatistics] = {}
    for row in rows:
        split = row.sample.split
        name = split.value if split is not None else None
        found.setdefault(name, SplitStatistics(name or "no split")).add(row.sample)
    order = ["train", "validation", "test", "query", "gallery", None]
    return tuple(found[name] for name in order if name in found)


def _people(sample: Sample) -> Iterator[Attributes]:
    """Whoever is described: each box, or the whole picture where there are none."""
    if sample.boxes:
        yield from (box.attributes for box in sample.boxes if not box.is_ignored)
    elif sample.is_labelled and not sample.is_video:
        yield sample.attributes
