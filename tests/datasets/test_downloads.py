"""Downloads from a real server of this machine that cuts, refuses, forgets and changes its file."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from datasets.downloads import download

CONTENT = bytes(range(256)) * 4_000  # 1,024,000 bytes


@dataclass
class Shelf:
    """What the server has, and how it behaves; one entry of `cuts` is used up by each answer."""

    content: bytes = CONTENT
    etag: str | None = '"first"'
    last_modified: str | None = None
    has_ranges: bool = True
    honours_if_range: bool = True
    cuts: list[int] = field(default_factory=list)
    stalls_after: int | None = None
    """Bytes after which the next answer waits for `goes_on`."""
    goes_on: threading.Event = field(default_factory=threading.Event)
    refusals: list[int] = field(default_factory=list)
    retry_after: str | None = None
    asked: list[str | None] = field(default_factory=list)
    """The Range header of each request."""
    address: str = ""


class Handler(BaseHTTPRequestHandler):
    shelf: Shelf

    def do_GET(self) -> None:
        shelf = self.shelf
        shelf.asked.append(self.headers["Range"])
        if shelf.refusals:
            return self._refuse(shelf.refusals.pop(0))
        start = self._start()
        if start and start >= len(shelf.content):
            return self._refuse(416)
        body = shelf.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            end, total = len(shelf.content) - 1, len(shelf.content)
            self.send_header("Content-Range", f"bytes {start}-{end}/{total}")
        for name, value in (("ETag", shelf.etag), ("Last-Modified", shelf.last_modified)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        if shelf.stalls_after is not None:
            self.wfile.write(body[: shelf.stalls_after])
            shelf.goes_on.wait(timeout=60)
        else:
            self.wfile.write(body[: shelf.cuts.pop(0)] if shelf.cuts else body)

    def _start(self) -> int:
        shelf, asked = self.shelf, self.headers["Range"]
        if asked is None or not shelf.has_ranges:
            return 0
        if shelf.honours_if_range and self.headers["If-Range"] not in (
            None,
            shelf.etag,
            shelf.last_modified,
        ):
            return 0
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def _refuse(self, code: int) -> None:
        self.send_response(code)
        if self.shelf.retry_after:
            self.send_header("Retry-After", self.shelf.retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    handler = type("OneShelf", (Handler,), {"shelf": shelf})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    shelf.address = f"http://127.0.0.1:{server.server_port}/shop.zip"
    yield shelf
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(shelf: Shelf, path, **options) -> list[float]:
    """Download without waiting; the pauses that it asked for, in seconds."""
    pauses: list[float] = []
    download(shelf.address, path, pause=pauses.append, **options)
    return pauses


def test_file_comes_whole_and_nothing_else_is_left(shelf, tmp_path):
    seen = []
    download(
        shelf.address, tmp_path / "a.zip", report=lambda done, total: seen.append((done, total))
    )
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [tmp_path / "a.zip"]
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)


def test_connection_cut_in_the_middle_goes_on_from_there(shelf, tmp_path):
    shelf.cuts = [400_000, 300_000]
    assert fetch(shelf, tmp_path / "a.zip") == [1.0, 1.0]  # each brought bytes, so none adds up
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert shelf.asked == [None, "bytes=400000-", "bytes=700000-"]


def test_download_given_up_goes_on_in_the_next_call(shelf, tmp_path):
    shelf.cuts = [400_000]
    with pytest.raises(OSError, match=r"1,024,000 bytes, got 400,000 \(400,000 bytes are kept"):
        fetch(shelf, tmp_path / "a.zip", num_retries=0)
    assert not (tmp_path / "a.zip").exists()
    assert (tmp_path / "a.zip.part").stat().st_size == 400_000
    fetch(shelf, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert shelf.asked[1:] == ["bytes=400000-"]
    assert list(tmp_path.iterdir()) == [tmp_path / "a.zip"]


def test_process_killed_in_the_middle_goes_on_in_the_next(shelf, tmp_path):
    shelf.stalls_after = 400_000
    code = (
        "import sys; from pathlib import Path; from datasets.downloads import download; "
        "download(sys.argv[1], Path(sys.argv[2]))"
    )
    path, part = tmp_path / "a.zip", tmp_path / "a.zip.part"
    process = subprocess.Popen([sys.executable, "-c", code, shelf.address, str(path)])
    deadline_s = time.monotonic() + 60
    while not (part.is_file() and part.stat().st_size > 300_000):
        assert time.monotonic() < deadline_s, "nothing came"
        assert process.poll() is None, "it ended by itself"
    process.kill()
    process.wait()
    shelf.stalls_after = None
    shelf.goes_on.set()
    kept_bytes = part.stat().st_size
    fetch(shelf, path)
    assert shelf.asked == [None, f"bytes={kept_bytes}-"]
    assert path.read_bytes() == CONTENT


def test_server_without_ranges_starts_again_cleanly(shelf, tmp_path):
    shelf.has_ranges, shelf.cuts = False, [400_000]
    fetch(shelf, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


@pytest.mark.parametrize("honours_if_range", [True, False])
def test_file_that_changed_meanwhile_is_fetched_anew_and_not_mixed(
    shelf, tmp_path, honours_if_range
):
    shelf.cuts, shelf.honours_if_range = [400_000], honours_if_range
    with pytest.raises(OSError, match="are kept"):
        fetch(shelf, tmp_path / "a.zip", num_retries=0)
    shelf.content, shelf.etag = CONTENT[::-1], '"second"'
    fetch(shelf, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize(
    ("etag", "last_modified"),
    [(None, "Mon, 05 Jan 2026 10:00:00 GMT"), ('W/"weak"', None), (None, None)],
)
def test_date_weak_tag_or_size_alone_tell_the_version(shelf, tmp_path, etag, last_modified):
    shelf.etag, shelf.last_modified, shelf.cuts = etag, last_modified, [400_000]
    with pytest.raises(OSError, match="are kept"):
        fetch(shelf, tmp_path / "a.zip", num_retries=0)
    shelf.content = CONTENT + b"longer by now"
    fetch(shelf, tmp_path / "a.zip")
    assert shelf.asked[1] == "bytes=400000-"
    assert (tmp_path / "a.zip").read_bytes() == CONTENT + b"longer by now"


def test_part_longer_than_the_file_by_now_is_thrown_away(shelf, tmp_path):
    shelf.cuts = [400_000]
    with pytest.raises(OSError, match="are kept"):
        fetch(shelf, tmp_path / "a.zip", num_retries=0)
    shelf.content = CONTENT[:1_000]
    shelf.honours_if_range = False
    fetch(shelf, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == CONTENT[:1_000]


def test_part_that_was_whole_is_moved_into_place(shelf, tmp_path):
    shelf.cuts = [400_000]
    with pytest.raises(OSError, match="are kept"):
        fetch(shelf, tmp_path / "a.zip", num_retries=0)
    (tmp_path / "a.zip.part").write_bytes(CONTENT)
    fetch(shelf, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert shelf.asked == [None, "bytes=1024000-"]


def test_part_of_another_address_or_without_its_note_is_not_continued(shelf, tmp_path):
    (tmp_path / "a.zip.part").write_bytes(b"of something else")
    fetch(shelf, tmp_path / "a.zip")
    assert shelf.asked == [None]
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_busy_server_is_asked_again_after_longer_and_longer_pauses(shelf, tmp_path):
    shelf.refusals = [503, 500, 429]
    assert fetch(shelf, tmp_path / "a.zip") == [1.0, 2.0, 4.0]
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_pause_that_the_server_asks_for_is_kept(shelf, tmp_path):
    shelf.refusals, shelf.retry_after = [503], "7"
    assert fetch(shelf, tmp_path / "a.zip") == [7.0]


def test_server_that_stays_busy_is_given_up(shelf, tmp_path):
    shelf.refusals = [503] * 9
    with pytest.raises(OSError, match="HTTP 503"):
        fetch(shelf, tmp_path / "a.zip", num_retries=2)
    assert len(shelf.asked) == 3
    assert list(tmp_path.iterdir()) == []


def test_refusal_for_good_is_told_at_once(shelf, tmp_path):
    shelf.refusals = [404] * 9
    with pytest.raises(OSError, match="HTTP 404 Not Found"):
        fetch(shelf, tmp_path / "a.zip")
    assert len(shelf.asked) == 1
    assert list(tmp_path.iterdir()) == []


def test_address_where_nobody_answers_is_not_asked_twice(tmp_path):
    pauses: list[float] = []
    with pytest.raises(OSError, match="refused"):
        download("http://127.0.0.1:9/a.zip", tmp_path / "a.zip", pause=pauses.append)
    assert pauses == []
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_do_not_write_into_one_part(shelf, tmp_path):
    def second(done: int, total: int | None) -> None:
        with pytest.raises(OSError, match="another process is downloading"):
            download(shelf.address, tmp_path / "a.zip")

    download(shelf.address, tmp_path / "a.zip", report=second)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
