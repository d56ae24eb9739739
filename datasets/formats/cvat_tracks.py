"""Tracks of CVAT XML 1.1: a video's objects, each with its boxes frame by frame.

A box stands for its frame and those after it, up to the track's next box: CVAT moves it in a
straight line from one to the other. A box that is `outside` ends that: the object is out of sight
until the next one. Boxes between two that a person set, which CVAT writes with `keyframe="0"` or
leaves out, have the property `keyframe` "0".

Which frames were labelled stands in `start_frame`, `stop_frame` and `frame_filter`; without them
these are the frames that show something. So frames without boxes are held where the frames of a
video are evenly spaced, as all or every fifth. CVAT numbers tracks: another id is an attribute, and
a box without one gets a number.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise
from pathlib import Path, PurePosixPath
from typing import TypeVar

from datasets.files import open_atomically
from datasets.formats.cvat_boxes import NATIVE, box_from, box_text, group_id, held_box, is_set
from datasets.formats.format import Losses, Place
from datasets.formats.held import count_box, count_sample
from datasets.formats.splits import split_of, word_of
from datasets.formats.tables import checked_path
from datasets.formats.xml_files import Element, leaf, start_tag, whole_of
from datasets.samples import VIDEO_SUFFIXES, Box, Sample, Split
from serving.core.errors import LabelError

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n'
END = "</annotations>\n"

_KEYFRAME = "keyframe"
_T = TypeVar("_T")
_MAX_FRAME = 10_000_000
"""Weeks of video: more is a mistake, and would be walked through frame by frame."""

_NO_SUBSET = ("", "default")


@dataclass(frozen=True, slots=True)
class _Shape:
    frame: int
    is_outside: bool
    box: Box


@dataclass(frozen=True, slots=True)
class _Grid:
    """The frames that were labelled; `stop` is the last one, None where it is not known."""

    start: int = 0
    stop: int | None = None
    step: int = 1

    def frames(self) -> range:
        return range(self.start, self.start if self.stop is None else self.stop + 1, self.step)

    def between(self, frame: int, end: int | None) -> range:
        """The frames behind one, before `end` or up to the last one."""
        last = end if end is not None else frame if self.stop is None else self.stop + 1
        return range(frame + self.step, last, self.step)


class VideoLabels:
    """What a file says of its video; the boxes of one video are kept in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.meta: Element | None = None
        self.tracks: list[tuple[str, list[_Shape]]] = []

    def take_meta(self, meta: Element) -> None:
        """Remember what stands above the tracks."""
        self.meta = meta

    def take_track(self, track: Element, losses: Losses) -> None:
        """Read one track.

        Raises:
            LabelError: a value is missing or broken, or a frame stands twice.
        """
        id_ = track.get("id") or ""
        where = f"{self.path}, track {id_}"
        shapes: dict[int, _Shape] = {}
        for element in track:
            if element.tag != "box":
                losses.add(element.tag)
                continue
            frame = whole_of(element.get("frame"), "frame", where)
            at = f"{where}, frame {frame}"
            if frame in shapes or frame > _MAX_FRAME:
                raise LabelError(f"{at}: expected each frame once, up to {_MAX_FRAME:,}")
            box = _track_box(element, track, id_, at, losses)
            shapes[frame] = _Shape(frame, is_set(element, "outside", at), box)
        self.tracks.append((where, [shapes[frame] for frame in sorted(shapes)]))

    def text(self, tag: str) -> str | None:
        """What the meta element says."""
        return None if self.meta is None else self.meta.findtext(f".//{tag}")

    def grid(self) -> _Grid:
        """Which frames were labelled.

        Raises:
            LabelError: a broken number.
        """
        where = f"{self.path}, meta"
        words = re.fullmatch(
            r"\s*step\s*=\s*([0-9]{1,9})\s*", self.text("frame_filter") or "step=1"
        )
        step = int(words[1]) if words else 0
        if step < 1:
            raise LabelError(
                f"{where}: expected a frame_filter as step=5, got {self.text('frame_filter')!r}"
            )
        if self.text("start_frame") is None or self.text("stop_frame") is None:
            return _Grid(step=step)
        start = whole_of(self.text("start_frame"), "start_frame", where)
        stop = whole_of(self.text("stop_frame"), "stop_frame", where)
        if stop > _MAX_FRAME:
            raise LabelError(f"{where}: expected frames up to {_MAX_FRAME:,}, got {stop}")
        return _Grid(start, stop, step)

    def size_hw(self) -> tuple[int, int] | None:
        """Height and width of the video."""
        if self.text("original_size/width") is None:
            return None
        width = whole_of(self.text("original_size/width"), "width", str(self.path))
        return whole_of(self.text("original_size/height"), "height", str(self.path)), width

    def video(self) -> str:
        """The video's name: as the file says it, or the file's own without `.xml`.

        Raises:
            LabelError: neither says one, or there are several.
        """
        sources = {e.text for e in self.meta.iter("source")} if self.meta is not None else set()
        names = [source for source in sources if source]
        if not names and PurePosixPath(self.path.stem).suffix.lower() in VIDEO_SUFFIXES:
            names = [self.path.stem]
        if len(names) != 1:
            raise LabelError(
                f"{self.path}: expected the name of one video in <source>, got {sorted(names)}"
            )
        return names[0]


def split_of_subset(subset: str | None, losses: Losses) -> Split | None:
    """The split that CVAT's word means."""
    split = split_of(subset or "")
    losses.add("subset", split is None and (subset or "").lower() not in _NO_SUBSET)
    return split


def video_samples(
    labels: VideoLabels, folder: PurePosixPath, video: str | None, losses: Losses
) -> Iterator[Sample]:
    """The labelled frames of a video.

    Raises:
        LabelError: no such video is named, or a box is in a frame that was not labelled.
    """
    is_video = labels.text("mode") == "interpolation"
    if not labels.tracks and not is_video:
        return
    grid = labels.grid()
    boxes: dict[int, list[Box]] = {frame: [] for frame in grid.frames()}
    for where, shapes in labels.tracks:
        for frame, box in _shown(shapes, grid):
            if grid.stop is not None and frame not in boxes:
                raise LabelError(
                    f"{where}: expected frames {grid.start} to {grid.stop}, one in {grid.step}, "
                    f"got {frame}"
                )
            boxes.setdefault(frame, []).append(box)
    if not boxes:
        return
    path = (folder / checked_path(video or labels.video(), f"{labels.path}")).as_posix()
    split, size_hw = split_of_subset(labels.text("subset"), losses), labels.size_hw()
    for frame in sorted(boxes):
        yield Sample(path, frame, size_hw, split=split, boxes=tuple(boxes[frame]))


def _track_box(element: Element, track: Element, id_: str, at: str, losses: Losses) -> Box:
    box = box_from(element, track.get("label"), at, losses)
    group = track.get("group_id", "0")
    values = {"track_id": box.track_id or id_}
    if box.group is None and group != "0":
        values["group"] = group
    box = replace(box, **values)  # type: ignore[arg-type]
    is_set_by_hand = element.get(_KEYFRAME) is None or is_set(element, _KEYFRAME, at)
    return box if is_set_by_hand else _moved(box)


def _moved(box: Box) -> Box:
    """The box as one that nobody set."""
    return replace(box, properties={**box.properties, _KEYFRAME: "0"})


def _shown(shapes: Sequence[_Shape], grid: _Grid) -> Iterator[tuple[int, Box]]:
    """Each frame in which the object is seen, with its box there."""
    ends: list[_Shape | None] = [*shapes[1:], None]
    for shape, after in zip(shapes, ends, strict=True):
        if shape.is_outside:
            continue
        yield shape.frame, shape.box
        for frame in grid.between(shape.frame, None if after is None else after.frame):
            yield frame, _moved(_at(frame, shape, after or shape))


def _at(frame: int, before: _Shape, after: _Shape) -> Box:
    """The box on its way in a straight line."""
    share = (frame - before.frame) / ((after.frame - before.frame) or 1)
    corners = zip(before.box.xyxy_px, after.box.xyxy_px, strict=True)
    left, top, right, bottom = (start + (end - start) * share for start, end in corners)
    return replace(before.box, xyxy_px=(left, top, right, bottom))


def write_video(samples: Sequence[Sample], path: Path, losses: Losses, place: Place) -> bool:
    """Write the tracks of one video's frames; whether there were any to write.

    Raises:
        LabelError: a text that XML cannot hold.
    """
    samples = sorted(samples, key=lambda sample: sample.frame_index or 0)
    grid = _grid_of([sample.frame_index or 0 for sample in samples])
    if grid.stop is None:
        shown = [sample for sample in samples if sample.boxes]
        losses.add("sample", len(samples) - len(shown))
        samples = shown
    if not samples:
        return False
    size_hw = _one({sample.image_size_hw for sample in samples})
    split = _one({sample.split for sample in samples})
    for sample in samples:
        held = Sample(sample.path, sample.frame_index, image_size_hw=size_hw, split=split)
        count_sample(sample, held, losses)
    with open_atomically(path) as file:
        where = f"video '{samples[0].path}'"
        file.write(f"{HEAD}{_meta_text(samples[0], grid, size_hw, split)}".encode())
        for (id_, label, group, _), shapes in _tracks(samples, losses).items():
            head = start_tag("track", where, id=id_, label=label, source="manual", group_id=group)
            file.write(f"{head}\n{_shapes_text(shapes, grid, where)}</track>\n".encode())
        file.write(END.encode())
    for sample in samples:
        place(sample, sample.path)
    return True


def _grid_of(frames: Sequence[int]) -> _Grid:
    """The frames, where they are evenly spaced."""
    steps = {after - before for before, after in pairwise(frames)} or {1}
    if len(steps) > 1:
        return _Grid()
    return _Grid(frames[0], frames[-1], steps.pop())


def _one(values: set[_T]) -> _T | None:
    """The only value, if there is only one."""
    return values.pop() if len(values) == 1 else None


_TrackKey = tuple[str, str, str | None, int]
"""Id, label, group, and which of several such boxes in one frame."""


def _tracks(samples: Iterable[Sample], losses: Losses) -> Mapping[_TrackKey, list[_Shape]]:
    """The boxes by track, each with what is read back of it counted."""
    named = {box.track_id for sample in samples for box in sample.boxes}
    numbers = (text for text in map(str, count()) if text not in named)
    number_of: dict[str, str] = {}
    found: dict[_TrackKey, list[_Shape]] = defaultdict(list)
    for sample in samples:
        times: dict[tuple[str, str, str | None], int] = defaultdict(int)
        for box in sample.boxes:
            kept = held_box(box)
            if kept.track_id is None:
                kept = replace(kept, track_id=next(numbers))
            count_box(box, kept, losses)
            id_ = kept.track_id or ""
            if not _is_number(id_):
                id_ = number_of.setdefault(id_, next(numbers))
            key = (id_, kept.label, group_id(kept))
            found[(*key, times[key])].append(_Shape(sample.frame_index or 0, False, kept))
            times[key] += 1
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")


def _shapes_text(shapes: Sequence[_Shape], grid: _Grid, where: str) -> str:
    """The boxes of a track, and where it is out of sight before the next one, that it is."""
    ends: list[int | None] = [*(shape.frame for shape in shapes[1:]), None]
    text = ""
    for shape, after in zip(shapes, ends, strict=True):
        text += _shape_text(shape, where)
        gone = shape.frame + grid.step
        if gone != after and (grid.stop is None or gone <= grid.stop):
            text += _shape_text(replace(shape, frame=gone, is_outside=True), where)
    return text


def _shape_text(shape: _Shape, where: str) -> str:
    box = shape.box
    is_moved = box.properties.get(_KEYFRAME) == "0" and not shape.is_outside
    if shape.is_outside:
        box = Box(box.xyxy_px, box.label, is_occluded=box.is_occluded)
    elif is_moved:
        others = {name: text for name, text in box.properties.items() if name != _KEYFRAME}
        box = replace(box, properties=others)
    native = NATIVE if group_id(box) is None else (*NATIVE, "group")
    if box.track_id is not None and _is_number(box.track_id):
        native = (*native, "track_id")
    return box_text(
        *(box, where, native),
        frame=shape.frame,
        keyframe=int(not is_moved),
        outside=int(shape.is_outside),
    )


def _meta_text(
    sample: Sample, grid: _Grid, size_hw: tuple[int, int] | None, split: Split | None
) -> str:
    where = f"video '{sample.path}'"
    lines = ["<mode>interpolation</mode>"]
    if grid.stop is not None:
        lines += [
            leaf("size", len(grid.frames()), where),
            leaf("start_frame", grid.start, where),
            leaf("stop_frame", grid.stop, where),
            leaf("frame_filter", f"step={grid.step}", where),
        ]
    if split is not None:
        lines.append(leaf("subset", word_of(split), where))
    if size_hw is not None:
        inner = leaf("width", size_hw[1], where) + leaf("height", size_hw[0], where)
        lines.append(f"<original_size>{inner}</original_size>")
    lines.append(leaf("source", PurePosixPath(sample.path).name, where))
    return "\n".join(["<meta><task>", *lines, "</task></meta>", ""])
