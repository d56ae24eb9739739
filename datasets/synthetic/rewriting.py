"""A data set with occluders on: new pictures, the old labels, and what was drawn beside them."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.dataset import Dataset
from datasets.faces import Face, FaceFinder
from datasets.files import new_folder, place_file, write_atomically
from datasets.media import read_pictures
from datasets.samples import NO_ATTRIBUTES, Attributes, Box, Sample
from datasets.synthetic.geometry import aligned_face
from datasets.synthetic.glasses import GlassesKind
from datasets.synthetic.occluder import Occluded, Occluder
from serving.core.errors import ConfigError, DatasetError
from serving.core.labels import Mask

SYNTHETIC_TAG = "synthetic"
ORIGINAL_PROPERTY = "original"
"""Names the sample of the source data set that a picture was made from."""

_ENCODINGS = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 95],
    ".png": [],
    ".bmp": [],
}
_OTHERWISE = ".png"
_LEAST_SHARE, _LEAST_ALPHA = 0.03, 40
"""A face counts as drawn on where this share of its box is hidden at all."""
_MASK_ON = (Mask.MASKED, Mask.INCORRECT)
_FAINT = frozenset({GlassesKind.GLASSES.value})
"""Kinds of thin lines, which hide less."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A new data set and what became of the samples of the old one.

    Args:
        dataset: the new one.
        drawn: faces by what was drawn on them, as `mask:surgical` or `worn:nose-out`.
        untouched: samples that are in it as they were, by reason.
        left_out: samples that are not in it, by reason.
    """

    dataset: Dataset
    drawn: Counter[str]
    untouched: Counter[str]
    left_out: Counter[str]


class Rewriter:
    """Draws occluders on the faces of a data set.

    Without boxes the largest face of a picture is drawn on, and `attributes` of the sample say so.
    With boxes every face found is drawn on, and the smallest box around it says so. A picture
    without a findable face is left out and counted: it would pass for one with an occluder. No
    second mask is drawn on a face that is labelled as masked.

    Args:
        occluder: draws.
        finder: finds the faces.
        share: of the samples that are drawn on; the others are taken over as they are.
        seed: decides everything that is left to chance, sample by sample: neither the order nor the
            number of samples changes what is drawn on one of them.
        assumed_margin: for aligned crops in which no face is found: draw on a guess at where it
            is, with this margin (`geometry.aligned_face`). None: leave them out.

    Raises:
        ConfigError: a share outside [0, 1], or a negative seed or margin.
    """

    def __init__(
        self,
        occluder: Occluder,
        finder: FaceFinder,
        share: float = 1.0,
        seed: int = 0,
        assumed_margin: float | None = None,
    ) -> None:
        if not 0 <= share <= 1:
            raise ConfigError(f"share: expected 0 to 1, got {share}")
        if seed < 0:
            raise ConfigError(f"seed: expected at least 0, got {seed}")
        if assumed_margin is not None and not 0 <= assumed_margin < math.inf:
            raise ConfigError(f"margin: expected at least 0, got {assumed_margin}")
        self._occluder = occluder
        self._finder = finder
        self._share = share
        self._seed = seed
        self._assumed_margin = assumed_margin

    def rewrite(self, source: Dataset, into: Path) -> Rewritten:
        """Write the new data set into a folder, whole or not at all.

        Raises:
            DatasetError: `into` holds something already, a picture cannot be read, or no face at
                all was found.
        """
        with new_folder(into) as work:
            made = self._rewritten(source, work)
        return replace(made, dataset=replace(made.dataset, folder=into))

    def _rewritten(self, source: Dataset, into: Path) -> Rewritten:
        drawn: Counter[str] = Counter()
        untouched: Counter[str] = Counter()
        left_out: Counter[str] = Counter()
        samples = [
            *self._taken_over(source, into, untouched, left_out),
            *self._drawn(source, into, drawn, untouched, left_out),
        ]
        if self._share > 0 and not drawn:
            raise DatasetError(
                f"data set '{source.manifest.name}': expected faces to draw on, found none in "
                f"{len(source.samples):,} samples ({_listed(left_out + untouched)})"
            )
        order = {sample.key: index for index, sample in enumerate(source.samples)}
        samples.sort(key=lambda sample: order[sample.properties[ORIGINAL_PROPERTY]])
        manifest = source.manifest
        dataset = Dataset.create(
            into,
            samples,
            name=f"{manifest.name}-occluded",
            source=f"{manifest.source}; occluders drawn over it (seed {self._seed})",
            licence=manifest.licence,
            commercial_use=manifest.commercial_use,
            parent=manifest,
        )
        return Rewritten(dataset, drawn, untouched, left_out)

    def _random(self, sample: Sample) -> np.random.Generator:
        digest = hashlib.sha256(sample.key.encode()).digest()
        return np.random.default_rng([self._seed, int.from_bytes(digest[:8], "big")])

    def _is_chosen(self, sample: Sample) -> bool:
        return bool(self._random(sample).random() < self._share)

    def _taken_over(
        self, source: Dataset, into: Path, untouched: Counter[str], left_out: Counter[str]
    ) -> Iterator[Sample]:
        for sample in source.samples:
            if self._is_chosen(sample):
                continue
            if not source.path_of(sample).is_file():
                left_out["file missing"] += 1
                continue
            place_file(source.path_of(sample), into / sample.path)
            untouched["not chosen"] += 1
            yield _of_original(sample, sample.path)

    def _readable(self, source: Dataset, left_out: Counter[str]) -> Iterator[Sample]:
        for sample in filter(self._is_chosen, source.samples):
            if sample.is_video and sample.frame_index is None:
                left_out["a clip, not a picture"] += 1
            elif not source.path_of(sample).is_file():
                left_out["file missing"] += 1
            else:
                yield sample

    def _drawn(
        self,
        source: Dataset,
        into: Path,
        drawn: Counter[str],
        untouched: Counter[str],
        left_out: Counter[str],
    ) -> Iterator[Sample]:
        taken = {sample.path for sample in source.samples if not sample.is_video}
        readable = list(self._readable(source, left_out))
        for sample, image_bgr in read_pictures(source.folder, readable):
            faces = self._faces(sample, image_bgr)
            if not faces:
                left_out["no face found"] += 1
                continue
            drawing = self._draw(sample, image_bgr, faces)
            drawn.update(drawing.words)
            if drawing.words:
                path = _new_path(sample, taken)
                write_atomically(into / path, _coded(drawing.image_bgr, path))
                changed = _of_original(drawing.sample, path, sample.key)
                yield replace(changed, frame_index=None)
            elif drawing.num_masked_before:
                place_file(source.path_of(sample), into / sample.path)
                untouched["mask already on"] += 1
                yield _of_original(sample, sample.path)
            else:
                left_out["face cut off"] += 1

    def _faces(self, sample: Sample, image_bgr: NDArray[np.uint8]) -> tuple[Face, ...]:
        faces = self._finder.find(image_bgr)
        if not faces and self._assumed_margin is not None and not sample.boxes:
            height, width = image_bgr.shape[:2]
            return (aligned_face((height, width), self._assumed_margin),)
        return faces if sample.boxes else faces[:1]

    def _draw(
        self, sample: Sample, image_bgr: NDArray[np.uint8], faces: tuple[Face, ...]
    ) -> _Drawing:
        rng = self._random(sample)
        rng.random()  # the one that chose the sample
        words: list[str] = []
        num_masked_before = 0
        for face in reversed(faces):  # the nearest, which is the largest, last
            occluded = self._occluder.apply(image_bgr, face, rng)
            if occluded.mask is not None and _attributes(sample, face).mask in _MASK_ON:
                num_masked_before += 1
            elif _is_visible(occluded, face):
                image_bgr = occluded.image_bgr
                words += tags_of(occluded)
                sample = _labelled(sample, face, occluded)
        tags = dict.fromkeys([*sample.tags, SYNTHETIC_TAG, *words])
        return _Drawing(image_bgr, replace(sample, tags=tuple(tags)), words, num_masked_before)


@dataclass(frozen=True, slots=True, eq=False)
class _Drawing:
    """One picture drawn on: the new pixels and labels, and what was drawn, in words."""

    image_bgr: NDArray[np.uint8]
    sample: Sample
    words: list[str]
    num_masked_before: int


def tags_of(occluded: Occluded) -> tuple[str, ...]:
    """What was drawn, in words for a sample's tags: `mask:surgical`, `worn:nose-out`, `on:hood`."""
    if occluded.mask is None:
        return (f"on:{occluded.kind}",)
    return (f"mask:{occluded.kind}", f"worn:{occluded.how}")


def _is_visible(occluded: Occluded, face: Face) -> bool:
    """Whether the picture shows enough of what was drawn for a label to speak of it."""
    left, top, right, bottom = face.xyxy_px
    least_px = _LEAST_SHARE * (right - left) * (bottom - top)
    return (
        bool(np.count_nonzero(occluded.alpha > _LEAST_ALPHA) >= least_px) or occluded.kind in _FAINT
    )


def _attributes(sample: Sample, face: Face) -> Attributes:
    """Of the person whose face it is: of the box around it, or of the whole picture."""
    index = _box_around(sample.boxes, face)
    if index is not None:
        return sample.boxes[index].attributes
    return NO_ATTRIBUTES if sample.boxes else sample.attributes


def _labelled(sample: Sample, face: Face, occluded: Occluded) -> Sample:
    """The sample with the person's new attributes."""
    changed = occluded.changed(_attributes(sample, face))
    index = _box_around(sample.boxes, face)
    if index is not None:
        boxes = list(sample.boxes)
        boxes[index] = replace(boxes[index], attributes=changed)
        return replace(sample, boxes=tuple(boxes))
    return sample if sample.boxes else replace(sample, attributes=changed)


def _box_around(boxes: tuple[Box, ...], face: Face) -> int | None:
    left, top, right, bottom = face.xyxy_px
    x, y = (left + right) / 2, (top + bottom) / 2
    around = [
        ((box.xyxy_px[2] - box.xyxy_px[0]) * (box.xyxy_px[3] - box.xyxy_px[1]), index)
        for index, box in enumerate(boxes)
        if box.xyxy_px[0] <= x <= box.xyxy_px[2] and box.xyxy_px[1] <= y <= box.xyxy_px[3]
    ]
    return min(around)[1] if around else None


def _coded(image_bgr: NDArray[np.uint8], path: str) -> bytes:
    suffix = PurePosixPath(path).suffix.lower()
    return cv2.imencode(suffix, image_bgr, _ENCODINGS[suffix])[1].tobytes()


def _new_path(sample: Sample, taken: set[str]) -> str:
    """Where the new picture belongs: the old place, where its format can be written."""
    path = PurePosixPath(sample.path)
    if sample.frame_index is None and path.suffix.lower() in _ENCODINGS:
        return sample.path
    stem = path.stem if sample.frame_index is None else f"{path.stem}-{sample.frame_index:06d}"
    name = path.with_name(f"{stem}{_OTHERWISE}").as_posix()
    while name in taken:
        stem += "-occluded"
        name = path.with_name(f"{stem}{_OTHERWISE}").as_posix()
    taken.add(name)
    return name


def _of_original(sample: Sample, path: str, key: str | None = None) -> Sample:
    properties = {**sample.properties, ORIGINAL_PROPERTY: key or sample.key}
    return replace(sample, path=path, properties=properties)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{reason}: {count:,}" for reason, count in counts.most_common()) or "none"
