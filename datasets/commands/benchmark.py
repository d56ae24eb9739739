"""Measure how fast data sets load, are checked, converted and fed to a training; beside targets."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from serving.core.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

    from datasets.speed import Measurement, Step

NAME = "benchmark"
_WIDTH = 140
_COUNTS = ("samples", "pictures", "converted", "loaded", "workers")
_PARTS = ("load", "check", "formats", "loaders")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--samples", type=int, default=100_000, help="to load")
    parser.add_argument("--pictures", type=int, default=2_000, help="to check, on disk")
    parser.add_argument(
        "--converted", type=int, default=1_000, help="N: formats are timed with N and with 4 N"
    )
    parser.add_argument("--loaded", type=int, default=240, help="pictures to feed to a training")
    parser.add_argument("--workers", type=int, default=1, help="processes of the check")
    parser.add_argument(
        "--step",
        metavar="MODULE:NAME",
        help="also feed a training: NAME() of this Python module gives what it does with a batch",
    )
    parser.add_argument("--only", choices=_PARTS, action="append", help="measure only this part")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace) -> int:
    """Measure and print; missed targets are said and no failure."""
    for name in _COUNTS:
        if (count := getattr(options, name)) < 1:
            raise ConfigError(f"--{name}: expected at least 1, got {count}")
    from rich.console import Console

    console = Console(stderr=True)
    found = []
    for measurement in _measure(options):
        found.append(measurement)
        console.print(f"{measurement.name}: {_shown(measurement)}", highlight=False)
    load = os.getloadavg()[0]
    if options.format == "json":
        record = {
            "num_cpus": os.cpu_count(),
            "load": round(load, 2),
            "measurements": [measurement.to_record() for measurement in found],
        }
        print(json.dumps(record, indent=1, ensure_ascii=False))
    else:
        Console(width=None if sys.stdout.isatty() else _WIDTH).print(_table(found))
        print(f"{os.cpu_count()} processors, load at the end {load:.1f}")
    return 0


def _measure(options: argparse.Namespace) -> Iterator[Measurement]:
    from datasets import speed

    parts = options.only or _PARTS
    if "load" in parts:
        yield from speed.measure_load(options.samples)
    if "check" in parts:
        yield from speed.measure_check(options.pictures, options.workers)
    if "formats" in parts:
        yield from speed.measure_formats(options.converted)
    if "loaders" in parts:
        step = _step(options.step) if options.step is not None else None
        yield from speed.measure_loaders(options.loaded, step)


def _step(place: str) -> Step:
    """What a module elsewhere offers: `datasets` itself knows of no training."""
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"--step: expected such as package.module:name, got {error}") from error


def _table(found: list[Measurement]) -> Table:
    from rich.table import Table

    table = Table("what", "measured", "target", "", "on")
    for one in found:
        target = "" if one.target is None else f"{'≥' if one.is_least else '≤'} {one.target:,.4g}"
        met = {True: "met", False: "missed", None: ""}[one.is_met]
        table.add_row(one.name, _shown(one), target, met, one.note)
    return table


def _shown(measurement: Measurement) -> str:
    if measurement.value is None:
        return f"not measured: {measurement.note}"
    return f"{measurement.value:,.4g} {measurement.unit}"
