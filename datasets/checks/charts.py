"""Columns as inline SVG: they scale with the page, take its colours, and need no script."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

_WIDTH, _HEIGHT, _FOOT, _TOP, _LEFT = 420, 170, 36, 12, 36
_NUM_COLOURS = 5


def shares_chart(
    labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]], alt: str
) -> Markup:
    """For each label a column of each series: its share of the series, which differ in size."""
    shares = [[count / max(sum(counts), 1) for count in counts] for _, counts in series]
    most = max([share for row in shares for share in row], default=0) or 1.0
    slot = (_WIDTH - _LEFT) / max(len(labels), 1)
    width = slot * 0.84 / max(len(series), 1)
    parts = [_grid(most)]
    for number, (name, counts) in enumerate(series):
        for place, share in enumerate(shares[number]):
            height = share / most * (_HEIGHT - _FOOT - _TOP)
            x = _LEFT + place * slot + slot * 0.08 + number * width
            parts.append(
                Markup(
                    '<rect class="s{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
                    "<title>{}, {}: {:,} ({:.1%})</title></rect>"
                ).format(
                    number % _NUM_COLOURS,
                    x,
                    _HEIGHT - _FOOT - height,
                    width,
                    height,
                    name,
                    labels[place],
                    counts[place],
                    share,
                )
            )
    for place, label in enumerate(labels):
        x = _LEFT + (place + 0.5) * slot
        parts.append(_text(label, x, _HEIGHT - _FOOT + 14))
    x = float(_LEFT)
    for number, (name, _) in enumerate(series if len(series) > 1 else ()):
        parts.append(
            Markup('<rect class="s{}" x="{:.0f}" y="{}" width="10" height="10"/>').format(
                number % _NUM_COLOURS, x, _HEIGHT - 11
            )
        )
        parts.append(_text(name, x + 14, _HEIGHT - 2, "start"))
        x += 30 + 7 * len(name)
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        "<title>{}</title>{}</svg>"
    ).format(_WIDTH, _HEIGHT, alt, alt, Markup("").join(parts))


def _grid(most: float) -> Markup:
    lines = []
    for part in (0.0, 0.5, 1.0):
        y = _HEIGHT - _FOOT - part * (_HEIGHT - _FOOT - _TOP)
        lines.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
                _LEFT, _WIDTH, y, y
            )
        )
        lines.append(_text(f"{part * most:.0%}", _LEFT - 5, y + 4, "end"))
    return Markup("").join(lines)


def _text(text: str, x: float, y: float, anchor: str = "middle") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        x, y, anchor, text
    )
