"""`python -m datasets …`: get, import, check, split, sample and curate data sets.

Exit codes: 0 the work was done, 1 something is wrong with the data, 2 with the command line.
"""

from __future__ import annotations

import argparse
import os
import sys

from datasets.commands import COMMANDS
from datasets.commands.signals import terminated_as_interrupted
from datasets.exit_codes import BROKEN_PIPE_EXIT_CODE, INTERRUPTED_EXIT_CODE
from serving.core.errors import FootfallError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 when its work was done."""
    parser = argparse.ArgumentParser(prog="python -m datasets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        text = command.__doc__ or ""
        own = commands.add_parser(command.NAME, help=text.split("\n")[0], description=text)
        command.add_arguments(own)
        own.set_defaults(run=command.run)
    options = parser.parse_args(arguments)
    try:
        with terminated_as_interrupted():
            code = int(options.run(options))
            sys.stdout.flush()
            return code
    except FootfallError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED_EXIT_CODE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE_EXIT_CODE
    except OSError as error:
        if not error.strerror:
            raise
        name = f"{error.filename2 or error.filename}: " if error.filename else ""
        print(f"error: {name}{error.strerror}", file=sys.stderr)
        return FootfallError.exit_code


if __name__ == "__main__":
    sys.exit(main())
