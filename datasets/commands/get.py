"""Bring a public data set into the data folder, checked by hash."""

from __future__ import annotations

import argparse
from pathlib import Path

from datasets.catalog import CATALOG

NAME = "get"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", choices=sorted(CATALOG))
    parser.add_argument("--data-dir", type=Path, default=Path("data"))


def run(options: argparse.Namespace) -> int:
    """Fetch it, or find that it is there."""
    path = CATALOG[options.name].get(options.data_dir)
    print(f"{options.name}: {path} ({path.stat().st_size / 1e6:.1f} MB)")
    return 0
