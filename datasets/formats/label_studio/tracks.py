"""Person tracks on a video: one rectangle a person, with keyframes that the editor joins.

Between two keyframes the editor moves the rectangle in a straight line; from a keyframe that is
not `enabled` to the next one it is gone. Frames count from 1 there and from 0 in samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from datasets.formats.format import Losses
from datasets.formats.label_studio.boxes import (
    META,
    box_of,
    corners_px,
    one_label,
    percent,
    rest_of,
    shown_label,
    size_hw,
)
from datasets.formats.label_studio.names import BOX, LABEL, VIDEO
from datasets.formats.label_studio.regions import Result, known, number
from datasets.samples import Box, Sample
from serving.core.errors import LabelError

_SHAPE = ("x", "y", "width", "height", "rotation")
_LASTING = ("track_id", "label", "identity", "attributes")
"""What holds for a person in every frame where all keyframes agree; the rest for one frame."""

_MAX_FRAMES = 10_000_000

Keyframe = Mapping[str, Any]


def result(
    samples: Sequence[Sample], frame_rate_hz: float, tolerance_px: float = 0.0
) -> list[dict[str, Any]]:
    """The results that show the tracks of a video's labelled frames, each box a keyframe.

    A box without a track is a track of one frame. With a tolerance, boxes that the editor draws
    between others anyway, no side further off, are no keyframes: there is less to correct.

    Raises:
        LabelError: the size of the pictures is not known, or a track has two boxes in a frame.
    """
    frames = sorted(samples, key=lambda sample: sample.frame_index or 0)
    tracks: dict[tuple[str, str], dict[int, Box]] = {}
    for row, sample in enumerate(frames):
        for number_, box in enumerate(sample.boxes):
            name = box.track_id or f"frame {sample.frame_index} box {number_}"
            track = tracks.setdefault((name, shown_label(box)), {})
            if row in track:
                raise LabelError(f"sample '{sample.key}': expected one box of track '{name}'")
            track[row] = box
    return [
        _entry(f"track{index}", label, track, frames, frame_rate_hz, tolerance_px)
        for index, ((_, label), track) in enumerate(tracks.items())
    ]


def labelled(
    samples: Sequence[Sample], results: Iterable[Result], losses: Losses
) -> tuple[Sample, ...]:
    """The frames of a video with their boxes, between keyframes where the editor shows them.

    A task of one sample that is a whole video gives every frame that has a box.

    Raises:
        LabelError: a track is broken, or the size of the video is not known.
    """
    results = known(results, (BOX, LABEL), losses)
    drawn = {each.id: each for each in results if each.type == "videorectangle"}
    words: dict[str, dict[str, None]] = {}
    for each in results:
        words.setdefault(each.id, {}).update(dict.fromkeys(each.words("labels")))
    wanted = {sample.frame_index for sample in samples}
    found: dict[int, list[Box]] = {}
    for identity, region in drawn.items():
        label = one_label(list(words[identity]), region.where, losses)
        if label is not None:
            boxes = _boxes(identity, label, region, size_hw(samples[0]), wanted, losses)
            if not boxes:
                losses.add("track.outside_frames")
            for index, box in boxes:
                found.setdefault(index, []).append(box)
    if wanted == {None}:
        return tuple(
            replace(samples[0], frame_index=index, boxes=tuple(found[index]))
            for index in sorted(found)
        )
    return tuple(
        replace(sample, boxes=tuple(found.get(sample.frame_index or 0, ()))) for sample in samples
    )


def _entry(
    identity: str,
    label: str,
    track: Mapping[int, Box],
    frames: Sequence[Sample],
    frame_rate_hz: float,
    tolerance_px: float,
) -> dict[str, Any]:
    rests = [rest_of(box) for box in track.values()]
    shared = {
        key: rests[0][key]
        for key in _LASTING
        if key in rests[0] and all(rest.get(key) == rests[0][key] for rest in rests)
    }
    sequence = []
    for row in _needed(track, frames, tolerance_px) if tolerance_px else track:
        box, frame = track[row], _frame(frames[row])
        rest = {"frame": frame}
        rest |= {key: value for key, value in rest_of(box).items() if key not in shared}
        for name in ("score", "is_occluded"):
            if getattr(box, name) is not None:
                rest[name] = getattr(box, name)
        sequence.append(
            {
                **percent(box, size_hw(frames[row])),
                "frame": frame,
                "time": frame / frame_rate_hz,
                "enabled": row + 1 in track,
                META: rest,
            }
        )
    num_frames = _frame(frames[-1])
    scores = [box.score for box in track.values() if box.score is not None]
    entry = {
        "id": identity,
        "from_name": BOX,
        "to_name": VIDEO,
        "type": "videorectangle",
        "value": {
            "framesCount": num_frames,  # the editor counts again when it has loaded the video
            "duration": num_frames / frame_rate_hz,
            "sequence": sequence,
            "labels": [label],
        },
        "meta": {META: {"track_id": None, **shared}},
    }
    return entry | ({"score": sum(scores) / len(scores)} if scores else {})


def _needed(
    track: Mapping[int, Box], frames: Sequence[Sample], tolerance_px: float
) -> Iterator[int]:
    """The rows of a track from which the others follow in straight lines (Douglas, Peucker)."""
    rows = sorted(track)
    starts = [row for row in rows if row - 1 not in track]
    ends = [row for row in rows if row + 1 not in track]
    for first, last in zip(starts, ends, strict=True):
        kept, spans = {first, last}, [(first, last)]
        while spans:
            before, after = spans.pop()
            distance_px, row = max(
                (
                    (_off_px(track, frames, before, row, after), row)
                    for row in range(before + 1, after)
                ),
                default=(0.0, 0),
            )
            if distance_px > tolerance_px:
                kept.add(row)
                spans += [(before, row), (row, after)]
        yield from sorted(kept)


def _off_px(
    track: Mapping[int, Box], frames: Sequence[Sample], before: int, row: int, after: int
) -> float:
    """How far the sides of a box are from the straight line between two others, at most."""
    start, frame, end = (_frame(frames[each]) for each in (before, row, after))
    share = (frame - start) / (end - start)
    return max(
        abs(one + share * (other - one) - side)
        for one, side, other in zip(
            track[before].xyxy_px, track[row].xyxy_px, track[after].xyxy_px, strict=True
        )
    )


def _frame(sample: Sample) -> int:
    if sample.frame_index is None:
        raise LabelError(f"sample '{sample.key}': expected a frame of the video, got the whole")
    return sample.frame_index + 1


def _boxes(
    identity: str,
    label: str,
    region: Result,
    image_size_hw: tuple[int, int],
    wanted: set[int | None],
    losses: Losses,
) -> list[tuple[int, Box]]:
    """The boxes of a track by frame index, in the wanted frames; {None}: in every frame."""
    keyframes = _keyframes(region)
    shared = region.meta.get(META, {})
    if not isinstance(shared, Mapping):
        raise LabelError(f"{region.where}: expected an object '{META}', got {shared!r}")
    last = round(number(region.value, "framesCount", region.where)) if wanted == {None} else None
    boxes = []
    for index, shape in _shapes(keyframes, wanted, last):
        rest = shape.get(META)
        own = {}
        if isinstance(rest, Mapping) and rest.get("frame") == index + 1:
            own = {key: value for key, value in rest.items() if key != "frame"}
        rest = {"track_id": identity, **shared, **own}
        xyxy_px = corners_px(shape, image_size_hw, region.where, losses)
        boxes.append((index, box_of(xyxy_px, label, rest, region.where)))
    return boxes


def _shapes(
    keyframes: Sequence[Keyframe], wanted: set[int | None], last: int | None
) -> Iterable[tuple[int, Keyframe]]:
    """The rectangle in each wanted frame, by index from 0, in ascending order."""
    ends = [*keyframes[1:], None]
    for before, after in zip(keyframes, ends, strict=True):
        start = before["frame"]
        if after is not None:
            stop = after["frame"]
        else:
            stop = (last or max((index or 0) + 1 for index in wanted)) + 1
        if not before["enabled"]:
            stop = start + 1
        for frame in range(start, max(stop, start + 1)):
            if last is not None or frame - 1 in wanted:
                yield frame - 1, _between(before, after, frame)


def _between(before: Keyframe, after: Keyframe | None, frame: int) -> Keyframe:
    if after is None or frame == before["frame"]:
        return before
    share = (frame - before["frame"]) / (after["frame"] - before["frame"])
    shape = {key: before[key] + share * (after[key] - before[key]) for key in _SHAPE}
    turn = (after["rotation"] - before["rotation"] + 180) % 360 - 180  # the shorter way round
    return shape | {"rotation": before["rotation"] + share * turn}


def _keyframes(region: Result) -> list[Keyframe]:
    """The keyframes, by frame.

    Raises:
        LabelError: there is none, one is broken, or two stand at one frame.
    """
    sequence = region.value.get("sequence")
    if not isinstance(sequence, list) or not sequence:
        raise LabelError(f"{region.where}: expected keyframes in 'sequence', got {sequence!r}")
    keyframes: list[Keyframe] = []
    for entry in sequence:
        if not isinstance(entry, Mapping):
            raise LabelError(f"{region.where}: expected an object a keyframe, got {entry!r}")
        frame = number(entry, "frame", region.where)
        if not 1 <= frame <= _MAX_FRAMES or frame != int(frame):
            raise LabelError(f"{region.where}: expected a frame from 1 on, got {frame:g}")
        shape = {key: number({"rotation": 0, **entry}, key, region.where) for key in _SHAPE}
        keyframes.append(
            {META: entry.get(META), **shape}
            | {"frame": int(frame), "enabled": bool(entry.get("enabled", True))}
        )
    keyframes.sort(key=lambda keyframe: int(keyframe["frame"]))
    for before, after in pairwise(keyframes):
        if before["frame"] == after["frame"]:
            raise LabelError(f"{region.where}: expected one keyframe at frame {before['frame']}")
    return keyframes
