"""Near-duplicates among many pictures, without comparing each with each.

Two hashes that differ in at most 8 bits agree in at least one of 9 bands. So only pictures that
agree in a band of both hashes are compared: sorted by the two bands they stand side by side. Per
picture the nearest one of each relation is kept, so memory grows with the pictures and not with
the pairs, of which a fixed camera has nearly all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.checks.hashes import (
    GRID,
    MAX_DHASH_BITS,
    MAX_GRID_STEP,
    MAX_PHASH_BITS,
    Signature,
)

NUM_RELATIONS = 3
"""Pairs are of relation 0, 1 or 2; the caller says what these mean. -1 is never a pair."""

MAX_COMPARED = 256
"""Pictures of one bucket that each is compared with: a fixed camera fills a bucket with all its
frames, and there the nearest are met often enough among 81 buckets. `Near.num_limited` tells."""

_NUM_BANDS = 9
_CHUNK = 1 << 16
_CONTRAST = 40.0
_LEAST_DEVIATION = 4.0
_SHIFT = np.uint64(32)
_FAR = np.uint64(np.iinfo(np.uint64).max)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures that look alike, by their rows, `first < second`; `bits` both hashes differ."""

    first: int
    second: int
    relation: int
    bits: int


@dataclass(frozen=True, slots=True)
class Near:
    """The pairs that were found.

    `num_limited` pictures have so many others like them in a bucket that they were not compared
    with all of these: a nearer look-alike, and a pair, may have been missed.
    """

    pairs: tuple[Pair, ...]
    num_limited: int


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    phash: NDArray[np.uint64]
    dhash: NDArray[np.uint64]
    grid: NDArray[np.int8]
    side: NDArray[np.int64]
    views: NDArray[np.int64]


def near_pairs(
    signatures: Sequence[Signature], side: NDArray[np.int64], views: NDArray[np.int64]
) -> Near:
    """For each picture its nearest look-alike of each relation, every pair once.

    Relation 0: both on one side, or one on none, and of different views. 1: on two sides, of
    different views. 2: on two sides, of one view. Look-alikes of one view on one side are how
    fixed cameras are, and no pair.

    Args:
        signatures: N of them; flat ones should be left out.
        side: (N,) which split's side; negative for none.
        views: (V, N) which camera and which recording; one in common is enough, negative is none.
    """
    columns = _Columns(
        np.array([one.phash for one in signatures], np.uint64),
        np.array([one.dhash for one in signatures], np.uint64),
        _normed(signatures),
        side,
        views,
    )
    best = np.full((NUM_RELATIONS, len(signatures)), _FAR)
    is_limited = np.zeros(len(signatures), np.bool_)
    for key in _bucket_keys(columns):
        for rows, others in _neighbours(key):
            _keep_best(columns, rows, others, best)
        is_limited |= _is_in_large_bucket(key)
    return Near(tuple(_pairs(best)), int(is_limited.sum()))


def _bucket_keys(columns: _Columns) -> Iterator[NDArray[np.uint64]]:
    """(N,) keys; two pictures within the limits have the same in at least one of them."""
    phash_bands, dhash_bands = _bands(columns.phash), _bands(columns.dhash)
    for first in phash_bands:
        for second in dhash_bands:
            yield first << np.uint64(8) | second


def _bands(hashes: NDArray[np.uint64]) -> list[NDArray[np.uint64]]:
    """Nine bands of 7 bits, the last one of 8: a hash has 64 bits at most."""
    width, mask = np.uint64(7), np.uint64(127)
    bands = [hashes >> width * np.uint64(band) & mask for band in range(_NUM_BANDS - 1)]
    return [*bands, hashes >> width * np.uint64(_NUM_BANDS - 1)]


def _neighbours(
    key: NDArray[np.uint64],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rows that share a key, in blocks of pairs."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    start = np.arange(len(key))
    for shift in range(1, min(len(key), MAX_COMPARED + 1)):
        start = start[: np.searchsorted(start, len(key) - shift)]
        start = start[ordered[start] == ordered[start + shift]]
        if not len(start):
            return
        for begin in range(0, len(start), _CHUNK):
            chunk = start[begin : begin + _CHUNK]
            yield order[chunk], order[chunk + shift]


def _is_in_large_bucket(key: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """(N,) whether more rows share the key than one is compared with."""
    _, bucket, sizes = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(sizes[bucket] > MAX_COMPARED + 1)


def _keep_best(
    columns: _Columns,
    rows: NDArray[np.intp],
    others: NDArray[np.intp],
    best: NDArray[np.uint64],
) -> None:
    bits = np.bitwise_count(columns.phash[rows] ^ columns.phash[others])
    near = bits <= MAX_PHASH_BITS
    rows, others, bits = rows[near], others[near], bits[near].astype(np.uint64)
    more = np.bitwise_count(columns.dhash[rows] ^ columns.dhash[others])
    near = more <= MAX_DHASH_BITS
    rows, others, bits = rows[near], others[near], bits[near] + more[near]
    relation = _relation(columns, rows, others)
    near = relation >= 0
    rows, others, bits, relation = rows[near], others[near], bits[near], relation[near]
    if not len(rows):
        return
    # Only what would be nearer than what is known is worth the look at all cells.
    near = (bits < best[relation, rows] >> _SHIFT) | (bits < best[relation, others] >> _SHIFT)
    rows, others, bits, relation = rows[near], others[near], bits[near], relation[near]
    near = _largest_step(columns.grid[rows], columns.grid[others]) <= MAX_GRID_STEP
    rows, others, bits, relation = rows[near], others[near], bits[near], relation[near]
    np.minimum.at(best, (relation, rows), bits << _SHIFT | others.astype(np.uint64))
    np.minimum.at(best, (relation, others), bits << _SHIFT | rows.astype(np.uint64))


def _relation(
    columns: _Columns, rows: NDArray[np.intp], others: NDArray[np.intp]
) -> NDArray[np.int64]:
    is_leak = (
        (columns.side[rows] != columns.side[others])
        & (columns.side[rows] >= 0)
        & (columns.side[others] >= 0)
    )
    views = columns.views[:, rows]
    is_one = ((views == columns.views[:, others]) & (views >= 0)).any(axis=0)
    return np.where(is_leak, np.where(is_one, 2, 1), np.where(is_one, -1, 0))


def _largest_step(grid: NDArray[np.int8], other: NDArray[np.int8]) -> NDArray[np.int16]:
    """(N,) the largest difference of a cell, in grey levels."""
    if not len(grid):
        return np.zeros(0, np.int16)
    return np.asarray(np.abs(np.subtract(grid, other, dtype=np.int16)).max(axis=1))


def _normed(signatures: Sequence[Signature]) -> NDArray[np.int8]:
    """(N, GRID²) brightness of all cells at one mean and one contrast, in grey levels."""
    values = np.empty((len(signatures), GRID * GRID), np.int8)
    for row, one in enumerate(signatures):
        grid = one.grid.ravel().astype(np.float32)
        deviation = max(float(grid.std()), _LEAST_DEVIATION)
        levels = (grid - grid.mean()) / deviation * _CONTRAST
        values[row] = np.clip(np.rint(levels), -127, 127)
    return values


def _pairs(best: NDArray[np.uint64]) -> Iterator[Pair]:
    for relation in range(NUM_RELATIONS):
        (rows,) = np.nonzero(best[relation] != _FAR)
        partners = (best[relation, rows] & np.uint64(0xFFFFFFFF)).astype(np.intp)
        bits = (best[relation, rows] >> _SHIFT).astype(np.intp)
        ends = np.sort(np.stack([rows, partners], axis=1), axis=1)
        found = {(int(a), int(b)): int(c) for (a, b), c in zip(ends, bits, strict=True)}
        for (first, second), count in sorted(found.items()):
            yield Pair(first, second, relation, count)
