"""The subcommands of `python -m datasets`, one file each.

A file has `NAME`, `add_arguments(parser)` and `run(options) -> exit code`; heavy things are
imported inside `run`. These are composition roots: here, and nowhere else in `datasets`, detectors
and trackers are joined to the parts that ask for them.
"""

from datasets.commands import (
    benchmark,
    check,
    convert,
    curate,
    export,
    get,
    import_data,
    occlude,
    sample,
    split,
)
from datasets.commands.command import Command

COMMANDS: tuple[Command, ...] = (
    get,
    import_data,
    export,
    convert,
    check,
    split,
    sample,
    curate,
    occlude,
    benchmark,
)
"""In the order of `--help`."""
