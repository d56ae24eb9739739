"""All cameras of a run: a worker each, one writer for the outputs, an orderly end.

    source ─► buffer ─► worker: pipeline ─► queue ┐
    source ─► buffer ─► worker: pipeline ─► queue ┴► writer (the caller's thread) ─► outputs

A camera that fails ends alone; the others go on, and the exit code says at the end that not all
of the work was done. An output that cannot be written ends the run. A stop on request ends the
reading, and what was read is still processed and written: the files hold all of it and get their
names. Of a replay the summary says then that it was stopped early, and so does the exit code.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event as Flag
from threading import Thread, current_thread, main_thread
from types import FrameType

import cv2

from serving.core.errors import FootfallError, SinkError
from serving.core.events import CameraState, Event
from serving.pipeline import Pipeline, Result
from serving.progress import Progress
from serving.settings import Mode
from serving.sinks.sink import FrameSink, Sink
from serving.streams.buffer import FrameBuffer
from serving.streams.pace import Paced
from serving.streams.source import Source, StreamState
from serving.summary import CameraSummary, Summary

log = logging.getLogger(__name__)

_QUEUE_FRAMES = 8
_BATCH_EVENTS = 256
_BATCH_S = 1.0
"""Events wait at most this long for their transaction."""


@dataclass(frozen=True, slots=True)
class CameraRun:
    """One camera as the runtime sees it.

    Attributes:
        source: where its frames come from; the runtime closes it.
        pipeline: what happens to them.
        sinks: what takes its frames' results.
    """

    source: Source
    pipeline: Pipeline
    sinks: tuple[FrameSink, ...] = ()


@dataclass(frozen=True, slots=True)
class _End:
    """The last that a worker says: how its camera ended, and the events that the end brought."""

    state: StreamState
    reason: str
    at_s: float
    events: tuple[Event, ...]
    warnings: tuple[str, ...]
    num_dropped: int
    error: Exception | None = None


_Message = Result | _End


class _Worker:
    """Runs one camera's pipeline in a thread and says what comes of it to a queue."""

    def __init__(
        self,
        camera: CameraRun,
        mode: Mode,
        max_frames: int | None,
        queue: Queue[tuple[_Worker, _Message]],
    ) -> None:
        live = mode is Mode.LIVE
        self._stop_pacing = Flag()
        source: Source = Paced(camera.source, self._stop_pacing) if live else camera.source
        self.camera = camera
        self.queue = queue
        self.summary = CameraSummary(camera.pipeline.camera_id, camera.source.num_frames)
        self._at_s = time.time() if live else 0.0
        self._num_frames = 0
        self._buffer = FrameBuffer(source, drops=live, max_frames=max_frames)
        self._thread = Thread(
            target=self._work, name=f"camera {self.summary.camera_id}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop_pacing.set()
        self._buffer.stop()

    def join(self) -> None:
        self._thread.join()

    def _work(self) -> None:
        error = self._guarded(self._process)
        self._stop_pacing.set()  # a failed camera waits for no further frame
        self._buffer.close()
        events: list[Event] = []
        warnings: list[str] = []
        if self._num_frames:
            pipeline = self.camera.pipeline
            error = self._guarded(lambda: events.extend(pipeline.finish(self._at_s))) or error
            error = self._guarded(lambda: warnings.extend(pipeline.warnings())) or error
        state = StreamState.STOPPED if self._buffer.was_cut else StreamState.ENDED
        reason = f"after {self._num_frames} frames"
        if error is not None:
            state, reason = StreamState.FAILED, str(error)
        dropped = self._buffer.num_dropped
        told = tuple(events), tuple(warnings)
        self.queue.put((self, _End(state, reason, self._at_s, *told, dropped, error)))

    def _process(self) -> None:
        for result in self.camera.pipeline.process_from(self._buffer.take):
            self._at_s, self._num_frames = result.at_s, self._num_frames + 1
            self.queue.put((self, result))

    def _guarded(self, task: Callable[[], None]) -> Exception | None:
        """The error of the task: this is the worker's edge, and other cameras go on."""
        try:
            task()
        except FootfallError as error:
            return error
        except Exception as error:
            log.exception("camera '%s' failed by a defect", self.summary.camera_id)
            return error
        return None


class Runtime:
    """Runs cameras to their end and writes what they give.

    In replay the outputs do not depend on how threads take turns: the results of all cameras are
    written in the order of video time. In live mode they are written as they come.

    Args:
        cameras: at least one.
        sinks: take the events of all cameras.
        mode: see `Mode`.
        max_frames: end each camera after so many frames.
        progress: is told about every frame.
    """

    def __init__(
        self,
        cameras: Sequence[CameraRun],
        sinks: Sequence[Sink] = (),
        mode: Mode = Mode.REPLAY,
        max_frames: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._mode = mode
        self._sinks = tuple(sinks)
        self._progress = progress or Progress()
        self._stopped_by: signal.Signals | None = None
        shared: Queue[tuple[_Worker, _Message]] = Queue(_QUEUE_FRAMES)
        self._workers = [
            _Worker(
                camera,
                mode,
                max_frames,
                shared if mode is Mode.LIVE else Queue(_QUEUE_FRAMES),
            )
            for camera in cameras
        ]
        self._batch: list[Event] = []
        self._batch_since_s = time.monotonic()

    def run(self) -> Summary:
        """Run until every camera has ended, or SIGINT or SIGTERM asks to stop.

        Raises:
            SinkError: an output could not be written; the run was ended and its files were left
                as partial ones.
        """
        started_s = time.monotonic()
        with self._progress, self._obeying_signals(), _opencv_in_one_thread():
            for worker in self._workers:
                worker.start()
            failure = self._write_all()
            for worker in self._workers:
                worker.join()
        summary = Summary(
            cameras=tuple(worker.summary for worker in self._workers),
            mode=self._mode,
            stopped_by=self._stopped_by,
            wall_s=time.monotonic() - started_s,
        )
        if failure is None:
            failure = self._close(summary)
        if failure is not None:
            self._abandon()
            raise failure
        return summary

    def stop(self) -> None:
        """Read no further frames; those that were read are processed and written."""
        for worker in self._workers:
            worker.stop()

    def _write_all(self) -> SinkError | None:
        """Write until the last camera has ended; the error of an output that failed."""
        failure: SinkError | None = None
        for said in self._messages():
            if failure is not None:
                continue  # the workers must still come to their end
            try:
                if said is not None:
                    self._write(*said)
                if len(self._batch) >= _BATCH_EVENTS or self._batch_age_s() >= _BATCH_S:
                    self._write_batch()
            except SinkError as error:
                failure = error
                self.stop()
        return failure

    def _messages(self) -> Iterator[tuple[_Worker, _Message] | None]:
        """What the workers say until the last has ended; None now and then while all are silent."""
        return self._as_they_come() if self._mode is Mode.LIVE else self._in_video_time()

    def _as_they_come(self) -> Iterator[tuple[_Worker, _Message] | None]:
        num_running = len(self._workers)
        while num_running:
            try:
                worker, message = self._workers[0].queue.get(timeout=_BATCH_S)
            except Empty:
                yield None
                continue
            yield worker, message
            num_running -= isinstance(message, _End)

    def _in_video_time(self) -> Iterator[tuple[_Worker, _Message]]:
        heads = {worker: worker.queue.get()[1] for worker in self._workers}
        while heads:
            worker = min(heads, key=lambda worker: heads[worker].at_s)  # ties: first camera first
            message = heads[worker]
            yield worker, message
            if isinstance(message, _End):
                del heads[worker]
            else:
                heads[worker] = worker.queue.get()[1]

    def _write(self, worker: _Worker, message: _Message) -> None:
        summary = worker.summary
        if isinstance(message, _End):
            self._batch.extend(message.events)
            summary.end(message.state, message.reason, message.events, message.error)
            summary.num_dropped, summary.warnings = message.num_dropped, message.warnings
            self._state_changed(summary, message.at_s)
            return
        if not summary.num_frames:
            summary.state = StreamState.STREAMING
            self._state_changed(summary, message.at_s)
        summary.add(message)
        self._batch.extend(message.events)
        for sink in worker.camera.sinks:
            sink.write(message.frame, message.detections, message.tracks, message.events)
        self._progress.advance(summary)

    def _state_changed(self, summary: CameraSummary, at_s: float) -> None:
        assert summary.state is not None
        self._progress.state_changed(summary)
        self._batch.append(
            CameraState(
                camera_id=summary.camera_id,
                at_s=at_s,
                state=summary.state,
                reason=summary.reason,
            )
        )

    def _write_batch(self) -> None:
        batch, self._batch = self._batch, []
        self._batch_since_s = time.monotonic()
        if batch:
            for sink in self._sinks:
                sink.write(batch)

    def _batch_age_s(self) -> float:
        return time.monotonic() - self._batch_since_s

    def _close(self, summary: Summary) -> SinkError | None:
        """Complete the outputs of whole work, give up the others; the error where that fails."""
        try:
            self._write_batch()
            for worker in self._workers:
                for sink in worker.camera.sinks:
                    sink.close() if worker.summary.error is None else sink.abandon()
            for event_sink in self._sinks:
                event_sink.close() if summary.error is None else event_sink.abandon()
        except SinkError as error:
            return error
        return None

    def _abandon(self) -> None:
        for worker in self._workers:
            for sink in worker.camera.sinks:
                sink.abandon()
        for event_sink in self._sinks:
            event_sink.abandon()

    @contextmanager
    def _obeying_signals(self) -> Iterator[None]:
        """Stop in good order at the first SIGINT or SIGTERM, at once at the second."""
        if current_thread() is not main_thread():  # whoever started the thread has the signals
            yield
            return

        def obey(number: int, _: FrameType | None) -> None:
            self._stopped_by = signal.Signals(number)
            for kind, handler in previous.items():
                signal.signal(kind, handler)
            log.info("%s: finishing the frames that were read", self._stopped_by.name)
            self.stop()

        previous = {kind: signal.signal(kind, obey) for kind in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for kind, handler in previous.items():
                signal.signal(kind, handler)


@contextmanager
def _opencv_in_one_thread() -> Iterator[None]:
    """Let OpenCV resize in the worker's thread: its others would take cores from inference."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
