"""CVAT XML: pictures and tracks, with what outside, keyframe and the spacing of frames mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.cvat import CvatFormat
from datasets.formats.format import Losses
from datasets.samples import Box, Sample, Split
from serving.core.errors import LabelError
from tests.datasets.formats.round_trip import few, ids, likely, likely_boxes, written_and_read

BOX = 'xtl="10" ytl="10" xbr="30" ybr="40"'
PICTURES = f"""<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
<meta><task><mode>annotation</mode><start_frame>0</start_frame><stop_frame>1</stop_frame></task></meta>
<image id="0" name="a/é.jpg" subset="Train" width="100" height="50">
<box label="person" source="manual" occluded="1" {BOX} z_order="1" group_id="3">
<attribute name="gender">female</attribute><attribute name="coat">red</attribute></box>
<polygon label="person" points="1,2;3,4"/><tag label="queue" source="manual"></tag>
<tag label="night" source="manual"></tag></image>
<image id="1" name="b.jpg" subset="Holdout" width="100" height="50"></image>
</annotations>"""


def video(tracks, meta="", source="door.avi"):
    return (
        f"<annotations><meta><task><mode>interpolation</mode>{meta}<source>{source}</source>"
        f"</task></meta>{tracks}</annotations>"
    )


def track(*boxes, id_=7):
    return f'<track id="{id_}" label="person" source="manual">{"".join(boxes)}</track>'


def box(frame, left, outside=0, keyframe=1, occluded=0):
    return (
        f'<box frame="{frame}" keyframe="{keyframe}" outside="{outside}" occluded="{occluded}" '
        f'xtl="{left}" ytl="0" xbr="{left + 10}" ybr="20" z_order="0"></box>'
    )


def grid(start, stop, step=1):
    return (
        f"<start_frame>{start}</start_frame><stop_frame>{stop}</stop_frame>"
        f"<frame_filter>step={step}</frame_filter>"
        "<original_size><width>100</width><height>50</height></original_size>"
    )


@pytest.fixture
def read(tmp_path):
    def read(text, **options):
        (tmp_path / "annotations.xml").write_text(text, encoding="utf-8")
        losses = Losses()
        return list(CvatFormat(**options).read(tmp_path, losses)), dict(losses.counts)

    return read


def lefts(samples):
    return {s.frame_index: [b.xyxy_px[0] for b in s.boxes] for s in samples}


def test_pictures_boxes_and_tags_are_read_by_name(read, tmp_path):
    samples, losses = read(PICTURES)
    assert samples[0].path == "a/é.jpg"
    assert (samples[0].split, samples[0].label) == (Split.TRAIN, "queue")
    (found,) = samples[0].boxes
    assert (found.xyxy_px, found.group, found.is_occluded) == ((10, 10, 30, 40), "3", True)
    assert (found.attributes.gender, found.properties) == ("female", {"coat": "red"})
    assert samples[1] == Sample("b.jpg", None, (50, 100))
    assert losses == {"polygon": 1, "subset": 1, "tag": 1, "z_order": 1}
    (tmp_path / "images").mkdir()
    assert read(PICTURES)[0][0].path == "images/a/é.jpg"


def test_a_turned_box_is_the_upright_one_around_it(read):
    turned = PICTURES.replace('z_order="1"', 'rotation="90.0"')
    samples, losses = read(turned)
    assert samples[0].boxes[0].xyxy_px == pytest.approx((5, 15, 35, 35))
    assert losses["rotation"] == 1


def test_between_two_boxes_a_track_moves_in_a_straight_line(read):
    samples, _ = read(video(track(box(2, 0), box(4, 30), box(5, 0, outside=1), box(7, 50))))
    assert lefts(samples) == {2: [0], 3: [15], 4: [30], 7: [50]}
    assert [s.boxes[0].properties for s in samples] == [{}, {"keyframe": "0"}, {}, {}]
    assert {s.boxes[0].track_id for s in samples} == {"7"}
    assert {s.path for s in samples} == {"door.avi"}


def test_a_track_lasts_to_the_end_unless_it_is_outside(read):
    stays, goes = track(box(1, 0)), track(box(1, 50), box(2, 50, outside=1), id_=8)
    samples, _ = read(video(stays + goes, grid(0, 3)))
    assert lefts(samples) == {0: [], 1: [0, 50], 2: [0], 3: [0]}
    assert samples[0].image_size_hw == (50, 100)


def test_of_every_fifth_frame_the_others_are_no_samples(read):
    samples, _ = read(video(track(box(10, 0), box(20, 30, keyframe=0)), grid(5, 22, 5)))
    assert lefts(samples) == {5: [], 10: [0], 15: [15], 20: [30]}


def test_the_video_is_named_by_the_file_or_by_whoever_reads_it(read, tmp_path):
    text = video(track(box(0, 0), box(1, 0, outside=1)), source="")
    with pytest.raises(LabelError, match="expected the name of one video in <source>, got"):
        read(text)
    assert read(text, video="x.mp4")[0][0].path == "x.mp4"
    (tmp_path / "annotations.xml").rename(tmp_path / "door.avi.xml")
    assert next(CvatFormat().read(tmp_path, Losses())).path == "door.avi"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PICTURES[:-200], "expected XML, got"),
        ("<!DOCTYPE x []><annotations/>", "expected XML without a DTD"),
        (PICTURES.replace("b.jpg", "a/é.jpg"), "image 'a/é.jpg': expected each once"),
        (PICTURES.replace("b.jpg", "../../etc/passwd"), "path: expected one inside"),
        (PICTURES.replace('xbr="30"', 'xbr="3"'), "image 'a/é.jpg', box 1: xyxy_px: expected left"),
        (PICTURES.replace('xbr="30"', ""), "box 1: expected a number for 'xbr', got None"),
        (PICTURES.replace('occluded="1"', 'occluded="x"'), "box 1: expected 0 or 1 for 'occluded'"),
        (PICTURES.replace('label="person"', ""), "label: expected a class name, got ''"),
        (PICTURES.replace('width="100"', 'width="-1"'), "expected a whole number for 'width'"),
        (PICTURES.replace('width="100"', f'width="{"1" * 9999}"'), "a whole number for 'width'"),
        (PICTURES.replace('width="100"', 'width="0"'), "expected a positive height and width"),
        (video(track(box(1, 0), box(1, 0))), "track 7, frame 1: expected each frame once"),
        (video(track(box(9, 0)), grid(0, 3)), "track 7: expected frames 0 to 3, one in 1, got 9"),
        (
            video(track(box(1, 0)), grid(0, 4, 2)),
            "track 7: expected frames 0 to 4, one in 2, got 1",
        ),
        (video(track(box(0, 0)), grid(0, 3, 0)), "expected a frame_filter as step=5, got 'step=0'"),
        (video(track(box(0, 0)), grid(0, 10**12)), "meta: expected frames up to 10,000,000"),
        (video(track(box(10**12, 0))), "expected each frame once, up to 10,000,000"),
        (video(track(box(0, 0)), source="../door.avi"), "path: expected one inside"),
        (video(track(box(0, 0)), "<source>b.avi</source>"), "got ['b.avi', 'door.avi']"),
    ],
)
def test_a_broken_or_hostile_file_is_refused(read, text, message):
    with pytest.raises(LabelError) as error:
        read(text)
    assert "annotations.xml" in str(error.value)
    assert message in str(error.value)


def test_a_track_that_pauses_is_outside_in_between(tmp_path, read):
    person = Box((0, 0, 10, 20), "person", track_id="7", is_occluded=False)
    frames = [Sample("door.avi", n, boxes=(person,) if n != 1 else ()) for n in range(4)]
    CvatFormat().write(frames, tmp_path / "out", Losses())
    text = (tmp_path / "out" / "door.avi.xml").read_text()
    assert text.count('outside="1"') == 1
    assert '<box frame="1" keyframe="1" outside="1"' in text
    assert list(CvatFormat().read(tmp_path / "out", Losses())) == frames


def test_empty_frames_of_an_uneven_choice_cannot_be_told_from_others(tmp_path):
    person = Box((0, 0, 10, 20), "person", track_id="7", is_occluded=False)
    frames = [Sample("door.avi", n, boxes=boxes) for n, boxes in [(0, (person,)), (2, ()), (3, ())]]
    losses = Losses()
    CvatFormat().write(frames, tmp_path, losses)
    assert dict(losses.counts) == {"sample": 2}
    assert list(CvatFormat().read(tmp_path, Losses())) == frames[:1]


tracked = likely_boxes(
    label=st.sampled_from(["person", "bag"]),
    track_id=st.sampled_from(["0", "1", "2", "é", None]) | ids,
    group=st.sampled_from([None, "3", "x"]),
    is_occluded=st.sampled_from([None, True, False]),
    properties=st.sampled_from([{}, {"keyframe": "0"}, {"keyframe": "1"}, {"gender": "male"}]),
)


@few
@given(
    likely(
        path=st.just("a/door.avi"),
        frame_index=st.integers(0, 6),
        image_size_hw=st.sampled_from([None, (480, 640)]),
        split=st.sampled_from([None, Split.TRAIN]),
        boxes=tracked,
    )
)
def test_frames_of_one_video_come_back_but_for_what_is_told(samples):
    written_and_read(CvatFormat(), samples)
