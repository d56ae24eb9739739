"""Typed samples: one picture, one labelled frame of a video, or one clip, with what is known of it.

This is the one form in which every format is read, checked, split, labelled and trained on. A data
set keeps them in `samples.jsonl`, one a line; `datasets.dataset` reads and writes that file.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from pydantic import ConfigDict, ValidationError

from serving.core.labels import AgeBand, Gender, Mask

VIDEO_SUFFIXES = frozenset({".avi", ".gif", ".mkv", ".mov", ".mp4", ".ts", ".webm"})
"""Endings, in lower case, of files that hold more than one picture."""

PICTURE_SUFFIXES = frozenset(
    {".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Endings, in lower case, of files that hold one picture."""

STRICT = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=False)
"""How values are read from files: of the stated type, and nothing that is not known."""


class Split(StrEnum):
    """What a sample is for; re-identification searches a gallery for each query."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    QUERY = "query"
    GALLERY = "gallery"


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is known of one person; None is "not labelled"."""

    __pydantic_config__ = STRICT

    age_band: AgeBand | None = None
    age_years: float | None = None
    gender: Gender | None = None
    mask: Mask | None = None

    def __post_init__(self) -> None:
        if self.age_years is not None and not 0 <= self.age_years <= 130:
            raise ValueError(f"age_years: expected 0 to 130, got {self.age_years}")


NO_ATTRIBUTES = Attributes()


@dataclass(frozen=True, slots=True)
class Box:
    """One object in a picture.

    Args:
        xyxy_px: left, top, right, bottom, in pixels of the picture as it is shown (EXIF rotation
            applied), x right and y down, (0, 0) the outer corner of the first pixel.
        label: the class by name, such as `person`.
        track_id: the same object in other frames of the same video or sequence.
        identity: the same person in other videos and cameras.
        group: ties boxes of one object together, as a head and a body.
        score: of a prediction, in [0, 1]; None for a label.
        is_ignored: neither to be found nor wrong when it is: a crowd, too far, too unclear.
        is_occluded: partly hidden; None where nobody said.
        visibility: the share that can be seen, in [0, 1].
        xyz_m: where it stands in the world, in metres.
        attributes: of the person.
        properties: what else a format says of it, by name, as text.
    """

    __pydantic_config__ = STRICT

    xyxy_px: tuple[float, float, float, float]
    label: str
    track_id: str | None = None
    identity: str | None = None
    group: str | None = None
    score: float | None = None
    is_ignored: bool = False
    is_occluded: bool | None = None
    visibility: float | None = None
    xyz_m: tuple[float, float, float] | None = None
    attributes: Attributes = NO_ATTRIBUTES
    properties: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        left, top, right, bottom = self.xyxy_px
        if not all(map(math.isfinite, self.xyxy_px)):
            raise ValueError(f"xyxy_px: expected finite numbers, got {list(self.xyxy_px)}")
        if right < left or bottom < top:
            raise ValueError(
                f"xyxy_px: expected left ≤ right and top ≤ bottom, got {list(self.xyxy_px)}"
            )
        if not self.label:
            raise ValueError("label: expected a class name, got ''")
        for name, share in (("score", self.score), ("visibility", self.visibility)):
            if share is not None and not 0 <= share <= 1:
                raise ValueError(f"{name}: expected a share in [0, 1], got {share}")


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something happens in a clip, in seconds from its start."""

    __pydantic_config__ = STRICT

    start_s: float
    end_s: float
    label: str
    score: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start_s <= self.end_s < math.inf:
            raise ValueError(
                f"span '{self.label}': expected 0 ≤ start_s ≤ end_s, "
                f"got {self.start_s} and {self.end_s}"
            )
        if not self.label:
            raise ValueError("label: expected a class name, got ''")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who labelled a sample and when, in seconds UTC."""

    __pydantic_config__ = STRICT

    labelled_by: str
    labelled_at: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture, labelled frame or clip.

    Args:
        path: the file, relative to the data set's folder, with `/`; several frames share a video.
        frame_index: which frame of the video `path`, from 0; None for a picture or a whole clip.
        image_size_hw: height and width as shown; None where they are not known.
        camera: the camera's id.
        captured_at: seconds UTC.
        source: the recording that it was cut from; samples of one source belong in one split.
        split: what it is for; None before it is decided.
        is_labelled: whether someone looked: without boxes it then shows nobody.
        label: the class of the whole picture or clip.
        identity: whom the whole picture shows.
        attributes: of the one person whom the whole picture shows.
        boxes: the objects in the picture.
        spans: what happens in the clip.
        duration_s: of the clip.
        tags: words that a person or a tool put on it.
        provenance: who labelled it, the last one last.
        properties: what else a format says of it, by name, as text.
    """

    __pydantic_config__ = STRICT

    path: str
    frame_index: int | None = None
    image_size_hw: tuple[int, int] | None = None
    camera: str | None = None
    captured_at: float | None = None
    source: str | None = None
    split: Split | None = None
    is_labelled: bool = True
    label: str | None = None
    identity: str | None = None
    attributes: Attributes = NO_ATTRIBUTES
    boxes: tuple[Box, ...] = ()
    spans: tuple[Span, ...] = ()
    duration_s: float | None = None
    tags: tuple[str, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_relative(self.path)
        if self.frame_index is not None and self.frame_index < 0:
            raise ValueError(f"frame_index: expected at least 0, got {self.frame_index}")
        if self.image_size_hw is not None and min(self.image_size_hw) < 1:
            raise ValueError(
                f"image_size_hw: expected a positive height and width, got {self.image_size_hw}"
            )

    @property
    def key(self) -> str:
        """What names this sample in its data set: the path, and `#` and the frame of a video."""
        return self.path if self.frame_index is None else f"{self.path}#{self.frame_index}"

    @property
    def is_video(self) -> bool:
        """Whether `path` is a video: the sample is a frame of it, or the whole clip."""
        return PurePosixPath(self.path).suffix.lower() in VIDEO_SUFFIXES


def check_relative(path: str) -> None:
    """Check that a path stays inside the folder that it is relative to.

    Raises:
        ValueError: it is empty, absolute, a way out (`..`), or written with backslashes.
    """
    is_inside = path.strip("./") and path[0] != "/" and ".." not in path.split("/")
    if not is_inside or "\\" in path or "\0" in path:
        raise ValueError(f"path: expected one inside the data set's folder, got {path!r}")


def repeated_keys(samples: Iterable[Sample]) -> list[str]:
    """Keys that more than one sample has."""
    times = Counter(sample.key for sample in samples)
    return [key for key, count in times.items() if count > 1]


def class_names(samples: Iterable[Sample]) -> list[str]:
    """The names of all classes of boxes, sorted."""
    return sorted({box.label for sample in samples for box in sample.boxes})


def in_words(error: ValidationError) -> str:
    """The first thing that is wrong: key, what was expected, what was got."""
    first = error.errors(include_url=False)[0]
    key = ".".join(map(str, first["loc"]))
    where = f"{key}: " if key else ""
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("value_error", "json_invalid"):
        return f"{where}{message}"
    return f"{where}{message.lower()}, got {first['input']!r}"
