"""How many of what a public set has: stated in its entry, and counted again in what was read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import PurePosixPath

from datasets.samples import Sample, Split
from serving.core.errors import DatasetError
from serving.core.labels import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Numbers of a set, or of the part of it that the first four fields choose; None: not stated.

    Args:
        split: only samples of this split.
        label: only samples of this class.
        mask: only samples with this mask state.
        box_label: only boxes of this class.
        samples: pictures, labelled frames or clips.
        labelled: those that someone looked at.
        boxes: that are to be found.
        ignored: boxes that are not.
        tracks: of boxes that are to be found, each counted once in its video or sequence.
        identities: of whole pictures and of boxes.
        cameras: by their ids.
        sources: recordings.
    """

    split: Split | None = None
    label: str | None = None
    mask: Mask | None = None
    box_label: str | None = None
    samples: int | None = None
    labelled: int | None = None
    boxes: int | None = None
    ignored: int | None = None
    tracks: int | None = None
    identities: int | None = None
    cameras: int | None = None
    sources: int | None = None

    @property
    def part(self) -> str:
        """What is counted, in words: `train, person`; empty for the whole set."""
        chosen = (self.split, self.label, self.mask, self.box_label)
        return ", ".join(str(value) for value in chosen if value is not None)

    @property
    def numbers(self) -> dict[str, int]:
        """What is stated, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, int)}

    @property
    def text(self) -> str:
        """In one line: `train: 12,936 samples, 751 identities`."""
        numbers = ", ".join(_counted(name, number) for name, number in self.numbers.items())
        return f"{self.part}: {numbers}" if self.part else numbers

    def of(self, samples: Iterable[Sample]) -> dict[str, int]:
        """Each stated number as the samples have it."""
        chosen = [sample for sample in samples if self._chooses(sample)]
        return {name: len(set(_KEYS[name](self, chosen))) for name in self.numbers}

    def _chooses(self, sample: Sample) -> bool:
        return (
            self.split in (None, sample.split)
            and self.label in (None, sample.label)
            and self.mask in (None, sample.attributes.mask)
        )

    def _boxes(self, samples: Iterable[Sample]) -> Iterable[tuple[Sample, int]]:
        for sample in samples:
            for number, box in enumerate(sample.boxes):
                if self.box_label in (None, box.label):
                    yield sample, number


def check_counts(name: str, counts: Sequence[Count], samples: Sequence[Sample]) -> None:
    """Check that what was read has the stated numbers.

    Raises:
        DatasetError: names every number that differs, expected and got.
    """
    wrong = []
    for count in counts:
        part = f"{count.part}, " if count.part else ""
        got = count.of(samples)
        wrong += [
            f"  {part}{what}: expected {expected:,}, got {got[what]:,}"
            for what, expected in count.numbers.items()
            if expected != got[what]
        ]
    if wrong:
        lines = "\n".join(wrong)
        raise DatasetError(
            f"data set '{name}': expected the published counts, got others:\n{lines}"
        )


def _track_keys(count: Count, samples: list[Sample]) -> Iterable[object]:
    for sample, number in count._boxes(samples):
        box = sample.boxes[number]
        if box.track_id is not None and not box.is_ignored:
            yield _recording(sample), box.track_id


def _recording(sample: Sample) -> str:
    if sample.source is not None:
        return sample.source
    return sample.path if sample.is_video else str(PurePosixPath(sample.path).parent)


def _identity_keys(count: Count, samples: list[Sample]) -> Iterable[object]:
    yield from (sample.identity for sample in samples if sample.identity is not None)
    for sample, number in count._boxes(samples):
        if (identity := sample.boxes[number].identity) is not None:
            yield identity


def _box_keys(count: Count, samples: list[Sample], is_ignored: bool) -> Iterable[object]:
    for sample, number in count._boxes(samples):
        if sample.boxes[number].is_ignored == is_ignored:
            yield sample.key, number


_KEYS = {
    "samples": lambda count, samples: (sample.key for sample in samples),
    "labelled": lambda count, samples: (sample.key for sample in samples if sample.is_labelled),
    "boxes": lambda count, samples: _box_keys(count, samples, False),
    "ignored": lambda count, samples: _box_keys(count, samples, True),
    "tracks": _track_keys,
    "identities": _identity_keys,
    "cameras": lambda count, samples: (s.camera for s in samples if s.camera is not None),
    "sources": lambda count, samples: (s.source for s in samples if s.source is not None),
}


_ONE = {
    "samples": "sample",
    "labelled": "labelled sample",
    "boxes": "box",
    "ignored": "ignored box",
    "tracks": "track",
    "identities": "identity",
    "cameras": "camera",
    "sources": "source",
}
_MANY = {"labelled": "labelled samples", "ignored": "ignored boxes"}


def _counted(name: str, number: int) -> str:
    return f"{number:,} {_ONE[name] if number == 1 else _MANY.get(name, name)}"
