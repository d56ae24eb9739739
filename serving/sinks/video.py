"""The camera's picture as a video, with what was found drawn in."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from serving.core.boxes import foot_points
from serving.core.detections import Detections, Tracks
from serving.core.events import Crossing, Event, Occupancy
from serving.core.frame import Frame
from serving.core.geometry import Point
from serving.core.labels import Direction
from serving.core.zones import Line, Zone
from serving.sinks.sink import make_folder, partial_path, replace_with_partial, writing

_TIME_BASE = Fraction(1, 90_000)
_LINE_COLOUR = (0, 220, 255)
_ZONE_COLOUR = (255, 160, 0)
_ERRORS = (OSError, av.FFmpegError, ValueError)
"""What PyAV raises when the disk, the muxer or the encoder refuses; not all are OSErrors."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class AnnotatedVideo:
    """An MP4 (H.264) of one camera: boxes, identities, trails, lines with counts, zones.

    Frames keep their times, so footage of uneven rate plays as it was filmed. Without any frame
    there is no file.

    Args:
        path: the file; one that exists is replaced when this one is complete.
        lines: drawn with what was counted at them so far.
        zones: drawn with how many people are in them.
        trail_s: how long a person's way stays visible, seconds.
        crf: x264's constant rate factor; lower is better and larger.

    Raises:
        SinkError: the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        lines: Sequence[Line] = (),
        zones: Sequence[Zone] = (),
        trail_s: float = 4.0,
        crf: int = 23,
    ) -> None:
        self.path = path
        self._drawing = Drawing(lines, zones, trail_s)
        self._crf = crf
        make_folder(path)
        with writing(path, *_ERRORS):
            partial_path(path).unlink(missing_ok=True)  # PyAV makes it at the first frame only
            self._container = av.open(str(partial_path(path)), "w", format="mp4")
        self._stream: av.VideoStream | None = None
        self._first_at_s = 0.0

    def write(
        self, frame: Frame, detections: Detections, tracks: Tracks, events: Sequence[Event]
    ) -> None:
        """Draw and encode one frame."""
        image = self._drawing.draw(frame, tracks, events)
        with writing(self.path, *_ERRORS):
            stream = self._stream or self._add_stream(frame)
            even = image[: stream.height, : stream.width]  # 4:2:0 has no odd sizes
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="bgr24")
            picture.pts = round((frame.captured_at - self._first_at_s) / _TIME_BASE)
            picture.time_base = _TIME_BASE
            self._container.mux(stream.encode(picture))

    def close(self) -> None:
        """Complete the file."""
        with writing(self.path, *_ERRORS):
            has_frames = self._finish()
        if has_frames:
            replace_with_partial(self.path)

    def abandon(self) -> None:
        """Leave what was encoded as `PATH.partial`."""
        with suppress(*_ERRORS):  # the disk that refused the frames may refuse the index too
            self._finish()

    def _finish(self) -> bool:
        """End the file, once; whether it holds frames."""
        stream, self._stream = self._stream, None
        try:
            if stream is not None:
                self._container.mux(stream.encode(None))
        finally:
            self._container.close()
        return stream is not None

    def _add_stream(self, frame: Frame) -> av.VideoStream:
        height, width = frame.image_size_hw
        stream = self._container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width // 2 * 2, height // 2 * 2, "yuv420p"
        stream.time_base = stream.codec_context.time_base = _TIME_BASE
        stream.options = {"preset": "veryfast", "crf": str(self._crf)}
        self._stream, self._first_at_s = stream, frame.captured_at
        return stream


class Drawing:
    """What is drawn over a camera's pictures, and what it must remember for that.

    Args:
        lines: drawn with what was counted at them so far.
        zones: drawn with how many people are in them.
        trail_s: how long a person's way stays visible, seconds.
    """

    def __init__(self, lines: Sequence[Line], zones: Sequence[Zone], trail_s: float) -> None:
        self._lines = tuple(lines)
        self._zones = tuple(zones)
        self._trail_s = trail_s
        self._trails: dict[int, deque[tuple[float, Point]]] = {}
        self._crossings: Counter[tuple[str, Direction]] = Counter()
        self._occupancy: dict[str, int] = {}

    def draw(self, frame: Frame, tracks: Tracks, events: Sequence[Event]) -> NDArray[np.uint8]:
        """A copy of the frame's image with everything drawn in."""
        for event in events:
            if isinstance(event, Crossing):
                self._crossings[event.place, event.direction] += 1
            elif isinstance(event, Occupancy):
                self._occupancy[event.place] = event.count
        self._extend_trails(tracks, frame.captured_at)
        image = frame.image.copy()
        self._draw_places(image)
        for track_id, trail in self._trails.items():
            points = np.array([point for _, point in trail], np.int32)
            cv2.polylines(image, [points], False, colour_of(track_id), 2, cv2.LINE_AA)
        boxes = tracks.detections.xyxy_px.round().astype(int).tolist()
        for track_id, (left, top, right, bottom) in zip(
            tracks.track_id.tolist(), boxes, strict=True
        ):
            cv2.rectangle(image, (left, top), (right, bottom), colour_of(track_id), 2)
            _write_text(image, str(track_id), (left, top - 4), colour_of(track_id))
        return image

    def _extend_trails(self, tracks: Tracks, at_s: float) -> None:
        feet = foot_points(tracks.detections.xyxy_px).tolist()
        for track_id, (x, y) in zip(tracks.track_id.tolist(), feet, strict=True):
            self._trails.setdefault(track_id, deque()).append((at_s, (x, y)))
        for track_id, trail in list(self._trails.items()):
            while trail and at_s - trail[0][0] > self._trail_s:
                trail.popleft()
            if not trail:
                del self._trails[track_id]

    def _draw_places(self, image: NDArray[np.uint8]) -> None:
        for zone in self._zones:
            corners = np.array(zone.polygon_px, np.int32)
            cv2.polylines(image, [corners], True, _ZONE_COLOUR, 1, cv2.LINE_AA)
            text = f"{zone.name}: {self._occupancy.get(zone.name, 0)}"
            _write_text(image, text, tuple(corners.min(axis=0) + (4, 16)), _ZONE_COLOUR)
        for line in self._lines:
            start, end = np.array([line.start_px, line.end_px], np.int32)
            cv2.line(image, tuple(map(int, start)), tuple(map(int, end)), _LINE_COLOUR, 2)
            counts = [self._crossings[line.name, way] for way in (Direction.IN, Direction.OUT)]
            text = f"{line.name}: in {counts[0]}, out {counts[1]}"
            _write_text(image, text, tuple((start + end) // 2 + (6, -6)), _LINE_COLOUR)


def colour_of(track_id: int) -> tuple[int, int, int]:
    """A BGR colour that an identity keeps; neighbouring numbers differ clearly."""
    hue = int(track_id * 137.508 % 180)  # the golden angle, in OpenCV's half degrees
    hsv = np.array([[[hue, 200, 255]]], np.uint8)
    blue, green, red = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].tolist()
    return blue, green, red


def _write_text(
    image: NDArray[np.uint8], text: str, at_px: tuple[int, ...], colour: tuple[int, int, int]
) -> None:
    """Text with its lower left corner at a point, dark outline so that it reads on anything."""
    x, y = int(at_px[0]), max(12, int(at_px[1]))
    cv2.putText(image, text, (x, y), _FONT, 0.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(image, text, (x, y), _FONT, 0.5, colour, 1, cv2.LINE_AA)
