"""Which samples stay together when a data set is divided, and what each side should have of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from datasets.checks.recordings import identities_of, source_of
from datasets.samples import Sample

UNKNOWN = "unknown"
"""The stratum of samples that do not say."""


class GroupBy(StrEnum):
    """What must not be on two sides."""

    IDENTITY = "identity"
    CAMERA = "camera"
    SOURCE = "source"
    TIME = "time"


class Stratum(StrEnum):
    """What every split should have its share of."""

    GENDER = "gender"
    AGE_BAND = "age_band"
    MASK = "mask"
    LABEL = "label"
    CAMERA = "camera"


def groups_of(
    samples: Sequence[Sample], by: Sequence[GroupBy], contents: Mapping[str, str]
) -> dict[str, list[int]]:
    """Rows of samples that must stay together, by a name that does not depend on their order.

    A sample that does not say stands for itself, with those of the same file content.
    """
    parents: dict[str, str] = {}

    def root(name: str) -> str:
        parents.setdefault(name, name)
        while parents[name] != name:
            parents[name] = parents[parents[name]]
            name = parents[name]
        return name

    names = []
    for sample in samples:
        own = list(_names(sample, by, contents))
        names.append(own[0])
        for name in own[1:]:
            # The smaller name wins, so the name of a group is its least one in any order.
            first, second = sorted((root(own[0]), root(name)))
            parents[second] = first
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(names):
        rows[root(name)].append(row)
    return dict(rows)


def _names(sample: Sample, by: Sequence[GroupBy], contents: Mapping[str, str]) -> Iterator[str]:
    is_named = False
    for key in by:
        for value in values_of(sample, key):
            is_named = True
            yield f"{key.value} {value}"
    sha256 = contents.get(sample.path)
    if sha256 is not None:
        frame = "" if sample.frame_index is None else f"#{sample.frame_index}"
        yield f"~content {sha256}{frame}"
    elif not is_named:
        yield f"sample {sample.key}"


def values_of(sample: Sample, key: GroupBy) -> Iterator[str]:
    """What a sample says of a key; several people may be in one picture."""
    if key is GroupBy.IDENTITY:
        yield from dict.fromkeys(identities_of(sample))
    elif key is GroupBy.CAMERA:
        yield from [sample.camera] if sample.camera is not None else []
    elif key is GroupBy.SOURCE:
        source = source_of(sample)
        yield from [source] if source is not None else []


def strata_of(sample: Sample, stratify: Sequence[Stratum]) -> Counter[str]:
    """How often a sample stands in each stratum: boxes count one by one."""
    found: Counter[str] = Counter()
    for key in stratify:
        values = list(_values(sample, key)) or [UNKNOWN]
        found.update(f"{key.value} {value}" for value in values)
    return found


def _values(sample: Sample, key: Stratum) -> Iterator[str]:
    if key is Stratum.CAMERA:
        yield from [sample.camera] if sample.camera is not None else []
    elif key is Stratum.LABEL:
        yield from [sample.label] if sample.label is not None else []
        yield from (box.label for box in sample.boxes if not box.is_ignored)
        yield from {span.label for span in sample.spans}
    else:
        for attributes in (sample.attributes, *(box.attributes for box in sample.boxes)):
            value = getattr(attributes, key.value)
            if value is not None:
                yield value.value
