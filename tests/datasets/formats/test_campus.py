"""CAMPUS: views as cameras, identities over all of them, detections beside."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.campus import GENERATED, Campus, CampusPart
from datasets.formats.format import Losses
from datasets.samples import Box, Sample
from serving.core.errors import LabelError
from tests.datasets.formats.round_trip import (
    few,
    frames,
    ids,
    likely,
    likely_boxes,
    written_and_read,
)

HEAD = "track_id,xmin,ymin,xmax,ymax,frame,occluded,generated\n"


@pytest.fixture
def view(tmp_path):
    def write(*rows: str, head: str = HEAD, name: str = "view-HC3.csv.gz"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress((head + "\n".join([*rows, ""])).encode()))
        return path

    return write


def test_views_are_cameras_and_tracks_identities(view):
    path = view("17,408,572,496,772,2,0,0", "17,1,2,3.5,4,0,1,1", "5,1,1,2,2,2,0,0")
    view("17,0,0,1,1,0,0,0", name="view-IP2.csv.gz")
    first, second, other = Campus().read(path.parent, Losses())
    assert first == Sample(
        "view-HC3.mp4",
        frame_index=0,
        camera="HC3",
        boxes=(
            Box(
                (1, 2, 3.5, 4),
                "person",
                identity="17",
                is_occluded=True,
                properties={GENERATED: "1"},
            ),
        ),
    )
    assert [box.identity for box in second.boxes] == ["17", "5"]
    assert (other.camera, other.boxes[0].identity) == ("IP2", "17")


def test_frames_in_which_nobody_is_seen_are_samples_where_their_number_is_said(view):
    path = view("17,1,1,2,2,1,0,0")
    samples = list(Campus(num_frames=3).read(path.parent, Losses()))
    assert [(sample.frame_index, len(sample.boxes)) for sample in samples] == [
        (0, 0),
        (1, 1),
        (2, 0),
    ]
    with pytest.raises(LabelError, match=r"view-HC3.csv.gz:2: expected a frame below 1, got '1'"):
        list(Campus(num_frames=1).read(path.parent, Losses()))


def test_detections_have_scores_and_nobody_labelled_them(view):
    view("0,1,1,2,2,0.835", head="frame,xmin,ymin,xmax,ymax,confidence\n", name="det/view-A.csv.gz")
    root = view("1,1,1,2,2,0,0,0").parent
    losses = Losses()
    (sample,) = Campus(CampusPart.DETECTIONS).read(root, losses)
    assert sample.boxes == (Box((1, 1, 2, 2), "person", score=0.835),)
    assert not sample.is_labelled
    assert len(list(Campus().read(root, losses))) == 1
    assert not losses


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,1,1,2,2,0,0", "expected 8 columns, got 7"),
        ("x,1,1,2,2,0,0,0", "expected a number as track_id, got 'x'"),
        ("1,3,1,2,2,0,0,0", "expected left ≤ right"),
        ("1,nan,1,2,2,0,0,0", "expected finite numbers"),
        ("1,1,1,2,2,-1,0,0", "expected a frame, got '-1'"),
        ("1,1,1,2,2,0,2,0", "expected an occluded of ['', '0', '1'], got '2'"),
        ("17,1,1,2,2,0,0,0", "expected track 17 once in frame 0"),
    ],
)
def test_a_broken_row_names_file_and_line(view, row, message):
    path = view("17,408,572,496,772,0,0,0", row)
    with pytest.raises(LabelError) as error:
        list(Campus().read(path.parent, Losses()))
    assert str(error.value).startswith(f"{path}:3: ")
    assert message in str(error.value)


def test_a_file_that_is_cut_off_or_changed_is_an_error(view):
    path = view(*(f"17,408,572,496,772,{frame},0,0" for frame in range(500)))
    whole = path.read_bytes()
    changed = whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:]
    for content in (whole[:5], whole[: len(whole) // 2], whole[:-4], changed, b"track_id,xmin\n"):
        path.write_bytes(content)
        with pytest.raises(LabelError, match=f"{path}: expected a whole gzip file, got: "):
            list(Campus().read(path.parent, Losses()))


def test_a_folder_of_other_files_is_an_error(tmp_path):
    (tmp_path / "README.md").touch()
    with pytest.raises(LabelError, match="expected files such as view-HC3.csv.gz, got none"):
        list(Campus().read(tmp_path, Losses()))
    with pytest.raises(LabelError, match="none: expected a folder, got none"):
        list(Campus().read(tmp_path / "none", Losses()))


def test_what_a_view_cannot_hold_is_counted(tmp_path):
    losses = Losses()
    box = Box((1, 1, 2, 2), "person", identity="1")
    good = Sample("a.mp4", frame_index=0, camera="1", boxes=(box, box, Box((0, 0, 1, 1), "car")))
    Campus().write(
        [
            good,
            Sample("b.mp4", frame_index=1, camera="1", boxes=(box,)),
            Sample("c.mp4", frame_index=1, camera="2"),
            Sample("c.mp4", frame_index=1, boxes=(box,)),
            Sample("a.jpg", camera="1", boxes=(box,)),
        ],
        tmp_path,
        losses,
    )
    assert losses.counts == {"sample": 4, "box": 2}
    (read,) = Campus().read(tmp_path, Losses())
    assert [box.identity for box in read.boxes] == ["1"]


def test_a_view_that_lacks_a_frame_is_not_written_as_whole(tmp_path):
    sample = Sample("a.mp4", frame_index=1, camera="1")
    with pytest.raises(LabelError, match="view '1': expected all 2 frames, got 1"):
        Campus(num_frames=2).write([sample], tmp_path, Losses())
    assert not list(tmp_path.glob("*.gz"))


people = likely_boxes(
    label=st.sampled_from(["person", "person", "car"]),
    identity=st.none() | ids,
    is_occluded=st.none() | st.booleans(),
    score=st.none() | st.floats(0, 1),
    properties=st.sampled_from([{}, {GENERATED: "1"}, {GENERATED: "0"}]),
)
scenes = likely(
    path=st.just("v.mp4") | frames,
    frame_index=st.integers(0, 9),
    camera=st.sampled_from(["1", "x.csv", "a b", "a/b"]),
    boxes=people,
)


@few
@given(scenes, st.sampled_from(CampusPart))
def test_what_does_not_come_back_is_what_was_reported(samples, part):
    written_and_read(Campus(part), samples)


def test_the_shared_scene_has_the_stated_counts_and_is_written_again_exactly(mirror, tmp_path):
    root, losses = mirror / "data" / "multicamera" / "campus-auditorium", Losses()
    scene = Campus(num_frames=2700)
    samples = list(scene.read(root, losses))
    assert len(samples) == 4 * 2700
    assert {sample.camera for sample in samples} == {"HC3", "HC4", "IP2", "IP5"}
    boxes = [box for sample in samples for box in sample.boxes]
    assert (len(boxes), len({box.identity for box in boxes})) == (68_272, 21)
    assert losses.counts == {"file": 3}  # README.md, cam_param.mat, scene_metadata.xml
    written = Losses()
    scene.write(samples, tmp_path, written)
    assert list(scene.read(tmp_path, Losses())) == samples
    assert not written


def test_the_shared_detections_have_the_stated_counts(mirror):
    root = mirror / "data" / "multicamera" / "campus-auditorium"
    samples = list(Campus(CampusPart.DETECTIONS).read(root, Losses()))
    scores = [box.score for sample in samples for box in sample.boxes]
    assert len(scores) == 47_876
    assert min(scores) >= 0.5
