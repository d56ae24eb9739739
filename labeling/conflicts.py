"""Tasks of which labelers say different things, and what then counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from datasets.formats.label_studio import Interface
from datasets.samples import Provenance, Sample
from labeling.annotations import Annotation, LabelledTask
from labeling.consensus import consensus
from labeling.questions import answers
from labeling.track_names import matched_people


class ConflictRule(StrEnum):
    """What counts where two labelers of a task differ.

    `review`: nobody; the samples keep the labels that they had and get the tag `conflict`.
    `newest`: who submitted last. `consensus`: what `labeling/consensus.py` makes of all answers.
    """

    REVIEW = "review"
    NEWEST = "newest"
    CONSENSUS = "consensus"


CONFLICT_TAG = "conflict"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What counts of a task. The provenance of its samples names everybody who submitted.

    Args:
        samples: with the labels that count; None where nobody's do.
        disputed: what a consensus left open, in words.
    """

    samples: tuple[Sample, ...] | None = None
    disputed: tuple[str, ...] = ()


def same_answer(interface: Interface, task_key: str, one: Annotation, other: Annotation) -> bool:
    """Whether two labelers say the same of a task.

    They do where all choices are alike and each box, or span, of one overlaps with one of the
    other that has the same label and, of tracks, is the same person; exact corners are not asked
    for, and ignored boxes do not count.
    """
    if answers(interface, task_key, one.samples) != answers(interface, task_key, other.samples):
        return False
    matches = matched_people(interface, one.samples, other.samples)
    if matches.only_first or matches.only_second:
        return False
    return all(first.label == second.label for first, second, _ in matches.pairs)


def is_conflicting(interface: Interface, task: LabelledTask) -> bool:
    """Whether two labelers of a task differ."""
    given = task.annotations
    return any(
        not same_answer(interface, task.key, one, other)
        for row, one in enumerate(given)
        for other in given[row + 1 :]
    )


def resolved(
    interface: Interface, task: LabelledTask, rule: ConflictRule, *, is_conflict: bool
) -> Outcome:
    """The labels that count. Where labelers agree they are the newest, under the rule `consensus`
    still those of all, whose edges differ by some pixels.

    Args:
        interface: that the task was pushed for.
        task: with one annotation at least.
        rule: what counts where labelers differ.
        is_conflict: whether they do.
    """
    if is_conflict and rule is ConflictRule.REVIEW:
        return Outcome()
    samples, disputed = task.annotations[-1].samples, ()
    if rule is ConflictRule.CONSENSUS and len(task.annotations) > 1:
        joint = consensus(interface, task)
        samples, disputed = joint.samples, joint.disputed
    if not samples:  # of a whole video come the frames with somebody; here is none
        samples = tuple(replace(sample, boxes=(), is_labelled=True) for sample in task.samples)
    return Outcome(
        tuple(replace(sample, provenance=_everybody(task, sample)) for sample in samples),
        disputed,
    )


def _everybody(task: LabelledTask, sample: Sample) -> tuple[Provenance, ...]:
    """Who labelled it before, and all who submitted now, the last one last."""
    before = {each.key: each.provenance for each in task.samples}.get(sample.key, ())
    given = (each.provenance for each in task.annotations)
    return (*before, *given)
