"""From a data set and what was measured of it to candidates, by key and never by number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.checks.recordings import source_of
from datasets.curation.embeddings import Embeddings
from datasets.curation.likeness import copy_distance
from datasets.curation.measures import Measures
from datasets.media import frame_rate_hz
from datasets.samples import Sample
from datasets.sampling.broken_tracks import BORN, LOST, SHORT, SWAP
from labeling.selection.candidates import Candidates, Criterion, Values
from labeling.selection.failures import likely_failures
from labeling.selection.limits import NOWHERE, Limits
from serving.core.errors import DatasetError

OF_MEASURES = (Criterion.HARDNESS, Criterion.UNIQUENESS, Criterion.REPRESENTATIVENESS)
"""Criteria that are measures of the same name."""

_BROKEN_TAGS = frozenset({BORN, LOST, SHORT, SWAP})
_MAX_NAMED = 3
_NUM_JUDGED = 10_000
"""All against all: ten times as many would take a hundred times as long."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of the samples of a data set.

    Args:
        samples: of the data set.
        vectors: of all of them, by key.
        measures: by key; empty where nothing was measured.
        errors: by key of labelled samples: in [0, 1], how wrong the model is there.
    """

    samples: Sequence[Sample]
    vectors: Mapping[str, NDArray[np.float32]]
    measures: Mapping[str, Measures] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)

    def candidates(self, wanted: Iterable[Criterion] | None = None) -> Candidates:
        """All samples as candidates, in their order.

        Args:
            wanted: criteria that are needed; None: those that something is known of.

        Raises:
            DatasetError: a sample has no vector, or one without a label lacks a measure that is
                needed or that others have.
        """
        if not self.samples:
            raise DatasetError("select: expected samples, got none")
        self._check_keys("embeddings", self.samples, self.vectors)
        vectors = np.stack([self.vectors[sample.key] for sample in self.samples])
        is_labelled = np.array([sample.is_labelled for sample in self.samples], np.bool_)
        values = {
            criterion: self._measured(criterion)
            for criterion in OF_MEASURES
            if (criterion in wanted if wanted is not None else self._is_measured(criterion))
        }
        if Criterion.FAILURES in wanted if wanted is not None else self.errors:
            values[Criterion.FAILURES] = self._failures(vectors)
        broken = np.array([bool(_BROKEN_TAGS & {*sample.tags}) for sample in self.samples], float)
        if Criterion.BROKEN in wanted if wanted is not None else broken.any():
            values[Criterion.BROKEN] = broken
        return Candidates(vectors, is_labelled, values)

    def copy_distance(self) -> float:
        """The cosine distance up to which two of the pictures are likely copies.

        Judged by the first `_NUM_JUDGED` samples, among which frames have their neighbours.
        """
        keys = tuple(sample.key for sample in self.samples[:_NUM_JUDGED])
        return copy_distance(Embeddings(keys, np.stack([self.vectors[key] for key in keys]), ""))

    def limits(self, folder: Path, max_per_view: int | None, gap_s: float) -> Limits:
        """Limits by camera, or by recording where no camera is named.

        Args:
            folder: of the data set; the videos in it say how fast their frames follow.
            max_per_view: see `Limits`.
            gap_s: see `Limits`.

        Raises:
            DatasetError: a video cannot be read.
        """
        views = [sample.camera or source_of(sample) for sample in self.samples]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(filter(None, views)))}
        view = np.array([NOWHERE if name is None else numbers[name] for name in views], np.int64)
        at_s = times_s(self.samples, folder) if gap_s > 0 else np.full(len(view), np.nan)
        return Limits(view, at_s, max_per_view, gap_s)

    def _is_measured(self, criterion: Criterion) -> bool:
        return any(getattr(one, criterion.value) is not None for one in self.measures.values())

    def _measured(self, criterion: Criterion) -> Values:
        values = {
            key: getattr(one, criterion.value)
            for key, one in self.measures.items()
            if getattr(one, criterion.value) is not None
        }
        open_samples = [sample for sample in self.samples if not sample.is_labelled]
        self._check_keys(f"a measure '{criterion}'", open_samples, values)
        return np.array([values.get(sample.key, 0.0) for sample in self.samples])

    def _failures(self, vectors: NDArray[np.float32]) -> Values:
        if not self.errors:
            raise DatasetError(
                "select by failures: expected errors of the model on labelled samples, got none "
                "(predictions=FILE or bundle=NAME, and some samples with labels)"
            )
        rows = [row for row, sample in enumerate(self.samples) if sample.key in self.errors]
        errors = np.array([self.errors[self.samples[row].key] for row in rows])
        return likely_failures(vectors, vectors[rows], errors)

    @staticmethod
    def _check_keys(what: str, samples: Iterable[Sample], known: Mapping[str, object]) -> None:
        missing = [sample.key for sample in samples if sample.key not in known]
        if missing:
            raise DatasetError(
                f"select: expected {what} of every sample to choose by, got none of "
                f"{len(missing):,}, such as {missing[:_MAX_NAMED]} "
                "(python -m datasets curate measures them)"
            )


def times_s(samples: Sequence[Sample], folder: Path) -> NDArray[np.float64]:
    """(N,) when each sample was taken: as it says, else by its place in the video; else nan.

    Raises:
        DatasetError: a video is missing or does not say its frame rate.
    """
    rates: dict[str, float] = {}
    at_s = np.full(len(samples), np.nan)
    for row, sample in enumerate(samples):
        if sample.captured_at is not None:
            at_s[row] = sample.captured_at
        elif sample.frame_index is not None:
            if sample.path not in rates:
                rates[sample.path] = frame_rate_hz(folder / sample.path)
            at_s[row] = sample.frame_index / rates[sample.path]
    return at_s
