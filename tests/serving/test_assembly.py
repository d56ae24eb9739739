"""Which parts a camera gets, and what they are given."""

import logging
import shutil
from functools import partial

import pytest

from serving.assembly import build_pipeline, log_calibrations, serve, written_files
from serving.core.bundle import Bundle
from serving.core.errors import ConfigError
from serving.settings import Camera, Mode, Outputs, Run, Site

CALIBRATION = {
    "image_px": [[0, 0], [100, 0], [100, 100], [0, 100]],
    "floor_m": [[0, 0], [10, 0], [10, 10], [0, 10]],
}
LINES = {"entry": {"start_px": [0, 50], "end_px": [100, 50]}}


class Analysis:
    """Notes with what it was made."""

    made: list[tuple[str, dict]]

    def update(self, tracks, at_s):
        return []

    def finish(self, at_s):
        return []


class OfLines(Analysis):
    def __init__(self, camera_id, lines, band_px=3.0):
        Analysis.made.append(("lines", {"camera_id": camera_id, "band_px": band_px}))


class OfZones(Analysis):
    def __init__(self, camera_id, zones):
        Analysis.made.append(("zones", {}))


class OfFloor(Analysis):
    def __init__(self, camera_id, floor):
        Analysis.made.append(("floor", {}))


class OfFloorWhereThereIsOne(Analysis):
    def __init__(self, camera_id, floor=None):
        Analysis.made.append(("maybe", {"floor": floor}))


class PlainTracker:
    """Takes nothing."""


class FloorTracker:
    """Takes the floor."""

    def __init__(self, floor=None, lost_s=1.0):
        Analysis.made.append(("tracker", {"floor": floor, "lost_s": lost_s}))


ANALYSES = {
    "lines": OfLines,
    "zones": OfZones,
    "floor": OfFloor,
    "maybe": OfFloorWhereThereIsOne,
    "none": None,
}


@pytest.fixture
def bundle(zoo_bundle):
    return Bundle.load(zoo_bundle)


@pytest.fixture
def build(bundle):
    """Build a camera's pipeline; gives what was made with what."""

    def made(camera, tracker=PlainTracker, analyses=ANALYSES):
        Analysis.made = []
        build_pipeline("door", camera, None, tracker, analyses, bundle)
        return dict(Analysis.made)

    return made


def test_analysis_without_its_places_is_left_out(build):
    assert build(Camera(source="x")) == {"maybe": {"floor": None}}
    assert list(build(Camera(source="x", lines=LINES))) == ["lines", "maybe"]


def test_calibrated_camera_gets_what_needs_a_floor(build):
    made = build(Camera(source="x", calibration=CALIBRATION), tracker=FloorTracker)

    assert list(made) == ["tracker", "floor", "maybe"]
    assert made["tracker"]["floor"] is made["maybe"]["floor"] is not None


def test_options_of_the_configuration_reach_the_parts(build):
    made = build(
        Camera(source="x", lines=LINES),
        tracker=partial(FloorTracker, lost_s=9.0),
        analyses={"lines": partial(OfLines, band_px=5.0)},
    )
    assert made["lines"] == {"camera_id": "door", "band_px": 5.0}
    assert made["tracker"]["lost_s"] == 9.0


def test_option_that_a_part_does_not_take_is_refused_by_its_key(build):
    with pytest.raises(ConfigError, match=r"key 'analytics\.lines': .*unexpected.*'bnd_px'"):
        build(Camera(source="x", lines=LINES), analyses={"lines": partial(OfLines, bnd_px=5.0)})


@pytest.mark.parametrize(
    ("mode", "store", "log"),
    [
        (Mode.LIVE, "events.sqlite", "events.jsonl"),
        (Mode.REPLAY, "events.sqlite.partial (incomplete)", "events.jsonl.partial (incomplete)"),
    ],
)
def test_partial_file_of_an_older_replay_is_not_a_live_runs(mode, store, log, tmp_path):
    outputs = Outputs(
        store=tmp_path / "events.sqlite", jsonl=tmp_path / "events.jsonl", mot=tmp_path / "t.txt"
    )
    paths = [outputs.store, outputs.jsonl, outputs.mot, tmp_path / "none.mp4"]
    for path in paths[:2]:
        path.touch()
    for path in paths[:3]:
        path.with_name(path.name + ".partial").touch()

    written = list(written_files(paths, outputs, mode))
    assert written == [f"{tmp_path}/{name}" for name in (store, log, "t.txt.partial (incomplete)")]


def test_calibration_that_misses_its_own_points_is_a_warning(caplog):
    floor_m = [*CALIBRATION["floor_m"], [5, 5]]
    image_px = CALIBRATION["image_px"]
    cameras = {
        "plain": Camera(source="x"),
        "good": Camera(source="x", calibration=CALIBRATION),
        "poor": Camera(
            source="x", calibration={"image_px": [*image_px, [90, 90]], "floor_m": floor_m}
        ),
    }
    with caplog.at_level(logging.INFO):
        log_calibrations(cameras)

    good, poor = caplog.records
    assert (good.levelname, good.message) == ("INFO", "camera 'good': calibration residual 0.000 m")
    assert poor.levelname == "WARNING"
    assert poor.message.startswith("camera 'poor': calibration residual ")


@pytest.mark.parametrize("output", ["shop.avi", "bundle/model.onnx", "bundle/notes.txt"])
def test_output_that_changes_the_footage_or_the_model_is_refused(
    output, sample_video, zoo_bundle, tmp_path
):
    footage, bundle = tmp_path / "shop.avi", tmp_path / "bundle"
    shutil.copy(sample_video, footage)
    shutil.copytree(zoo_bundle, bundle)
    run = Run(detector={"bundle": str(bundle)}, sink=Outputs(mot=tmp_path / output))
    site = Site(name="shop", cameras={"door": Camera(source=str(footage))})

    with pytest.raises(ConfigError, match=f"{output}: expected a path apart from what is read"):
        serve(site, run, backend=None, tracker=PlainTracker, analyses={})
