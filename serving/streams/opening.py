"""From what an operator writes about cameras to their sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from serving.core.errors import ConfigError, FootfallError
from serving.core.frame import Frame
from serving.settings import Camera, check_places
from serving.streams.file import VideoFile
from serving.streams.folder import ImageFolder
from serving.streams.source import Source


class BrokenSource:
    """Stands for a source that could not be opened: gives no frame, only its error."""

    image_size_hw = (0, 0)
    num_frames = None

    def __init__(self, camera_id: str, error: FootfallError) -> None:
        self.camera_id = camera_id
        self.error = error

    def __iter__(self) -> Iterator[Frame]:
        raise self.error

    def close(self) -> None:
        """Nothing is open."""


def open_sources(cameras: Mapping[str, Camera], starts_at_s: float = 0.0) -> dict[str, Source]:
    """The sources of cameras by name, their lines and zones held against the picture's size.

    A camera whose source cannot be opened gets a `BrokenSource`: the others shall run.

    Args:
        cameras: by name.
        starts_at_s: time of the first frame of cameras that do not say it, seconds UTC.

    Raises:
        FootfallError: no source can be opened; the error of the first.
    """
    sources: dict[str, Source] = {}
    for camera_id, camera in cameras.items():
        try:
            sources[camera_id] = _open(camera_id, camera, starts_at_s)
        except FootfallError as error:
            sources[camera_id] = BrokenSource(camera_id, error)
    broken = [source for source in sources.values() if isinstance(source, BrokenSource)]
    if len(broken) == len(sources):
        raise broken[0].error
    return sources


def _open(camera_id: str, camera: Camera, starts_at_s: float) -> Source:
    if "://" in camera.source:
        raise ConfigError(
            f"camera '{camera_id}', key 'source': expected a file or a folder, "
            f"got the address {camera.source}"
        )
    if camera.starts_at is not None:
        starts_at_s = camera.starts_at.timestamp()
    kind: type[ImageFolder] | type[VideoFile]
    kind = ImageFolder if Path(camera.source).is_dir() else VideoFile
    source: Source = kind(camera.source, camera_id, camera.fps, starts_at_s, camera.source_hint)
    check_places(camera_id, camera, source.image_size_hw)
    return source
