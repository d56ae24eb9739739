"""Perceptual hashes: a few bytes of a picture that hardly change when it is saved or scaled anew.

Three views of one picture, which must all agree before two pictures are called near-duplicates:
the signs of its low frequencies (pHash), the signs of its brightness steps (dHash), and a grid of
its brightness, which sees a person who has moved before a wall that has not.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

GRID = 16
"""Cells along each side of the brightness grid."""

MAX_PHASH_BITS = 8
MAX_DHASH_BITS = 8
MAX_GRID_STEP = 40.0
"""How far two pictures may differ and still be one: bits, bits, and grey levels of a grid cell.

Measured: pictures saved anew (JPEG 30, WebP 40), halved, doubled, noisy or greyed stay within
4 bits, 7 bits and 28 levels, 99 in 100 brightened ones within 8, 8 and 36; a crop of 2 % mostly
does not. Among 22,755 aligned faces, 1,791 faces with and without masks and 704 people in one
corridor these limits leave 50 pairs, each of them one photograph to the eye; two people of the same
hashes were 88 levels apart.
"""

FLAT_DEVIATION = 2.0
"""Grey levels: a picture whose grid varies less shows nothing, and its hashes are noise."""

_DCT_SIZE = 32
_LOW = 8


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """What is kept of a picture to find it again.

    Args:
        phash: 63 bits, see `phash`.
        dhash: 64 bits, see `dhash`.
        grid: (GRID, GRID) uint8, mean brightness of each cell.
    """

    phash: int
    dhash: int
    grid: NDArray[np.uint8]

    @property
    def is_flat(self) -> bool:
        """Whether the picture shows one even grey, as a covered lens does."""
        return float(self.grid.std()) < FLAT_DEVIATION


def signature(image: NDArray[np.uint8]) -> Signature:
    """The signature of a picture, BGR uint8 (H, W, 3), upright."""
    grey = cv2.cvtColor(_reduced(image), cv2.COLOR_BGR2GRAY)
    grid = cv2.resize(grey, (GRID, GRID), interpolation=cv2.INTER_AREA)
    return Signature(phash(grey), dhash(grey), np.asarray(grid, np.uint8))


def phash(grey: NDArray[np.uint8]) -> int:
    """63 bits: which of the lowest 8 × 8 frequencies but the mean are above their median.

    Source: C. Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010.
    """
    small = cv2.resize(grey, (_DCT_SIZE, _DCT_SIZE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:_LOW, :_LOW].ravel()[1:]
    return _packed(low > np.median(low))


def dhash(grey: NDArray[np.uint8]) -> int:
    """64 bits: whether each cell of a grid of 8 × 9 is brighter than its left neighbour.

    Source: N. Krawetz, Kind of Like That, 2013.
    """
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    return _packed((small[:, 1:] > small[:, :-1]).ravel())


def _reduced(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A large picture at a few hundred pixels, so that three further sizes cost little."""
    factor = min(image.shape[:2]) // (4 * _DCT_SIZE)
    if factor < 2:
        return image
    size_wh = (image.shape[1] // factor, image.shape[0] // factor)
    return np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA))


def _packed(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
