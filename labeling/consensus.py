"""One answer out of several: what more than half of the labelers say, and what they leave open.

The rule stands in the property `consensus` of every sample that it made, so that nobody takes such
labels for those of one person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TypeVar

from datasets.formats.format import Losses
from datasets.formats.label_studio import Interface
from datasets.formats.label_studio.identities import labelled_cluster, labelled_pair
from datasets.formats.label_studio.names import (
    AGE_BAND,
    ANSWER,
    GENDER,
    IMAGE,
    LEFT,
    MASK,
    OUTSIDERS,
    UNSURE,
)
from datasets.formats.label_studio.regions import choice_entry, results_of
from datasets.samples import Attributes, Box, Provenance, Sample, Span
from labeling.annotations import LabelledTask
from labeling.matching import MIN_IOU, Drawn, closest_first, drawn
from labeling.questions import BELONGS, CLIP_CLASS, Question, answers
from labeling.track_names import with_common_names
from serving.core.labels import AgeBand, Gender, Mask

PROPERTY = "consensus"

Value = TypeVar("Value", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Consensus:
    """What a task's labelers say together.

    Args:
        samples: of the task, with what more than half of them say.
        disputed: what no more than half said, in words; empty where all is settled.
    """

    samples: tuple[Sample, ...]
    disputed: tuple[str, ...] = ()


def consensus(interface: Interface, task: LabelledTask, min_iou: float = MIN_IOU) -> Consensus:
    """Join what the labelers of one task submitted.

    A box or span stays that more than half of them drew: of those that overlap by `min_iou`, at
    most one of each labeler, the median of each edge, and of every other word the one that more
    than half say. Tracks of one person count as one, whatever labelers call them. An answer stays
    that more than half gave; any other is `unsure`. Of a single labeler everything stays.

    Args:
        interface: that the task was pushed for.
        task: with at least one annotation.
        min_iou: overlap from which two boxes mean the same.

    Raises:
        ValueError: nobody submitted anything.
    """
    if not task.annotations:
        raise ValueError(f"task '{task.key}': expected an annotation, got none")
    if len(task.annotations) == 1:
        return Consensus(task.annotations[0].samples)
    num_people = len(task.annotations)
    rule = f"more than half of {num_people} labelers; boxes at IoU {min_iou:g}, median edges"
    disputed: list[str] = []
    labelled = []
    pushed = {sample.key: sample for sample in task.samples}
    for rows in _by_sample(interface, task, min_iou):
        boxes, spans = _joined(rows, num_people, min_iou, disputed)
        sample = pushed.get(rows[0].key, rows[0])
        sample = replace(
            sample,
            is_labelled=True,
            boxes=boxes,
            spans=spans,
            provenance=_everyone(rows),
            properties={**sample.properties, PROPERTY: rule},
        )
        labelled.append(sample)
    chosen = _chosen(interface, task, disputed)
    return Consensus(_answered(interface, labelled, chosen), tuple(dict.fromkeys(disputed)))


def _by_sample(interface: Interface, task: LabelledTask, min_iou: float) -> list[list[Sample]]:
    """What each labeler made of each sample; tracks can bring frames that others do not have."""
    rows: dict[str, list[Sample]] = {sample.key: [] for sample in task.samples}
    people = [annotation.samples for annotation in task.annotations]
    if interface is Interface.PERSON_TRACKS:
        people = with_common_names(people, min_iou)
    for samples in people:
        for sample in samples:
            rows.setdefault(sample.key, []).append(sample)
    return [each for each in rows.values() if each]


def _joined(
    rows: Sequence[Sample], num_people: int, min_iou: float, disputed: list[str]
) -> tuple[tuple[Box, ...], tuple[Span, ...]]:
    """The boxes and spans of one sample that more than half drew."""
    boxes: list[Box] = []
    spans: list[Span] = []
    for group in _groups([drawn([row]) for row in rows], min_iou):
        if 2 * len(group) <= num_people:
            what = "'ignored'" if group[0].is_ignored else f"'{group[0].label}'"
            place = [round(edge, 2) for edge in group[0].xyxy]
            disputed.append(f"{what} of {len(group)} of {num_people} at {place}")
            continue
        item = group[0].item
        if isinstance(item, Box):
            boxes.append(_joined_box([one.item for one in group], disputed))  # type: ignore[misc]
        else:
            spans.append(_joined_span([one.item for one in group], disputed))  # type: ignore[misc]
    return tuple(boxes), tuple(spans)


def _groups(people: Sequence[Sequence[Drawn]], min_iou: float) -> list[list[Drawn]]:
    """What people drew in one place, grouped by overlap with the first of each group."""
    groups: list[list[Drawn]] = []
    for own in people:
        pairs = closest_first([group[0] for group in groups], own, min_iou)
        taken = {column for _, column, _ in pairs}
        for row, column, _ in pairs:
            groups[row].append(own[column])
        groups += [[one] for column, one in enumerate(own) if column not in taken]
    return groups


def _joined_box(each: Sequence[Box], disputed: list[str]) -> Box:
    label = _majority([box.label for box in each])
    if label is None:
        label = each[0].label
        disputed.append(f"class of a box: {sorted({box.label for box in each})}")
    edges = [median(box.xyxy_px[edge] for box in each) for edge in range(4)]
    track_id = _majority([box.track_id for box in each])
    tracks = sorted({box.track_id for box in each if box.track_id is not None})
    if track_id is None and len(tracks) > 1:
        disputed.append(f"track of a box: {tracks}")
    return replace(
        each[0],
        xyxy_px=(edges[0], edges[1], edges[2], edges[3]),
        label=label,
        is_ignored=_majority([box.is_ignored for box in each]) or False,
        is_occluded=_majority([box.is_occluded for box in each]),
        track_id=track_id,
        identity=_majority([box.identity for box in each]),
    )


def _joined_span(each: Sequence[Span], disputed: list[str]) -> Span:
    label = _majority([span.label for span in each])
    if label is None:
        label = each[0].label
        disputed.append(f"class of a span: {sorted({span.label for span in each})}")
    start_s, end_s = median(s.start_s for s in each), median(s.end_s for s in each)
    return replace(each[0], start_s=start_s, end_s=end_s, label=label)


def _chosen(interface: Interface, task: LabelledTask, disputed: list[str]) -> dict[Question, str]:
    """What more than half answered, question by question; `unsure` where nobody did."""
    votes: dict[Question, list[str]] = {}
    for annotation in task.annotations:
        for question, answer in answers(interface, task.key, annotation.samples).items():
            votes.setdefault(question, []).append(answer)
    chosen = {}
    for question, each in votes.items():
        answer = _majority(each, len(task.annotations))
        if answer is None:
            disputed.append(f"{question[0]} of '{question[1]}': {sorted(each)}")
        chosen[question] = answer or UNSURE
    return chosen


def _answered(
    interface: Interface, samples: Sequence[Sample], chosen: dict[Question, str]
) -> tuple[Sample, ...]:
    if interface is Interface.FACE_ATTRIBUTES:
        return tuple(_with_attributes(sample, chosen) for sample in samples)
    if interface is Interface.BEHAVIOUR:
        words = [chosen.get((CLIP_CLASS, sample.key)) for sample in samples]
        return tuple(
            replace(sample, label=None if word == UNSURE else word)
            for sample, word in zip(samples, words, strict=True)
        )
    if interface in (Interface.IDENTITY_PAIRS, Interface.IDENTITY_CLUSTERS):
        return _with_identities(interface, samples, chosen)
    return tuple(samples)


def _with_identities(
    interface: Interface, samples: Sequence[Sample], chosen: dict[Question, str]
) -> tuple[Sample, ...]:
    """The samples as if one labeler had given these answers; who is in doubt does not belong."""
    losses = Losses()
    if interface is Interface.IDENTITY_PAIRS:
        words = [answer for (name, _), answer in chosen.items() if name == ANSWER]
        entries = [choice_entry(ANSWER, LEFT, words)] if words else []
        return labelled_pair(samples, results_of({"result": entries}, "consensus", losses), losses)
    outsiders = [key for (_, key), answer in chosen.items() if answer != BELONGS]
    entries = [choice_entry(OUTSIDERS, IMAGE, outsiders)] if outsiders else []
    return labelled_cluster(samples, results_of({"result": entries}, "consensus", losses), losses)


def _with_attributes(sample: Sample, chosen: dict[Question, str]) -> Sample:
    words = {name: chosen.get((name, sample.key)) for name in (AGE_BAND, GENDER, MASK)}
    properties = {k: v for k, v in sample.properties.items() if k not in words}
    properties |= {name: UNSURE for name, word in words.items() if word == UNSURE}
    known = {name: word for name, word in words.items() if word not in (None, UNSURE)}
    return replace(
        sample,
        attributes=Attributes(
            AgeBand(known[AGE_BAND]) if AGE_BAND in known else None,
            sample.attributes.age_years,
            Gender(known[GENDER]) if GENDER in known else None,
            Mask(known[MASK]) if MASK in known else None,
        ),
        properties=properties,
    )


def _majority(values: Sequence[Value], num_people: int | None = None) -> Value | None:
    """The value that more than half have; None where there is none."""
    value, count = Counter(values).most_common(1)[0]
    return value if 2 * count > (num_people or len(values)) else None


def _everyone(rows: Sequence[Sample]) -> tuple[Provenance, ...]:
    return tuple(dict.fromkeys(one for row in rows for one in row.provenance))
