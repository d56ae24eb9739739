"""How well the map of where people spend their time is measured.

The overlap of two heatmaps is 1 − ½ Σ abs(p − q), p and q the shares of the person-seconds that
each floor cell has: 1 for equal maps, 0 for maps without a common cell. It does not see how many
people there were in all; counting does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.core.events import HeatmapTile

_EPSILON_CELLS = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class HeatmapTotals:
    """Person-seconds by period and cell: `measured` and `true` (B, cells)."""

    measured: NDArray[np.float64]
    true: NDArray[np.float64]

    @property
    def num_blocks(self) -> int:
        """How many periods there are to resample."""
        return len(self.true)

    def overlap(self, weights: NDArray[np.integer] | None = None) -> float:
        """The overlap where period b counts `weights[b]` times; nan where a map is empty."""
        weights = np.ones(len(self.true), np.int64) if weights is None else weights
        return _overlap(weights @ self.measured, weights @ self.true)


def heatmap_totals(measured: Sequence[HeatmapTile], true: Sequence[HeatmapTile]) -> HeatmapTotals:
    """Sum tiles by camera and cell, and by the period that they end.

    Raises:
        ValueError: the tiles lie on different grids.
    """
    everything = [*measured, *true]
    sizes = sorted({tile.cell_m for tile in everything})
    if len(sizes) > 1:
        raise ValueError(f"heatmaps: expected cells of one size, got {sizes} m")
    periods = {at_s: row for row, at_s in enumerate(sorted({t.at_s for t in everything}))}
    cells = {
        key: row for row, key in enumerate(sorted({k for t in everything for k, _ in _cells(t)}))
    }
    totals = np.zeros((2, len(periods), len(cells)))
    for source, tiles in enumerate((measured, true)):
        for tile in tiles:
            for key, seconds in _cells(tile):
                totals[source, periods[tile.at_s], cells[key]] += seconds
    return HeatmapTotals(measured=totals[0], true=totals[1])


def _cells(tile: HeatmapTile) -> list[tuple[tuple[str, int, int], float]]:
    """Cells on a grid whose corner is the floor's origin, so that tiles compare by number."""
    offset = np.asarray(tile.origin_m) / tile.cell_m
    whole = np.round(offset)
    if np.abs(offset - whole).max() > _EPSILON_CELLS:
        raise ValueError(
            f"heatmap of camera '{tile.camera_id}': expected an origin on the grid of "
            f"{tile.cell_m} m cells, got {tile.origin_m}"
        )
    column0, row0 = int(whole[0]), int(whole[1])
    return [
        ((tile.camera_id, column + column0, row + row0), seconds)
        for column, row, seconds in tile.cells
    ]


def _overlap(measured: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    if not (measured.sum() > 0 and true.sum() > 0):
        return math.nan
    return float(1 - np.abs(measured / measured.sum() - true / true.sum()).sum() / 2)
