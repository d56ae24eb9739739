"""Choose what to label next: where the model is likely to be wrong, and no two pictures alike."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import Field, NonNegativeInt, PositiveInt

from labeling.request import ORIGIN, FilePath
from labeling.selection.candidates import Criterion
from serving.configuration import Settings
from serving.core.errors import ConfigError, DatasetError

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.samples import Sample
    from labeling.selection.looking import Sources
    from labeling.selection.rule import Rule

NAME = "select"


class Request(Settings):
    """What is chosen from, by what, and how many.

    Attributes:
        dataset: the folder of the data set; its samples without labels are chosen from.
        num: how many samples.
        output: a file for their keys, one a line, best first, as `only=` of a push reads them.
        report: a file for the reasons, as CSV; null: beside `output`, with the ending `.csv`.
        measures: `measures.jsonl` of `python -m datasets curate`; null: the bundle looks now.
        embeddings: `embeddings.npz` of the same; null: the bundle looks now.
        predictions: scored samples, one a line as in `samples.jsonl`, of the labelled and the
            other samples, in place of what a bundle finds.
        bundle: a detector, a folder or a name in the zoo, that looks at the pictures where files
            do not say; null: the zoo's.
        score_threshold: below it the model has found nothing; null: the bundle's, or 0.5 for
            `predictions`.
        by: criteria that count, of hardness, failures, uniqueness, representativeness, broken;
            null: those of the rule of which something is known.
        max_per_view: samples of one camera, or of one recording where none is named; null: any.
        gap_s: the least time between two samples of one camera or recording.
        duplicates: cosine distance up to which two pictures are one, which is never chosen twice;
            null: what the data set's own distances say.
        seed: decides between equals.
    """

    dataset: FilePath
    output: FilePath
    num: PositiveInt = 50
    report: FilePath | None = None
    measures: FilePath | None = None
    embeddings: FilePath | None = None
    predictions: FilePath | None = None
    bundle: str | None = None
    score_threshold: float | None = Field(None, ge=0, le=1)
    by: tuple[Criterion, ...] | None = Field(None, min_length=1)
    max_per_view: PositiveInt | None = None
    gap_s: float = Field(1.0, ge=0)
    duplicates: float | None = Field(None, ge=0, le=2)
    seed: NonNegativeInt = 0


def run(request: Request) -> None:
    """Choose, write keys and reasons, and say which reasons there were.

    Raises:
        ConfigError: keys that exclude each other.
        FootfallError: the data set, a file or the bundle cannot be used, or there is nothing left
            to choose.
    """
    _check(request)
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    from datasets.dataset import Dataset
    from labeling.selection.looking import known_of
    from labeling.selection.rule import counted, pick
    from labeling.selection.writing import reasons, write_keys, write_reasons

    dataset = Dataset.load(request.dataset)
    samples = _with_file(dataset)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("look", total=None)
        known = known_of(
            dataset,
            samples,
            _sources(request),
            lambda done, total: progress.update(bar, completed=done, total=total),
        )
    candidates = known.candidates(request.by)
    limits = known.limits(dataset.folder, request.max_per_view, request.gap_s)
    duplicates = known.copy_distance() if request.duplicates is None else request.duplicates
    rule = _rule(request, duplicates)
    picks = pick(candidates, request.num, rule, request.seed, limits)
    num_open = len(candidates.open_rows)
    if not picks:
        raise DatasetError(
            f"{dataset.folder}: expected samples that are no duplicates of labelled ones, got none "
            f"of {num_open:,} (keys gap_s={request.gap_s:g}, duplicates={duplicates:.2g})"
        )
    write_keys(request.output, samples, picks)
    report = request.report or request.output.with_suffix(".csv")
    write_reasons(report, samples, candidates, picks)
    by = ", ".join(counted(candidates, rule)) or "novelty alone"
    print(f"to label: {len(picks):,} of {num_open:,} samples, by {by}")
    print(f"  keys: {request.output}, reasons: {report}")
    if len(picks) < request.num:
        print(
            f"not {request.num:,}: all others are too near to a labelled or chosen one "
            "(gap_s, duplicates) or one too many of their camera (max_per_view)"
        )
    print("reasons: " + ", ".join(reasons(picks)))


def _check(request: Request) -> None:
    is_idle = request.predictions is not None and request.embeddings is not None
    if request.bundle is not None and is_idle:
        raise ConfigError(
            f"key 'bundle' ({ORIGIN}): expected none beside predictions and embeddings, which "
            f"leave it nothing to look at, got '{request.bundle}'"
        )
    report = request.report or request.output.with_suffix(".csv")
    if report == request.output:
        raise ConfigError(
            f"key 'report' ({ORIGIN}): expected another file than output, got {report}"
        )


def _sources(request: Request) -> Sources:
    from labeling.selection.looking import Sources

    return Sources(
        request.measures,
        request.embeddings,
        request.predictions,
        request.bundle,
        request.score_threshold,
    )


def _rule(request: Request, duplicates: float) -> Rule:
    """The rule; what `by` names counts as there, or as much as hardness."""
    from labeling.selection.rule import DEFAULT_WEIGHTS, Rule

    weights = DEFAULT_WEIGHTS
    if request.by is not None:
        weights = {criterion: DEFAULT_WEIGHTS.get(criterion, 1.0) for criterion in request.by}
    # A cosine distance c between vectors of length 1 is a Euclidean one of √(2c).
    return Rule(weights, min_distance=math.sqrt(2 * duplicates))


def _with_file(dataset: Dataset) -> list[Sample]:
    """The samples whose pictures are there; others are told.

    Raises:
        DatasetError: none of them lacks a label.
    """
    there = [sample for sample in dataset.samples if dataset.path_of(sample).is_file()]
    if len(there) < len(dataset.samples):
        print(f"samples without a picture, left out: {len(dataset.samples) - len(there):,}")
    if all(sample.is_labelled for sample in there):
        raise DatasetError(
            f"{dataset.folder}: expected samples without labels to choose from, got none of "
            f"{len(there):,}"
        )
    return there
