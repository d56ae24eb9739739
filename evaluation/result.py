"""What an evaluation gives: verdicts, as a table for people and as a record for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rich import box
from rich.table import Table

from evaluation.figure import Figure, Task
from evaluation.targets import Benchmark, MissedFloorError, Target, Verdict
from serving.core.errors import LabelError


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """Figures held against their targets.

    Args:
        task: what was evaluated, as the command line calls it.
        dataset: the data that `metrics` are of.
        verdicts: every figure, with each target that it has.
        not_measured: targets that a whole benchmark leaves open, by name; empty for one task.
        inputs: what was evaluated and how: files, frame rate, seed.
        notes: what a reader must know.
    """

    task: str
    dataset: str
    verdicts: tuple[Verdict, ...]
    not_measured: Mapping[str, Target] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure once."""
        return tuple(dict.fromkeys(verdict.figure for verdict in self.verdicts))

    @property
    def metrics(self) -> dict[str, float | None]:
        """The values of `dataset` by name, the first where tasks share a name."""
        values: dict[str, float | None] = {}
        for figure in self.figures:
            if figure.dataset == self.dataset:
                values.setdefault(figure.metric.value, figure.value)
        return values

    def to_record(self) -> dict[str, Any]:
        """Everything as plain values for JSON. `metrics` holds the bare values by name."""
        return {
            "task": self.task,
            "dataset": self.dataset,
            "metrics": self.metrics,
            "figures": [verdict.to_record() for verdict in self.verdicts],
            "not_measured": sorted(self.not_measured),
            "inputs": dict(self.inputs),
            "notes": list(self.notes),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any], benchmark: Benchmark) -> EvaluationResult:
        """The result that `to_record` wrote, held against the benchmark of now.

        Raises:
            LabelError: a key is missing or has another kind of value.
        """
        try:
            by_task: dict[Task, dict[Figure, None]] = {}
            for row in record["figures"]:
                by_task.setdefault(Task(row["task"]), {})[Figure.from_record(row)] = None
            return cls(
                record["task"],
                record["dataset"],
                tuple(
                    verdict
                    for task, figures in by_task.items()
                    for verdict in benchmark.judge(list(figures), task)
                ),
                {n: benchmark.targets[n] for n in record["not_measured"] if n in benchmark.targets},
                record["inputs"],
                tuple(record["notes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise LabelError(
                f"result of an evaluation: expected what `output` writes, got {error!r}"
            ) from error

    def require_floors(self) -> None:
        """Nothing where no floor is missed.

        Raises:
            MissedFloorError: some are; the message names each with what was expected and got.
        """
        missed = [
            f"{v.target_name}: expected {v.figure.metric} {_target_text(v.target)} "
            f"on {v.figure.dataset}, got {v.figure.value:.3f}"
            for v in self.verdicts
            if v.misses_floor and v.target is not None
        ]
        if missed:
            raise MissedFloorError("floor missed, " + "; ".join(missed))

    def tables(self) -> list[Table]:
        """The figures for a terminal, a table for each data set."""
        datasets = dict.fromkeys(figure.dataset for figure in self.figures)
        tables = [_table(name, self._rows(name)) for name in datasets]
        if self.not_measured:
            rows = [
                (name, "", "", "", _target_text(t), "") for name, t in self.not_measured.items()
            ]
            tables.append(_table("not measured yet", rows))
        return tables

    def _rows(self, dataset: str) -> list[tuple[str, ...]]:
        verdicts = [v for v in self.verdicts if v.figure.dataset == dataset]
        several_tasks = len({verdict.task for verdict in verdicts}) > 1
        rows: list[tuple[str, ...]] = []
        before: Figure | None = None
        for verdict in verdicts:
            figure, target = verdict.figure, verdict.target
            own: tuple[str, ...] = ("", "", "", "")  # a second target of the figure above
            if figure != before:
                task = f"{verdict.task} " if several_tasks and verdict.task else ""
                own = (f"{task}{figure.metric}", *_numbers(figure))
            met = {True: "yes", False: "no", None: ""}[verdict.met]
            rows.append((*own, "" if target is None else _target_text(target), met))
            before = figure
        return rows


def read_record(path: Path) -> dict[str, Any]:
    """The JSON that an evaluation wrote to `output`; its figures are checked when they are used.

    Raises:
        LabelError: the file is missing or holds something else.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LabelError(f"{path}: expected the JSON of an evaluation: {error.strerror}") from error
    except ValueError as error:
        raise LabelError(f"{path}: expected the JSON of an evaluation, got {error}") from error
    if not isinstance(record, dict) or "figures" not in record:
        raise LabelError(
            f"{path}: expected the JSON of an evaluation, with 'figures', got none "
            "(python -m evaluation task=… output=PATH writes it)"
        )
    return record


def _table(title: str, rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for header in ("figure", "value", "95 % interval", "n", "target", "met"):
        justify: Literal["right", "left"] = "right" if header == "value" else "left"
        table.add_column(header, justify=justify, no_wrap=header not in ("n", "target"))
    for row in rows:
        table.add_row(*row)
    return table


def _numbers(figure: Figure) -> tuple[str, str, str]:
    """Value, interval and n as text."""
    interval = ""
    if figure.low is not None and figure.high is not None:
        interval = f"{_number(figure, figure.low)} – {_number(figure, figure.high)}"
    value = "undefined" if figure.value is None else _number(figure, figure.value)
    return value, interval, f"{figure.n} {figure.n_of}"


def _number(figure: Figure, value: float) -> str:
    return f"{value:.0f}" if figure.unit == "count" else f"{value:.3f}"


def _target_text(target: Target) -> str:
    sign = "≥" if target.better == "higher" else "≤"
    unit = f" {target.unit}" if target.unit == "ms" else ""
    return f"{sign} {target.target:g}{unit} ({target.kind})"
