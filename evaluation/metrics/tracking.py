"""HOTA, CLEAR MOT and IDF1 of one sequence, with one matching for values and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.clear import Clear, ClearTotals, clear_totals
from evaluation.metrics.hota import Hota, HotaTotals, hota_totals
from evaluation.metrics.identity import Identity, IdentityTotals, identity_totals
from evaluation.metrics.sequence import SequencePair
from serving.core.detections import Tracks


@dataclass(frozen=True, slots=True)
class TrackingScore:
    """The three families of figures."""

    hota: Hota
    clear: Clear
    identity: Identity

    def values(self) -> dict[str, float]:
        """All figures by the name of their field."""
        return {**asdict(self.hota), **asdict(self.clear), **asdict(self.identity)}


@dataclass(frozen=True, slots=True, eq=False)
class TrackingTotals:
    """What a sequence's figures are computed from, by block."""

    hota: HotaTotals
    clear: ClearTotals
    identity: IdentityTotals

    @property
    def num_blocks(self) -> int:
        """How many units there are to resample."""
        return len(self.clear.true)

    def score(self, weights: NDArray[np.integer] | None = None) -> TrackingScore:
        """All figures where block b counts `weights[b]` times; once each when omitted."""
        return TrackingScore(
            self.hota.score(weights), self.clear.score(weights), self.identity.score(weights)
        )


def tracking_score(truth: Sequence[Tracks], predicted: Sequence[Tracks]) -> TrackingScore:
    """All figures of a sequence; entry i of both is frame i."""
    return tracking_totals(truth, predicted).score()


def tracking_totals(
    truth: Sequence[Tracks], predicted: Sequence[Tracks], block: Sequence[int] | None = None
) -> TrackingTotals:
    """Match once, for figures of the sequence and of resampled blocks of it.

    `block` (frames,) numbers the stretch of time of each frame from 0; see `SequencePair`.
    """
    sequence = SequencePair.from_tracks(truth, predicted, block)
    return TrackingTotals(hota_totals(sequence), clear_totals(sequence), identity_totals(sequence))
