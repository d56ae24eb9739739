"""What a subcommand is."""

from __future__ import annotations

import argparse
from typing import Protocol


class Command(Protocol):
    """A module of `datasets.commands`; its docstring's first line is the help text."""

    NAME: str

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""

    @staticmethod
    def run(options: argparse.Namespace) -> int:
        """Do the work; the exit code, 0 when it was done.

        Raises:
            FootfallError: a fault that the user can act on; its message is printed.
        """
