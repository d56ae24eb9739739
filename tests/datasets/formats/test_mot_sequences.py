"""MOT sequences as samples: dialects, ignored boxes, frames that are missing or unlabelled."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats import mot
from datasets.formats.format import Losses
from datasets.formats.mot_boxes import RAW_SCORE, MotDialect, MotPart
from datasets.formats.mot_sequences import MotSequences
from datasets.formats.seqinfo import FRAME_RATE
from datasets.samples import Box, Sample, Split
from serving.core.errors import LabelError
from tests.datasets.formats.round_trip import (
    few,
    frames,
    ids,
    likely,
    likely_boxes,
    paths,
    written_and_read,
)

INFO = """[Sequence]
name=MOT17-02-DPM
imDir=img1
frameRate=30
seqLength=3
imWidth=1920
imHeight=1080
imExt=.jpg
"""
TRUTH = "1,2,10,20,30,40,1,1,0.5\n1,3,10,20,30,40,0,8,1\n3,2,11,20,30,40,0,1,0\n"


@pytest.fixture
def sequence(tmp_path):
    """A folder of one sequence of MOT-17 in `train`."""
    folder = tmp_path / "train" / "MOT17-02-DPM"
    for part, text in (("gt", TRUTH), ("det", "2,-1,10,20,30,40,0.25\n3,-1,1,1,2,2,-1\n")):
        (folder / part).mkdir(parents=True)
        (folder / part / f"{part}.txt").write_text(text)
    (folder / "seqinfo.ini").write_text(INFO)
    return folder


def read(root, format_=None):
    return list((format_ or MotSequences()).read(root, Losses()))


def test_every_frame_is_a_picture_of_one_source(sequence, tmp_path):
    samples = read(tmp_path)
    assert [sample.path.removeprefix("train/MOT17-02-DPM/") for sample in samples] == [
        "img1/000001.jpg",
        "img1/000002.jpg",
        "img1/000003.jpg",
    ]
    first = samples[0]
    assert (first.source, first.split) == ("MOT17-02", Split.TRAIN)
    assert (first.image_size_hw, first.frame_index) == ((1080, 1920), None)
    assert first.properties == {FRAME_RATE: "30"}
    assert all(sample.is_labelled for sample in samples)


def test_class_considered_and_visibility_are_read(sequence, tmp_path):
    first, second, third = read(tmp_path)
    person, distractor = first.boxes
    assert person == Box((10, 20, 40, 60), "person", track_id="2", visibility=0.5)
    assert (distractor.label, distractor.is_ignored) == ("distractor", True)
    assert second.boxes == ()
    assert third.boxes[0].is_ignored


def test_metres_of_mot15_are_read(sequence):
    text = "1,2,10,20,30,40,1,-4.5,-7.25,0\n2,2,10,20,30,40,0,-1,-1,-1\n"
    (sequence / "gt" / "gt.txt").write_text(text)
    first, second, _ = read(sequence, MotSequences(MotDialect.MOT15))
    assert first.boxes[0].xyz_m == (-4.5, -7.25, 0)
    assert (second.boxes[0].xyz_m, second.boxes[0].is_ignored) == (None, True)


def test_frames_of_a_video_keep_their_index_from_0(sequence):
    samples = read(sequence, MotSequences(video="video.mp4"))
    assert [sample.key for sample in samples] == ["video.mp4#0", "video.mp4#1", "video.mp4#2"]


def test_detections_have_scores_and_nobody_labelled_them(sequence):
    first, second, third = read(sequence, MotSequences(part=MotPart.DETECTIONS))
    assert (first.boxes, first.is_labelled) == ((), False)
    assert second.boxes == (Box((10, 20, 40, 60), "person", score=0.25),)
    assert third.boxes[0].score is None


def test_raw_scores_of_detections_are_kept_beside_the_nearest_share(sequence, tmp_path):
    (sequence / "det" / "det.txt").write_text("1,-1,10,20,30,40,64.5\n1,-1,1,1,2,2,-1\n")
    format_ = MotSequences(part=MotPart.DETECTIONS)
    first, *_ = samples = read(sequence, format_)
    assert [(box.score, box.properties) for box in first.boxes] == [
        (1, {RAW_SCORE: "64.5"}),
        (0, {RAW_SCORE: "-1"}),
    ]
    format_.write([replace(s, source="a") for s in samples], tmp_path / "new", Losses())
    assert [sample.boxes for sample in read(tmp_path / "new", format_)] == [
        s.boxes for s in samples
    ]


def test_raw_scores_are_lost_where_not_every_detection_has_one(tmp_path):
    losses = Losses()
    boxes = (
        Box((0, 0, 1, 1), "person", score=1.0, properties={RAW_SCORE: "64.5"}),
        Box((0, 0, 1, 1), "person", score=0.25),
    )
    format_ = MotSequences(part=MotPart.DETECTIONS)
    format_.write([Sample("a/1.jpg", source="a", is_labelled=False, boxes=boxes)], tmp_path, losses)
    assert losses.counts == {f"box.properties.{RAW_SCORE}": 1}
    (sample,) = read(tmp_path, format_)
    assert [box.score for box in sample.boxes] == [1.0, 0.25]


def test_numbers_that_are_taken_and_endings_that_differ(tmp_path):
    losses, placed = Losses(), []
    samples = [Sample(f"a/{name}", source="a") for name in ("7.jpg", "007.jpg", "8.png", "x.jpg")]
    MotSequences().write(samples, tmp_path, losses, lambda _, path: placed.append(path))
    assert placed == [f"a/img1/00000{number}.jpg" for number in (7, 8, 9)]
    assert losses.counts == {"sample": 1}


def test_a_test_sequence_has_no_truth_and_is_unlabelled(sequence, tmp_path):
    (sequence / "gt" / "gt.txt").unlink()
    assert [sample.is_labelled for sample in read(sequence)] == [False] * 3
    MotSequences().write(read(sequence), tmp_path / "new", Losses())
    assert not list((tmp_path / "new").rglob("gt.txt"))


def test_what_was_read_is_written_as_it_was(sequence, tmp_path):
    losses, placed = Losses(), []
    MotSequences().write(
        read(tmp_path), tmp_path / "new", losses, lambda _, path: placed.append(path)
    )
    new = tmp_path / "new" / "train" / "MOT17-02-DPM"
    assert (new / "gt" / "gt.txt").read_text() == TRUTH
    assert (new / "seqinfo.ini").read_text() == INFO
    assert placed[0] == "train/MOT17-02-DPM/img1/000001.jpg"
    assert not losses


def test_frames_that_are_missing_or_unlabelled_are_not_read_as_empty_ones(tmp_path):
    samples = [
        Sample("door/000002.jpg"),
        Sample("door/000005.jpg", is_labelled=False),
        Sample("door/000006.jpg"),
    ]
    MotSequences().write(samples, tmp_path, Losses())
    assert "frames=2,5-6\nlabelled=2,6\n" in (tmp_path / "door" / "seqinfo.ini").read_text()
    assert [(s.path[-5], s.is_labelled) for s in read(tmp_path)] == [
        ("2", True),
        ("5", False),
        ("6", True),
    ]


def test_videos_of_one_name_are_sequences_of_their_own(tmp_path):
    placed = []
    samples = [
        Sample(path, frame_index=4, boxes=(Box((0, 0, 1, 1), "person", track_id="1"),))
        for path in ("a/v.mp4", "b/v.mp4")
    ]
    MotSequences().write(samples, tmp_path, Losses(), lambda _, path: placed.append(path))
    assert placed == ["v/img1/000005.jpg", "v-2/img1/000005.jpg"]


def test_tracks_that_are_no_numbers_get_some_and_boxes_without_one_are_lost(tmp_path):
    losses = Losses()
    boxes = [Box((0, 0, 1, 1), "person", track_id=track) for track in ("7", "ann", None, "7")]
    more = [Box((0, 0, 1, 1), "person", track_id="ann"), Box((0, 0, 1, 1), "cat", track_id="8")]
    samples = [Sample("a/1.jpg", source="a", boxes=tuple(boxes))]
    samples += [Sample("a/2.jpg", source="a", boxes=tuple(more))]
    MotSequences().write(samples, tmp_path, losses)
    assert losses.counts == {"box": 3, "box.track_id": 2}
    assert [[box.track_id for box in sample.boxes] for sample in read(tmp_path)] == [
        ["7", "1000001"],
        ["1000001"],
    ]


def test_sizes_that_differ_in_a_sequence_are_lost(tmp_path):
    losses = Losses()
    sizes = ((10, 20), (10, 20), (20, 10), None)
    samples = [
        Sample(f"a/{number}.jpg", source="a", image_size_hw=size)
        for number, size in enumerate(sizes, start=1)
    ]
    MotSequences().write(samples, tmp_path, losses)
    assert losses.counts == {"sample.image_size_hw": 3}


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ("1,2,10,20,30,40,1,99,0.5", ":1: expected a class of"),
        ("1,2,10,20,30,40,1,1,0.5\n2,2,10,20,30,40,1,1,1.5", ":2: visibility: expected a share"),
        ("1,2,10,20,30,40,1,-1,-1,-1", ":1: expected the 8 or 9 columns of mot17, got 10"),
        ("1,2,10,20,30,40,1,1,1\n1,2,10,20,30,40,1", ":2: expected 9 columns as before, got 7"),
        (
            "4,2,10,20,30,40,1,1,1",
            "expected frames up to 3, as seqinfo.ini lists them, got frame 4",
        ),
    ],
)
def test_a_broken_truth_names_file_and_line(sequence, truth, message):
    path = sequence / "gt" / "gt.txt"
    path.write_text(truth)
    with pytest.raises(LabelError) as error:
        read(sequence)
    assert str(error.value).startswith(f"{path}")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("[Sequence]", "[Other]", r"expected a section \[Sequence\]"),
        ("seqLength=3", "seqLength=3\nseqLength=4", r"expected a section \[Sequence\], got"),
        ("seqLength=3", "", "expected a whole number from 0 as 'seqlength', got none"),
        ("seqLength=3", "seqLength=9999999999", "as 'seqlength', got 9999999999"),
        ("imWidth=1920", "imWidth=wide", "expected a whole number from 1 as 'imwidth', got wide"),
        ("frameRate=30", "frameRate=fast", "expected a number of frames a second, got 'fast'"),
        ("imDir=img1", "imDir=../img1", "expected one inside the data set's folder"),
        ("imExt=.jpg", "imExt=.jpg\n[Footfall]\nframes=3-2", "as 'frames', got '3-2'"),
        ("imExt=.jpg", "imExt=.jpg\n[Footfall]\nlabelled=9", "up to 3 as 'labelled', got '9'"),
    ],
)
def test_a_broken_seqinfo_is_told(sequence, before, after, message):
    (sequence / "seqinfo.ini").write_text(INFO.replace(before, after))
    with pytest.raises(LabelError, match=rf"seqinfo.ini: .*{message}"):
        read(sequence)


def test_a_folder_without_sequences_is_an_error_and_other_folders_are_counted(sequence, tmp_path):
    (tmp_path / "train" / "notes").mkdir()
    losses = Losses()
    assert len(list(MotSequences().read(tmp_path, losses))) == 3
    assert losses.counts == {"folder": 1}
    with pytest.raises(LabelError, match=r"expected sequences with a seqinfo.ini each, got none"):
        read(sequence / "gt")


truth = likely_boxes(
    label=st.sampled_from(["person", "car", "crowd"]),
    track_id=st.none() | ids,
    is_ignored=st.booleans(),
    visibility=st.none() | st.floats(0, 1),
    xyz_m=st.sampled_from([None, (1.5, 2.0, 0.0), (-1.0, -1.0, -1.0)]),
    score=st.sampled_from([None, 1.0]),
)
detections = likely_boxes(
    label=st.sampled_from(["person", "person", "car"]),
    score=st.sampled_from([None, 0.25, 1.0, 0.0]),
    properties=st.sampled_from([{}, {RAW_SCORE: "1"}, {RAW_SCORE: "64.5"}, {RAW_SCORE: "64.50"}]),
)
raw_detections = likely_boxes(
    label=st.just("person"), score=st.just(1.0), properties=st.just({RAW_SCORE: "2"})
)


def sequences(boxes, **fields):
    return likely(
        boxes=boxes,
        source=st.sampled_from([None, "a", "MOT17-02", "a/b"]),
        split=st.sampled_from([None, Split.TRAIN]),
        image_size_hw=st.sampled_from([None, (480, 640)]),
        is_labelled=st.booleans(),
        properties=st.sampled_from([{}, {FRAME_RATE: "7"}, {FRAME_RATE: "fast"}]),
        **fields,
    )


@few
@given(
    sequences(truth, path=paths)
    | sequences(truth, path=frames, frame_index=st.integers(0, 9))
    | sequences(truth, path=st.just("a/v.mp4"), frame_index=st.integers(0, 9)),
    st.sampled_from(MotDialect),
    st.sampled_from([None, "x.mp4"]),
)
def test_what_does_not_come_back_of_a_truth_is_what_was_reported(samples, dialect, video):
    written_and_read(MotSequences(dialect, video=video), samples)


@few
@given(sequences(detections | raw_detections, path=paths) | sequences(raw_detections, path=paths))
def test_what_does_not_come_back_of_detections_is_what_was_reported(samples):
    written_and_read(MotSequences(part=MotPart.DETECTIONS), samples)


def test_the_shared_truth_has_the_stated_counts_and_is_written_again_exactly(mirror, tmp_path):
    root, losses = mirror / "data" / "tracking" / "pets09-s2l1", Losses()
    format_ = MotSequences(MotDialect.MOT15, video="vtest.avi")
    samples = list(format_.read(root, losses))
    boxes = [box for sample in samples for box in sample.boxes if not box.is_ignored]
    assert (len(samples), len(boxes)) == (795, 4476)
    assert len({box.track_id for box in boxes}) == 19
    assert sum(box.is_ignored for sample in samples for box in sample.boxes) == 174
    format_.write(samples, tmp_path, losses)
    assert not losses
    again = mot.read_truth(tmp_path / "pets09-s2l1" / "gt" / "gt.txt", 7)
    assert sum(len(tracks) for tracks in again.frames.values()) == 4476
    in_root = [replace(s, path=f"pets09-s2l1/{s.path}") for s in samples]
    assert list(format_.read(tmp_path, losses)) == in_root
