"""What the commands that read and write formats have in common."""

from __future__ import annotations

import argparse
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from serving.core.errors import ConfigError

if TYPE_CHECKING:
    from datasets.formats.format import Format, Losses
    from datasets.transfer import Media

_CLASS_NAMES = "class_names"
_VIDEO = "video"


def add_format_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what every one of them takes."""
    parser.add_argument(
        "--class-names",
        metavar="A,B",
        help="the classes in the order of their numbers, for formats that number them",
    )
    media = parser.add_mutually_exclusive_group()
    media.add_argument("--copy", action="store_true", help="copy pictures, where links would do")
    media.add_argument(
        "--labels-only", action="store_true", help="leave the pictures where they are"
    )
    parser.add_argument(
        "--strict", action="store_true", help="end with code 1 when anything was lost"
    )


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what says where pictures and videos are that labels do not lie beside."""
    parser.add_argument(
        "--media", type=Path, help="the folder of the pictures, if it is not that of the labels"
    )
    parser.add_argument(
        "--video", help="the video whose frames are labelled, where the labels do not name it"
    )


def media_of(options: argparse.Namespace) -> Media:
    """What becomes of the pictures."""
    from datasets.transfer import Media

    if options.labels_only:
        return Media.NONE
    return Media.COPY if options.copy else Media.LINK


def format_of(name: str, class_names: str | None = None) -> Format:
    """The format of this name, with these classes where they are given.

    Raises:
        ConfigError: no such format, or one that takes no class names.
    """
    from datasets.formats.known import FORMATS

    if name not in FORMATS:
        raise ConfigError(f"format: expected one of {sorted(FORMATS)}, got '{name}'")
    found = FORMATS[name]
    if class_names is None:
        return found
    if not takes_class_names(found):
        raise ConfigError(f"--class-names: expected a format that numbers classes, got '{name}'")
    names = tuple(filter(None, (part.strip() for part in class_names.split(","))))
    return _with(found, _CLASS_NAMES, names)


def takes_class_names(found: Format) -> bool:
    """Whether the format numbers classes, and can be told their order."""
    return _takes(found, _CLASS_NAMES)


def over_video(found: Format, video: str | None) -> Format:
    """The format, told which video its frames are of.

    Raises:
        ConfigError: it cannot be told.
    """
    if video is None:
        return found
    if not _takes(found, _VIDEO):
        raise ConfigError("--video: expected a format with frames of a video that it does not name")
    return _with(found, _VIDEO, video)


def _takes(found: Format, option: str) -> bool:
    return is_dataclass(found) and any(field.name == option for field in fields(found))


def _with(found: Format, option: str, value: object) -> Format:
    return replace(found, **{option: value})  # type: ignore[type-var]


def print_losses(losses: Losses, holder: str) -> None:
    """Say what was lost because `holder` cannot hold it."""
    if losses:
        print(f"lost, as {holder} cannot hold it:")
        print("\n".join(losses.lines()))


def exit_code(options: argparse.Namespace, *losses: Losses) -> int:
    """0 when the work was done, and with `--strict` 1 when something was lost."""
    return int(options.strict and any(losses))
