"""Made-up footage: shots, detections, and streams over a real network."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from datasets.sampling.footage import Shot
from serving.core.detections import Detections
from serving.core.frame import Frame

GREY = np.full((96, 128, 3), 90, np.uint8)


def shot(at_s: float, image: NDArray[np.uint8] = GREY, index: int | None = None) -> Shot:
    """A shot of a made-up recording, named by its time."""
    number = round(at_s * 1000) if index is None else index
    return Shot(
        Frame(image, "door", number, at_s), "clip.avi", f"clip#{number}", f"clip-{number}", False
    )


def people(*rows: Sequence[float]) -> Detections:
    """Detections from rows of left, top, right, bottom, score."""
    values = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(values[:, :4], values[:, 4])


def mpegts(num_frames: int, fps: int = 25) -> bytes:
    """A stream in which frame i is grey of brightness 8·i."""
    file = io.BytesIO()
    with av.open(file, "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.gop_size = 1
        for index in range(num_frames):
            image = np.full((96, 128, 3), 8 * index, np.uint8)
            picture = av.VideoFrame.from_ndarray(image, format="bgr24")
            picture.pts, picture.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return file.getvalue()


Answer = Callable[[socket.socket, int], None]
"""Serves one connection, which is told its number from 0."""


@contextmanager
def serving(answer: Answer) -> Iterator[int]:
    """A TCP server on a free port, which it gives; every connection is answered, then closed."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        number = 0
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # closed: the test is over
            with connection, suppress(OSError):  # the client has gone
                answer(connection, number)
            number += 1

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


class FakeClock:
    """Stands still, except when someone waits."""

    def __init__(self) -> None:
        self.at_s = 1_700_000_000.0
        self.waits_s: list[float] = []

    def now_s(self) -> float:
        """The time it was set to."""
        return self.at_s

    def wait(self, seconds: float) -> None:
        """Be so much later at once."""
        self.waits_s.append(seconds)
        self.at_s += seconds
