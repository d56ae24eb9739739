"""How far labelers agree: boxes and spans by overlap, answers beyond chance, each with n.

Two labelers' boxes are paired by overlap. Agreement on a class is twice the pairs that both call
so over all boxes of the class that either drew; which of the two is right is not asked. Of tracks
a pair must also be the same person to both. Answers
are held against chance by Krippendorff's alpha, which takes any number of labelers, by Fleiss'
kappa where each question has equally many, and by Cohen's kappa for each two of them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from datasets.formats.label_studio import Interface
from evaluation.metrics.agreement import Scale, cohen_kappa, fleiss_kappa, krippendorff_alpha
from evaluation.metrics.bootstrap import Interval, confidence_intervals
from labeling.annotations import LabelledTask
from labeling.matching import MIN_IOU, Matches, share_in_common
from labeling.questions import ORDERED, Question, answers
from labeling.track_names import matched_people


@dataclass(frozen=True, slots=True)
class BoxAgreement:
    """Of one class of boxes or spans, over all pairs of labelers.

    `num_boxes` counts what either of two drew, `f1` is the agreement, `mean_iou` the overlap of
    the pairs, NaN without any.
    """

    label: str
    f1: float
    interval: Interval | None
    mean_iou: float
    num_boxes: int


@dataclass(frozen=True, slots=True)
class AnswerAgreement:
    """Of one question, over the things that at least two labelers were asked of.

    `observed` is the share of pairs of answers that are equal, `fleiss` NaN where the number of
    answers differs from thing to thing.
    """

    question: str
    scale: Scale
    observed: float
    alpha: float
    interval: Interval | None
    fleiss: float
    cohen: Mapping[tuple[str, str], float]
    num_things: int


@dataclass(frozen=True, slots=True)
class LabelerAgreement:
    """One labeler beside the others; NaN where there was nobody, or nothing, to compare with.

    `boxes` is the F1 with all others, `answers` the share equal to theirs, `by_question` the same
    for each question.
    """

    labeler: str
    num_tasks: int
    num_compared: int
    boxes: float
    answers: float
    by_question: Mapping[str, float]
    median_lead_time_s: float


@dataclass(frozen=True, slots=True)
class TaskAgreement:
    """One task: the mean, over pairs of labelers, of boxes and answers alike; 1 is full.

    NaN where fewer than two labelers submitted.
    """

    key: str
    num_annotations: int
    score: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """All of it."""

    boxes: tuple[BoxAgreement, ...]
    answers: tuple[AnswerAgreement, ...]
    labelers: tuple[LabelerAgreement, ...]
    tasks: tuple[TaskAgreement, ...]

    def below(self, threshold: float) -> tuple[TaskAgreement, ...]:
        """The tasks that labelers see too differently, the worst first."""
        found = [task for task in self.tasks if task.score < threshold]
        return tuple(sorted(found, key=lambda task: (task.score, task.key)))


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two labelers on one task."""

    row: int
    labelers: tuple[str, str]
    matches: Matches
    answers: tuple[Mapping[Question, str], Mapping[Question, str]]

    @property
    def score(self) -> float:
        parts = []
        drew = self.matches.pairs or self.matches.only_first or self.matches.only_second
        asked = self.answers[0].keys() | self.answers[1].keys()
        if drew or not asked:
            parts.append(_same_label_f1(self.matches))
        if asked:
            parts.append(fmean(_equal(self.answers, question) for question in asked))
        return fmean(parts)


def agreement(
    interface: Interface,
    tasks: Iterable[LabelledTask],
    min_iou: float = MIN_IOU,
    num_resamples: int = 200,
    seed: int = 0,
) -> Agreement:
    """Compare all labelers of all tasks with each other.

    Args:
        interface: that the tasks were pushed for.
        tasks: with what was submitted.
        min_iou: overlap from which two boxes mean the same person.
        num_resamples: draws of an interval, over tasks or things; 0 gives none.
        seed: of the draws.
    """
    tasks = list(tasks)
    given = [_answers_of(interface, task) for task in tasks]
    pairs = [
        _Pair(
            row,
            (a.labeler, b.labeler),
            matched_people(interface, a.samples, b.samples, min_iou),
            (one, other),
        )
        for row, (task, each) in enumerate(zip(tasks, given, strict=True))
        for (a, one), (b, other) in combinations(zip(task.annotations, each, strict=True), 2)
    ]
    scores = defaultdict(list)
    for pair in pairs:
        scores[pair.row].append(pair.score)
    draws = (num_resamples, seed)
    return Agreement(
        tuple(_box_agreement(pairs, label, len(tasks), *draws) for label in _labels(pairs)),
        tuple(_answer_agreements(tasks, given, *draws)),
        tuple(_labeler_agreements(tasks, pairs)),
        tuple(
            TaskAgreement(
                task.key, len(task.annotations), fmean(scores[row]) if scores[row] else math.nan
            )
            for row, task in enumerate(tasks)
        ),
    )


def _answers_of(interface: Interface, task: LabelledTask) -> list[dict[Question, str]]:
    return [answers(interface, task.key, each.samples) for each in task.annotations]


def _labels(pairs: Iterable[_Pair]) -> list[str]:
    found = set()
    for pair in pairs:
        each = [one for two in pair.matches.pairs for one in two[:2]]
        found |= {one.label for one in (*each, *pair.matches.only_first, *pair.matches.only_second)}
    return sorted(found)


def _box_agreement(
    pairs: Sequence[_Pair], label: str, num_tasks: int, num_resamples: int, seed: int
) -> BoxAgreement:
    common, alone, overlaps = np.zeros(num_tasks), np.zeros(num_tasks), []
    for pair in pairs:
        ious, num_alone = _of_class(pair.matches, label)
        common[pair.row] += len(ious)
        alone[pair.row] += num_alone
        overlaps += ious
    rows = np.flatnonzero(common + alone)

    def f1(weights: NDArray[np.int64]) -> dict[str, float]:
        num_common, num_alone = weights @ common[rows], weights @ alone[rows]
        total = 2 * num_common + num_alone
        return {"f1": float(2 * num_common / total) if total else math.nan}

    return BoxAgreement(
        label,
        f1(np.ones(len(rows), np.int64))["f1"],
        confidence_intervals(f1, len(rows), num_resamples, seed).get("f1"),
        fmean(overlaps) if overlaps else math.nan,
        int(2 * common.sum() + alone.sum()),
    )


def _of_class(matches: Matches, label: str) -> tuple[list[float], int]:
    """The overlaps of the pairs that both call so, and how many boxes of the class are not in one.

    A pair with two labels is one box alone of each.
    """
    ious, num_alone = [], 0
    for first, second, iou in matches.pairs:
        names = [first.label, second.label]
        if names == [label, label]:
            ious.append(iou)
        else:
            num_alone += names.count(label)
    alone = (*matches.only_first, *matches.only_second)
    return ious, num_alone + sum(one.label == label for one in alone)


def _same_label_f1(matches: Matches) -> float:
    same = sum(first.label == second.label for first, second, _ in matches.pairs)
    apart = 2 * (len(matches.pairs) - same)
    return share_in_common(same, apart + len(matches.only_first) + len(matches.only_second))


def _answer_agreements(
    tasks: Sequence[LabelledTask],
    given: Sequence[Sequence[Mapping[Question, str]]],
    num_resamples: int,
    seed: int,
) -> Iterable[AnswerAgreement]:
    by_name: dict[str, dict[str, dict[str, str]]] = {}
    for task, each in zip(tasks, given, strict=True):
        for annotation, answered in zip(task.annotations, each, strict=True):
            for (name, thing), answer in answered.items():
                by_name.setdefault(name, {}).setdefault(thing, {})[annotation.labeler] = answer
    for name, things in sorted(by_name.items()):
        judged = [answered for answered in things.values() if len(answered) > 1]
        if judged:
            yield _answer_agreement(name, judged, num_resamples, seed)


def _answer_agreement(
    name: str, judged: Sequence[Mapping[str, str]], num_resamples: int, seed: int
) -> AnswerAgreement:
    """`judged` holds, for each thing, the answers by labeler."""
    order = ORDERED.get(name)
    scale: Scale = "ordinal" if order else "nominal"
    if order:  # who cannot tell gave no place in the order
        judged = [{k: a for k, a in answered.items() if a in order} for answered in judged]
        judged = [answered for answered in judged if len(answered) > 1]
    used = {answer for answered in judged for answer in answered.values()}
    number_of = {answer: row for row, answer in enumerate(order or sorted(used))}
    labelers = sorted({labeler for answered in judged for labeler in answered})
    values = np.full((len(labelers), len(judged)), np.nan)
    for column, answered in enumerate(judged):
        for labeler, answer in answered.items():
            values[labelers.index(labeler), column] = number_of[answer]

    def alpha(weights: NDArray[np.int64]) -> dict[str, float]:
        drawn = np.repeat(np.arange(len(judged)), weights)
        return {"alpha": krippendorff_alpha(values[:, drawn], scale)}

    return AnswerAgreement(
        name,
        scale,
        _observed(values),
        krippendorff_alpha(values, scale),
        confidence_intervals(alpha, len(judged), num_resamples, seed).get("alpha"),
        _fleiss(values, len(number_of)),
        {
            (one, other): _cohen(values[row], values[column])
            for (row, one), (column, other) in combinations(enumerate(labelers), 2)
        },
        len(judged),
    )


def _observed(values: NDArray[np.float64]) -> float:
    """The share of equal ones of all pairs of answers to one thing."""
    equal = total = 0
    for one, other in combinations(values, 2):
        both = ~np.isnan(one) & ~np.isnan(other)
        equal += int((one[both] == other[both]).sum())
        total += int(both.sum())
    return equal / total if total else math.nan


def _fleiss(values: NDArray[np.float64], num_classes: int) -> float:
    counts = np.stack([(values == number).sum(0) for number in range(num_classes)], axis=1)
    return fleiss_kappa(counts) if len(set(counts.sum(1).tolist())) == 1 else math.nan


def _cohen(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    both = ~np.isnan(one) & ~np.isnan(other)
    return cohen_kappa(one[both].astype(np.int64), other[both].astype(np.int64))


def _labeler_agreements(
    tasks: Sequence[LabelledTask], pairs: Sequence[_Pair]
) -> Iterable[LabelerAgreement]:
    lead_times: dict[str, list[float]] = {}
    num_tasks: Counter[str] = Counter()
    for task in tasks:
        for annotation in task.annotations:
            num_tasks[annotation.labeler] += 1
            times = lead_times.setdefault(annotation.labeler, [])
            times += [] if annotation.lead_time_s is None else [annotation.lead_time_s]
    for labeler, times in sorted(lead_times.items()):
        own = [pair for pair in pairs if labeler in pair.labelers]
        equal: dict[str, list[float]] = {}
        for pair in own:
            for question in pair.answers[0].keys() | pair.answers[1].keys():
                equal.setdefault(question[0], []).append(_equal(pair.answers, question))
        yield LabelerAgreement(
            labeler,
            num_tasks[labeler],
            len({pair.row for pair in own}),
            _pooled_f1(pair.matches for pair in own),
            _mean([one for each in equal.values() for one in each]),
            {name: _mean(each) for name, each in sorted(equal.items())},
            float(np.median(times)) if times else math.nan,
        )


def _pooled_f1(matches: Iterable[Matches]) -> float:
    same = apart = 0
    for each in matches:
        same += sum(first.label == second.label for first, second, _ in each.pairs)
        apart += 2 * sum(first.label != second.label for first, second, _ in each.pairs)
        apart += len(each.only_first) + len(each.only_second)
    return share_in_common(same, apart) if same + apart else math.nan


def _equal(answered: Sequence[Mapping[Question, str]], question: Question) -> float:
    """1 where both said the same; a question that only one answered is not agreed on."""
    one, other = (each.get(question) for each in answered)
    return float(one == other)


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else math.nan
