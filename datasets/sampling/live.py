"""A live camera as timed frames: it reconnects, it ends, and it never tells its password."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Iterator
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import av
import numpy as np
from numpy.typing import NDArray

from datasets.sampling.footage import Shot, file_name
from serving.core.errors import ConfigError, SourceError
from serving.core.frame import Frame

SCHEMES = ("rtsp", "rtsps", "http", "https", "tcp", "udp", "srt", "rtmp")
"""Addresses that are streams."""

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 8.0
_FORMATS = "rtsp,rtp,sdp,mpegts,mpjpeg,mjpeg,flv,h264,hevc,matroska"
"""What is opened. Playlists are not: they may name other files and addresses."""
_MAX_DRIFT_S = 10.0
"""By how much a stream's own time may leave the clock before it is taken for a jump."""
_LEAST_STEP_S = 0.001
"""Times name the pictures, in milliseconds."""

_SECRET = re.compile(
    r"(?i)([\w-]*(?:user|usr|login|pass|pwd|token|key|auth|secret|sig|session)[\w-]*)=[^&;?#]*"
)
_QUERY_VALUE = re.compile(r"=(?!\d{0,2}(?:&|;|$))[^&;]*")
"""All but numbers of two digits, as those of a channel: nobody knows what cameras call things."""


class Clock(Protocol):
    """Where time comes from; tests give their own."""

    def now_s(self) -> float:
        """Seconds UTC."""
        ...

    def wait(self, seconds: float) -> None:
        """Return after so many seconds."""
        ...


class SystemClock:
    """The machine's clock, which only grows: it is set once, at the start."""

    def __init__(self) -> None:
        self._offset_s = time.time() - time.monotonic()

    def now_s(self) -> float:
        """Seconds UTC."""
        return self._offset_s + time.monotonic()

    def wait(self, seconds: float) -> None:
        """Return after so many seconds."""
        threading.Event().wait(seconds)


class LiveStream:
    """The frames of a stream, for a limited time.

    Every read has a time limit. The end of a live stream is a broken connection: it is opened
    anew, a bounded number of times with growing waits. Then the footage ends, with what was got.

    Args:
        url: RTSP, HTTP (MJPEG), or MPEG-TS over TCP or UDP.
        camera: the camera's id.
        limit_s: how long it is watched.
        max_tries: connections in a row that give no frame before it is given up.
        open_s: how long one connection may take.
        read_s: how long may pass without a word from the camera.
        clock: where time comes from.

    Raises:
        ConfigError: not an address of a stream, or a limit that is none.
    """

    can_repeat = False

    def __init__(
        self,
        url: str,
        camera: str,
        limit_s: float = 60.0,
        max_tries: int = 5,
        open_s: float = 10.0,
        read_s: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        self.source = redacted(url)
        if not is_address(url):
            raise ConfigError(f"{self.source}: expected an address of {SCHEMES}")
        if not limit_s > 0 or max_tries < 1:
            raise ConfigError(
                f"{self.source}: expected limit_s above 0 and max_tries of at least 1, "
                f"got {limit_s} and {max_tries}"
            )
        self._url, self._camera = url, camera
        self._limit_s, self._max_tries = limit_s, max_tries
        self._timeout_s = (open_s, read_s)
        self._clock = clock or SystemClock()
        self._num_frames = 0
        self._num_reconnects = 0
        self._problem: str | None = None
        self._last_s = -math.inf

    def __iter__(self) -> Iterator[Shot]:
        ends_at_s = self._clock.now_s() + self._limit_s
        num_failed, wait_s = 0, _FIRST_WAIT_S
        while self._clock.now_s() < ends_at_s:
            before = self._num_frames
            yield from self._connection(ends_at_s)
            if self._clock.now_s() >= ends_at_s:
                return
            got_frames = self._num_frames > before
            num_failed = 0 if got_frames else num_failed + 1
            wait_s = _FIRST_WAIT_S if got_frames else wait_s
            if num_failed >= self._max_tries:
                raise self._given_up(ends_at_s)
            self._num_reconnects += 1
            self._clock.wait(max(0.0, min(wait_s, ends_at_s - self._clock.now_s())))
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        if not self._num_frames:
            raise self._given_up(ends_at_s)

    def notes(self) -> list[str]:
        """How often it was opened again, and why."""
        if not self._num_reconnects:
            return []
        return [f"{self.source}: reconnected {self._num_reconnects}×, last because {self._problem}"]

    def _connection(self, ends_at_s: float) -> Iterator[Shot]:
        """The frames until the connection breaks; why it did is noted."""
        try:
            with av.open(
                self._url, options=_options(self._url), timeout=self._timeout_s
            ) as container:
                if not container.streams.video:
                    self._problem = "it has no video stream"
                    return
                yield from self._decoded(container, ends_at_s)
        except (av.FFmpegError, OSError) as error:
            # Only the reason: the whole message holds the address, and so the password.
            self._problem = (error.strerror or type(error).__name__).lower()

    def _decoded(self, container: Any, ends_at_s: float) -> Iterator[Shot]:
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"  # frame threads would hold pictures back
        times = _StreamTime(self._clock, has_own=urlsplit(self._url).scheme not in _UNTIMED)
        for packet in container.demux(stream):
            try:
                pictures = packet.decode()
            except av.FFmpegError:
                continue  # the first packets after joining a stream often have no keyframe
            for picture in pictures:
                if self._clock.now_s() >= ends_at_s:
                    return
                at_s = round(max(times.of(picture), self._last_s + _LEAST_STEP_S), 3)
                self._last_s = at_s
                image = cast(NDArray[np.uint8], picture.to_ndarray(format="bgr24"))
                yield self._shot(Frame(image, self._camera, self._num_frames, at_s))
        self._problem = "the stream ended"

    def _shot(self, frame: Frame) -> Shot:
        self._num_frames += 1
        stem = f"{file_name(self._camera)}-{round(1000 * frame.captured_at)}"
        origin = f"{self.source}#{frame.captured_at:.3f}"
        return Shot(frame, self.source, origin, stem, is_clock_time=True)

    def _given_up(self, ends_at_s: float) -> SourceError:
        left_s = max(0.0, ends_at_s - self._clock.now_s())
        return SourceError(
            f"camera '{self._camera}', {self.source}: expected frames for {self._limit_s:g} s, got "
            f"{self._num_frames} and no connection {left_s:.0f} s before the end: {self._problem}"
        )


_UNTIMED = ("http", "https")
"""MJPEG over HTTP carries no times, and FFmpeg makes some up."""


class _StreamTime:
    """When pictures were captured: by the stream's own time, set by the clock when it begins.

    Pictures come in bursts, so their arrival says less. Where the two part, the stream has jumped.
    """

    def __init__(self, clock: Clock, has_own: bool) -> None:
        self._clock, self._has_own = clock, has_own
        self._offset_s: float | None = None

    def of(self, picture: Any) -> float:
        """Seconds UTC."""
        now_s = self._clock.now_s()
        if not self._has_own or picture.time is None:
            return now_s
        if self._offset_s is None or abs(self._offset_s + picture.time - now_s) > _MAX_DRIFT_S:
            self._offset_s = now_s - picture.time
        return float(self._offset_s + picture.time)


def is_address(source: str) -> bool:
    """Whether it names a stream and not a file."""
    return source.partition("://")[0].lower() in SCHEMES and "://" in source


def redacted(url: str) -> str:
    """An address without anything that could be a password, for messages and data sets.

    The user and the password before the host, values of names that sound like a secret, and all
    values of the query except numbers of two digits become `***`.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    # A password may hold `/`, `?` and `@`, written carelessly: all before the last `@` goes.
    _, at, rest = rest.rpartition("@")
    place, mark, query = rest.partition("?")
    shown = _SECRET.sub(r"\1=***", f"{scheme}://{'***@' if at else ''}{place}")
    return f"{shown}{mark}{_QUERY_VALUE.sub('=***', query)}"


def _options(url: str) -> dict[str, str]:
    """What FFmpeg is told: RTSP over TCP, which loses nothing on the way; and no playlists."""
    options = {"format_whitelist": _FORMATS}
    return options | {"rtsp_transport": "tcp"} if url.lower().startswith("rtsp") else options
