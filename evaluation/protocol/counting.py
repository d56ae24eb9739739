"""Counting: the same line counter on true and on predicted tracks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.figure import Figure, Metric
from evaluation.metrics.counting import CountingTotals, counting_totals
from evaluation.protocol.sampling import Sampling
from serving.analytics.analysis import Analysis
from serving.core.detections import Tracks
from serving.core.events import Crossing, Event

WINDOW_S = 15 * 60.0
_NO_TRACKS = Tracks.empty()


@dataclass(frozen=True, slots=True)
class Clip:
    """Which frames of a video there are, by number from 1.

    `true_numbers` are those whose truth is known; others are unknown, not empty.
    """

    numbers: Sequence[int]
    true_numbers: Sequence[int]
    frame_rate_hz: float

    @classmethod
    def through(
        cls, truth: Mapping[int, Tracks], predicted: Mapping[int, Tracks], frame_rate_hz: float
    ) -> Clip:
        """From the first frame with a row to the last; frames without rows show nobody."""
        known = {*truth, *predicted}
        numbers = range(min(known, default=1), max(known, default=0) + 1)
        return cls(numbers, numbers, frame_rate_hz)


def replay(
    analysis: Analysis, frames: Mapping[int, Tracks], numbers: Iterable[int], frame_rate_hz: float
) -> list[Event]:
    """What an analysis says of recorded tracks of the frames `numbers`; frame 1 is at 0 s."""
    events: list[Event] = []
    at_s = 0.0
    for number in numbers:
        at_s = (number - 1) / frame_rate_hz
        events += analysis.update(frames.get(number, _NO_TRACKS), at_s)
    return events + analysis.finish(at_s)


def counting_figures(
    truth: Mapping[int, Tracks],
    predicted: Mapping[int, Tracks],
    counter: Callable[[], Analysis],
    clip: Clip,
    dataset: str,
    sampling: Sampling,
) -> list[Figure]:
    """Counting accuracy over the whole clip and over windows of 15 minutes.

    True crossings are those of `counter` on the true tracks, so the figure says what detection and
    tracking cost, not whether the counter's rules are the right ones. The interval draws stretches
    of time, recentred, because errors that cancel in the whole cancel less in a draw.
    """
    true = _crossings(replay(counter(), truth, clip.true_numbers, clip.frame_rate_hz))
    counted = _crossings(replay(counter(), predicted, clip.numbers, clip.frame_rate_hz))
    figures = []
    for metric, window_s in (
        (Metric.COUNTING_ACCURACY, None),
        (Metric.COUNTING_ACCURACY_15_MIN, WINDOW_S),
    ):
        totals = counting_totals(counted, true, window_s, sampling.block_s)
        score = totals.score()
        interval = sampling.share_ends(functools.partial(_accuracy, totals), len(totals.true))
        figures.append(
            Figure(
                metric,
                score.accuracy,
                score.num_true,
                "true crossings",
                dataset,
                *interval,
            )
        )
    return figures


def _accuracy(totals: CountingTotals, weights: NDArray[np.int64]) -> float:
    return totals.score(weights).accuracy


def _crossings(events: Sequence[Event]) -> list[Crossing]:
    return [event for event in events if isinstance(event, Crossing)]
