"""Bring what labelers answered back to the samples of a data set, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from statistics import median
from typing import Any

from datasets.formats.format import Losses
from datasets.formats.label_studio import Interface, joined_identities
from datasets.formats.label_studio.context import CLUSTER
from datasets.formats.label_studio.identities import ANSWER_PROPERTIES
from datasets.formats.label_studio.names import AGE_BAND, GENDER, MASK
from datasets.samples import Sample
from labeling.annotations import LabelledTask
from labeling.conflicts import CONFLICT_TAG, ConflictRule, is_conflicting, resolved
from labeling.consensus import PROPERTY as CONSENSUS

_MAX_NAMED = 5
"""Keys that one line names."""

_MAX_LETTERS = 200
"""Of one thing that a line names; the report has all of it."""

_IDENTITY = (Interface.IDENTITY_PAIRS, Interface.IDENTITY_CLUSTERS)
_ANSWERED: Mapping[Interface, tuple[str, ...]] = {
    Interface.PERSON_BOXES: ("boxes", "image_size_hw"),
    Interface.PERSON_TRACKS: ("boxes", "image_size_hw"),
    Interface.IDENTITY_PAIRS: ("identity",),
    Interface.IDENTITY_CLUSTERS: ("identity",),
    Interface.FACE_ATTRIBUTES: ("attributes",),
    Interface.BEHAVIOUR: ("spans", "label"),
}
"""The fields of a sample that an interface's answers say; all others stay as the data set has
them."""

_ANSWERED_PROPERTIES: Mapping[Interface, tuple[str, ...]] = {
    Interface.FACE_ATTRIBUTES: (AGE_BAND, GENDER, MASK),
    Interface.IDENTITY_PAIRS: ANSWER_PROPERTIES,
    Interface.IDENTITY_CLUSTERS: (CLUSTER,),
}


@dataclass(slots=True)
class PullResult:
    """What became of each task, by key, and of samples.

    Attributes:
        labelled: tasks whose labels came into the data set, the empty ones among them.
        empty: tasks that say: nothing there.
        skipped: passed by by all who opened them.
        open: nobody has submitted anything.
        conflicting: of which labelers differ.
        disputed: conflicts of which the consensus leaves something open, and what.
        unresolved: conflicts without an outcome; their samples keep what they had.
        unknown: whose samples the data set does not have.
        num_tasks: all that came, those of others among them.
        num_foreign: tasks of others in the project, left alone.
        num_drafts: begun and not submitted; never labels.
        num_superseded: annotations whose labeler submitted again.
        without_task: samples of the data set that no task asks about.
        num_by_labeler: annotations of each.
        lead_times_s: how long each annotation took.
        num_samples: that got labels.
    """

    labelled: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    conflicting: list[str] = field(default_factory=list)
    disputed: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    num_tasks: int = 0
    num_foreign: int = 0
    num_drafts: int = 0
    num_superseded: int = 0
    without_task: list[str] = field(default_factory=list)
    num_by_labeler: dict[str, int] = field(default_factory=dict)
    lead_times_s: list[float] = field(default_factory=list)
    num_samples: int = 0

    def lines(self, rule: ConflictRule) -> list[str]:
        """The counts in words, with the first keys of each."""
        lines = [
            f"tasks: {self.num_tasks:,}",
            f"labelled: {len(self.labelled):,} tasks, {self.num_samples:,} samples",
            _named("labelled as empty", self.empty),
            _named("skipped", self.skipped),
            _named("without an answer", self.open),
            _named(f"labelers differ (conflicts={rule})", self.conflicting),
            _named("of these partly open in the consensus", self.disputed),
            _named("left as they were, to be reviewed", self.unresolved),
            _named("not in the data set, left out", self.unknown),
            _named("samples without a task", self.without_task),
            f"tasks of others, left alone: {self.num_foreign:,}" if self.num_foreign else "",
            f"drafts, no labels: {self.num_drafts:,}" if self.num_drafts else "",
            f"replaced by the same labeler: {self.num_superseded:,}" if self.num_superseded else "",
            *(f"  {who}: {num:,}" for who, num in sorted(self.num_by_labeler.items())),
        ]
        if self.lead_times_s:
            lines.append(f"median time for one: {median(self.lead_times_s):.1f} s")
        return [line for line in lines if line]

    def to_record(self) -> dict[str, Any]:
        """All of it, for a file."""
        return asdict(self)


class Pull:
    """Answers of tasks, brought to samples.

    Args:
        interface: what labelers were asked.
        rule: what counts where they differ.
        losses: told what samples cannot hold.
    """

    def __init__(
        self,
        interface: Interface,
        rule: ConflictRule,
        losses: Losses,
    ) -> None:
        self.result = PullResult()
        self._interface = interface
        self._rule = rule
        self._losses = losses

    def into(self, samples: Sequence[Sample], tasks: Iterable[LabelledTask]) -> list[Sample]:
        """The samples, those that were answered with their new labels, all others as they were.

        Frames of a video that was asked as a whole take its place, or that of the frames that an
        earlier pull made of it; a video that shows nobody stays one sample, and is labelled.

        Args:
            samples: of a data set.
            tasks: with what was submitted.
        """
        asked: set[str] = set()
        groups: list[Sequence[Sample]] = []
        to_review: set[str] = set()
        whole: set[str] = set()
        known = {self._asked_as(sample) for sample in samples} | {each.key for each in samples}
        for task in joined_tasks(tasks):
            keys = {sample.key for sample in task.samples}
            asked |= keys
            if not keys & known:
                self.result.unknown.append(task.key)
                continue
            group = self._answer(task)
            if group is not None:
                groups.append(group)
                whole |= {each.path for each in task.samples if self._is_whole(each)}
            elif task.annotations:
                to_review |= keys
        answered = {sample.key: sample for sample in self._joined(groups)}
        self.result.without_task = [
            each.key for each in samples if not asked & {each.key, self._asked_as(each)}
        ]
        merged = list(self._merged(samples, answered, to_review, whole))
        self.result.num_samples = len(answered)
        return merged

    def _answer(self, task: LabelledTask) -> Sequence[Sample] | None:
        """The answer that counts, and what is told of the task."""
        result = self.result
        result.num_drafts += task.num_drafts
        result.num_superseded += task.num_superseded
        for given in task.annotations:
            result.num_by_labeler[given.labeler] = result.num_by_labeler.get(given.labeler, 0) + 1
            result.lead_times_s += [] if given.lead_time_s is None else [given.lead_time_s]
        if not task.annotations:
            (result.skipped if task.is_skipped else result.open).append(task.key)
            return None
        is_conflict = is_conflicting(self._interface, task)
        outcome = resolved(self._interface, task, self._rule, is_conflict=is_conflict)
        if is_conflict:
            result.conflicting.append(task.key)
        if outcome.disputed:
            result.disputed.append(f"{task.key}: {'; '.join(outcome.disputed)}")
        if outcome.samples is None:
            result.unresolved.append(task.key)
            return None
        result.labelled.append(task.key)
        if task.is_empty:
            result.empty.append(task.key)
        return outcome.samples

    def _joined(self, groups: Sequence[Sequence[Sample]]) -> Iterable[Sample]:
        if self._interface in _IDENTITY:
            return joined_identities(groups, self._losses)
        return [sample for group in groups for sample in group]

    def _is_whole(self, sample: Sample) -> bool:
        """Whether a task asks about all frames of a video by this one sample."""
        is_video = sample.is_video and sample.frame_index is None
        return self._interface is Interface.PERSON_TRACKS and is_video

    def _asked_as(self, sample: Sample) -> str:
        """The key that a frame has in a task that asks about its whole video."""
        return sample.path if self._interface is Interface.PERSON_TRACKS else sample.key

    def _merged(
        self,
        samples: Sequence[Sample],
        answered: Mapping[str, Sample],
        to_review: set[str],
        whole: set[str],
    ) -> Iterator[Sample]:
        """`whole` names the videos that were asked, and answered, as one sample."""
        answers: dict[str, list[Sample]] = {path: [] for path in whole}
        before: dict[str, list[Sample]] = {path: [] for path in whole}
        for found, each_of in ((answers, answered.values()), (before, samples)):
            for sample in each_of:
                if sample.path in whole:
                    found[sample.path].append(sample)
        for sample in samples:
            if sample.path in whole:
                yield from self._frames(before.pop(sample.path, ()), answers[sample.path])
            elif sample.key in answered:
                yield self._with_answer(sample, answered[sample.key])
            elif to_review & {sample.key, self._asked_as(sample)}:
                yield replace(sample, tags=tuple(dict.fromkeys([*sample.tags, CONFLICT_TAG])))
            else:
                yield sample

    def _frames(self, before: Sequence[Sample], answers: Sequence[Sample]) -> Iterator[Sample]:
        """What a video becomes: its frames; where there is none the video, which shows nobody.

        Args:
            before: the samples that the data set has of it; none where they were given already.
            answers: the frames with somebody, or the video itself.
        """
        old = {sample.frame_index: sample for sample in before}
        new = {sample.frame_index: sample for sample in answers}
        nobody = replace(answers[0], boxes=())
        indices = sorted(index for index in {*old, *new} if index is not None) if old else []
        for index in indices:
            if index in old:
                yield self._with_answer(old[index], new.get(index, nobody))
            else:
                yield new[index]
        if not indices:
            yield from (self._with_answer(sample, nobody) for sample in before)

    def _with_answer(self, sample: Sample, answer: Sample) -> Sample:
        """The sample as it is now, with what was answered; of the rest it may know more by now."""
        names = (CONSENSUS, *_ANSWERED_PROPERTIES.get(self._interface, ()))
        properties = {name: text for name, text in sample.properties.items() if name not in names}
        properties |= {name: text for name, text in answer.properties.items() if name in names}
        return replace(
            sample,
            **{name: getattr(answer, name) for name in _ANSWERED[self._interface]},
            is_labelled=True,
            properties=properties,
            tags=tuple(tag for tag in sample.tags if tag != CONFLICT_TAG),
            provenance=tuple(dict.fromkeys([*sample.provenance, *answer.provenance])),
        )


def joined_tasks(tasks: Iterable[LabelledTask]) -> Iterator[LabelledTask]:
    """Each key once: a task that stands twice in a project has the annotations of both."""
    by_key: dict[str, LabelledTask] = {}
    for task in tasks:
        before = by_key.get(task.key)
        by_key[task.key] = task if before is None else _both(before, task)
    yield from by_key.values()


def _both(one: LabelledTask, other: LabelledTask) -> LabelledTask:
    given = sorted((*one.annotations, *other.annotations), key=lambda each: each.at or 0.0)
    latest = {annotation.labeler: annotation for annotation in given}
    return replace(
        one,
        annotations=tuple(latest.values()),
        num_skips=one.num_skips + other.num_skips,
        num_drafts=one.num_drafts + other.num_drafts,
        num_superseded=one.num_superseded + other.num_superseded + len(given) - len(latest),
    )


def _named(what: str, keys: Sequence[str]) -> str:
    if not keys:
        return ""
    more = f" and {len(keys) - _MAX_NAMED:,} more" if len(keys) > _MAX_NAMED else ""
    named = (key if len(key) <= _MAX_LETTERS else f"{key[:_MAX_LETTERS]}…" for key in keys)
    return f"{what}: {len(keys):,} ({', '.join(islice(named, _MAX_NAMED))}{more})"
