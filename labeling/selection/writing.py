"""What was chosen and why: keys for a push, a table of reasons, a line for each reason."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from datasets.files import write_atomically
from datasets.samples import Sample
from labeling.selection.candidates import Candidates
from labeling.selection.rule import Pick

_HEAD = ("rank", "key", "reason", "value", "score", "distance")


def write_keys(path: Path, samples: Sequence[Sample], picks: Sequence[Pick]) -> None:
    """The keys, one a line, best first, as `only=` of a push reads them; all or nothing."""
    write_atomically(path, "".join(f"{samples[one.row].key}\n" for one in picks))


def write_reasons(
    path: Path, samples: Sequence[Sample], candidates: Candidates, picks: Sequence[Pick]
) -> None:
    """A CSV: rank from 1, key, reason with its value, score, distance, then all that is known.

    `distance` is to the nearest labelled or picked picture; empty where there was none. All or
    nothing.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow((*_HEAD, *candidates.values))
    for rank, one in enumerate(picks, 1):
        known = (values[one.row] for values in candidates.values.values())
        numbers = (one.value, one.score, one.distance, *known)
        table.writerow((rank, samples[one.row].key, one.reason, *map(_number, numbers)))
    write_atomically(path, text.getvalue())


def reasons(picks: Sequence[Pick]) -> list[str]:
    """For each reason how many picks have it, the most frequent first."""
    counts = Counter(one.reason for one in picks)
    return [f"{reason}: {num:,}" for reason, num in counts.most_common()]


def _number(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""
