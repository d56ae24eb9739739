import hashlib
import resource
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from datasets.catalog import CATALOG
from datasets.catalog.entry import AddressOrigin, CatalogEntry, DebianOrigin
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


@pytest.fixture
def address(tmp_path) -> Iterator[str]:
    """The address of `shop.avi` on a web server of this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "shop.avi").write_bytes(CONTENT)
    handler = partial(Quiet, directory=str(tmp_path / "web"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/shop.avi"
    server.shutdown()
    server.server_close()
    thread.join()


def test_file_comes_from_a_public_address_and_nothing_else_is_left(address, tmp_path):
    origins = (AddressOrigin(f"{address}.gone"), AddressOrigin(address))
    path = replace(entry(), origins=origins).get(tmp_path / "data")
    assert path.read_bytes() == CONTENT
    assert list((tmp_path / "data").iterdir()) == [path]


def test_the_sample_has_the_stated_size(sample_video):
    assert sample_video.stat().st_size == CATALOG["vtest"].size_bytes
