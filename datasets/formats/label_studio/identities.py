"""Identities over cameras: two pictures of one person or not, and who does not belong in a cluster.

An answer about a pair says nothing of other pairs: `joined_identities` draws the conclusions when
all are known. What an identity cannot say, that two pictures show different people or that nobody
can tell, stands in the properties `different_from` and `unsure_of`, one key a line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from datasets.formats.format import Losses
from datasets.formats.label_studio.context import CLUSTER, cluster_of, with_property
from datasets.formats.label_studio.names import ANSWER, IMAGE, LEFT, OUTSIDERS, PairAnswer
from datasets.formats.label_studio.regions import Result, choice, choice_entry, known
from datasets.samples import Sample
from serving.core.errors import LabelError

_PROPERTIES = {PairAnswer.DIFFERENT: "different_from", PairAnswer.UNSURE: "unsure_of"}
ANSWER_PROPERTIES = tuple(_PROPERTIES.values())
"""The properties that an answer about a pair sets and removes."""


def pair_result(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """The result that shows what is known of a pair; empty where nothing is."""
    answer = answer_of(samples)
    return [] if answer is None else [choice_entry(ANSWER, LEFT, [answer.value])]


def answer_of(pair: Sequence[Sample]) -> PairAnswer | None:
    """What two samples say of each other, None where they say nothing."""
    one, other = pair
    for answer, name in _PROPERTIES.items():
        if other.key in one.properties.get(name, "").splitlines():
            return answer
    if one.identity is None or other.identity is None:
        return None
    return PairAnswer.SAME if one.identity == other.identity else PairAnswer.DIFFERENT


def unanswered_pair(pair: Sequence[Sample]) -> list[Sample]:
    """Both samples, each without what its properties say of the other."""
    one, other = pair
    return [_about(one, other, None), _about(other, one, None)]


def labelled_pair(
    samples: Sequence[Sample], results: Iterable[Result], losses: Losses
) -> tuple[Sample, ...]:
    """Both samples with what the answer says of their identities.

    Of the same person, both get the identity of the first, else of the second, else the key of
    the first. Of different people, the second loses an identity that both had.

    Raises:
        LabelError: the answer is none of the vocabulary.
    """
    word = choice(known(results, (ANSWER,), losses), ANSWER)
    if word is None:
        return tuple(samples)
    if word not in set(PairAnswer):
        raise LabelError(f"pair of '{samples[0].key}': expected an answer, got '{word}'")
    one, other = unanswered_pair(samples)
    answer = PairAnswer(word)
    if answer is PairAnswer.SAME:
        identity = one.identity or other.identity or one.key
        return replace(one, identity=identity), replace(other, identity=identity)
    if one.identity == other.identity:
        other = replace(other, identity=None)
    if answer_of((one, other)) is answer:
        return one, other
    return _about(one, other, answer), _about(other, one, answer)


def cluster_result(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """The result that ticks who does not belong; the first sample is the one to compare with.

    Raises:
        LabelError: none of the labelled samples belongs to its cluster.
    """
    name = cluster_of(samples[0])
    if samples[0].identity != name:
        if any(sample.is_labelled for sample in samples):
            raise LabelError(f"cluster '{name}': expected a sample with this identity, got none")
        return []
    outsiders = [sample.key for sample in samples if sample.identity != name]
    return [choice_entry(OUTSIDERS, IMAGE, outsiders)] if outsiders else []


def labelled_cluster(
    samples: Sequence[Sample], results: Iterable[Result], losses: Losses
) -> tuple[Sample, ...]:
    """The samples: those that belong with the identity of the cluster, the others without it.

    Raises:
        LabelError: a crop is ticked that the task does not have.
    """
    name = cluster_of(samples[0])
    kept = known(results, (OUTSIDERS,), losses)
    ticked = {word for each in kept for word in each.words("choices")}
    unknown = ticked - {sample.key for sample in samples[1:]}
    if unknown:
        raise LabelError(f"cluster '{name}': expected its samples, got {sorted(unknown)[:3]}")
    answered = []
    for sample in samples:
        if sample.key not in ticked:
            sample = replace(sample, identity=name)
        elif sample.identity == name:
            sample = with_property(replace(sample, identity=None), CLUSTER, name)
        answered.append(sample)
    return tuple(answered)


def joined_identities(groups: Iterable[Sequence[Sample]], losses: Losses) -> tuple[Sample, ...]:
    """Each sample of all pairs or clusters once, with the identity that all answers give it.

    Who is the same as a third is the same as each other. One set of samples takes the identity
    that most of them had, the largest set first; two sets that an answer holds apart never share
    one. Such an answer within one set is counted as `identity.conflict`.

    Args:
        groups: the samples of each task, as `samples_of` gives them.
        losses: counts the conflicts.
    """
    merged: dict[str, Sample] = {}
    names: dict[str, list[str]] = {}
    sets: dict[str, set[str]] = {}
    apart: list[tuple[str, str]] = []
    for group in groups:
        for sample in group:
            before = merged.get(sample.key)
            merged[sample.key] = sample if before is None else _merge(before, sample)
            names.setdefault(sample.key, []).extend([sample.identity] if sample.identity else [])
            sets.setdefault(sample.key, {sample.key})
        for sample in group[1:]:
            if not (sample.is_labelled and group[0].is_labelled):
                continue
            answer = answer_of((group[0], sample))
            if answer is PairAnswer.SAME:
                _unite(sets, group[0].key, sample.key)
            elif answer is PairAnswer.DIFFERENT or sample.identity is None:
                apart.append((group[0].key, sample.key))
    losses.add(
        "identity.conflict", sum(sets[one] is sets[other] for one, other in dict.fromkeys(apart))
    )
    identities = _named(sets, names, merged, apart)
    return tuple(replace(sample, identity=identities[key]) for key, sample in merged.items())


def _named(
    sets: dict[str, set[str]],
    names: dict[str, list[str]],
    merged: dict[str, Sample],
    apart: Iterable[tuple[str, str]],
) -> dict[str, str | None]:
    """The identity of each sample: that of its set."""
    rivals: dict[int, list[set[str]]] = {}
    for one, other in apart:
        rivals.setdefault(id(sets[one]), []).append(sets[other])
        rivals.setdefault(id(sets[other]), []).append(sets[one])
    identities: dict[str, str | None] = {}
    distinct = {id(members): members for members in sets.values()}.values()
    for members in sorted(distinct, key=lambda each: (-len(each), min(each))):
        taken = {identities.get(key) for rival in rivals.get(id(members), []) for key in rival}
        counts = Counter(name for key in sorted(members) for name in names[key])
        free = [name for name, _ in counts.most_common() if name not in taken]
        name = free[0] if free else (min(members) if len(members) > 1 else None)
        identities |= dict.fromkeys(members, name)
    return identities


def _unite(sets: dict[str, set[str]], one: str, other: str) -> None:
    if sets[one] is sets[other]:
        return
    small, large = sorted((sets[one], sets[other]), key=len)
    large |= small
    sets.update(dict.fromkeys(small, large))


def _merge(one: Sample, other: Sample) -> Sample:
    """One sample of two tasks: what each says, provenance of both."""
    properties = dict(one.properties)
    for name, text in other.properties.items():
        lines = [*properties.get(name, "").splitlines(), *text.splitlines()]
        properties[name] = "\n".join(dict.fromkeys(lines))
    return replace(
        one,
        properties=properties,
        is_labelled=one.is_labelled or other.is_labelled,
        provenance=tuple(dict.fromkeys([*one.provenance, *other.provenance])),
    )


def _about(sample: Sample, other: Sample, answer: PairAnswer | None) -> Sample:
    """The sample with this answer about another, and no other one, in its properties."""
    for each, name in _PROPERTIES.items():
        lines = [key for key in sample.properties.get(name, "").splitlines() if key != other.key]
        lines += [other.key] if each is answer else []
        if lines or name in sample.properties:
            sample = with_property(sample, name, "\n".join(lines) or None)
    return sample
