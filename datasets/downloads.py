"""Downloads over HTTP that go on where they were cut off.

What has come lies in `NAME.part` beside the destination, and `NAME.part.json` says of which version
of which address it is a part. The next call, in this run or a later one, asks for the rest and
starts again where the server has another version by now or gives no ranges (RFC 9110, section 14:
Range and If-Range). Nothing but a whole file is ever called by the destination's name.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO, Self

from datasets.files import NO_ROOM, write_atomically

_TIMEOUT_S = 30.0
_BLOCK_BYTES = 1 << 18
_MAX_PAUSE_S = 60.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers of a server that may be others in a moment."""

Report = Callable[[int, int | None], None]
"""Told how many bytes there are now, and of how many in all where that is known."""


def unreported(done_bytes: int, total_bytes: int | None) -> None:
    """A `Report` that tells nobody."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What the server says of the file, by which two answers are known to be of the same."""

    url: str
    etag: str | None
    last_modified: str | None
    size_bytes: int | None

    @classmethod
    def of(cls, url: str, response: HTTPResponse) -> Self:
        size = response.headers.get("Content-Length")
        if response.status == HTTPStatus.PARTIAL_CONTENT:
            size = response.headers.get("Content-Range", "").rpartition("/")[2]
        return cls(
            url,
            response.headers.get("ETag"),
            response.headers.get("Last-Modified"),
            int(size) if size and size.isdecimal() else None,
        )

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """What an earlier run wrote; None where nothing can be made of it."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, path: Path) -> None:
        write_atomically(path, json.dumps(asdict(self), indent=1) + "\n")

    @property
    def validator(self) -> str | None:
        """For If-Range, which takes no weak entity tag (RFC 9110, section 13.1.5)."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified

    @property
    def is_known(self) -> bool:
        """Whether another version could be told from this one."""
        return any((self.etag, self.last_modified, self.size_bytes))


class _ChangedError(ConnectionError):
    """The part at hand belongs to no version that the server still has; it was removed."""


def download(
    url: str,
    destination: Path,
    *,
    report: Report = unreported,
    num_retries: int = 5,
    timeout_s: float = _TIMEOUT_S,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch `url` to `destination`; go on with what an earlier call left in `NAME.part`.

    A connection that breaks is taken up again after 1, 2, 4 … s; whatever arrives in between sets
    the count of retries back. An address that never answered is not asked twice.

    Args:
        url: of http or https.
        destination: the file; its folder exists.
        report: told of the progress.
        num_retries: in a row without a new byte, before it is given up.
        timeout_s: of silence, after which a connection counts as broken.
        pause: waits for so many seconds.

    Raises:
        OSError: nobody answers, the server refuses or keeps breaking off, another process
            downloads the same file, or there is no room. What has come is kept for the next call.
    """
    part = destination.with_name(f"{destination.name}.part")
    with _locked(part) as file:
        _fetch(url, part, file, report, num_retries, timeout_s, pause)
        part.replace(destination)
        _state_of(part).unlink(missing_ok=True)


def _fetch(
    url: str,
    part: Path,
    file: BinaryIO,
    report: Report,
    num_retries: int,
    timeout_s: float,
    pause: Callable[[float], None],
) -> None:
    num_failures, had_answer = 0, False
    while True:
        before = _size(file)
        try:
            return _continue(url, part, file, report, timeout_s)
        except (OSError, HTTPException) as error:
            had_answer |= _size(file) != before or _is_answer(error)
            num_failures = 1 if _size(file) > before else num_failures + 1
            if not had_answer or not _may_pass(error) or num_failures > num_retries:
                raise _in_words(error, _size(file)) from error
            pause(_pause_s(error, num_failures))


def _continue(url: str, part: Path, file: BinaryIO, report: Report, timeout_s: float) -> None:
    """One request: the rest of what is in `file`, or all where it cannot be continued."""
    known = _Version.read(_state_of(part))
    is_resumable = known is not None and known.url == url and known.is_known
    start = _size(file) if is_resumable else 0
    request = urllib.request.Request(url, headers=_headers(start, known))
    try:
        response = urllib.request.urlopen(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            if known is not None and start == known.size_bytes:
                return  # it was whole, and only not yet in its place
            _start_again(part, file)
            raise _ChangedError("the server has another version by now") from error
        raise
    with response:
        version = _Version.of(url, response)
        if response.status == HTTPStatus.PARTIAL_CONTENT:
            if not _continues(response, version, known, start):
                _start_again(part, file)
                raise _ChangedError("the server has another version by now")
        else:
            start = 0
        version.write(_state_of(part))
        file.truncate(start)
        _copy(response, file, start, version.size_bytes, report)


def _headers(start: int, known: _Version | None) -> dict[str, str]:
    headers = {"User-Agent": "footfall", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if known is not None and known.validator:
            headers["If-Range"] = known.validator
    return headers


def _continues(
    response: HTTPResponse, version: _Version, known: _Version | None, start: int
) -> bool:
    """Whether an answer is the rest of the version that the part is of."""
    begins = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return version == known and begins == str(start)


def _copy(
    response: HTTPResponse, file: BinaryIO, start: int, total_bytes: int | None, report: Report
) -> None:
    file.seek(start)
    done = start
    report(done, total_bytes)
    while block := response.read1(_BLOCK_BYTES):
        file.write(block)
        done += len(block)
        report(done, total_bytes)
    file.flush()
    if total_bytes is not None and done != total_bytes:
        raise ConnectionError(f"expected {total_bytes:,} bytes, got {done:,}")


def _start_again(part: Path, file: BinaryIO) -> None:
    file.truncate(0)
    _state_of(part).unlink(missing_ok=True)


def _state_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _size(file: BinaryIO) -> int:
    file.flush()
    return os.fstat(file.fileno()).st_size


@contextmanager
def _locked(part: Path) -> Iterator[BinaryIO]:
    """The part, open to read and write, for this process alone.

    Raises:
        OSError: another process has it, or it cannot be written.
    """
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OSError(f"{part}: another process is downloading it") from error
        try:
            yield file
        finally:
            if part.is_file() and not _size(file):
                part.unlink()
                _state_of(part).unlink(missing_ok=True)


def _is_answer(error: Exception) -> bool:
    return isinstance(error, (urllib.error.HTTPError, _ChangedError))


def _may_pass(error: Exception) -> bool:
    if isinstance(error, urllib.error.HTTPError):
        return error.code in _PASSING
    return not (isinstance(error, OSError) and error.errno in NO_ROOM)


def _pause_s(error: Exception, num_failures: int) -> float:
    if isinstance(error, _ChangedError):
        return 0.0
    headers = error.headers if isinstance(error, urllib.error.HTTPError) else {}
    asked = headers.get("Retry-After") or ""
    seconds = float(asked) if asked.isdecimal() else 2.0 ** (num_failures - 1)
    return min(seconds, _MAX_PAUSE_S)


def _in_words(error: Exception, done_bytes: int) -> OSError:
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return error
    if isinstance(error, urllib.error.HTTPError):
        text = f"HTTP {error.code} {error.reason}"
    elif isinstance(error, urllib.error.URLError):
        text = f"{error.reason}"
    else:
        text = f"{error}" or type(error).__name__
    kept = f" ({done_bytes:,} bytes are kept: the next call goes on from there)"
    return OSError(f"{text}{kept if done_bytes else ''}")
