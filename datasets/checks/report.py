"""A check as one HTML page that needs neither network nor script: verdict, numbers, pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from datasets.checks.charts import shares_chart
from datasets.checks.contents import Row
from datasets.checks.drawing import Hide, thumbnail
from datasets.checks.finding import MEANINGS, Finding, Kind, Severity
from datasets.checks.hashes import MAX_DHASH_BITS, MAX_GRID_STEP, MAX_PHASH_BITS
from datasets.checks.run import CheckResult
from datasets.checks.statistics import HEIGHT_EDGES_PX, SplitStatistics, Spread
from datasets.files import write_atomically

_TEMPLATE = "check.html.j2"
_MOST_TEXTS = 5
_MOST_PICTURES = 12
_MOST_BARS = 14
_NUM_SHOTS = 12
_MOST_BOXES = 12

_SHOWN_FIRST = (
    Kind.DUPLICATE_ACROSS_SPLITS,
    Kind.NEAR_DUPLICATE_ACROSS_SPLITS,
    Kind.LABEL_CONFLICT,
    Kind.ADJACENT_ACROSS_SPLITS,
    Kind.IDENTITY_ACROSS_SPLITS,
    Kind.GENDER_CONFLICT,
)
"""What does the most harm, for the pictures; the others follow in the order of `Kind`."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture with the words under it."""

    image: Markup
    caption: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """The pictures of one finding, side by side, and what it says."""

    shots: tuple[Shot, ...]
    text: str


@dataclass(frozen=True, slots=True)
class KindView:
    """All findings of one kind, and pictures of the first few."""

    kind: Kind
    meaning: str
    is_error: bool
    count: int
    texts: tuple[str, ...]
    exhibits: tuple[Exhibit, ...]


@dataclass(frozen=True, slots=True)
class BarsView:
    """Counts by name, each with its share of the largest."""

    title: str
    bars: tuple[tuple[str, int, float], ...]
    num_more: int


def write_report(result: CheckResult, path: Path, hide: Hide | None = None) -> None:
    """Write the page; all of it or nothing.

    Args:
        result: of the check.
        path: of the page.
        hide: makes people unrecognisable; pictures are shown as they are when None.

    Raises:
        OSError: the file cannot be written.
    """
    write_atomically(path, render_report(result, hide))


def render_report(result: CheckResult, hide: Hide | None = None) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("datasets"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    kinds = _kind_views(result, hide)
    order = {kind: place for place, kind in enumerate(_SHOWN_FIRST)}
    return environment.get_template(_TEMPLATE).render(
        result=result,
        manifest=result.contents.manifest,
        verdict=verdict_text(result),
        tiles=_tiles(result),
        kinds=kinds,
        exhibited=sorted(
            (view for view in kinds if view.exhibits),
            key=lambda view: (not view.is_error, order.get(view.kind, len(order))),
        ),
        split_table=_split_table(result.statistics),
        charts=_charts(result.statistics),
        bars=_bars(result.statistics),
        shots=_shots(result, hide),
        is_hidden=hide is not None,
        limits={"phash": MAX_PHASH_BITS, "dhash": MAX_DHASH_BITS, "grid": MAX_GRID_STEP},
    )


def verdict_text(result: CheckResult) -> str:
    """Whether the data set can be used, in a sentence."""
    if not result.findings:
        return "Nothing wrong was found."
    kinds = {finding.kind for finding in result.findings if finding.severity is Severity.ERROR}
    warnings = _number(result.num_warnings, "warning")
    if not kinds:
        return f"Fit to use: no error, {warnings} to look at."
    errors = _number(result.num_errors, "error")
    what = "; ".join(MEANINGS[kind] for kind in Kind if kind in kinds)
    return f"Not fit to use yet: {errors}, {warnings}. {what[0].upper()}{what[1:]}."


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _tiles(result: CheckResult) -> list[tuple[str, str]]:
    splits = result.statistics
    people = set().union(*(split.identities for split in splits))
    tiles = [
        (f"{len(result.contents.rows):,}", "samples"),
        (f"{result.num_pictures:,}", "pictures and frames looked at"),
        (f"{sum(split.num_boxes for split in splits):,}", "boxes"),
        (f"{len(people):,}", "named people"),
        (f"{result.num_errors:,}", "errors"),
        (f"{result.num_warnings:,}", "warnings"),
    ]
    return [tile for tile in tiles if tile[0] != "0" or tile[1] in ("errors", "warnings")]


def _kind_views(result: CheckResult, hide: Hide | None) -> list[KindView]:
    rows = {row.sample.key: row for row in result.contents.rows}
    found: dict[Kind, list[Finding]] = {}
    for finding in result.findings:
        found.setdefault(finding.kind, []).append(finding)
    return [
        KindView(
            kind=kind,
            meaning=MEANINGS[kind],
            is_error=any(finding.severity is Severity.ERROR for finding in findings),
            count=len(findings),
            texts=tuple(finding.text for finding in findings[:_MOST_TEXTS]),
            exhibits=_exhibits(result.contents.folder, findings, rows, hide),
        )
        for kind, findings in found.items()
    ]


def _exhibits(
    folder: Path, findings: Sequence[Finding], rows: Mapping[str, Row], hide: Hide | None
) -> tuple[Exhibit, ...]:
    exhibits: list[Exhibit] = []
    for finding in findings[: 4 * _MOST_PICTURES]:
        shots = []
        for key in [*finding.others[:2], finding.key]:
            row = rows.get(key or "")
            meant = _meant(finding, row) if row is not None and key == finding.key else ()
            image = thumbnail(folder, row.sample, meant, hide) if row is not None else None
            if row is not None and image is not None:
                shots.append(Shot(image, _caption(row)))
        if shots:
            exhibits.append(Exhibit(tuple(shots), finding.text))
        if len(exhibits) == _MOST_PICTURES:
            break
    return tuple(exhibits)


def _meant(finding: Finding, row: Row) -> tuple[int, ...]:
    if finding.box is None:
        return ()
    boxes = range(len(row.sample.boxes))
    return tuple(index for index in boxes if row.box_number(index) == finding.box)


def _caption(row: Row) -> str:
    sample = row.sample
    parts = [
        sample.key,
        sample.split.value if sample.split is not None else None,
        sample.label,
        f"person {sample.identity}" if sample.identity is not None else None,
        sample.attributes.gender,
        sample.attributes.age_band,
        sample.attributes.mask,
    ]
    return " · ".join(str(part) for part in parts if part is not None)


def _shots(result: CheckResult, hide: Hide | None) -> list[Shot]:
    """Pictures spread evenly over the data set, those of videos too."""
    rows = result.contents.rows
    step = max(1, len(rows) // _NUM_SHOTS)
    shots = []
    for row in rows[step // 2 :: step][:_NUM_SHOTS]:
        image = thumbnail(result.contents.folder, row.sample, hide=hide)
        if image is not None:
            shots.append(Shot(image, _caption(row)))
    return shots


def _split_table(splits: Sequence[SplitStatistics]) -> tuple[list[str], list[list[str]]]:
    """Titles and a row for each split; columns of which nothing is known are left out."""
    columns = {
        "Samples": [split.num_samples for split in splits],
        "Not labelled": [split.num_unlabelled for split in splits],
        "Without boxes": [split.num_empty for split in splits],
        "Boxes": [split.num_boxes for split in splits],
        "Ignored": [split.num_ignored_boxes for split in splits],
        "People": [len(split.identities) for split in splits],
        "Cameras": [len(split.cameras) for split in splits],
        "Recordings": [len(split.sources) for split in splits],
        "Box height, px": [_spread(split.box_height_px, 0) for split in splits],
        "Width : height": [_spread(split.box_aspect, 2) for split in splits],
        "Most : least class": [
            f"{split.imbalance:.1f}" if split.imbalance else "" for split in splits
        ],
    }
    known = {
        title: cells
        for title, cells in columns.items()
        if any(cell not in (0, "") for cell in cells)
    }
    rows = [
        [
            f"{cells[row]:,}" if isinstance(cells[row], int) else str(cells[row]) or "–"
            for cells in known.values()
        ]
        for row in range(len(splits))
    ]
    return list(known), rows


def _spread(values: Spread, digits: int) -> str:
    if not values.quantiles:
        return ""
    low, high = values.quantiles[1], values.quantiles[5]
    return f"{values.median:.{digits}f} ({low:.{digits}f} – {high:.{digits}f})"


def _charts(splits: Sequence[SplitStatistics]) -> list[tuple[str, Markup]]:
    boxed = [split for split in splits if split.box_heights_px]
    if not boxed:
        return []
    heights = [f"{low}+" if high == inf else str(low) for low, high in pairwise(HEIGHT_EDGES_PX)]
    pictures = [*map(str, range(_MOST_BOXES)), f"{_MOST_BOXES}+"]
    title = "Heights of boxes, px"
    other = "Boxes in a picture"
    return [
        (
            title,
            shares_chart(heights, [(one.split, one.height_counts()) for one in boxed], title),
        ),
        (
            other,
            shares_chart(
                pictures, [(one.split, one.picture_counts(_MOST_BOXES)) for one in boxed], other
            ),
        ),
    ]


def _bars(splits: Sequence[SplitStatistics]) -> list[BarsView]:
    counted = {
        "Classes of boxes": [split.box_labels for split in splits],
        "Classes of pictures and clips": [split.labels for split in splits],
        "Cameras": [split.cameras for split in splits],
        "Age bands": [split.attributes["age_band"] for split in splits],
        "Gender": [split.attributes["gender"] for split in splits],
        "Mask": [split.attributes["mask"] for split in splits],
        "Not stated": [split.missing for split in splits],
    }
    views = []
    for title, counters in counted.items():
        total: dict[str, int] = {}
        for counter in counters:
            for name, count in counter.items():
                total[name] = total.get(name, 0) + count
        bars = sorted(((n, c) for n, c in total.items() if c), key=lambda bar: (-bar[1], bar[0]))
        if title == "Age bands":
            bars.sort()
        if bars:
            most = max(count for _, count in bars)
            shown = tuple((name, count, count / most) for name, count in bars[:_MOST_BARS])
            views.append(BarsView(title, shown, max(0, len(bars) - _MOST_BARS)))
    return views
