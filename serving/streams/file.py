"""A video file as a source of frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from serving.core.errors import SourceError
from serving.core.frame import Frame
from serving.streams.source import missing_source

CONTAINERS = "avi,mov,matroska,mpegts,mpeg,flv,asf,ogg,gif,h264,hevc,m4v,mjpeg"
"""What is opened. Playlists are not: they may name other files and addresses."""
_MISSING_FRAMES_TOLERATED = 1
"""A container that states a length in seconds alone is right to about a frame."""
_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
"""What the file's display matrix asks for, by degrees counterclockwise. Other angles are left."""


class VideoFile:
    """The frames of a video file's first video stream, decoded to BGR on the caller's thread.

    Frame times come from the file, or from `fps` where it is given. A packet that cannot be decoded
    is skipped; where frames were missing at the end, iterating raises after the last one. A film
    that says it was filmed sideways is turned upright.

    Args:
        path: the file.
        camera_id: the camera that filmed it.
        fps: frames a second, where the file's own times are wrong.
        starts_at_s: time of the first frame, seconds UTC.
        hint: what to do when the file is missing, for the error.

    Raises:
        SourceError: the file is missing, empty or not a video; while iterating, it is truncated,
            has undecodable packets, or its picture changes its size.
    """

    def __init__(
        self,
        path: str | Path,
        camera_id: str,
        fps: float | None = None,
        starts_at_s: float = 0.0,
        hint: str = "",
    ) -> None:
        self.path = Path(path)
        self.camera_id = camera_id
        self._fps = fps
        self._starts_at_s = starts_at_s
        if not self.path.exists():
            raise missing_source(camera_id, self.path, hint)
        if self.path.stat().st_size == 0:
            raise self._error("expected a video file, got an empty file")
        try:
            self._container = av.open(str(self.path), options={"format_whitelist": CONTAINERS})
        except (av.FFmpegError, OSError) as error:
            raise self._error(
                f"expected a video file, got one that cannot be read: {error.strerror}"
            ) from error
        if not self._container.streams.video:
            self._container.close()
            raise self._error("expected a video stream, got a file without one")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "SLICE"  # frame threads would take the inference's cores
        self._stream.codec_context.thread_count = 1
        self._rate = self._stream.average_rate or self._stream.guessed_rate or Fraction(25)
        self.image_size_hw = self._first_size_hw()

    @property
    def num_frames(self) -> int | None:
        """Frames that the file says it has: its count, else its length at its frame rate."""
        if self._stream.frames:
            return int(self._stream.frames)
        duration_s = self._duration_s()
        return None if duration_s is None else round(duration_s * float(self._rate))

    def __iter__(self) -> Iterator[Frame]:
        to_bgr = VideoReformatter()
        index, at_s, num_undecodable, num_packets, covered_s = 0, -np.inf, 0, 0, 0.0
        for packet in self._container.demux(self._stream):
            if packet.size:
                num_packets += 1
                covered_s = max(covered_s, self._end_s(packet))
            try:
                pictures = packet.decode()
            except av.FFmpegError:
                num_undecodable += 1
                continue
            for picture in pictures:
                at_s = self._time_s(picture, index, at_s)
                bgr = to_bgr.reformat(picture, format="bgr24", threads=1)
                image = _upright(cast(NDArray[np.uint8], bgr.to_ndarray()), picture.rotation)
                if image.shape[:2] != self.image_size_hw:
                    raise self._error(
                        f"frame {index}: expected {self.image_size_hw} px (height, width) as in "
                        f"the first picture, got {image.shape[:2]}"
                    )
                yield Frame(image, self.camera_id, index, self._starts_at_s + at_s)
                index += 1
        self._check_whole(index, num_packets, covered_s, num_undecodable)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _first_size_hw(self) -> tuple[int, int]:
        """Height and width of the first picture, upright; what the stream says where there is none.

        Only a decoded picture says how it was held. The file is opened anew for it: not every
        container can go back to its start.
        """
        size_hw = self._stream.codec_context.height, self._stream.codec_context.width
        with (
            suppress(av.FFmpegError),  # iterating says what is wrong
            av.open(str(self.path), options={"format_whitelist": CONTAINERS}) as container,
        ):
            picture = next(container.decode(container.streams.video[0]), None)
            if picture is not None:
                size_hw = picture.height, picture.width
                return size_hw[::-1] if picture.rotation % 180 == 90 else size_hw
        return size_hw

    def _time_s(self, picture: VideoFrame, index: int, previous_s: float) -> float:
        """Seconds since the first frame; time never stands still, whatever the file says."""
        if self._fps is not None:
            return index / self._fps
        step_s = 1 / float(self._rate)
        if index == 0:
            return 0.0
        if picture.pts is None or picture.time_base is None:
            return previous_s + step_s
        at_s = float((picture.pts - (self._stream.start_time or 0)) * picture.time_base)
        return at_s if at_s > previous_s else previous_s + step_s

    def _end_s(self, packet: av.Packet[Any]) -> float:
        """Seconds from the stream's start to the end of the packet; 0 where it has no time."""
        if packet.pts is None or packet.time_base is None:
            return 0.0
        ticks = packet.pts + (packet.duration or 0) - (self._stream.start_time or 0)
        return float(ticks * packet.time_base)

    def _duration_s(self) -> float | None:
        stream, container = self._stream, self._container
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        if container.duration and len(container.streams) == 1:  # else another stream's length
            return container.duration / av.time_base
        return None

    def _check_whole(
        self, num_decoded: int, num_packets: int, covered_s: float, num_undecodable: int
    ) -> None:
        expected = self.num_frames
        if expected is None:
            num_missing = 0
        elif self._stream.frames:
            num_missing = expected - num_packets
            if self._container.format.name == "avi":  # it counts frames that the camera dropped
                num_missing = min(num_missing, expected - round(covered_s * float(self._rate)))
        else:
            num_missing = expected - round(covered_s * float(self._rate))
            num_missing -= _MISSING_FRAMES_TOLERATED
        if num_decoded and num_missing <= 0 and not num_undecodable:
            return
        damage = f", {num_undecodable} packets cannot be decoded" if num_undecodable else ""
        raise self._error(
            f"expected {expected or 'some'} frames, got {num_decoded}: "
            f"the file is truncated or damaged{damage}"
        )

    def _error(self, message: str) -> SourceError:
        return SourceError(f"camera '{self.camera_id}', {self.path}: {message}")


def _upright(image: NDArray[np.uint8], rotation_deg: int) -> NDArray[np.uint8]:
    turn = _TURNS.get(rotation_deg % 360)
    return image if turn is None else cast(NDArray[np.uint8], cv2.rotate(image, turn))
