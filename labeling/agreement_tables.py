"""Agreement as tables for people and as a record for programs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from evaluation.metrics.bootstrap import Interval
from labeling.agreement import Agreement

_MAX_ROWS = 20
"""Tasks to be reviewed that the table names; the file has all."""


def tables(found: Agreement, threshold: float) -> Iterator[Group]:
    """One table each for classes, questions, labelers and tasks to be reviewed, where there are."""
    if found.boxes:
        table = _table("class", "F1", "95 % interval", "mean IoU", "n")
        for each in found.boxes:
            interval = _range(each.interval)
            table.add_row(
                each.label,
                _share(each.f1),
                interval,
                _share(each.mean_iou),
                f"{each.num_boxes:,} drawn",
            )
        yield _titled("boxes and spans", table)
    if found.answers:
        table = _table("question", "alpha", "95 % interval", "equal", "Fleiss", "scale", "n")
        for one in found.answers:
            table.add_row(
                one.question,
                _share(one.alpha),
                _range(one.interval),
                _share(one.observed),
                _share(one.fleiss),
                one.scale,
                f"{one.num_things:,} things",
            )
        yield _titled("answers", table)
        yield _titled("Cohen's kappa, each two labelers", _cohen(found))
    if found.labelers:
        yield _titled("labelers", _labelers(found))
    yield _to_review(found, threshold)


def record(found: Agreement, threshold: float) -> dict[str, Any]:
    """All of it as plain values; what cannot be said is null."""
    values = asdict(found)
    for one in values["answers"]:
        one["cohen"] = [
            {"labelers": list(pair), "kappa": kappa} for pair, kappa in one["cohen"].items()
        ]
    values["threshold"] = threshold
    values["to_review"] = [task.key for task in found.below(threshold)]
    return _plain(values)


def _labelers(found: Agreement) -> Table:
    questions = sorted({name for each in found.labelers for name in each.by_question})
    table = _table("labeler", "tasks", "compared", "boxes F1", *questions, "median time")
    for each in found.labelers:
        seconds = each.median_lead_time_s
        table.add_row(
            each.labeler,
            f"{each.num_tasks:,}",
            f"{each.num_compared:,}",
            _share(each.boxes),
            *(_share(each.by_question.get(name, math.nan)) for name in questions),
            "–" if math.isnan(seconds) else f"{seconds:.1f} s",
        )
    return table


def _cohen(found: Agreement) -> Table:
    questions = [each.question for each in found.answers]
    table = _table("labelers", *questions)
    for pair in sorted({pair for each in found.answers for pair in each.cohen}):
        kappas = [_share(each.cohen.get(pair, math.nan)) for each in found.answers]
        table.add_row(" – ".join(pair), *kappas)
    return table


def _to_review(found: Agreement, threshold: float) -> Group:
    below = found.below(threshold)
    compared = sum(not math.isnan(task.score) for task in found.tasks)
    title = f"to review: {len(below):,} of {compared:,} compared tasks agree under {threshold:g}"
    table = _table("task", "agreement", "labelers")
    for task in below[:_MAX_ROWS]:
        table.add_row(task.key, _share(task.score), f"{task.num_annotations:,}")
    if len(below) > _MAX_ROWS:
        table.add_row(f"and {len(below) - _MAX_ROWS:,} more", "", "")
    return _titled(title, table) if below else Group(Text(title, "bold"))


def _titled(title: str, table: Table) -> Group:
    return Group(Text(title, "bold"), table)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _range(interval: Interval | None) -> str:
    return "–" if interval is None else f"{interval.low:.3f} – {interval.high:.3f}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
