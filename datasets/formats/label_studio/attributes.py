"""Face attributes: one choice each for age band, gender and mask state of the one person shown.

"Unsure" is an answer and no label: the attribute stays None, and a property of its name says
`unsure`, so that agreement between labelers can count it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from datasets.formats.format import Losses
from datasets.formats.label_studio.context import unsure_word, with_property
from datasets.formats.label_studio.names import AGE_BAND, GENDER, IMAGE, MASK, UNSURE
from datasets.formats.label_studio.regions import Result, choice, choice_entry, known
from datasets.samples import Attributes, Sample
from serving.core.errors import LabelError
from serving.core.labels import AgeBand, Gender, Mask

_VOCABULARIES: dict[str, type[StrEnum]] = {AGE_BAND: AgeBand, GENDER: Gender, MASK: Mask}


def result(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """The results that show what is known of a face."""
    (sample,) = samples
    entries = []
    for name in _VOCABULARIES:
        answer = getattr(sample.attributes, name) or unsure_word(sample, name)
        entries += [choice_entry(name, IMAGE, [str(answer)])] if answer else []
    return entries


def labelled(
    samples: Sequence[Sample], results: Iterable[Result], losses: Losses
) -> tuple[Sample, ...]:
    """The face with the attributes that were chosen.

    `age_years` is kept while it lies in the chosen band.

    Raises:
        LabelError: a choice is not of the vocabulary.
    """
    (sample,) = samples
    results = known(results, tuple(_VOCABULARIES), losses)
    values: dict[str, Any] = {}
    for name, vocabulary in _VOCABULARIES.items():
        answer = choice(results, name)
        if answer == UNSURE:
            sample = with_property(sample, name, UNSURE)
        elif answer is not None:
            try:
                values[name] = vocabulary(answer)
            except ValueError as error:
                raise LabelError(
                    f"sample '{sample.key}': expected {name} of {list(map(str, vocabulary))}, "
                    f"got '{answer}'"
                ) from error
    answered = Attributes(age_years=sample.attributes.age_years, **values)
    if is_contradictory(answered):
        losses.add("attributes.age_years")
        answered = replace(answered, age_years=None)
    return (replace(sample, attributes=answered),)


def unanswered_face(sample: Sample) -> Sample:
    """The sample without what the answers will say; an age in years that fits the band stays."""
    for name in _VOCABULARIES:
        if getattr(sample.attributes, name) is None and unsure_word(sample, name):
            sample = with_property(sample, name, None)
    age_years = None if is_contradictory(sample.attributes) else sample.attributes.age_years
    return replace(sample, attributes=Attributes(age_years=age_years))


def is_contradictory(attributes: Attributes) -> bool:
    """Whether the age in years lies outside the age band."""
    band, age_years = attributes.age_band, attributes.age_years
    if band is None or age_years is None:
        return False
    first, _, last = band.rstrip("+").partition("-")
    return not int(first) <= age_years < (int(last) + 1 if last else float("inf"))
