"""Charts as inline SVG: they scale with the page, take its colours, and need no script.

Every function gives finished markup. Text is escaped when it is put in, so that names of cameras,
lines and zones can hold anything. Colours are classes of the page's style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH = 420
"""Units across a chart: about as many pixels as a phone shows, so that text stays readable."""

_MARGIN_LEFT = 34
_MARGIN_RIGHT = 10
_AXIS_HEIGHT = 20


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value in its unit with the ends of its interval; None where there is none."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bin:
    """People counted from `start_s` on, in the two directions of a line."""

    start_s: float
    num_in: int
    num_out: int


def element(tag: str, *children: str, **attributes: object) -> Markup:
    """One SVG element. Underscores in names of attributes become hyphens; `class_` is `class`."""
    written = Markup("").join(
        Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), _short(value))
        for name, value in attributes.items()
        if value is not None
    )
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), written, Markup("").join(children))


def picture(width: float, height: float, alt: str, *children: str, class_: str = "") -> Markup:
    """A drawing of `width` × `height` units that fills the width it is given."""
    return element(
        "svg",
        element("title", alt),
        *children,
        viewBox=f"0 0 {_short(width)} {_short(height)}",
        role="img",
        aria_label=alt,
        class_=f"chart {class_}".strip(),
    )


def counts_chart(bins: Sequence[Bin], bin_s: float, clock: Clock, alt: str) -> Markup:
    """Columns over time: people in above the axis, people out below it."""
    height, top = 170, 16
    most_in = max([bin_.num_in for bin_ in bins], default=0)
    most_out = max([bin_.num_out for bin_ in bins], default=0)
    step = _count_step(max(most_in, most_out))
    ceiling = max(step, math.ceil(most_in / step) * step)
    depth = max(step, math.ceil(most_out / step) * step)
    unit = (height - top - _AXIS_HEIGHT) / (ceiling + depth)
    zero = top + ceiling * unit
    start_s, end_s = bins[0].start_s, bins[-1].start_s + bin_s
    axis = _TimeAxis(start_s, end_s, clock)
    grid = [
        _grid_line(zero - level * unit, str(abs(level)), "axis" if level == 0 else "grid")
        for level in range(-depth, ceiling + 1, step)
    ]
    columns = []
    for bin_ in bins:
        left = axis.x(bin_.start_s)
        width = max(1.0, (axis.x(bin_.start_s + bin_s) - left) * 0.8)
        for count, class_, y in (
            (bin_.num_in, "in", zero - bin_.num_in * unit),
            (bin_.num_out, "out", zero),
        ):
            if count:
                note = f"{clock.text(bin_.start_s)}: {count} {class_}"
                columns.append(
                    element(
                        "rect",
                        element("title", note),
                        x=left + (axis.x(bin_.start_s + bin_s) - left) * 0.1,
                        y=y,
                        width=width,
                        height=count * unit,
                        class_=class_,
                    )
                )
    labels = [
        element("text", "▲ in", x=_MARGIN_LEFT + 4, y=top - 4, class_="in-text"),
        element("text", "▼ out", x=_MARGIN_LEFT + 44, y=top - 4, class_="out-text"),
    ]
    return picture(WIDTH, height, alt, *grid, *columns, *labels, *axis.ticks(height))


def occupancy_chart(
    samples: Sequence[tuple[float, float]], end_s: float, clock: Clock, alt: str
) -> Markup:
    """People in a zone over time, each sample (time in seconds, people) held until the next."""
    height, top = 120, 10
    most = max([count for _, count in samples], default=0)
    step = _count_step(most)
    ceiling = max(step, math.ceil(most / step) * step)
    unit = (height - top - _AXIS_HEIGHT) / ceiling
    zero = height - _AXIS_HEIGHT
    axis = _TimeAxis(samples[0][0], end_s, clock)
    points = [f"M{_short(axis.x(samples[0][0]))} {_short(zero)}"]
    for (at_s, count), (until_s, _) in zip(samples, [*samples[1:], (end_s, 0.0)], strict=True):
        y = _short(zero - count * unit)
        points.append(f"L{_short(axis.x(at_s))} {y}L{_short(axis.x(until_s))} {y}")
    points.append(f"L{_short(axis.x(end_s))} {_short(zero)}Z")
    grid = [
        _grid_line(zero - level * unit, str(level), "axis" if level == 0 else "grid")
        for level in range(0, ceiling + 1, step)
    ]
    area = element("path", d="".join(points), class_="area")
    return picture(WIDTH, height, alt, *grid, area, *axis.ticks(height))


def interval_chart(groups: Sequence[tuple[str, Sequence[Interval]]], alt: str) -> Markup:
    """Bars from 0 to 1 in groups, such as one metric before and after, with their intervals."""
    row, gap, left = 20, 14, 120
    width = WIDTH - left - 56
    parts, y = [], 4.0
    for name, bars in groups:
        parts.append(element("text", name, x=0, y=y + 14, class_="strong"))
        for index, bar in enumerate(bars):
            parts += _interval_bar(bar, left, y, width, row, f"series-{index}")
            y += row
        y += gap
    foot = y - gap + 4
    grid = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + tick * width
        grid.append(element("line", x1=x, x2=x, y1=0, y2=foot, class_="grid"))
        grid.append(_text(f"{tick:g}", x, foot + 13))
    return picture(WIDTH, foot + 18, alt, *grid, *parts)


def _interval_bar(
    bar: Interval, left: float, y: float, width: float, row: float, class_: str
) -> list[Markup]:
    middle = y + row / 2
    end = left + bar.value * width
    parts = [
        element("text", bar.label, x=left - 8, y=middle + 4, text_anchor="end"),
        element("rect", x=left, y=y + 3, width=end - left, height=row - 6, class_=class_),
    ]
    right = end
    if bar.low is not None and bar.high is not None:
        low, high = left + bar.low * width, left + bar.high * width
        right = max(end, high)
        parts.append(element("line", x1=low, x2=high, y1=middle, y2=middle, class_="whisker"))
        parts += [
            element("line", x1=x, x2=x, y1=middle - 4, y2=middle + 4, class_="whisker")
            for x in (low, high)
        ]
    parts.append(element("text", f"{bar.value:.3f}", x=right + 6, y=middle + 4, class_="strong"))
    return parts


def gauge(value: Interval, targets: Sequence[float], top: float, alt: str) -> Markup:
    """A figure on a scale from 0 to `top`: its value a dot, its interval a bar, targets marks."""
    width, height, inset = 140, 22, 6
    middle = height / 2

    def x(at: float) -> float:
        return inset + min(max(at / top, 0.0), 1.0) * (width - 2 * inset)

    parts = [element("line", x1=inset, x2=width - inset, y1=middle, y2=middle, class_="grid wide")]
    if value.low is not None and value.high is not None:
        ends = {"x1": x(value.low), "x2": x(value.high)}
        parts.append(element("line", **ends, y1=middle, y2=middle, class_="band"))
    parts += [
        element("line", x1=x(target), x2=x(target), y1=2, y2=height - 2, class_="target")
        for target in targets
    ]
    parts.append(element("circle", cx=x(value.value), cy=middle, r=4.5, class_="dot"))
    return picture(width, height, alt, *parts, class_="gauge")


@dataclass(frozen=True, slots=True)
class Clock:
    """How times are written: time of day, or since the start where a recording has no date."""

    start_s: float

    @property
    def has_date(self) -> bool:
        """Whether times are real: a replay without a date starts at 1970-01-01."""
        return self.start_s >= _ONE_YEAR_S

    def text(self, at_s: float) -> str:
        """The time of day (UTC) as HH:MM, or minutes and seconds since the start."""
        if self.has_date:
            minutes = int(at_s // 60) % (24 * 60)
            return f"{minutes // 60:02d}:{minutes % 60:02d}"
        return duration_text(at_s - self.start_s)


_ONE_YEAR_S = 365 * 86_400.0


def duration_text(duration_s: float) -> str:
    """`1:53` for 113 s, `2:05:00` from an hour on."""
    seconds = round(duration_s)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    tail = f"{seconds % 60:02d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def spelled_duration(duration_s: float) -> str:
    """`1 min 53 s` for 113 s, `2 h 5 min` from an hour on."""
    seconds = round(duration_s)
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if seconds >= 3600:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{seconds // 60} min {seconds % 60} s"


_NICE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 86_400)


def nice_step_s(duration_s: float, most: int) -> float:
    """The shortest customary step that divides a duration into at most `most` parts."""
    for step in _NICE_S:
        if duration_s <= step * most:
            return float(step)
    return float(math.ceil(duration_s / most / _NICE_S[-1]) * _NICE_S[-1])


class _TimeAxis:
    """Places times along the width of a chart."""

    def __init__(self, start_s: float, end_s: float, clock: Clock) -> None:
        self._start_s = start_s
        self._end_s = max(end_s, start_s + 1e-6)
        self._clock = clock

    def x(self, at_s: float) -> float:
        share = (at_s - self._start_s) / (self._end_s - self._start_s)
        return _MARGIN_LEFT + share * (WIDTH - _MARGIN_LEFT - _MARGIN_RIGHT)

    def ticks(self, height: float) -> Iterable[Markup]:
        step = nice_step_s(self._end_s - self._start_s, 8)
        origin = 0.0 if self._clock.has_date else self._clock.start_s
        tick = origin + math.ceil((self._start_s - origin) / step) * step
        while tick <= self._end_s:
            yield _text(self._clock.text(tick), self.x(tick), height - 5)
            tick += step


def _grid_line(y: float, label: str, class_: str) -> Markup:
    line = element("line", x1=_MARGIN_LEFT, x2=WIDTH - _MARGIN_RIGHT, y1=y, y2=y, class_=class_)
    text = element("text", label, x=_MARGIN_LEFT - 6, y=y + 4, text_anchor="end")
    return Markup("{}{}").format(line, text)


def _text(text: str, x: float, y: float) -> Markup:
    return element("text", text, x=x, y=y, text_anchor="middle")


def _count_step(most: int | float) -> int:
    """The step between grid lines of a count: 1, 2 or 5 times a power of ten, about 3 lines."""
    raw = max(1.0, most / 3)
    power = 10 ** math.floor(math.log10(raw))
    return int(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw))


def _short(value: object) -> str:
    """A number without more digits than a screen can show."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
