"""The picture of the curves, and the tables."""

import io

import pytest
from PIL import Image
from rich.console import Console

from evaluation.metrics.bootstrap import Interval
from labeling.selection_proof.drawing import draw
from labeling.selection_proof.experiment import Experiment, Outcome
from labeling.selection_proof.savings import Point, Saving
from labeling.selection_proof.tables import headline, table


@pytest.fixture
def measured():
    def points(*means):
        budgets = (10, 20, 40, 80)
        return tuple(
            Point(budget, mean, Interval(mean - 0.01, mean + 0.03))
            for budget, mean in zip(budgets, means, strict=False)
        )

    saved = (
        Saving(20, 0.1, Interval(0.05, 0.15), 1.5, Interval(1.2, 1.9), False),
        Saving(40, 0.1, Interval(0.05, 0.15), 2.0, Interval(1.8, 2.0), True),
    )
    outcomes = (
        Outcome("random", points(0.5, 0.6, 0.7, 0.8), ()),
        Outcome("our rule", points(0.5, 0.7, 0.9), saved),
    )
    return Experiment("masks", "accuracy", "made up of nothing", 100, ("a", "b"), 5, outcomes)


def test_a_table_has_every_budget_and_what_chance_needs(measured):
    text = io.StringIO()
    Console(file=text, width=120).print(table(measured))
    told = text.getvalue()
    assert "masks: accuracy, mean of 5 seeds" in told and "made up of nothing" in told
    # Half of the interval from -0.01 to +0.03.
    for cell in ("0.500 ±0.020", "0.900 ±0.020", "×1.5 [1.2, 1.9]", "≥ ×2.0 [1.8, 2.0]"):
        assert cell in told


def test_the_headline_has_the_best_and_the_worst_budget(measured):
    assert headline(measured) == (
        "masks: 40 labels of our rule are as good as ≥ 80 at random, ≥ ×2.0 [1.8, 2.0]; "
        "at its worst, 20 labels, ×1.5 [1.2, 1.9]"
    )


@pytest.mark.parametrize("num", [1, 4])
def test_the_curves_are_a_small_png(measured, num, tmp_path):
    draw([measured] * num, tmp_path / "curves.png")
    data = (tmp_path / "curves.png").read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG" and image.width >= 360 and len(data) < 60_000
        # Both colours of lines are there, in the palette's nearest.
        seen = {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
    for red, green, blue in ((0x00, 0x72, 0xB2), (0x55, 0x55, 0x55)):
        assert any(abs(r - red) + abs(g - green) + abs(b - blue) < 40 for r, g, b in seen)
