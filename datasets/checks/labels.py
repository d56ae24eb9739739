"""Labels that contradict each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from datasets.checks.contents import Row
from datasets.checks.finding import Finding, Kind, error, warning
from datasets.checks.recordings import side_of, source_of
from datasets.samples import Attributes, Sample
from serving.core.labels import AgeBand, Gender


def label_findings(rows: Sequence[Row]) -> Iterator[Finding]:
    """Contradictions within a sample, and between samples that show one person."""
    for row in rows:
        yield from _age_conflicts(row)
    yield from _gender_conflicts(rows)
    yield from _untrained_classes(rows)


def content_of(sample: Sample) -> tuple[object, ...]:
    """What a sample says of its picture, whatever its file, split, time and labeler."""
    return (
        sample.frame_index,
        sample.is_labelled,
        sample.label,
        sample.identity,
        sample.attributes,
        sorted((box.xyxy_px, box.label, box.identity or "") for box in sample.boxes),
        sorted((span.start_s, span.end_s, span.label) for span in sample.spans),
    )


def band_years(band: AgeBand) -> tuple[int, int]:
    """The first and the last year of life of a band; nobody is older than 130."""
    first, _, last = band.value.removesuffix("+").partition("-")
    return int(first), int(last or 130)


def _age_conflicts(row: Row) -> Iterator[Finding]:
    for box, attributes in _people(row.sample):
        if attributes.age_years is None or attributes.age_band is None:
            continue
        first, last = band_years(attributes.age_band)
        if not first <= attributes.age_years < last + 1:
            yield error(
                Kind.AGE_CONFLICT,
                f"an age in the band {attributes.age_band.value}",
                f"{attributes.age_years:g} years",
                **row.where,
                box=None if box is None else row.box_number(box),
            )


def _gender_conflicts(rows: Sequence[Row]) -> Iterator[Finding]:
    """One finding for each person who has both genders, at the first sample of the rarer one."""
    people: defaultdict[str, dict[Gender, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for person, gender in dict.fromkeys(_genders(row.sample)):
            people[person][gender].append(row)
    for person, genders in people.items():
        if len(genders) > 1:
            rare, common = sorted(
                genders.items(), key=lambda item: (len(item[1]), -item[1][0].line)
            )
            yield error(
                Kind.GENDER_CONFLICT,
                f"one gender of {person}",
                f"{rare[0].value} in {len(rare[1])} and {common[0].value} in "
                f"{len(common[1])} samples",
                **rare[1][0].where,
                others=(common[1][0].sample.key,),
            )


def _genders(sample: Sample) -> Iterator[tuple[str, Gender]]:
    if sample.identity is not None and sample.attributes.gender is not None:
        yield f"person {sample.identity!r}", sample.attributes.gender
    for box in sample.boxes:
        if box.attributes.gender is None:
            continue
        if box.identity is not None:
            yield f"person {box.identity!r}", box.attributes.gender
        elif box.track_id is not None and source_of(sample) is not None:
            yield f"track {box.track_id!r} of {source_of(sample)!r}", box.attributes.gender


def _untrained_classes(rows: Sequence[Row]) -> Iterator[Finding]:
    """Classes that only evaluation has: no model can have learned them."""
    trained: set[str] = set()
    tested: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        names = {box.label for box in row.sample.boxes if not box.is_ignored}
        names |= {span.label for span in row.sample.spans}
        names |= {row.sample.label} - {None}  # type: ignore[arg-type]
        if side_of(row.sample) == "train":
            trained |= names
        elif side_of(row.sample) is not None:
            for name in names:
                tested[name].append(row)
    if not trained:
        return
    for name in sorted(tested.keys() - trained):
        yield warning(
            Kind.CLASS_UNTRAINED,
            f"class '{name}' in training too",
            f"it in {len(tested[name]):,} samples of validation or test alone",
            **tested[name][0].where,
            count=len(tested[name]),
        )


def _people(sample: Sample) -> Iterator[tuple[int | None, Attributes]]:
    yield None, sample.attributes
    for index, box in enumerate(sample.boxes):
        yield index, box.attributes
