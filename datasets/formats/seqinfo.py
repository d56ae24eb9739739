"""`seqinfo.ini` of the MOT challenges: how long a sequence is, how large, and how fast.

The format means every frame to be labelled. Where that is not so, a section `[Footfall]`, which
other tools pass over, lists the frames that there are and those that someone looked at: `1-3,7`.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from datasets.formats.mot import MAX_FRAME
from serving.core.errors import LabelError

FILE_NAME = "seqinfo.ini"

FRAME_RATE = "frame_rate_hz"
"""The property of a sample that says how many frames a second its sequence has."""

_SECTION = "Sequence"
_OWN_SECTION = "Footfall"
_KNOWN = {"name", "imdir", "framerate", "seqlength", "imwidth", "imheight", "imext"}
_RANGE = re.compile(r"(\d+)(?:-(\d+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SequenceInfo:
    """What the file says; `frames` and `labelled` are numbers from 1, None for all of them."""

    num_frames: int
    picture_folder: str = "img1"
    suffix: str = ".jpg"
    image_size_hw: tuple[int, int] | None = None
    frame_rate_hz: str | None = None
    frames: tuple[int, ...] | None = None
    labelled: frozenset[int] | None = None
    unknown_keys: tuple[str, ...] = ()

    def picture(self, number: int) -> str:
        """The path of a frame's picture below the sequence's folder."""
        return f"{self.picture_folder}/{number:06d}{self.suffix}"


def read_info(path: Path) -> SequenceInfo:
    """The file, checked.

    Raises:
        LabelError: it is missing or broken; names the key, expected and got.
    """
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
        values = dict(parser[_SECTION])
    except OSError as error:
        raise LabelError(f"{path}: expected a sequence's file: {error.strerror}") from error
    except (configparser.Error, UnicodeDecodeError, KeyError) as error:
        raise LabelError(f"{path}: expected a section [{_SECTION}], got: {error}") from error
    own = dict(parser[_OWN_SECTION]) if parser.has_section(_OWN_SECTION) else {}
    rate = values.get("framerate")
    if rate is not None and not is_rate(rate):
        raise LabelError(f"{path}: expected a number of frames a second, got {rate!r}")
    num_frames = _whole(values, "seqlength", f"{path}", least=0)
    frames = _numbers(own, "frames", num_frames, f"{path}")
    labelled = _numbers(own, "labelled", num_frames, f"{path}")
    return SequenceInfo(
        num_frames,
        values.get("imdir", "img1"),
        values.get("imext", ".jpg"),
        _size_hw(values, f"{path}"),
        rate,
        frames,
        None if labelled is None else frozenset(labelled),
        tuple(key for key in values if key not in _KNOWN),
    )


def info_text(name: str, info: SequenceInfo) -> str:
    """The content of the file, for a sequence of this name."""
    lines = [f"[{_SECTION}]", f"name={name}", f"imDir={info.picture_folder}"]
    if info.frame_rate_hz is not None:
        lines.append(f"frameRate={info.frame_rate_hz}")
    lines.append(f"seqLength={info.num_frames}")
    if info.image_size_hw is not None:
        height, width = info.image_size_hw
        lines += [f"imWidth={width}", f"imHeight={height}"]
    lines.append(f"imExt={info.suffix}")
    if info.frames is not None or info.labelled is not None:
        lines += ["", f"[{_OWN_SECTION}]"]
    if info.frames is not None:
        lines.append(f"frames={_ranges(info.frames)}")
    if info.labelled is not None:
        lines.append(f"labelled={_ranges(sorted(info.labelled))}")
    return "\n".join([*lines, ""])


def is_rate(text: str) -> bool:
    """Whether a text says how many frames a second: `7`, `29.97`."""
    return re.fullmatch(r"\d{1,6}(\.\d{1,9})?", text, re.ASCII) is not None and float(text) > 0


def _size_hw(values: dict[str, str], where: str) -> tuple[int, int] | None:
    if "imwidth" not in values and "imheight" not in values:
        return None
    return _whole(values, "imheight", where, least=1), _whole(values, "imwidth", where, least=1)


def _whole(values: dict[str, str], key: str, where: str, least: int) -> int:
    text = values.get(key, "none")
    is_number = re.fullmatch(r"\d{1,9}", text, re.ASCII) is not None
    if not is_number or not least <= int(text) <= MAX_FRAME:
        raise LabelError(f"{where}: expected a whole number from {least} as '{key}', got {text}")
    return int(text)


def _numbers(
    values: dict[str, str], key: str, num_frames: int, where: str
) -> tuple[int, ...] | None:
    if key not in values:
        return None
    numbers: list[int] = []
    for part in filter(None, values[key].split(",")):
        found = _RANGE.fullmatch(part)
        first = int(found[1]) if found else 0
        last = int(found[2] or first) if found else 0
        if not (numbers[-1] if numbers else 0) < first <= last <= num_frames:
            raise LabelError(
                f"{where}: expected ascending frames up to {num_frames} as '{key}', got {part!r}"
            )
        numbers += range(first, last + 1)
    return tuple(numbers)


def _ranges(numbers: Iterable[int]) -> str:
    """Ascending numbers in short: `1-3,7`."""
    return ",".join(
        f"{first}" if first == last else f"{first}-{last}" for first, last in _runs(numbers)
    )


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    listed = list(numbers)
    if listed:
        breaks = [(a, b) for a, b in pairwise(listed) if b != a + 1]
        firsts = [listed[0], *(b for _, b in breaks)]
        lasts = [*(a for a, _ in breaks), listed[-1]]
        yield from zip(firsts, lasts, strict=True)
