"""Pictures of formats that name them in their own way, and text files read line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from datasets.samples import PICTURE_SUFFIXES, Sample
from serving.core.errors import LabelError

FRAME_SUFFIX = ".jpg"
"""Of a frame that is taken from its video and becomes a picture."""

_PICTURE_FOLDERS = {"images", "jpegimages"}


def layout_name(sample: Sample) -> str:
    """What the picture of a sample is called in a layout of pictures.

    The folders that layouts begin with are left out, and a frame of a video is named after both:
    `door.avi#12` is `door_000012.jpg`.
    """
    path = PurePosixPath(sample.path)
    parts = path.parts
    if len(parts) > 1 and parts[0].lower() in _PICTURE_FOLDERS:
        path = PurePosixPath(*parts[1:])
    if sample.frame_index is None:
        return path.as_posix()
    return path.with_name(f"{path.stem}_{sample.frame_index:06}{FRAME_SUFFIX}").as_posix()


def pictures_below(root: Path, folder: str) -> Iterator[str]:
    """The pictures in a folder and the folders in it, sorted, relative to `root`."""
    for path in sorted((root / folder).rglob("*")):
        if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file():
            yield path.relative_to(root).as_posix()


def is_one_line(text: str) -> bool:
    """Whether `read_lines` gives it back as one line."""
    return not set("\n\r") & set(text)


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """The lines of a text file in UTF-8, without their ends, each with `file:line`.

    Raises:
        LabelError: no such file, or one that is no text.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                yield f"{path}:{number}", line.rstrip("\n")
    except OSError as error:
        raise LabelError(f"{path}: expected a text file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: expected a text file in UTF-8, got {error.reason}") from error
