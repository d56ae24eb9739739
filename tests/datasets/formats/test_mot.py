"""MOT text: the three dialects, exact numbers, and errors that name the line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats import mot
from serving.core.detections import CONFIDENCE_COLUMN, XYWH_COLUMN, Detections, Tracks
from serving.core.errors import LabelError


@pytest.fixture
def file(tmp_path):
    def write(text: str | bytes):
        path = tmp_path / "gt.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_mot15_truth_gives_boxes_identities_and_floor_metres(file):
    sequence = mot.read_truth(
        file("1,9,499,158,31.03,75.17,1,-4.5,-7.25,0\n3,9,500,160,31,75,1,-4,-7,0\n"), 7.0
    )
    assert (sorted(sequence.frames), sequence.num_frames) == ([1, 3], 3)
    first = sequence.frames[1]
    assert first.track_id.tolist() == [9]
    np.testing.assert_allclose(first.detections.xyxy_px, [[499, 158, 530.03, 233.17]], rtol=1e-6)
    assert first.detections.columns[XYWH_COLUMN].tolist() == [[499, 158, 31.03, 75.17]]
    assert first.detections.columns[mot.WORLD_COLUMN].tolist() == [[-4.5, -7.25]]
    np.testing.assert_allclose(sequence.frames[3].age_s, [2 / 7], rtol=1e-6)


def test_a_file_of_results_has_no_floor_metres(file):
    frames = mot.read_tracks(file("1,1,0,0,5,5,0.5,-1,-1,-1\n")).frames
    assert mot.WORLD_COLUMN not in frames[1].detections.columns


def test_truth_marked_0_is_not_to_be_found(file):
    sequence = mot.read_truth(file("1,1,0,0,5,5,0,-1,-1,-1\n1,2,0,0,5,5,1,-1,-1,-1\n"))
    assert sequence.frames[1].track_id.tolist() == [2]
    assert sequence.ignored == {}


def test_in_a_mot16_truth_only_considered_pedestrians_are_to_be_found(file):
    rows = ["1,1,0,0,5,5,1,1,0.9", "1,2,9,0,5,5,0,1,0.9", "1,3,20,0,5,5,1,7,1", "2,4,0,0,5,5,1,3,1"]
    sequence = mot.read_truth(file("\n".join(rows)))
    assert {n: tracks.track_id.tolist() for n, tracks in sequence.frames.items()} == {1: [1]}
    assert {n: d.class_id.tolist() for n, d in sequence.ignored.items()} == {1: [0, 7], 2: [3]}
    assert sequence.num_frames == 2


def test_detections_need_no_identity_and_keep_their_order_and_confidence(file):
    frames = mot.read_detections(file("2,-1,1,1,5,5,0.25\n1,-1,0,0,5,5,0.5\n2,-1,2,2,5,5,0.75\n"))
    assert list(frames) == [1, 2]
    assert frames[2].columns[CONFIDENCE_COLUMN].tolist() == [0.25, 0.75]
    assert frames[2].score.tolist() == [0.25, 0.75]


def test_no_confidence_reads_as_1(file):
    assert mot.read_tracks(file("1,1,0,0,5,5,-1,-1,-1,-1")).frames[1].detections.score == 1
    assert mot.read_tracks(file("1,1,0,0,5,5")).frames[1].detections.score == 1


def test_raw_scores_keep_their_order_and_their_values(file):
    """As in MOTChallenge's det.txt: any scale, negative ones and -1 among them."""
    path = file("1,-1,0,0,5,5,64.5\n1,-1,9,0,5,5,-1\n1,-1,18,0,5,5,0.25\n2,-1,0,0,5,5,-0.5\n")
    first, second = mot.read_detections(path).values()
    assert first.columns[CONFIDENCE_COLUMN].tolist() == [64.5, -1, 0.25]
    assert second.columns[CONFIDENCE_COLUMN].tolist() == [-0.5]
    assert (first.score.tolist(), second.score.tolist()) == ([1, 0, 0.25], [0])
    mot.write_detections(path.with_name("copy.txt"), {1: first})
    assert mot.read_detections(path.with_name("copy.txt"))[1].columns[CONFIDENCE_COLUMN][0] == 64.5


def test_in_a_truth_the_7th_column_is_no_score(file):
    with pytest.raises(LabelError, match=r"gt.txt:1: expected a 7th column in \[0, 1\].*, got 7"):
        mot.read_truth(file("1,1,0,0,5,5,7"))


def test_a_tracker_that_found_nothing_wrote_an_empty_file(file):
    assert mot.read_tracks(file("")).frames == {}
    assert [len(tracks) for tracks in mot.read_tracks(file("\n")).aligned(2)] == [0, 0]


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf1, 1, 0, 0, 5, 5, 1\r\n\r\n2, 1, 0, 0, 5, 5, 1\r\n",
        b"1 1 0 0 5 5 1\n2\t1\t0\t0\t5\t5\t1",
    ],
)
def test_blank_lines_spaces_and_windows_line_ends_are_read(file, text):
    assert sorted(mot.read_tracks(file(text)).frames) == [1, 2]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("1,1,0,0,5,5,1\n1,x,0,0,5,5,1", 2, "expected numbers, got 'x'"),
        ("1,1,0,0,5,5,1\n\n1,2,0,0,5,nan,1", 3, "expected finite numbers, got '1,2,0,0,5,nan,1'"),
        ("1,1,0,0,1e300,5,1", 1, "expected finite numbers"),
        ("1,1,0,0,5", 1, "expected at least 6 columns"),
        ("1,1,0,0,5,5,1\n1,2,0,0,5,5", 2, "expected 7 columns as before, got 6"),
        ("0,1,0,0,5,5,1", 1, "expected a frame number, a whole number from 1 on, got 0"),
        ("1.5,1,0,0,5,5,1", 1, "expected a frame number, a whole number from 1 on, got 1.5"),
        ("1,1,0,0,-5,5,1", 1, "expected a width and height of at least 0, got [-5.0, 5.0]"),
        ("1,-1,0,0,5,5,1", 1, "expected a track id, a whole number from 0 on, got -1"),
        (
            "1,4,0,0,5,5,1\n2,4,0,0,5,5,1\n1,4,9,9,5,5,1",
            3,
            "track 4 once in frame 1, got it in line 1",
        ),
    ],
)
def test_a_broken_row_names_file_and_line(file, text, line, message):
    path = file(text)
    with pytest.raises(LabelError) as error:
        mot.read_tracks(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert message in str(error.value)


def test_truth_that_is_missing_empty_or_no_text_is_an_error(tmp_path, file):
    with pytest.raises(LabelError, match=r"none.txt: expected a MOT text file: No such file"):
        mot.read_truth(tmp_path / "none.txt")
    with pytest.raises(LabelError, match="expected ground truth, got a file without rows"):
        mot.read_truth(file(" \n"))
    with pytest.raises(LabelError, match="not a text file"):
        mot.read_truth(file(b"\xff\xfe\x00\x01"))


coordinates = st.integers(-20_000_000, 20_000_000).map(lambda value: value / 10_000)
sizes = st.integers(0, 20_000_000).map(lambda value: value / 10_000)
scores = st.integers(0, 10_000_000).map(lambda value: value / 10_000_000)
rows = st.tuples(coordinates, coordinates, sizes, sizes, scores)


@given(st.dictionaries(st.integers(1, 5000), st.lists(rows, max_size=4), max_size=4))
def test_what_is_written_is_read_back_exactly(tmp_path_factory, frames):
    path = tmp_path_factory.getbasetemp() / "round_trip.txt"
    written = {}
    for number, boxes in frames.items():
        values = np.array(boxes, np.float64).reshape(-1, 5)
        columns = {XYWH_COLUMN: values[:, :4], CONFIDENCE_COLUMN: values[:, 4]}
        xyxy = np.hstack([values[:, :2], values[:, :2] + values[:, 2:4]])
        detections = Detections(xyxy, values[:, 4], columns=columns)
        written[number] = Tracks(detections, np.arange(len(boxes)), np.zeros(len(boxes)))
    mot.write_tracks(path, written)
    read = mot.read_tracks(path).frames
    assert list(read) == sorted(number for number, boxes in frames.items() if boxes)
    for number, tracks in read.items():
        assert tracks.track_id.tolist() == written[number].track_id.tolist()
        for name in (XYWH_COLUMN, CONFIDENCE_COLUMN):
            np.testing.assert_array_equal(
                tracks.detections.columns[name], written[number].detections.columns[name]
            )


def test_boxes_without_exact_columns_are_written_to_a_ten_thousandth(tmp_path):
    detections = Detections([[0.1, 0.2, 10.3, 20.4]], [0.123456])
    mot.write_detections(tmp_path / "det.txt", {7: detections})
    assert (tmp_path / "det.txt").read_text() == "7,-1,0.1,0.2,10.2,20.2,0.123456,-1,-1,-1\n"


def test_floor_metres_are_written_back(tmp_path, file):
    line = "1,9,499,158,31.03,75.17,1,-4.1554,-7.3591,-1\n"
    mot.write_tracks(tmp_path / "out.txt", mot.read_truth(file(line)).frames)
    assert (tmp_path / "out.txt").read_text() == line


def test_the_shared_truth_has_the_stated_counts(mirror):
    path = mirror / "data" / "tracking" / "pets09-s2l1" / "gt.txt"
    sequence = mot.read_truth(path)
    assert sequence.num_frames == 795
    assert sum(len(tracks) for tracks in sequence.frames.values()) == 4476
    assert len(set().union(*(tracks.track_id for tracks in sequence.frames.values()))) == 19
