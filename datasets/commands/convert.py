"""Write labels of one format in another, with their pictures, without making a data set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.commands.format_options import (
    add_format_arguments,
    add_reading_arguments,
    exit_code,
    format_of,
    media_of,
    over_video,
    print_losses,
    takes_class_names,
)

if TYPE_CHECKING:
    from datasets.formats.format import Format

NAME = "convert"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("format", help="of the labels, such as coco; any other word lists them")
    parser.add_argument("root", type=Path, help="the folder or file of the labels")
    parser.add_argument("into_format", help="the format to write")
    parser.add_argument("into", type=Path, help="the folder to make")
    add_reading_arguments(parser)
    add_format_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Convert sample by sample, and say what was lost on the way."""
    from datasets.formats.format import Losses
    from datasets.transfer import export_samples

    before, after = _formats(options)
    reading, writing = Losses(), Losses()
    pictures = options.root if options.root.is_dir() else options.root.parent
    export_samples(
        after,
        over_video(before, options.video).read(options.root, reading),
        options.media or pictures,
        options.into,
        writing,
        media_of(options),
    )
    print(f"{options.format} as {options.into_format}: {options.into}")
    print_losses(reading, "a sample")
    print_losses(writing, options.into_format)
    return exit_code(options, reading, writing)


def _formats(options: argparse.Namespace) -> tuple[Format, Format]:
    """The format to read and the one to write; class names go to those that take them."""
    before, after = format_of(options.format), format_of(options.into_format)
    if options.class_names is None:
        return before, after
    if takes_class_names(before):
        before = format_of(options.format, options.class_names)
    if takes_class_names(after) or not takes_class_names(before):
        after = format_of(options.into_format, options.class_names)
    return before, after
