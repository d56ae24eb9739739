"""What an operator writes: a site with its cameras, and how one run of it goes.

`serving.configuration.parse` checks a `Run`, `parse_site` a site; nothing behind them sees an
unchecked value of the configuration files or the command line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    field_validator,
)

from serving.configuration import Settings, parse
from serving.core.errors import ConfigError
from serving.core.geometry import Homography, Point
from serving.core.labels import CameraRole
from serving.core.wording import unknown_name
from serving.core.zones import Line, Zone
from serving.core.zoo import PERSON_DETECTOR

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""What a camera, line or zone is called: events, tables and file names carry it."""


class Mode(StrEnum):
    """How time passes: at full speed on the video's own time, or with the clock."""

    REPLAY = "replay"
    LIVE = "live"


class Calibration(Settings):
    """Pairs of points that fix where the floor lies: at least four, no three on one line.

    Attributes:
        image_px: pixels in the picture, x right and y down.
        floor_m: metres on the floor, in the order of `image_px`.
    """

    image_px: tuple[Point, ...]
    floor_m: tuple[Point, ...]


class LineSettings(Settings):
    """A counting line; `serving.core.zones.Line` says which way is in.

    Attributes:
        start_px: one end, in pixels of the picture.
        end_px: the other end.
    """

    start_px: Point
    end_px: Point


class ZoneSettings(Settings):
    """A zone in which people are counted and timed.

    Attributes:
        polygon_px: at least three corners, in pixels of the picture.
    """

    polygon_px: tuple[Point, ...]


class Camera(Settings):
    """One camera: what it films and what is counted in its picture.

    Attributes:
        source: a video file or a folder of pictures; a relative path starts at the working
            directory.
        role: what the camera is for: a label in the report, which changes nothing else.
        fps: frames a second at which the source was filmed, where the file is wrong or has no time.
        starts_at: when its first frame was filmed, with a time zone. Without it, replay counts
            seconds from 0 (1970-01-01 UTC) and live mode takes the clock's time.
        source_hint: what to do when the source is missing, said in the error.
        min_height_px: people whose box is less high are too far to be judged and are not reported.
            Without it: those whom the detector was not made for, as its bundle says. 0: nobody.
        calibration: from the picture to the floor; without it there are no metres.
        lines: counting lines by name.
        zones: zones by name.
    """

    source: Annotated[str, Field(min_length=1)]
    role: CameraRole = CameraRole.ENTRANCE
    fps: PositiveFloat | None = None
    starts_at: AwareDatetime | None = None
    source_hint: str = ""
    min_height_px: NonNegativeFloat | None = None
    calibration: Calibration | None = None
    lines: dict[Name, LineSettings] = Field(default_factory=dict)
    zones: dict[Name, ZoneSettings] = Field(default_factory=dict)

    def counting_lines(self) -> tuple[Line, ...]:
        """The lines, in the order written."""
        return tuple(Line(name, line.start_px, line.end_px) for name, line in self.lines.items())

    def watched_zones(self) -> tuple[Zone, ...]:
        """The zones, in the order written."""
        return tuple(Zone(name, zone.polygon_px) for name, zone in self.zones.items())

    def floor(self) -> Homography | None:
        """From the picture to the floor, where the camera is calibrated."""
        if self.calibration is None:
            return None
        return Homography.from_point_pairs(self.calibration.image_px, self.calibration.floor_m)


class Site(Settings):
    """A store: its cameras by name.

    Attributes:
        name: what the site is called in reports.
        cameras: at least one.
    """

    name: str
    cameras: Annotated[dict[Name, Camera], Field(min_length=1)]

    def select(self, names: Sequence[str], origin: str) -> Site:
        """The site with only the named cameras, in the site's order; all where none is named.

        Raises:
            ConfigError: a name that no camera has.
        """
        for name in names:
            if name not in self.cameras:
                raise unknown_name("key 'camera'", name, self.cameras, origin)
        kept = {name: camera for name, camera in self.cameras.items() if name in names}
        return self.model_copy(update={"cameras": kept or self.cameras})


class Outputs(Settings):
    """Files that a run writes; null writes none. With several cameras each MOT and video file
    gets the camera's name before its suffix.

    Attributes:
        store: SQLite file of all events.
        jsonl: one event a line.
        mot: tracks as MOTChallenge text.
        mot_detections: detections as MOTChallenge text.
        video: MP4 with boxes, trails, lines and zones drawn in.
    """

    store: Path | None = None
    jsonl: Path | None = None
    mot: Path | None = None
    mot_detections: Path | None = None
    video: Path | None = None

    @field_validator("video")
    @classmethod
    def _is_mp4(cls, path: Path | None) -> Path | None:
        if path is not None and path.suffix.lower() != ".mp4":
            raise ValueError("expected a path that ends in .mp4")
        return path


class DetectorSettings(Settings):
    """Which model finds people, and from which score on.

    Attributes:
        bundle: the folder of a bundle, or the name of one in `serving/zoo`.
        score_threshold: lowest score that is a detection; null: the bundle's.
        nms_iou: of two boxes that overlap more than this the better stays; null: the bundle's.
    """

    bundle: str = PERSON_DETECTOR
    score_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    nms_iou: Annotated[float, Field(ge=0, le=1)] | None = None


class Run(Settings):
    """One run of the server.

    Attributes:
        mode: at full speed on the video's time, or paced to the clock.
        site: the cameras; may be left out where `source` is given.
        source: a video file or a folder of pictures instead of the camera's own; without a site
            it becomes a camera that has neither lines nor calibration.
        fps: frames a second of `source`, where the file is wrong or has no time.
        camera: the cameras of the site to run, one name or several; null: all.
        min_height_px: instead of the cameras' own, see `Camera`; null: theirs.
        max_frames: end each camera after so many frames; null: at the end of its source.
        detector: what finds people.
        sink: the outputs.
    """

    mode: Mode = Mode.REPLAY
    site: dict[str, Any] | None = None
    source: Annotated[str, Field(min_length=1)] | None = None
    fps: PositiveFloat | None = None
    camera: str | tuple[str, ...] | None = None
    min_height_px: NonNegativeFloat | None = None
    max_frames: PositiveInt | None = None
    detector: DetectorSettings = DetectorSettings()
    sink: Outputs = Outputs()


def parse_site(values: Mapping[str, Any], origin: str) -> Site:
    """A checked site; `origin` is the file that messages name.

    Raises:
        ConfigError: an unknown or missing key, a value of the wrong kind, a line, polygon or
            calibration that has no meaning, or a name that stands for a line and a zone.
    """
    site = parse(Site, values, origin)
    for camera_id, camera in site.cameras.items():
        with _placed(camera_id, origin):
            camera.counting_lines()
            camera.watched_zones()
            camera.floor()
            for name in camera.lines.keys() & camera.zones.keys():
                raise ConfigError(f"zone '{name}': expected a name of its own, got that of a line")
    return site


def selected_site(run: Run, origin: str, site_origin: str) -> Site:
    """The cameras that a run is about: of its site, of its source, or of both.

    Raises:
        ConfigError: neither a site nor a source, a source for several cameras, an unknown camera,
            or a site that `parse_site` refuses.
    """
    chosen = (run.camera,) if isinstance(run.camera, str) else run.camera or ()
    if run.site is None:
        if run.source is None:
            raise ConfigError(f"expected site=NAME or source=PATH, got neither ({origin})")
        camera_id = _camera_name(run.source)
        camera = Camera(source=run.source, fps=run.fps, min_height_px=run.min_height_px)
        return Site(name=camera_id, cameras={camera_id: camera}).select(chosen, "source")
    site = parse_site(run.site, site_origin).select(chosen, site_origin)
    if run.min_height_px is not None:
        site = _updated(site, {"min_height_px": run.min_height_px})
    replaced = {"source": run.source, "fps": run.fps}
    replaced = {key: value for key, value in replaced.items() if value is not None}
    if not replaced:
        return site
    if len(site.cameras) > 1:
        raise ConfigError(
            f"{' and '.join(replaced)}: expected one camera to use it, got {sorted(site.cameras)}; "
            f"choose with camera=NAME ({origin})"
        )
    return _updated(site, replaced)


def _updated(site: Site, values: Mapping[str, Any]) -> Site:
    """The site with these values in each of its cameras."""
    cameras = {name: camera.model_copy(update=values) for name, camera in site.cameras.items()}
    return site.model_copy(update={"cameras": cameras})


def check_places(camera_id: str, camera: Camera, image_size_hw: tuple[int, int]) -> None:
    """Hold the lines and zones against the size of the camera's picture.

    A place that was drawn on a picture of another size counts nothing, or the wrong people.

    Raises:
        ConfigError: a point outside the picture.
    """
    height, width = image_size_hw
    places: dict[str, tuple[Point, ...]] = {
        f"line '{n}'": (x.start_px, x.end_px) for n, x in camera.lines.items()
    }
    places |= {f"zone '{n}'": x.polygon_px for n, x in camera.zones.items()}
    for name, points in places.items():
        for x, y in points:
            if not (0 <= x <= width and 0 <= y <= height):
                raise ConfigError(
                    f"camera '{camera_id}', {name}: expected points inside the picture of "
                    f"{width}×{height} px, got ({x:g}, {y:g})"
                )


@contextmanager
def _placed(camera_id: str, origin: str) -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        raise type(error)(f"camera '{camera_id}', {error} ({origin})") from error


def _camera_name(source: str) -> str:
    """A camera's name from its file's: characters that names may not hold become `_`."""
    stem = Path(source).stem if Path(source).suffix else Path(source).name
    name = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in stem)
    return name.lstrip("_.-") or "camera"
