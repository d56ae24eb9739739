"""The curves as a picture: accuracy over labels, one panel for each problem."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets.files import write_atomically
from labeling.selection_proof.experiment import Experiment, Outcome
from labeling.selection_proof.pools import SITE_LIKE
from labeling.selection_proof.rounds import PARTS, Chooser
from serving.core.errors import ConfigError

_NUM_COLUMNS = 3
_PANEL_INCHES = (3.6, 2.9)
_DPI = 100
_NUM_COLOURS = 48

_STYLES: Mapping[str, Mapping[str, Any]] = {
    Chooser.RANDOM: {"color": "#555555", "marker": "o", "linestyle": "--"},
    Chooser.RULE: {"color": "#0072b2", "marker": "o", "linewidth": 2.2},
    Chooser.UNCERTAINTY: {"color": "#e69f00", "marker": "^", "linewidth": 1.1},
    Chooser.DIVERSITY: {"color": "#009e73", "marker": "s", "linewidth": 1.1},
}
"""Colours of Okabe and Ito, which differ for colour-blind eyes; marks differ, too."""

_OTHER = {"color": "#cc79a7", "marker": "d", "linewidth": 1.1}
_BANDED = (Chooser.RANDOM, Chooser.RULE)


def draw(measured: Sequence[Experiment], path: Path) -> None:
    """Write the curves as PNG, site-like pools last; parts of the rule are left to the numbers.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError(
            "select_proof: expected matplotlib for the curves, got none; "
            "it comes with: pip install -e '.[curate]'"
        ) from error
    measured = sorted(measured, key=lambda one: one.name.endswith(SITE_LIKE))
    columns = min(_NUM_COLUMNS, len(measured))
    rows = math.ceil(len(measured) / columns)
    width, height = _PANEL_INCHES
    figure = Figure((columns * width, rows * height + 0.35), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for panel, experiment in zip(panels, measured, strict=False):
        _panel(panel, experiment)
    for panel in list(panels)[len(measured) :]:
        panel.axis("off")
    lines: dict[str, Any] = {}
    for panel in figure.axes:
        for line, label in zip(*panel.get_legend_handles_labels(), strict=True):
            lines.setdefault(label, line)
    figure.legend(
        lines.values(), lines.keys(), loc="outside lower center", ncols=len(lines), frameon=False
    )
    write_atomically(path, _small_png(figure))


def _small_png(figure: Any) -> bytes:
    """Few colours: a third of the size, and nothing that one sees."""
    from PIL import Image

    full, small = io.BytesIO(), io.BytesIO()
    figure.savefig(full, format="png", dpi=_DPI)
    full.seek(0)
    with Image.open(full) as image:
        image.convert("RGB").quantize(_NUM_COLOURS, dither=Image.Dither.NONE).save(
            small, format="png", optimize=True
        )
    return small.getvalue()


def _panel(panel: Any, experiment: Experiment) -> None:
    for outcome in experiment.outcomes:
        if outcome.chooser not in PARTS:
            _line(panel, outcome)
    panel.set_title(experiment.name, fontsize=10)
    panel.set_xscale("log", base=2)
    budgets = [point.budget for point in experiment.outcomes[0].points]
    panel.set_xticks(budgets, [_short(budget) for budget in budgets], fontsize=8)
    panel.minorticks_off()
    panel.tick_params(axis="y", labelsize=8)
    panel.set_xlabel("labels", fontsize=9)
    panel.set_ylabel(experiment.measure, fontsize=9)
    panel.grid(alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)


def _line(panel: Any, outcome: Outcome) -> None:
    style = _STYLES.get(outcome.chooser, _OTHER)
    budgets = [point.budget for point in outcome.points]
    means = [point.mean for point in outcome.points]
    panel.plot(budgets, means, label=outcome.chooser, markersize=3.5, **style)
    intervals = [point.interval for point in outcome.points]
    if outcome.chooser in _BANDED and all(intervals):
        low = [one.low for one in intervals if one is not None]
        high = [one.high for one in intervals if one is not None]
        panel.fill_between(budgets, low, high, color=style["color"], alpha=0.15, linewidth=0)


def _short(budget: int) -> str:
    return f"{budget / 1000:.2g}k" if budget >= 1000 else str(budget)
