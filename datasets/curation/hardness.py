"""How unsure a detector is of a picture, by its own scores."""

from __future__ import annotations

import math
from collections.abc import Iterable

from datasets.samples import Box

_CANDIDATE = 0.1
"""Below this the model has decided that nothing is there."""


def hardness(predictions: Iterable[Box]) -> float:
    """The mean binary entropy, in bits, of the scores of all candidates from 0.1: in [0, 1].

    0: every candidate is certain, or there is none. 1: each may be or not be there. FiftyOne
    Brain's hardness is the entropy of one classification's logits; a detection has many boxes and
    no logits, so it is computed here and shown there under the same name.
    """
    entropies = [_entropy_bits(box.score) for box in predictions if (box.score or 0) >= _CANDIDATE]
    return sum(entropies) / len(entropies) if entropies else 0.0


def _entropy_bits(score: float | None) -> float:
    if score is None or score in (0.0, 1.0):
        return 0.0
    return -(score * math.log2(score) + (1 - score) * math.log2(1 - score))
