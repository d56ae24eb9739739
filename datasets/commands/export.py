"""Write a data set in another format, with its pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from datasets.commands.format_options import (
    add_format_arguments,
    exit_code,
    format_of,
    media_of,
    print_losses,
)

NAME = "export"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="of the data set")
    parser.add_argument("format", help="to write, such as yolo; any other word lists them")
    parser.add_argument("root", type=Path, help="the folder to make")
    add_format_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Export, and say what the format could not hold; 1 when that is every sample."""
    from datasets.dataset import Dataset
    from datasets.formats.format import Losses
    from datasets.transfer import export_samples

    wanted = format_of(options.format, options.class_names)
    dataset = Dataset.load(options.folder)
    losses = Losses()
    export_samples(wanted, dataset.samples, dataset.folder, options.root, losses, media_of(options))
    num_written = len(dataset.samples) - losses.counts["sample"]
    print(
        f"{num_written:,} of {len(dataset.samples):,} samples as {options.format}: {options.root}"
    )
    print_losses(losses, options.format)
    if dataset.samples and not num_written:
        return 1
    return exit_code(options, losses)
