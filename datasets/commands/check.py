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
    from datasets.sampling.blur import FaceBlur

    finder = FaceFinder(weights_dir=options.weights_dir or WEIGHTS_DIR)

    def hide(image: Image, sample: Sample) -> Image:
        return FaceBlur(finder, _Labelled(sample)).blurred(Frame(image, "page", 0, 0.0))

    return hide


class _Labelled:
    """The people whom a sample's labels name, for a blur that asks a detector."""

    def __init__(self, sample: Sample) -> None:
        boxes = [box.xyxy_px for box in sample.boxes if box.label == PERSON]
        xyxy_px = np.array(boxes, np.float32).reshape(-1, 4)
        self._people = Detections(xyxy_px, np.ones(len(boxes), np.float32))

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """The labelled people, whatever the frame."""
        return [self._people for _ in frames]


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
    lines.append(f"{result.num_errors:,} errors, {result.num_warnings:,} warnings")
    return lines
