"""The model card: what a bundle is, from what, how good, and where not to use it.

Nothing in a card is typed by hand. Facts and figures come from `bundle.json` and `manifest.json`,
prose from one template, so `update_card` can write it again at any time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from datasets.files import write_atomically
from datasets.manifest import FILE_NAME as MANIFEST_FILE
from datasets.manifest import Manifest
from evaluation.figure import Figure
from serving.core.bundle import CARD_FILE, METADATA_FILE, Bundle
from serving.core.errors import BundleError

EVALUATION = "evaluation"
"""Key of `bundle.metrics` under which measured figures and their command stand."""

_TEMPLATE = "model_card.md.j2"
_ENVIRONMENT = Environment(
    loader=PackageLoader("evaluation"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # Markdown
)


@dataclass(frozen=True, slots=True)
class _FigureRow:
    """A measured figure as the card prints it."""

    metric: str
    value: str
    interval: str
    n: str
    dataset: str


def update_card(folder: Path, figures: Sequence[Figure] | None = None, command: str = "") -> Path:
    """Write a bundle's card again; with `figures`, put these into `bundle.json` first.

    Args:
        folder: the bundle's.
        figures: what was measured of this bundle; none keeps those that are there.
        command: what to type to measure them again.

    Returns:
        The path of the card.

    Raises:
        BundleError: the bundle or its manifest does not fit together.
    """
    bundle = Bundle.load(folder)
    if figures is not None:
        measured = {"command": command, "figures": [figure.to_record() for figure in figures]}
        bundle = replace(bundle, metrics={**bundle.metrics, EVALUATION: measured})
    card = render_card(bundle)  # before the metadata: what cannot be shown is not written either
    write_atomically(folder / METADATA_FILE, bundle.to_json())
    return write_atomically(folder / CARD_FILE, card)


def render_card(bundle: Bundle) -> str:
    """The card of a bundle that was read from its folder, as Markdown.

    Raises:
        BundleError: the folder's manifest has another hash than the bundle states, or the
            figures in `bundle.json` are incomplete.
    """
    evaluation = bundle.metrics.get(EVALUATION, {})
    return _ENVIRONMENT.get_template(_TEMPLATE).render(
        bundle=bundle,
        model_size_mb=bundle.model_path.stat().st_size / 1e6,
        manifest=read_manifest(bundle),
        figures=[_figure_row(record, bundle) for record in evaluation.get("figures", ())],
        evaluation_command=evaluation.get("command", ""),
        validation=bundle.metrics.get("validation"),
        parity=bundle.parity,
    )


def read_manifest(bundle: Bundle) -> Manifest | None:
    """The manifest of the training data in the bundle's folder; none where it holds none.

    Raises:
        BundleError: it has another hash than the bundle states.
        DatasetError: it is no manifest.
    """
    folder = bundle.model_path.parent
    if not (folder / MANIFEST_FILE).is_file():
        return None
    manifest = Manifest.read(folder)
    if manifest.sha256 != bundle.data_manifest_sha256:
        raise BundleError(
            f"{folder / MANIFEST_FILE}: expected sha256 {bundle.data_manifest_sha256} as "
            f"{METADATA_FILE} says, got {manifest.sha256}"
        )
    return manifest


def _figure_row(record: Mapping[str, Any], bundle: Bundle) -> _FigureRow:
    try:
        figure = Figure(**record)
    except TypeError as error:
        raise BundleError(
            f"bundle '{bundle.name}', metrics.{EVALUATION}: expected a figure, got {record} "
            f"({error})"
        ) from error
    has_interval = figure.low is not None and figure.high is not None
    return _FigureRow(
        metric=str(figure.metric),
        value=_number(figure.value, figure.unit),
        interval=(
            f"{_number(figure.low, figure.unit)} to {_number(figure.high, figure.unit)}"
            if has_interval
            else "none"
        ),
        n=f"{figure.n:,} {figure.n_of}",
        dataset=figure.dataset,
    )


def _number(value: float | None, unit: str) -> str:
    if value is None or math.isnan(value):
        return "not measurable"
    if unit == "count":
        return f"{value:,.0f}"
    return f"{value:.3f}" + (" ms" if unit == "ms" else "")
