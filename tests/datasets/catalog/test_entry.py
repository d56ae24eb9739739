import hashlib
import resource
from dataclasses import dataclass
from pathlib import Path

import pytest

from datasets.catalog import CATALOG
from datasets.catalog.entry import CatalogEntry, DebianOrigin
from serving.core.errors import DatasetError

CONTENT = b"eight frames of a shop"


@dataclass
class Shelf:
    """An origin that gives fixed bytes, or refuses."""

    content: bytes | None
    description: str = "shelf"
    visits: int = 0

    def fetch(self, destination: Path) -> None:
        self.visits += 1
        if self.content is None:
            raise ConnectionError("nobody answers")
        destination.write_bytes(self.content)


def entry(*origins: Shelf) -> CatalogEntry:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return CatalogEntry("shop", "shop.avi", digest, len(CONTENT), "CC0", True, origins)


def test_the_next_origin_is_asked_when_one_refuses_or_gives_other_bytes(tmp_path):
    path = entry(Shelf(None), Shelf(b"something else"), Shelf(CONTENT)).get(tmp_path)
    assert path.read_bytes() == CONTENT


def test_a_file_in_place_is_not_fetched_again(tmp_path):
    shelf = Shelf(CONTENT)
    entry(shelf).get(tmp_path)
    entry(shelf).get(tmp_path)
    assert shelf.visits == 1


def test_a_damaged_file_is_replaced(tmp_path):
    (tmp_path / "shop.avi").write_bytes(CONTENT[:5])
    assert entry(Shelf(CONTENT)).get(tmp_path).read_bytes() == CONTENT


def test_when_no_origin_helps_each_reason_is_told_and_nothing_is_left(tmp_path):
    with pytest.raises(DatasetError) as error:
        entry(Shelf(None, "mirror"), Shelf(b"x", "address")).get(tmp_path)
    assert "mirror: nobody answers" in str(error.value)
    assert "address: expected sha256" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_at_once_and_no_other_origin_is_asked(tmp_path):
    first, second = Shelf(CONTENT), Shelf(CONTENT)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, hard))
    try:
        with pytest.raises(DatasetError, match=r"expected to write .*shop\.avi of 22 bytes, got F"):
            entry(first, second).get(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (first.visits, second.visits) == (1, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_does_not_exist_is_a_refusal_and_no_crash(tmp_path):
    missing = CatalogEntry(
        "shop", "shop.avi", "0" * 64, 1, "CC0", True, (DebianOrigin("no-such-package-x", "a"),)
    )
    with pytest.raises(DatasetError, match="Debian package no-such-package-x"):
        missing.get(tmp_path)


def test_the_sample_has_the_stated_size(sample_video):
    assert sample_video.stat().st_size == CATALOG["vtest"].size_bytes
