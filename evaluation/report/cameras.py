"""What one camera gave, drawn: counts, heat, routes, zones, pictures with tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from evaluation.report import pictures
from evaluation.report.charts import (
    Bin,
    Clock,
    counts_chart,
    nice_step_s,
    occupancy_chart,
    spelled_duration,
)
from evaluation.report.floorplan import floor_plan
from evaluation.report.recording import Recording, Snapshot
from evaluation.report.routes import Path, Route, main_routes, paths_of
from serving.core.events import Crossing, Dwell, HeatmapTile, Occupancy, PathPoint
from serving.core.labels import Direction
from serving.streams.source import StreamState

_MOST_BINS = 24
_MOST_ROUTES = 8


@dataclass(frozen=True, slots=True)
class LineView:
    """People counted at a line, in all and over time."""

    name: str
    num_in: int
    num_out: int
    bin_text: str
    chart: Markup


@dataclass(frozen=True, slots=True)
class ZoneView:
    """People in a zone over time, and how long those who left had stayed."""

    name: str
    most: int
    average: float
    num_stays: int
    median_stay: str
    longest_stay: str
    chart: Markup | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraView:
    """One camera's part of the page; what it could not give is None or empty."""

    camera_id: str
    role: str
    pictures: str
    duration: str
    notes: tuple[str, ...]
    num_tracks: int | None
    lines: tuple[LineView, ...]
    zones: tuple[ZoneView, ...]
    plan: Markup | None
    heat_picture: Markup | None
    calibration_error_m: float | None
    routes: Markup | None
    num_routes: int
    num_paths: int
    snapshots: tuple[tuple[str, Markup], ...]


def camera_view(recording: Recording) -> CameraView:
    """Everything that the page shows of a camera."""
    camera, clock = recording.camera, Clock(recording.start_s)
    lines, zones = camera.counting_lines(), camera.watched_zones()
    places = pictures.places_drawing(lines, zones)
    plain_lines = pictures.places_drawing(lines, (), named=False)
    image = recording.snapshots[len(recording.snapshots) // 2].frame.image
    floor = camera.floor()
    heat = pictures.FloorHeat.from_tiles(recording.of_kind(HeatmapTile))
    plan = heat_picture = None
    if floor is not None and heat is not None:
        what = f"camera {recording.camera_id}: where people spent their time"
        size_hw = recording.image_size_hw
        plan = floor_plan(heat, floor, size_hw, lines, zones, f"Floor plan, {what}")
        heat_picture = pictures.over_frame(
            pictures.heated(image, heat, floor), f"Picture of {what}", *places
        )
    paths = paths_of(recording.of_kind(PathPoint))
    routes = main_routes(paths, recording.image_size_hw)
    return CameraView(
        camera_id=recording.camera_id,
        role=camera.role.value,
        pictures=pictures_text(recording),
        duration=spelled_duration(recording.end_s - recording.start_s),
        notes=_notes(recording),
        num_tracks=recording.num_tracks,
        lines=tuple(_line_view(recording, line.name, clock) for line in lines),
        zones=tuple(_zone_view(recording, zone.name, clock) for zone in zones),
        plan=plan,
        heat_picture=heat_picture,
        calibration_error_m=None if floor is None else floor.residual_m,
        routes=_routes_picture(recording, image, paths, routes) if paths else None,
        num_routes=len(routes),
        num_paths=len(paths),
        snapshots=tuple(_snapshot(shot, plain_lines, clock) for shot in recording.snapshots),
    )


def pictures_text(recording: Recording) -> str:
    """How many pictures the run saw, and of how many where it did not see all."""
    of = f" of {recording.num_frames_of_footage:,}" if recording.is_part else ""
    return f"{recording.num_frames:,}{of}"


def _notes(recording: Recording) -> tuple[str, ...]:
    """What else there would have been to see, in words."""
    run, camera_id = recording.run, recording.camera_id
    saw = f"this report is about {pictures_text(recording)} pictures of its footage"
    notes = []
    if run.state == StreamState.STREAMING:
        notes.append(f"The end of camera {camera_id}'s run was not recorded: {saw}.")
    elif run.state == StreamState.FAILED:
        notes.append(f"Camera {camera_id} failed ({run.reason}): {saw}.")
    elif recording.is_part:
        how = f"{run.state}, {run.reason}"
        notes.append(f"The run of camera {camera_id} was stopped early ({how}): {saw}.")
    if run.num_earlier:
        runs = "an earlier run" if run.num_earlier == 1 else f"{run.num_earlier} earlier runs"
        notes.append(f"The events also hold {runs} of camera {camera_id}, not shown here.")
    return tuple(notes)


def _line_view(recording: Recording, name: str, clock: Clock) -> LineView:
    crossings = recording.of_kind(Crossing, name)
    bin_s = nice_step_s(recording.end_s - recording.start_s, _MOST_BINS)
    origin_s = recording.start_s - recording.start_s % bin_s if clock.has_date else clock.start_s
    num_bins = int((recording.end_s - origin_s) // bin_s) + 1
    counts = np.zeros((num_bins, 2), int)
    for crossing in crossings:
        index = int((crossing.at_s - origin_s) // bin_s)
        counts[index, 0 if crossing.direction is Direction.IN else 1] += 1
    bins = [
        Bin(origin_s + index * bin_s, int(num_in), int(num_out))
        for index, (num_in, num_out) in enumerate(counts)
    ]
    num_in, num_out = (int(total) for total in counts.sum(axis=0))
    alt = f"Line {name}: {num_in} in and {num_out} out over {len(bins)} columns of {bin_s:g} s"
    chart = counts_chart(bins, bin_s, clock, alt)
    return LineView(name, num_in, num_out, _bin_text(bin_s), chart)


def _zone_view(recording: Recording, name: str, clock: Clock) -> ZoneView:
    samples = [(event.at_s, float(event.count)) for event in recording.of_kind(Occupancy, name)]
    stays_s = [event.dwell_s for event in recording.of_kind(Dwell, name)]
    chart, average = None, 0.0
    if samples:
        times_s = np.array([at_s for at_s, _ in samples] + [recording.end_s])
        held_s = np.diff(times_s)
        counts = np.array([count for _, count in samples])
        average = float(counts @ held_s / held_s.sum()) if held_s.sum() > 0 else float(counts[-1])
        most = int(counts.max())
        alt = f"Zone {name}: people in it over time, at most {most}, {average:.1f} on average"
        chart = occupancy_chart(samples, recording.end_s, clock, alt)
    return ZoneView(
        name=name,
        most=max([int(count) for _, count in samples], default=0),
        average=average,
        num_stays=len(stays_s),
        median_stay=f"{np.median(stays_s):.0f} s" if stays_s else "–",
        longest_stay=f"{max(stays_s):.0f} s" if stays_s else "–",
        chart=chart,
    )


def _routes_picture(
    recording: Recording,
    image: pictures.Image,
    paths: Mapping[int, Path],
    routes: Sequence[Route],
) -> Markup:
    drawing = [pictures.way(path, "path") for path in paths.values() if len(path) > 1]
    shown = routes[:_MOST_ROUTES]
    most = max([route.num_people for route in shown], default=1)
    for route in reversed(shown):  # the busiest on top
        width = 3 + 5 * route.num_people / most
        drawing.append(pictures.arrow(route.path_px, width, f"route {_side(route)}"))
    for route, at_px in zip(shown, _apart([route.path_px for route in shown]), strict=True):
        drawing.append(pictures.badge(at_px, route.num_people, f"badge {_side(route)}"))
    alt = f"Camera {recording.camera_id}: the ways of {len(paths)} people, " + (
        f"{len(shown)} main routes as arrows with the number of people on each"
        if shown
        else "no two of them alike"
    )
    return pictures.over_frame(pictures.subdued(image), alt, *drawing)


def _apart(paths: Sequence[Path]) -> list[NDArray[np.float64]]:
    """A point (2,) on the inner part of each path, far from those of the paths before it."""
    chosen: list[NDArray[np.float64]] = []
    for path in paths:
        inner = path[len(path) // 5 : -len(path) // 5 or None]
        taken = np.array(chosen).reshape(-1, 1, 2)
        clearance = np.linalg.norm(inner - taken, axis=2).min(axis=0, initial=np.inf)
        chosen.append(inner[int(clearance.argmax())])
    return chosen


def _side(route: Route) -> str:
    """The side of the picture to which a route leads."""
    return "rightwards" if route.path_px[-1, 0] >= route.path_px[0, 0] else "leftwards"


def _snapshot(shot: Snapshot, places: list[Markup], clock: Clock) -> tuple[str, Markup]:
    caption = f"{clock.text(shot.frame.captured_at)} · {len(shot.tracks)} people"
    alt = f"Picture {shot.frame.index + 1} with {len(shot.tracks)} tracked people"
    drawing = pictures.tracks_drawing(shot.tracks, shot.trails)
    return caption, pictures.over_frame(shot.frame.image, alt, *places, *drawing)


def _bin_text(bin_s: float) -> str:
    if bin_s < 60:
        return f"{bin_s:g} seconds"
    return f"{bin_s / 60:g} minutes" if bin_s < 3600 else f"{bin_s / 3600:g} hours"
