"""Bring a public data set into the data folder: fetched, checked by hash, read and counted.

A name of a single file, such as `vtest`, gives that file; a name of a set gives a data set's folder
with its manifest and samples. `--list` shows what there is.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.catalog import CATALOG
from datasets.exit_codes import INTERRUPTED_EXIT_CODE

if TYPE_CHECKING:
    from datasets.catalog.fetching import Fetched

NAME = "get"

_WIDTH = 200
"""Characters of the table where there is no terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", nargs="?", help="see --list")
    parser.add_argument("--list", action="store_true", help="show all sets and files")
    parser.add_argument("--markdown", action="store_true", help="of --list: as in the README")
    parser.add_argument("--data-dir", type=Path, default=Path("data"))
    parser.add_argument(
        "--from",
        dest="place",
        choices=("mirror", "public"),
        help="where to take a set from (default: the mirror where it has the set, else public)",
    )
    parser.add_argument(
        "--despite-counts",
        action="store_true",
        help="keep a set although its counts are not the published ones",
    )


def run(options: argparse.Namespace) -> int:
    """Fetch it, or find that it is there."""
    if options.list:
        _print_table(options.data_dir, options.markdown)
    elif options.name in CATALOG:
        path = CATALOG[options.name].get(options.data_dir)
        print(f"{options.name}: {path} ({path.stat().st_size / 1e6:.1f} MB)")
    else:
        return _get_set(options)
    return 0


def _get_set(options: argparse.Namespace) -> int:
    from datasets.catalog.fetching import get_set
    from datasets.catalog.public_set import Place
    from datasets.catalog.sets import SETS
    from datasets.commands.progress import shown
    from serving.core.errors import ConfigError

    if options.name not in SETS:
        names = ", ".join(sorted([*SETS, *CATALOG]))
        raise ConfigError(f"name: expected one of {names}, got '{options.name or ''}'")
    try:
        with shown() as progress:
            fetched = get_set(
                SETS[options.name],
                options.data_dir,
                progress,
                place=Place(options.place) if options.place else None,
                must_count=not options.despite_counts,
            )
    except KeyboardInterrupt:
        print("stopped; what was fetched is kept for the next call", file=sys.stderr)
        return INTERRUPTED_EXIT_CODE
    _print_fetched(fetched)
    return 0


def _print_fetched(fetched: Fetched) -> None:
    from datasets.catalog.count import Count

    data = fetched.dataset
    print(f"{data.manifest.name}: {data.folder} ({Count(samples=len(data.samples)).text})")
    print(f"  source: {data.manifest.source}")
    use = "allowed" if data.manifest.commercial_use else "not allowed"
    print(f"  licence: {data.manifest.licence}; commercial use {use}")
    for count in fetched.edition.counts if fetched.edition else ():
        is_same = count.of(data.samples) == count.numbers
        print(f"  {'counted' if is_same else 'not as published'}: {count.text}")
    if fetched.losses:
        print("  not held by our samples:")
        print("\n".join(f"  {line}" for line in fetched.losses.lines()))


def _print_table(data_dir: Path, is_markdown: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from datasets.catalog.table import HEAD, markdown, rows, rows_here

    if is_markdown:
        print(markdown(row.cells for row in rows()), end="")
        return
    table = Table(*HEAD)
    for row in rows_here(data_dir):
        table.add_row(*row.cells)
    console = Console()
    # Into a file or a pipe it is wide enough to read.
    (console if console.is_terminal else Console(width=_WIDTH)).print(table)
