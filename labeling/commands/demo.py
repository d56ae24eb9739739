"""Show the whole loop on the sample footage, with played labelers."""

from __future__ import annotations

from pathlib import Path

from labeling.request import FilePath
from serving.configuration import Settings

NAME = "demo"


class Request(Settings):
    """Where the demo works.

    Attributes:
        output: a folder for all that it makes; what a former run left there is replaced.
        data_dir: where the sample video and the start weights lie, or are fetched to.
        keep_open: wait for Enter with Label Studio running, to look at it.
    """

    output: FilePath = Path("outputs/label-demo")
    data_dir: FilePath = Path("data")
    keep_open: bool = False


def run(request: Request) -> None:
    """Run all steps, and print the detector's figures before and after.

    Raises:
        FootfallError: a step failed.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from labeling.demo.loop import Loop

    found = Loop(request.output, request.data_dir, request.keep_open).run()
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("figure", "before", "after", "difference"):
        table.add_column(column)
    for each in found:
        difference = each.after - each.before
        table.add_row(each.name, f"{each.before:.3f}", f"{each.after:.3f}", f"{difference:+.3f}")
    Console().print(table)
