"""Measure whether `task=select` needs fewer labels than chance, on the shared sets."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from labeling.request import FilePath
from serving.configuration import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from labeling.selection_proof.experiment import Experiment
    from labeling.selection_proof.rounds import Problem

NAME = "select_proof"

RESULT_NAME = "selection.json"
PICTURE_NAME = "selection_curves.png"

_WIDTH = 190
"""Characters of a table where there is no terminal."""


class Request(Settings):
    """What is measured, and how often.

    Attributes:
        output: a folder for the numbers and the curves; features of pictures are kept in it.
        data_dir: where the public sets and the backbone's weights lie or are fetched to.
        sets: of mask, age_gender and detection; the last trains detectors, ten minutes a seed.
        num_seeds: runs of every chooser on faces; each has other first labels.
        first_seed: seeds count from it; the rule was tuned with 1000 to 1011.
        num_detection_seeds: runs of every chooser of the detector.
        ablation: also measure the parts of the rule.
    """

    output: FilePath
    data_dir: FilePath = Path("data")
    sets: tuple[Literal["mask", "age_gender", "detection"], ...] = Field(
        ("mask", "age_gender"), min_length=1
    )
    num_seeds: PositiveInt = Field(20, ge=4)
    first_seed: NonNegativeInt = 0
    num_detection_seeds: PositiveInt = 3
    ablation: bool = False


def run(request: Request) -> None:
    """Measure, print a table for each problem, and write all numbers and the curves.

    Raises:
        FootfallError: a set cannot be had, or a training failed.
    """
    from rich.console import Console

    from datasets.files import write_atomically
    from labeling.selection_proof.drawing import draw
    from labeling.selection_proof.tables import headline, table

    console, started = Console(), time.monotonic()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    measured: list[Experiment] = []
    for each in _experiments(request, console):
        measured.append(each)
        console.print(table(each))
    for each in measured:
        console.print(headline(each))
    record: dict[str, Any] = {
        "sets": list(request.sets),
        "first_seed": request.first_seed,
        "took_s": round(time.monotonic() - started),
        "experiments": [each.record() for each in measured],
    }
    write_atomically(request.output / RESULT_NAME, json.dumps(record, indent=1) + "\n")
    draw(measured, request.output / PICTURE_NAME)
    console.print(
        f"{record['took_s']:,} s; numbers: {request.output / RESULT_NAME}, curves: "
        f"{request.output / PICTURE_NAME}"
    )


def _experiments(request: Request, console: Console) -> Iterator[Experiment]:
    from labeling.selection_proof.experiment import experiment
    from labeling.selection_proof.rounds import PARTS, PLAIN, Chooser

    choosers = (Chooser.RULE, *PLAIN, *(PARTS if request.ablation else ()))
    seeds = range(request.first_seed, request.first_seed + request.num_seeds)
    for problem in _problems(request):
        num_runs = (1 + len(choosers)) * len(seeds)
        with console.status(f"{problem.name}: {num_runs} runs"):
            found = experiment(problem, choosers, seeds)
        yield found
    if "detection" in request.sets:
        from labeling.selection_proof.detection import detection_experiment

        yield detection_experiment(
            request.output / "detection",
            request.data_dir,
            range(request.first_seed, request.first_seed + request.num_detection_seeds),
            console.print,
        )


def _problems(request: Request) -> Iterator[Problem]:
    from datasets.catalog.fetching import get_set
    from datasets.catalog.sets import SETS
    from datasets.commands.progress import shown
    from labeling.selection_proof.features import FeatureStore
    from labeling.selection_proof.pools import PROBLEMS

    for name, source in PROBLEMS.items():
        if name not in request.sets:
            continue
        with shown() as progress:
            dataset = get_set(SETS[source.public_set], request.data_dir, progress).dataset
            report = progress.begin("features", is_bytes=False)
            store = FeatureStore(request.output / "features", request.data_dir, report)
            problems = source.problems(dataset, store)
        yield from problems
