"""Look for what is wrong with a data set: files, pictures, boxes, duplicates, leaks, labels.

Exits with 0 when nothing is wrong, with 1 when there are errors; with --strict also for warnings.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from serving.core.detections import Detections
from serving.core.frame import Frame
from serving.core.labels import PERSON

if TYPE_CHECKING:
    from datasets.checks.drawing import Hide, Image
    from datasets.checks.run import CheckResult
    from datasets.samples import Sample
    from datasets.sampling.blur import FindsFaces

NAME = "check"
_MOST_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="of the data set")
    parser.add_argument(
        "--metadata-only", action="store_true", help="labels and headers; no picture is decoded"
    )
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a page of it")
    parser.add_argument(
        "--blur-faces", action="store_true", help="in the page: faces found and heads labelled"
    )
    parser.add_argument("--weights-dir", type=Path, help="of the face finder, for --blur-faces")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--strict", action="store_true", help="let warnings count as errors")
    parser.add_argument("--workers", type=int, default=1, help="processes, each on one core")
    parser.add_argument(
        "--gap-s",
        type=float,
        default=1.0,
        help="seconds of one camera that must lie between splits (default: %(default)g)",
    )


def run(options: argparse.Namespace) -> int:
    """Check, say what was found, write the page."""
    from datasets.checks.run import CheckOptions, check
    from datasets.commands.progress import shown

    with shown() as progress:
        result = check(
            options.folder,
            CheckOptions(not options.metadata_only, options.workers, options.gap_s),
            progress.begin("files", is_bytes=False),
        )
    if options.report is not None:
        from datasets.checks.report import write_report

        write_report(result, options.report, _hide(options) if options.blur_faces else None)
    if options.format == "json":
        print(json.dumps(result.to_record(), indent=1, ensure_ascii=False))
    else:
        print("\n".join(_lines(result)))
        if options.report is not None:
            print(f"report: {options.report}")
    return 0 if result.is_clean(options.strict) else 1


def _hide(options: argparse.Namespace) -> Hide:
    from datasets.faces import WEIGHTS_DIR, FaceFinder

    return hiding(FaceFinder(weights_dir=options.weights_dir or WEIGHTS_DIR))


def hiding(faces: FindsFaces) -> Hide:
    """Hides the faces that are found, and the heads of the people whom labels name."""
    from datasets.sampling.blur import FaceBlur, head_region, pixelate

    blur = FaceBlur(faces, _Nobody())

    def hide(image: Image, sample: Sample) -> Image:
        hidden = blur.blurred(Frame(image, "page", 0, 0.0))
        for box in sample.boxes:
            if box.label == PERSON:
                pixelate(hidden, head_region(np.array(box.xyxy_px, np.float32)))
        return hidden

    return hide


class _Nobody:
    """Finds no people: labels name them."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [Detections.empty() for _ in frames]


def _lines(result: CheckResult) -> list[str]:
    from datasets.checks.finding import MEANINGS, tally

    lines = [
        f"data set '{result.name}': {len(result.contents.rows):,} samples, "
        f"{result.num_pictures:,} pictures looked at"
        + ("" if result.options.decode else ", none decoded")
    ]
    for split in result.statistics:
        lines.append(f"  {split.split}: {split.num_samples:,} samples, {split.num_boxes:,} boxes")
    for kind, count in tally(result.findings).items():
        found = [finding for finding in result.findings if finding.kind is kind]
        lines.append(f"{found[0].severity.value}: {kind.value}: {MEANINGS[kind]} ({count:,})")
        lines += [f"  {finding.text}" for finding in found[:_MOST_SHOWN]]
        if count > _MOST_SHOWN:
            lines.append(f"  … and {count - _MOST_SHOWN:,} more")
    lines += [f"note: {note}" for note in result.notes]
    lines.append(f"{result.num_errors:,} errors, {result.num_warnings:,} warnings")
    return lines
