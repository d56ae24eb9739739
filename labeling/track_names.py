"""One name for one person whom several labelers followed through a video, each by an own name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from datasets.formats.label_studio import Interface
from datasets.samples import Box, Sample
from labeling.matching import MIN_IOU, Drawn, Matches, closest_first, drawn, match


def with_common_names(
    people: Sequence[Sequence[Sample]], min_iou: float
) -> list[tuple[Sample, ...]]:
    """The samples of each labeler, with tracks called as the first labeler calls them.

    Two tracks are one where their boxes overlap, those first that do in most frames, each track
    once. A track that no earlier labeler has keeps its name, or gets a new one where it is taken.

    Args:
        people: the samples of each labeler of one video.
        min_iou: overlap from which two boxes mean the same person.
    """
    reference: dict[str, list[Drawn]] = {}
    taken: set[str] = set()
    renamed = []
    for number, samples in enumerate(people):
        given = _names(reference, samples, min_iou)
        own = {box.track_id for sample in samples for box in sample.boxes if box.track_id}
        new = {name: _free(name, number, taken) for name in sorted(own - given.keys())}
        taken |= set(new.values())
        samples = tuple(_renamed(sample, given | new) for sample in samples)
        for each in drawn(samples):
            if _track(each) in new.values():
                reference.setdefault(each.place, []).append(each)
        renamed.append(samples)
    return renamed


def matched_people(
    interface: Interface,
    first: Sequence[Sample],
    second: Sequence[Sample],
    min_iou: float = MIN_IOU,
) -> Matches:
    """Pair what two labelers drew, as `match` does; of tracks also who is who.

    Two boxes at one place that belong to different people, because the labelers swapped or split
    them, are no pair: each was drawn alone. What the two call a person does not matter.
    """
    if interface is not Interface.PERSON_TRACKS:
        return match(first, second, min_iou)
    found = match(*with_common_names([first, second], min_iou), min_iou)
    apart = [pair for pair in found.pairs if _track(pair[0]) != _track(pair[1])]
    return Matches(
        tuple(pair for pair in found.pairs if _track(pair[0]) == _track(pair[1])),
        (*found.only_first, *(one for one, _, _ in apart)),
        (*found.only_second, *(other for _, other, _ in apart)),
    )


def _names(
    reference: Mapping[str, Sequence[Drawn]], samples: Sequence[Sample], min_iou: float
) -> dict[str, str]:
    """For tracks of one labeler the name of the known one that they overlap in most frames."""
    together: Counter[tuple[str, str]] = Counter()
    for sample in samples:
        own = [each for each in drawn([sample]) if _track(each)]
        known = reference.get(sample.key, ())
        for row, column, _ in closest_first(own, known, min_iou):
            together[_track(own[row]), _track(known[column])] += 1
    names: dict[str, str] = {}
    for (name, known_name), _ in together.most_common():
        if name not in names and known_name not in names.values():
            names[name] = known_name
    return names


def _free(name: str, number: int, taken: set[str]) -> str:
    while name in taken:
        name = f"{name}-{number + 1}"
    return name


def _track(each: Drawn) -> str:
    return (each.item.track_id or "") if isinstance(each.item, Box) else ""


def _renamed(sample: Sample, names: Mapping[str, str]) -> Sample:
    boxes = tuple(
        replace(box, track_id=names.get(box.track_id or "", box.track_id)) for box in sample.boxes
    )
    return replace(sample, boxes=boxes)
