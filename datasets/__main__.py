"""`python -m datasets get NAME`: bring a public data set into the data folder, checked by hash."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from datasets.catalog import CATALOG
from serving.core.errors import FootfallError


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 0 when the data is in place."""
    parser = argparse.ArgumentParser(prog="python -m datasets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    get = commands.add_parser("get", help="bring a public data set into the data folder")
    get.add_argument("name", choices=sorted(CATALOG))
    get.add_argument("--data-dir", type=Path, default=Path("data"))
    options = parser.parse_args(arguments)
    try:
        path = CATALOG[options.name].get(options.data_dir)
    except FootfallError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{options.name}: {path} ({path.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
