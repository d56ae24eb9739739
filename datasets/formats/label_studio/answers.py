"""From samples to the results that a labeler sees first, and from their answer back to samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from datasets.formats.format import Losses
from datasets.formats.label_studio import attributes, behaviour, boxes, identities, tracks
from datasets.formats.label_studio.context import frame_rate_of, name_of, samples_in
from datasets.formats.label_studio.names import FRAME_RATE, Interface
from datasets.formats.label_studio.regions import Result, number, results_of
from datasets.samples import Provenance, Sample
from serving.core.errors import LabelError

_RESULT_OF: Mapping[Interface, Callable[[Sequence[Sample]], list[dict[str, Any]]]] = {
    Interface.PERSON_BOXES: boxes.result,
    Interface.IDENTITY_PAIRS: identities.pair_result,
    Interface.IDENTITY_CLUSTERS: identities.cluster_result,
    Interface.FACE_ATTRIBUTES: attributes.result,
}

_LABELLED: Mapping[
    Interface, Callable[[Sequence[Sample], Iterable[Result], Losses], tuple[Sample, ...]]
] = {
    Interface.PERSON_BOXES: boxes.labelled,
    Interface.PERSON_TRACKS: tracks.labelled,
    Interface.IDENTITY_PAIRS: identities.labelled_pair,
    Interface.IDENTITY_CLUSTERS: identities.labelled_cluster,
    Interface.FACE_ATTRIBUTES: attributes.labelled,
}


def result_of(
    interface: Interface,
    samples: Sequence[Sample],
    *,
    frame_rate_hz: float | None = None,
    tolerance_px: float = 0.0,
) -> list[dict[str, Any]]:
    """The `result` list of a prediction or annotation that shows what these samples say.

    Args:
        interface: which the task is for.
        samples: of one task.
        frame_rate_hz: of a video, the one given to `task_data`.
        tolerance_px: how far a box of a track may be from where the editor draws it between two
            keyframes. 0 makes every box a keyframe and keeps all; for a prediction that a labeler
            corrects, a few pixels leave far fewer.

    Raises:
        LabelError: a size or a frame rate that must be known is not.
    """
    if interface not in (Interface.PERSON_TRACKS, Interface.BEHAVIOUR):
        return _RESULT_OF[interface](samples)
    rate_hz = frame_rate_hz or frame_rate_of(samples[0])
    if interface is Interface.BEHAVIOUR:
        return behaviour.result(samples, rate_hz)
    return tracks.result(samples, rate_hz, tolerance_px)


def samples_of(
    interface: Interface, task: Mapping[str, Any], annotation: Mapping[str, Any], losses: Losses
) -> tuple[Sample, ...]:
    """The samples of a task with the labels of one of its annotations, or of a prediction.

    After an annotation they are labelled, their scores are gone, since a labeler vouches for
    them, and the provenance says who and when. A prediction changes neither.

    Args:
        interface: which the task is for.
        task: as the server exports it; only its `data` is read.
        annotation: one of its annotations or predictions. `completed_by` is a name, a user with
            an `email`, or a number, which is then given as `user 3`.
        losses: counts what samples cannot hold.

    Raises:
        LabelError: task or annotation break the format; names the task and the result.
    """
    where = name_of(task)
    results = results_of(annotation, where, losses)
    samples = samples_in(task)
    try:
        if interface is Interface.BEHAVIOUR:
            rate_hz = number(task["data"], FRAME_RATE, where)
            answered = behaviour.labelled(samples, results, losses, rate_hz)
        else:
            answered = _LABELLED[interface](samples, results, losses)
    except ValueError as error:
        raise LabelError(f"{where}: {error}") from error
    if is_prediction(annotation):
        return answered
    provenance = _provenance(annotation, where)
    return tuple(_vouched(sample, provenance) for sample in answered)


def is_prediction(annotation: Mapping[str, Any]) -> bool:
    """Whether a model gave it and no labeler."""
    return "model_version" in annotation and "completed_by" not in annotation


def _vouched(sample: Sample, provenance: tuple[Provenance, ...]) -> Sample:
    return replace(
        sample,
        is_labelled=True,
        boxes=tuple(replace(box, score=None) for box in sample.boxes),
        spans=tuple(replace(span, score=None) for span in sample.spans),
        provenance=sample.provenance + provenance,
    )


def _provenance(annotation: Mapping[str, Any], where: str) -> tuple[Provenance, ...]:
    who = annotation.get("completed_by")
    if isinstance(who, Mapping):
        who = who.get("email") or who.get("id")
    if who is None:
        return ()
    name = f"user {who}" if isinstance(who, int) else str(who)
    moment = annotation.get("updated_at") or annotation.get("created_at")
    if moment is None:
        return (Provenance(name),)
    try:
        at = datetime.fromisoformat(str(moment))
    except ValueError as error:
        raise LabelError(f"{where}: expected a time in ISO 8601, got {moment!r}") from error
    return (Provenance(name, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()),)
