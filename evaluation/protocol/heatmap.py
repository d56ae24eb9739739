"""Heatmap: the same floor map of true and of predicted tracks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evaluation.figure import Figure, Metric
from evaluation.metrics.heatmap import heatmap_totals
from evaluation.protocol.counting import Clip, replay
from evaluation.protocol.sampling import Sampling
from serving.analytics.analysis import Analysis
from serving.core.detections import Tracks
from serving.core.events import Event, HeatmapTile


def heatmap_figures(
    truth: Mapping[int, Tracks],
    predicted: Mapping[int, Tracks],
    heatmap: Callable[[], Analysis],
    clip: Clip,
    dataset: str,
    sampling: Sampling,
) -> list[Figure]:
    """The overlap of the two maps, both through the camera's own calibration.

    So the figure says what detection and tracking cost; how well the calibration fits the floor is
    its residual. The interval draws the heatmap's periods. A draw has fewer different periods
    than the whole and so rougher maps that overlap less, for which the interval is recentred.
    """
    true = _tiles(replay(heatmap(), truth, clip.true_numbers, clip.frame_rate_hz))
    measured = _tiles(replay(heatmap(), predicted, clip.numbers, clip.frame_rate_hz))
    totals = heatmap_totals(measured, true)
    return [
        Figure(
            Metric.HEATMAP_OVERLAP,
            totals.overlap(),
            round(totals.true.sum()),
            "true person-seconds",
            dataset,
            *sampling.share_ends(totals.overlap, totals.num_blocks),
        )
    ]


def _tiles(events: Sequence[Event]) -> list[HeatmapTile]:
    return [event for event in events if isinstance(event, HeatmapTile)]
