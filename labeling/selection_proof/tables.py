"""The curves as a table."""

from __future__ import annotations

from rich import box
from rich.table import Table

from evaluation.metrics.bootstrap import Interval
from labeling.selection_proof.experiment import Experiment
from labeling.selection_proof.savings import Point, Saving


def table(measured: Experiment) -> Table:
    """Choosers by budgets, and below each how many labels chance needs for as much."""
    made = Table(
        title=f"{measured.name}: {measured.measure}, mean of {measured.num_seeds} seeds",
        caption=measured.made,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
    )
    made.add_column("labels")
    for point in measured.outcomes[0].points:
        made.add_column(f"{point.budget:,}", justify="right", no_wrap=True)
    for outcome in measured.outcomes:
        made.add_row(outcome.chooser, *map(_cell, outcome.points))
        if outcome.savings:
            made.add_row("  random needs", "", *map(_times, outcome.savings), style="dim")
    return made


def headline(measured: Experiment) -> str:
    """One line: what the first chooser after chance saves, at its best and its worst budget."""
    outcome = measured.outcomes[1]
    best = max(outcome.savings, key=lambda one: one.times)
    worst = min(outcome.savings, key=lambda one: one.times)
    return (
        f"{measured.name}: {best.budget:,} labels of {outcome.chooser} are as good as "
        f"{_bound(best)}{best.budget * best.times:,.0f} at random, {_times(best)}; at its worst, "
        f"{worst.budget:,} labels, {_times(worst)}"
    )


def _cell(point: Point) -> str:
    return f"{point.mean:.3f}{_half(point.interval)}"


def _half(interval: Interval | None) -> str:
    return "" if interval is None else f" ±{(interval.high - interval.low) / 2:.3f}"


def _times(one: Saving) -> str:
    ends = one.times_interval
    between = "" if ends is None else f" [{ends.low:.1f}, {ends.high:.1f}]"
    return f"{_bound(one)}×{one.times:.1f}{between}"


def _bound(one: Saving) -> str:
    if not one.is_bound:
        return ""
    return "≥ " if one.times > 1 else "≤ "
