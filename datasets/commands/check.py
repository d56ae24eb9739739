"""Look for what is wrong with a data set: files, pictures, boxes, duplicates, leaks, labels.

Exits with 0 when nothing is wrong, with 1 when there are errors; with --strict also for warnings.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets.checks.run import CheckResult

NAME = "check"
_MOST_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="of the data set")
    parser.add_argument(
        "--metadata-only", action="store_true", help="labels and headers; no picture is decoded"
    )
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a page of it")
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

        write_report(result, options.report)
    if options.format == "json":
        print(json.dumps(result.to_record(), indent=1, ensure_ascii=False))
    else:
        print("\n".join(_lines(result)))
        if options.report is not None:
            print(f"report: {options.report}")
    return 0 if result.is_clean(options.strict) else 1


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
