"""Which samples belong together, and which splits must not share them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datasets.samples import Sample, Split

ASSUMED_RATE_HZ = 25.0
"""Of a video that is not there to be asked."""

_SIDES = {
    Split.TRAIN: "train",
    Split.VALIDATION: "validation",
    Split.TEST: "test",
    Split.QUERY: "test",
    Split.GALLERY: "test",
}


def side_of(sample: Sample) -> str | None:
    """`train`, `validation` or `test`: queries and their gallery show the same people by design."""
    return _SIDES[sample.split] if sample.split is not None else None


def source_of(sample: Sample) -> str | None:
    """The recording that a sample was cut from: the named one, or the video that it is in."""
    if sample.source is not None:
        return sample.source
    return sample.path if sample.is_video else None


def view_of(sample: Sample) -> str | None:
    """What shows the same walls again and again: a fixed camera, else the recording.

    Crops of one person do not: two of one camera that look alike are two pictures too many. None
    for a picture for itself.
    """
    if sample.camera is not None and sample.identity is None:
        return f"camera {sample.camera}"
    return source_of(sample)


def identities_of(sample: Sample) -> Iterator[str]:
    """The people whom a sample shows, by name."""
    if sample.identity is not None:
        yield sample.identity
    for box in sample.boxes:
        if box.identity is not None and not box.is_ignored:
            yield box.identity


def in_words(sides: Iterable[str]) -> str:
    """`test and train`."""
    return " and ".join(sorted(sides))
