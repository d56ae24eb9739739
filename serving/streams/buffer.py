"""Frames read ahead in a thread, so that decoding and inference overlap."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from threading import Condition, Thread

from serving.core.frame import Frame
from serving.streams.source import Source


class FrameBuffer:
    """At most `capacity` frames of a source, read ahead of the one who iterates.

    Replay waits when the buffer is full: no frame is lost. A live source cannot wait: with `drops`
    the oldest frame makes room, and `num_dropped` counts it. An error of the source is raised to
    the one who iterates, after the frames that came before it.

    Args:
        source: read and closed by the buffer's thread.
        capacity: frames held at most; a decoded 1080p frame takes 6 MB.
        drops: drop the oldest frame instead of waiting.
        max_frames: end after so many frames; None: at the source's end.
    """

    def __init__(
        self,
        source: Source,
        capacity: int = 8,
        drops: bool = False,
        max_frames: int | None = None,
    ) -> None:
        if capacity < 1:
            raise ValueError(f"capacity: expected at least 1, got {capacity}")
        self._source = source
        self._capacity = capacity
        self._drops = drops
        self._max_frames = max_frames
        self._frames: deque[Frame] = deque()
        self._changed = Condition()
        self._started = False
        self._stopped = False
        self._done = False
        self._was_cut = False
        self._error: BaseException | None = None
        self.num_dropped = 0
        self._thread = Thread(target=self._read, name=f"frames of {source.camera_id}", daemon=True)

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.take()) is not None:
            yield frame

    def take(self, wait: bool = True) -> Frame | None:
        """The next frame; None at the end or, without `wait`, while none is there.

        Raises:
            Exception: what ended the source before its end, when asked to wait for a frame that
                will not come.
        """
        if not self._started:
            self._started = True
            self._thread.start()
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._frames or self._done)
            if self._frames:
                frame = self._frames.popleft()
                self._changed.notify_all()
                return frame
            if not wait:
                return None
        self._thread.join()
        if self._error is not None:
            raise self._error
        return None

    def stop(self) -> None:
        """Read no further; what was read still comes."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def close(self) -> None:
        """Stop and wait until the reading has ended and the source is closed."""
        self.stop()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def was_cut(self) -> bool:
        """Whether `stop` came before the source's end."""
        return self._was_cut

    def _read(self) -> None:
        try:
            with closing(self._source):
                for frame in islice(self._source, self._max_frames):
                    if not self._put(frame):
                        self._was_cut = True
                        break
        except Exception as error:  # noqa: BLE001 - the edge of a thread: raised by take
            self._error = error
        finally:
            with self._changed:
                self._done = True
                self._changed.notify_all()

    def _put(self, frame: Frame) -> bool:
        """Append the frame; False when the reading was stopped and the frame was not taken."""
        with self._changed:
            if self._drops and len(self._frames) == self._capacity:
                self._frames.popleft()
                self.num_dropped += 1
            self._changed.wait_for(lambda: self._stopped or len(self._frames) < self._capacity)
            if self._stopped:
                return False
            self._frames.append(frame)
            self._changed.notify_all()
            return True
