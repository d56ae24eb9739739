"""What an operator may write about a site and a run, and what the refusals say."""

import copy

import numpy as np
import pytest

from serving.configuration import parse
from serving.core.errors import CalibrationError, ConfigError
from serving.core.zones import Line, Zone
from serving.settings import Mode, Outputs, Run, check_places, parse_site, selected_site

ORIGIN = "conf/site/demo.yaml"
SITE = {
    "name": "demo",
    "cameras": {
        "door": {
            "source": "door.avi",
            "fps": 7,
            "calibration": {
                "image_px": [[0, 0], [100, 0], [100, 100], [0, 100]],
                "floor_m": [[0, 0], [10, 0], [10, 10], [0, 10]],
            },
            "lines": {"entry": {"start_px": [0, 50], "end_px": [100, 50]}},
            "zones": {"till": {"polygon_px": [[10, 10], [30, 10], [30, 30]]}},
        },
        "yard": {"source": "yard.avi", "role": "area"},
    },
}


def edited(*keys, value):
    """The site with one value replaced; `...` removes the key."""
    site = copy.deepcopy(SITE)
    node = site
    for key in keys[:-1]:
        node = node[key]
    if value is ...:
        del node[keys[-1]]
    else:
        node[keys[-1]] = value
    return site


def test_site_gives_the_kernels_types():
    door = parse_site(SITE, ORIGIN).cameras["door"]

    assert door.counting_lines() == (Line("entry", (0, 50), (100, 50)),)
    assert door.watched_zones() == (Zone("till", ((10, 10), (30, 10), (30, 30))),)
    assert door.floor().to_floor(np.array([[50.0, 20.0]])) == pytest.approx(np.array([[5.0, 2.0]]))


def test_camera_without_calibration_has_no_floor():
    assert parse_site(SITE, ORIGIN).cameras["yard"].floor() is None


@pytest.mark.parametrize(
    ("site", "message"),
    [
        (
            edited("cameras", "door", "zones", "till", "polygon_px", value=[[1, 1], [2, 2]]),
            "camera 'door', zone 'till': polygon needs at least 3 points, got 2 "
            "(conf/site/demo.yaml)",
        ),
        (
            edited("cameras", "door", "sorce", value="x"),
            "camera 'door', key 'sorce': expected one of ['calibration', 'fps', 'lines', "
            "'min_height_px', 'role', 'source', 'source_hint', 'starts_at', 'zones'], got 'sorce'; "
            "did you mean 'source'? (conf/site/demo.yaml)",
        ),
        (
            edited("cameras", "door", "source", value=...),
            "camera 'door', key 'source': expected a value, got none (conf/site/demo.yaml)",
        ),
        (
            edited("cameras", "door", "lines", "entry", "end_px", value=[1, "x"]),
            "camera 'door', line 'entry', key 'end_px.1': input should be a valid number, unable "
            "to parse string as a number, got 'x' (conf/site/demo.yaml)",
        ),
        (
            edited("cameras", "door", "lines", "entry", "stop_px", value=[1, 1]),
            "camera 'door', line 'entry', key 'stop_px': expected one of ['end_px', 'start_px'], "
            "got 'stop_px'; did you mean 'start_px'? (conf/site/demo.yaml)",
        ),
        (
            edited("cameras", "door", "fps", value=0),
            "camera 'door', key 'fps': input should be greater than 0, got 0 (conf/site/demo.yaml)",
        ),
        (
            edited("cameras", "door", "role", value="door"),
            "camera 'door', key 'role': input should be 'entrance', 'area' or 'face', got 'door' "
            "(conf/site/demo.yaml)",
        ),
        (
            edited("cameras", "door", "lines", "entry", "end_px", value=[0, 50]),
            "camera 'door', line 'entry': expected two different points, got (0.0, 50.0) twice "
            "(conf/site/demo.yaml)",
        ),
        (
            edited(
                "cameras",
                "door",
                "zones",
                value={"entry": {"polygon_px": [[1, 1], [2, 1], [2, 2]]}},
            ),
            "camera 'door', zone 'entry': expected a name of its own, got that of a line "
            "(conf/site/demo.yaml)",
        ),
    ],
)
def test_refusal_names_place_expectation_and_file(site, message):
    with pytest.raises(ConfigError) as refusal:
        parse_site(site, ORIGIN)
    assert str(refusal.value) == message
    assert refusal.value.exit_code == 2


def test_calibration_of_collinear_points_is_refused():
    points = [[0, 0], [10, 10], [20, 20], [30, 30]]
    site = edited("cameras", "door", "calibration", "image_px", value=points)

    with pytest.raises(CalibrationError, match=r"camera 'door', calibration image_px: .*collinear"):
        parse_site(site, ORIGIN)


def test_calibration_of_unequal_lists_is_refused():
    site = edited("cameras", "door", "calibration", "floor_m", value=[[0, 0], [1, 0], [1, 1]])

    with pytest.raises(CalibrationError, match="got 4 and 3"):
        parse_site(site, ORIGIN)


def test_settings_do_not_change_after_the_check():
    site = parse_site(SITE, ORIGIN)
    with pytest.raises(ValueError, match="frozen"):
        site.cameras["door"].fps = 5


def test_several_mistakes_say_how_many_more():
    site = edited("cameras", "door", "fps", value=-1)
    site["cameras"]["door"]["colour"] = "red"

    with pytest.raises(ConfigError, match="; 1 more$"):
        parse_site(site, ORIGIN)


def test_mistyped_camera_gets_the_closest_name():
    run = Run(site=SITE, camera="dor")
    with pytest.raises(ConfigError, match=r"got 'dor'; did you mean 'door'\?"):
        selected_site(run, "conf/serve.yaml", ORIGIN)


def test_chosen_cameras_keep_the_sites_order():
    run = Run(site=SITE, camera=("yard", "door"))
    assert list(selected_site(run, "", ORIGIN).cameras) == ["door", "yard"]


def test_source_alone_becomes_a_camera_without_lines():
    site = selected_site(Run(source="films/shop 1.mp4", fps=5.0), "", "")

    assert list(site.cameras) == ["shop_1"]
    assert site.cameras["shop_1"].source == "films/shop 1.mp4"
    assert site.cameras["shop_1"].fps == 5.0
    assert site.cameras["shop_1"].counting_lines() == ()


def test_source_replaces_that_of_the_one_chosen_camera():
    site = selected_site(Run(site=SITE, camera="door", source="other.avi"), "", ORIGIN)

    assert site.cameras["door"].source == "other.avi"
    assert site.cameras["door"].fps == 7
    assert len(site.cameras["door"].counting_lines()) == 1


def test_source_for_two_cameras_is_refused():
    with pytest.raises(ConfigError, match=r"expected one camera.*got \['door', 'yard'\]"):
        selected_site(Run(site=SITE, source="other.avi"), "conf/serve.yaml", ORIGIN)


@pytest.mark.parametrize("run", [{"site": SITE}, {"source": "a.avi"}, {"source": "b/"}])
def test_a_runs_least_height_holds_for_its_cameras(run):
    plain, asked = Run(**run), Run(**run, min_height_px=0)
    heights_px = [
        {camera.min_height_px for camera in selected_site(each, "", ORIGIN).cameras.values()}
        for each in (plain, asked)
    ]
    assert heights_px == [{None}, {0}]


def test_neither_site_nor_source_is_refused():
    with pytest.raises(ConfigError, match="expected site=NAME or source=PATH, got neither"):
        selected_site(Run(), "conf/serve.yaml", ORIGIN)


def test_annotated_video_must_be_an_mp4():
    with pytest.raises(ConfigError, match=r"key 'sink.video': expected .* \.mp4"):
        parse(Run, {"sink": {"video": "a.avi"}}, "conf/serve.yaml")
    assert Outputs(video="a.mp4").video.name == "a.mp4"


def test_unknown_mode_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="'replay' or 'live', got 'fast'"):
        parse(Run, {"mode": "fast"}, "conf/serve.yaml")
    assert parse(Run, {"mode": "live"}, "").mode is Mode.LIVE


def test_places_on_the_pictures_border_are_inside():
    check_places("door", parse_site(SITE, ORIGIN).cameras["door"], image_size_hw=(100, 100))


@pytest.mark.parametrize(
    ("size_hw", "place"), [((100, 99), "line 'entry'"), ((29, 100), "line 'entry'")]
)
def test_places_drawn_on_a_larger_picture_are_refused(size_hw, place):
    with pytest.raises(ConfigError, match=f"camera 'door', {place}: expected points inside"):
        check_places("door", parse_site(SITE, ORIGIN).cameras["door"], size_hw)
