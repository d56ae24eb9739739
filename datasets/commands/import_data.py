"""Make a data set of a folder of labels in another format, and of their pictures."""

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
)

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.samples import Split

NAME = "import"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("format", help="of the labels, such as coco; any other word lists them")
    parser.add_argument("root", type=Path, help="the folder or file of the labels")
    parser.add_argument("folder", type=Path, help="of the new data set")
    parser.add_argument("--licence", required=True, help="of pictures and labels")
    parser.add_argument(
        "--commercial-use", action="store_true", help="the licence allows commercial use"
    )
    parser.add_argument("--name", help="of the data set; default: the name of its folder")
    parser.add_argument("--source", help="where it comes from; default: the format and ROOT's name")
    parser.add_argument("--camera", help="of all samples that do not say theirs")
    parser.add_argument("--split", help="of all samples that do not say theirs: train, val, test …")
    add_reading_arguments(parser)
    add_format_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Import, and say what came and what did not."""
    from datasets.formats.format import Losses
    from datasets.transfer import import_folder

    losses = Losses()
    dataset = import_folder(
        over_video(format_of(options.format, options.class_names), options.video),
        options.root,
        options.folder,
        losses,
        name=options.name or options.folder.resolve().name,
        source=options.source or f"{options.format}: {options.root.resolve().name}",
        licence=options.licence,
        commercial_use=options.commercial_use,
        pictures=options.media,
        media=media_of(options),
        camera=options.camera,
        split=_split(options.split),
    )
    print(_summary(dataset))
    print_losses(losses, "a sample")
    return exit_code(options, losses)


def _split(word: str | None) -> Split | None:
    from datasets.formats.splits import split_of
    from datasets.samples import Split
    from serving.core.errors import ConfigError

    split = split_of(word) if word is not None else None
    if word is not None and split is None:
        raise ConfigError(f"--split: expected one of {[s.value for s in Split]}, got '{word}'")
    return split


def _summary(dataset: Dataset) -> str:
    samples = dataset.samples
    num_boxes = sum(len(sample.boxes) for sample in samples)
    return (
        f"'{dataset.manifest.name}': {len(samples):,} samples, {num_boxes:,} boxes, "
        f"{len(dataset.manifest.files):,} files in {dataset.folder} "
        f"(sha256 {dataset.manifest.sha256[:16]})"
    )
