"""What the charts say: scales, times, escaped names."""

from __future__ import annotations

import re

import pytest

from evaluation.report.charts import (
    Bin,
    Clock,
    Interval,
    counts_chart,
    duration_text,
    element,
    gauge,
    interval_chart,
    nice_step_s,
    occupancy_chart,
    spelled_duration,
)

CLOCK = Clock(0.0)


def test_text_and_attributes_are_escaped() -> None:
    assert element("text", "<b>", name='"&') == '<text name="&#34;&amp;">&lt;b&gt;</text>'


@pytest.mark.parametrize(
    ("duration_s", "most", "step_s"),
    [
        (113, 24, 5),
        (24, 24, 1),
        (25, 24, 2),
        (3600, 24, 300),
        (86_400, 24, 3600),
        (3e6, 24, 172_800),
    ],
)
def test_steps_are_the_customary_ones(duration_s: float, most: int, step_s: float) -> None:
    assert nice_step_s(duration_s, most) == step_s


def test_durations_as_people_write_them() -> None:
    assert [duration_text(s) for s in (0, 113.2, 7500)] == ["0:00", "1:53", "2:05:00"]
    assert [spelled_duration(s) for s in (42, 113, 3600, 7500)] == [
        "42 s",
        "1 min 53 s",
        "1 h 0 min",
        "2 h 5 min",
    ]


def test_times_without_a_date_count_from_the_start_and_others_are_of_the_day() -> None:
    assert Clock(100.0).text(165.0) == "1:05"
    noon_s = 1_767_268_800.0  # 2026-01-01 12:00 UTC
    assert Clock(noon_s).text(noon_s + 90 * 60) == "13:30"


def test_people_in_stand_above_the_axis_and_people_out_below_it() -> None:
    chart = counts_chart([Bin(0, 2, 0), Bin(5, 0, 1)], 5, CLOCK, "counts")
    rects = {
        class_: (float(y), float(height))
        for y, height, class_ in re.findall(
            r'y="([\d.]+)" width="[\d.]+" height="([\d.]+)" class="(in|out)"', chart
        )
    }
    (top_in, height_in), (top_out, height_out) = rects["in"], rects["out"]
    assert top_in + height_in == pytest.approx(top_out, abs=0.02), "both stand on the axis"
    assert height_in == pytest.approx(2 * height_out, abs=0.02)
    assert "<title>0:00: 2 in</title>" in chart and "<title>0:05: 1 out</title>" in chart


def test_no_crossing_at_all_is_an_empty_chart_with_its_axes() -> None:
    chart = counts_chart([Bin(0, 0, 0)], 1, CLOCK, "counts")
    assert 'class="axis"' in chart
    assert not re.search(r'<rect[^>]* class="(in|out)"', chart)


def test_a_count_holds_until_the_next_one() -> None:
    chart = occupancy_chart([(0.0, 1.0), (10.0, 2.0)], 20.0, CLOCK, "people")
    path = re.search(r'd="([^"]+)"', chart)
    assert path is not None
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path[1])]
    floor, one, two = heights[0], heights[1], heights[3]
    assert heights == [floor, one, one, two, two, floor]
    assert floor - two == pytest.approx(2 * (floor - one))


def test_bars_of_before_and_after_stand_under_their_metric() -> None:
    chart = interval_chart(
        [("AP50", [Interval("before", 0.5, 0.4, 0.6), Interval("after", 0.75)])], "precision"
    )
    widths = [float(w) for w in re.findall(r'width="([\d.]+)" height="14"', chart)]
    assert widths[1] == pytest.approx(1.5 * widths[0], rel=1e-3)
    assert chart.count('class="whisker"') == 3, "one interval: a line and two ends"
    assert "0.500" in chart and "0.750" in chart


def test_a_gauge_keeps_what_lies_beyond_its_scale_at_its_end() -> None:
    drawing = gauge(Interval("x", 3.0, 1.0, 4.0), [0.5], 2.0, "x")
    assert 'cx="134"' in drawing
    assert 'x1="70" x2="134"' in drawing, "the interval from the middle to the end"
