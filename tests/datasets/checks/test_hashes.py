"""Signatures: the same for a picture saved anew, others for another picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from datasets.checks.hashes import MAX_DHASH_BITS, MAX_PHASH_BITS, Signature, dhash, signature
from tests.datasets.checks.site import picture


def bits_apart(one: Signature, other: Signature) -> tuple[int, int]:
    return (one.phash ^ other.phash).bit_count(), (one.dhash ^ other.dhash).bit_count()


def saved_anew(image, suffix, *parameters):
    return cv2.imdecode(cv2.imencode(suffix, image, list(parameters))[1], cv2.IMREAD_COLOR)


CHANGES = {
    "jpeg": lambda image: saved_anew(image, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 30),
    "webp": lambda image: saved_anew(image, ".webp", cv2.IMWRITE_WEBP_QUALITY, 40),
    "half": lambda image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "larger": lambda image: cv2.resize(image, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC),
    "darker": lambda image: (image * 0.8).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
@pytest.mark.parametrize("seed", range(5))
def test_a_picture_saved_or_scaled_anew_keeps_its_hashes_nearly(change, seed):
    image = picture(seed)
    phash_bits, dhash_bits = bits_apart(signature(image), signature(change(image)))
    assert phash_bits <= MAX_PHASH_BITS
    assert dhash_bits <= MAX_DHASH_BITS


def test_other_pictures_are_far_off():
    signatures = [signature(picture(seed)) for seed in range(20)]
    for one in range(20):
        for other in range(one):
            phash_bits, dhash_bits = bits_apart(signatures[one], signatures[other])
            assert phash_bits > MAX_PHASH_BITS and dhash_bits > MAX_DHASH_BITS


def test_each_bit_of_the_dhash_says_whether_a_cell_is_brighter_than_its_left_one():
    grey = np.tile(np.array([0, 10, 5, 6, 7, 8, 9, 3, 200], np.uint8), (8, 1))
    assert dhash(grey) == int("10111101" * 8, 2)


@pytest.mark.parametrize(("level", "is_flat"), [(3, True), (60, False)])
def test_a_picture_is_flat_where_its_cells_hardly_differ(level, is_flat):
    image = np.full((64, 64, 3), 100, np.uint8)
    image[:, 32:] += level
    assert signature(image).is_flat is is_flat
