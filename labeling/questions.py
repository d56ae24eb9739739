"""What labelers chose: each answer as a question, with a value of a fixed vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from datasets.formats.label_studio import Interface
from datasets.formats.label_studio.context import cluster_of
from datasets.formats.label_studio.identities import answer_of
from datasets.formats.label_studio.names import AGE_BAND, ANSWER, GENDER, MASK, OUTSIDERS
from datasets.samples import Sample
from serving.core.labels import AgeBand

Question = tuple[str, str]
"""What was asked, such as `gender`, and of what: the key of a sample or a task."""

BELONGS, OUTSIDER = "belongs", "outsider"
CLIP_CLASS = "clip_class"

ORDERED: Mapping[str, Sequence[str]] = {AGE_BAND: tuple(AgeBand)}
"""Questions whose answers have an order: neighbours are closer than others."""


def answers(interface: Interface, task_key: str, samples: Sequence[Sample]) -> dict[Question, str]:
    """What one labeler chose in one task; what was left open is not there."""
    return dict(_ASKED[interface](task_key, samples)) if interface in _ASKED else {}


def _of_faces(task_key: str, samples: Sequence[Sample]) -> Iterator[tuple[Question, str]]:
    for sample in samples:
        for name in (AGE_BAND, GENDER, MASK):
            answer = getattr(sample.attributes, name) or sample.properties.get(name)
            if answer is not None:
                yield (name, sample.key), str(answer)


def _of_pairs(task_key: str, samples: Sequence[Sample]) -> Iterator[tuple[Question, str]]:
    answer = answer_of(samples)
    if answer is not None:
        yield (ANSWER, task_key), answer.value


def _of_clusters(task_key: str, samples: Sequence[Sample]) -> Iterator[tuple[Question, str]]:
    name = cluster_of(samples[0])
    for sample in samples[1:]:
        yield (OUTSIDERS, sample.key), BELONGS if sample.identity == name else OUTSIDER


def _of_clips(task_key: str, samples: Sequence[Sample]) -> Iterator[tuple[Question, str]]:
    for sample in samples:
        if sample.label is not None:
            yield (CLIP_CLASS, sample.key), sample.label


_ASKED = {
    Interface.FACE_ATTRIBUTES: _of_faces,
    Interface.IDENTITY_PAIRS: _of_pairs,
    Interface.IDENTITY_CLUSTERS: _of_clusters,
    Interface.BEHAVIOUR: _of_clips,
}
