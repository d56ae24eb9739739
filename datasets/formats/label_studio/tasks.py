"""Tasks: which samples make one, and what its `data` shows the labeler."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from datasets.formats.label_studio.attributes import unanswered_face
from datasets.formats.label_studio.behaviour import unanswered_clip
from datasets.formats.label_studio.context import (
    CONTEXT,
    PAIR,
    cluster_of,
    frame_rate_of,
    packed,
)
from datasets.formats.label_studio.identities import unanswered_pair
from datasets.formats.label_studio.names import (
    CROPS,
    FRAME_RATE,
    IMAGE,
    LEFT,
    RIGHT,
    VIDEO,
    Interface,
)
from datasets.samples import Sample
from serving.core.errors import LabelError

_CROP_KEYS = "1234567890qtasdfgzxcynjil"
"""Keys that the editor leaves free, in rows; one a crop."""

MAX_CROPS = 24
"""Crops to compare with one on a page. A larger cluster makes several tasks with the same one."""

UrlOf = Callable[[Sample], str]


def group_samples(interface: Interface, samples: Iterable[Sample]) -> Iterator[tuple[Sample, ...]]:
    """The samples of each task: a picture, all frames of a video, a pair, a cluster, or a clip.

    Pairs are those that the property `pair` names, one a line; samples without it are asked in a
    chain, each with the next of its identity. Clusters are those of the property `cluster`, else
    of the identity; the first sample with that identity is the one to compare with.

    Raises:
        LabelError: a sample is not of the kind that the interface shows, or belongs to no group.
    """
    checked = (_checked(interface, sample) for sample in samples)
    if interface is Interface.PERSON_TRACKS:
        yield from _by_name(checked, lambda sample: [sample.path])
    elif interface is Interface.IDENTITY_PAIRS:
        yield from _pairs(checked)
    elif interface is Interface.IDENTITY_CLUSTERS:
        for cluster in _by_name(checked, lambda sample: [cluster_of(sample)]):
            yield from _pages(cluster)
    else:
        yield from ((sample,) for sample in checked)


def shows(interface: Interface, sample: Sample) -> bool:
    """Whether the interface shows such a sample: a picture, or a video or a frame of one."""
    if interface is Interface.PERSON_TRACKS:
        return sample.is_video
    is_clip = sample.is_video and sample.frame_index is None
    return is_clip == (interface is Interface.BEHAVIOUR)


def task_data(
    interface: Interface,
    samples: Sequence[Sample],
    url_of: UrlOf,
    *,
    frame_rate_hz: float | None = None,
) -> dict[str, Any]:
    """The `data` of a task of these samples, one group of `group_samples`.

    Args:
        interface: which the task is for.
        samples: of one task.
        url_of: where the labeler's browser finds a sample's picture or video.
        frame_rate_hz: of the video; otherwise the sample's property `frame_rate_hz`.

    Raises:
        LabelError: the frame rate of a video is not known.
    """
    first = samples[0]
    data: dict[str, Any] = {"key": task_key(interface, samples), "caption": _caption(first)}
    if interface in (Interface.PERSON_TRACKS, Interface.BEHAVIOUR):
        data[VIDEO] = url_of(first)
        data[FRAME_RATE] = frame_rate_hz or frame_rate_of(first)
    elif interface is Interface.IDENTITY_PAIRS:
        for side, sample in zip((LEFT, RIGHT), samples, strict=True):
            data[side] = url_of(sample)
            data[f"{side}_caption"] = _caption(sample)
    else:
        data[IMAGE] = url_of(first)
    if interface is Interface.IDENTITY_CLUSTERS:
        data[CROPS] = [
            _crop(sample, url_of(sample), key)
            for sample, key in zip(samples[1:], _CROP_KEYS, strict=False)
        ]
    return data | {CONTEXT: packed(_unanswered(interface, samples))}


def task_key(interface: Interface, samples: Sequence[Sample]) -> str:
    """What names a task in its project, the same in every push."""
    if interface in (Interface.PERSON_TRACKS, Interface.BEHAVIOUR):
        return samples[0].path
    if interface is Interface.IDENTITY_CLUSTERS:
        return f"{cluster_of(samples[0])}: {samples[-1].key}"
    return " | ".join(sample.key for sample in samples)


def _checked(interface: Interface, sample: Sample) -> Sample:
    if not shows(interface, sample):
        kind = {
            Interface.PERSON_TRACKS: "a video or a frame of one",
            Interface.BEHAVIOUR: "a whole clip",
        }.get(interface, "a picture")
        raise LabelError(f"{interface}, sample '{sample.key}': expected {kind}")
    return sample


def _by_name(
    samples: Iterable[Sample], names_of: Callable[[Sample], Sequence[str]]
) -> Iterator[tuple[Sample, ...]]:
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        for name in names_of(sample):
            groups.setdefault(name, []).append(sample)
    return map(tuple, groups.values())


def _pages(cluster: Sequence[Sample]) -> Iterator[tuple[Sample, ...]]:
    name = cluster_of(cluster[0])
    first, *others = sorted(cluster, key=lambda sample: sample.identity != name)
    for start in range(0, max(1, len(others)), MAX_CROPS):
        yield (first, *others[start : start + MAX_CROPS])


def _pairs(samples: Iterable[Sample]) -> Iterator[tuple[Sample, ...]]:
    named: list[Sample] = []
    chained: list[Sample] = []
    for sample in samples:
        (named if PAIR in sample.properties else chained).append(sample)
    for pair in _by_name(named, lambda sample: sample.properties[PAIR].splitlines()):
        if len(pair) != 2:
            keys = [sample.key for sample in pair]
            raise LabelError(f"pair of sample '{keys[0]}': expected two samples, got {keys}")
        yield pair
    for person in _by_name(chained, lambda sample: [cluster_of(sample)]):
        if len(person) == 1:
            raise LabelError(
                f"sample '{person[0].key}': expected another sample of identity "
                f"'{cluster_of(person[0])}' to compare with, got none"
            )
        yield from pairwise(person)


def _unanswered(interface: Interface, samples: Sequence[Sample]) -> Sequence[Sample]:
    """The samples without what a labeler's answer will say."""
    if interface in (Interface.PERSON_BOXES, Interface.PERSON_TRACKS):
        return [replace(sample, boxes=()) for sample in samples]
    if interface is Interface.BEHAVIOUR:
        return [unanswered_clip(sample) for sample in samples]
    if interface is Interface.FACE_ATTRIBUTES:
        return [unanswered_face(sample) for sample in samples]
    if interface is Interface.IDENTITY_PAIRS:
        return unanswered_pair(samples)
    return samples


def _crop(sample: Sample, url: str, hotkey: str) -> dict[str, str]:
    source, caption = html.escape(url), html.escape(_caption(sample)).replace(" · ", "<br>")
    return {
        "value": sample.key,
        "hotkey": hotkey,
        "html": f'<img src="{source}" alt=""><span>{caption}</span>',
    }


def _caption(sample: Sample) -> str:
    """What a labeler is told of a picture: camera and time, else the file."""
    parts = [f"camera {sample.camera}"] if sample.camera else []
    if sample.captured_at is not None:
        moment = datetime.fromtimestamp(sample.captured_at, UTC)
        parts.append(moment.strftime("%Y-%m-%d %H:%M:%S UTC"))
    return " · ".join(parts) or sample.path.rsplit("/", 1)[-1]
