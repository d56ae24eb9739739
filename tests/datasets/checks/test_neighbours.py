"""Near pairs by bands are those that comparing each with each gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.checks.hashes import GRID, MAX_DHASH_BITS, MAX_PHASH_BITS, Signature
from datasets.checks.neighbours import MAX_COMPARED, Near, near_pairs

SAME = np.arange(GRID * GRID, dtype=np.uint8).reshape(GRID, GRID)


def flipped(hash_: int, bits: list[int]) -> int:
    for bit in bits:
        hash_ ^= 1 << bit
    return hash_


@st.composite
def crowds(draw):
    """A few pictures, and others that differ from them in some bits, below and above the limits."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    signatures = []
    for _ in range(draw(st.integers(1, 4))):
        phash, dhash = (int(rng.integers(2**63)) << 1 for _ in range(2))
        for _ in range(draw(st.integers(1, 6))):
            first = rng.choice(np.arange(1, 64), rng.integers(0, 12), replace=False).tolist()
            second = rng.choice(64, rng.integers(0, 12), replace=False).tolist()
            signatures.append(Signature(flipped(phash, first), flipped(dhash, second), SAME))
    size = len(signatures)
    sides = np.array(draw(st.lists(st.integers(-1, 2), min_size=size, max_size=size)))
    views = np.array(
        draw(
            st.lists(
                st.lists(st.integers(-1, 1), min_size=size, max_size=size), min_size=2, max_size=2
            )
        )
    )
    return signatures, sides, views


def relation(sides, views, a, b):
    one_view = any(row[a] == row[b] >= 0 for row in views)
    if sides[a] >= 0 and sides[b] >= 0 and sides[a] != sides[b]:
        return 2 if one_view else 1
    return None if one_view else 0


@settings(max_examples=60, deadline=None)
@given(crowds())
def test_each_picture_is_paired_with_its_nearest_of_each_relation(crowd):
    signatures, sides, views = crowd
    nearest = {}
    for a, one in enumerate(signatures):
        for b, other in enumerate(signatures):
            phash_bits = (one.phash ^ other.phash).bit_count()
            dhash_bits = (one.dhash ^ other.dhash).bit_count()
            kind = relation(sides, views, a, b)
            is_near = phash_bits <= MAX_PHASH_BITS and dhash_bits <= MAX_DHASH_BITS
            if a != b and is_near and kind is not None:
                best = nearest.get((a, kind), 999)
                nearest[a, kind] = min(best, phash_bits + dhash_bits)
    found = near_pairs(signatures, sides, views).pairs
    got = {}
    for pair in found:
        assert pair.first < pair.second
        assert relation(sides, views, pair.first, pair.second) == pair.relation
        for row in (pair.first, pair.second):
            got[row, pair.relation] = min(got.get((row, pair.relation), 999), pair.bits)
    assert got == nearest
    assert len({(pair.first, pair.second) for pair in found}) == len(found)


def test_pictures_whose_hashes_agree_and_whose_brightness_does_not_are_two():
    person = SAME.copy()
    person[4:6, 7] = 255 - person[4:6, 7]
    signatures = [Signature(6, 9, SAME), Signature(6, 9, person), Signature(6, 9, SAME)]
    sides, views = np.full(3, -1), np.full((1, 3), -1)
    pairs = [(pair.first, pair.second) for pair in near_pairs(signatures, sides, views).pairs]
    assert pairs == [(0, 2)]


def test_a_pair_at_the_limit_is_found_wherever_its_bits_differ():
    """One bit in each of eight bands of both hashes: the ninth alone agrees."""
    for left_out in range(9):
        bits = [7 * band + 3 for band in range(9) if band != left_out]
        assert len(bits) == MAX_PHASH_BITS == MAX_DHASH_BITS
        pair = [Signature(0, 0, SAME), Signature(flipped(0, bits), flipped(0, bits), SAME)]
        assert len(near_pairs(pair, np.full(2, -1), np.full((1, 2), -1)).pairs) == 1


def test_of_no_pictures_there_are_no_pairs():
    assert near_pairs([], np.zeros(0, np.int64), np.zeros((2, 0), np.int64)) == Near((), 0)


def test_a_fixed_camera_of_many_equal_frames_gives_no_more_pairs_than_frames():
    count = 600
    sides, views = np.arange(count) % 2, np.full((1, count), -1)
    near = near_pairs([Signature(6, 9, SAME)] * count, sides, views)
    assert count <= len(near.pairs) <= 2 * count
    assert near.num_limited == count


def test_pictures_that_could_not_be_compared_with_all_that_are_like_them_are_counted():
    """As many others as are compared are none too many; one more is."""
    other = Signature(2**64 - 1 - 6, 2**64 - 1 - 9, SAME)  # agrees in no band
    for count, num_limited in ((MAX_COMPARED + 1, 0), (MAX_COMPARED + 2, MAX_COMPARED + 2)):
        signatures = [*[Signature(6, 9, SAME)] * count, other]
        nowhere = np.full(count + 1, -1)
        assert near_pairs(signatures, nowhere, nowhere[None]).num_limited == num_limited
