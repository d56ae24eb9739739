"""MOT text and COCO files in any mix."""

from __future__ import annotations

import numpy as np
import pytest

from datasets.formats import coco, mot
from evaluation.figure import Metric
from evaluation.protocol.detection import detection_figures
from evaluation.protocol.sampling import Sampling
from evaluation.protocol.tracking import tracking_figures
from evaluation.recorded import cut, judge_frames, read_images, tracks_of_labels, true_boxes
from serving.core.detections import CROWD_COLUMN, XYWH_COLUMN, Detections, Tracks
from serving.core.errors import LabelError

BOX = (10.0, 20.0, 30.0, 40.0)
FAR = (200.0, 100.0, 10.0, 20.0)


def labels(*frame_indices, score=None, track_id=1, name="person"):
    return coco.CocoDataset(
        tuple(coco.Image(i + 1, f"{i}.jpg", 640, 480, i) for i in frame_indices),
        tuple(
            coco.Annotation(i + 1, i + 1, 1, BOX, 1200.0, score=score, track_id=track_id)
            for i in frame_indices
        ),
        (coco.Category(1, name),),
    )


@pytest.fixture
def files(tmp_path):
    """Truth and predictions of the frames 0, 4 and 8, in both formats."""
    coco.write(tmp_path / "truth.json", labels(0, 4, 8))
    coco.write(tmp_path / "found.json", labels(0, 4, 8, score=0.5))
    rows = "".join(f"{n},1,10,20,30,40,{{}},-1,-1,-1\n" for n in (1, 5, 9))
    (tmp_path / "truth.txt").write_text(rows.format(1, 1, 1) + "7,2,0,0,5,5,1,-1,-1,-1\n")
    (tmp_path / "found.txt").write_text(rows.format(0.5, 0.5, 0.5) + "7,2,0,0,5,5,0.5,-1,-1,-1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("gt", "pred", "frames"),
    [
        ("truth.txt", "found.txt", (0, 4, 6, 8)),
        ("truth.json", "found.txt", (0, 4, 8)),
        ("truth.txt", "found.json", (0, 4, 8)),
        ("truth.json", "found.json", (0, 4, 8)),
    ],
)
def test_the_same_frame_is_found_in_both_formats(files, gt, pred, frames):
    images = read_images(files / gt, files / pred, 7.0)
    assert images.frame_index == frames
    for truth, found in zip(images.truths, images.predictions, strict=True):
        assert truth.xyxy_px.tolist() == found.xyxy_px.tolist()
        assert found.score.tolist() == [0.5]


def test_images_without_a_frame_index_are_no_video_and_cannot_meet_a_mot_file(files):
    stills = coco.CocoDataset(
        (coco.Image(1, "a.jpg", 640, 480),), (), (coco.Category(1, "person"),)
    )
    coco.write(files / "stills.json", stills)
    assert read_images(files / "stills.json", files / "stills.json", 7.0).frame_index is None
    with pytest.raises(LabelError, match="image 1: expected a frame_index, to find it in a MOT"):
        read_images(files / "stills.json", files / "found.txt", 7.0)


def test_a_list_of_no_images_leaves_nothing_to_judge_and_is_blamed_for_it(files):
    coco.write(files / "none.json", labels())
    with pytest.raises(LabelError, match=r"none\.json: expected images, .*truth\.txt.*, got none"):
        read_images(files / "truth.txt", files / "none.json", 7.0)


def test_a_class_that_the_truth_does_not_know_is_an_error(files):
    coco.write(files / "dogs.json", labels(0, name="dog"))
    with pytest.raises(LabelError, match=r"expected a category 'person', got \['dog'\]"):
        read_images(files / "dogs.json", files / "found.txt", 7.0)


def test_boxes_to_be_ignored_in_a_mot16_truth_become_a_crowd(files):
    (files / "mot16.txt").write_text("1,1,10,20,30,40,1,1,1\n1,2,200,20,30,40,1,7,1\n")
    truth = read_images(files / "mot16.txt", files / "found.txt", 7.0).truths[0]
    assert truth.columns[CROWD_COLUMN].tolist() == [False, True]


def test_predictions_marked_as_a_crowd_are_no_person(files):
    crowd = coco.Annotation(1, 1, 1, BOX, 1200.0, is_crowd=True)
    coco.write(
        files / "crowd.json",
        coco.CocoDataset(labels(0).images, (crowd,), labels(0).categories),
    )
    images = read_images(files / "truth.txt", files / "crowd.json", 7.0)
    figures = detection_figures(images, "shop", Sampling(5.0, 0, 0), 0.5)
    (precision,) = [f for f in figures if f.metric is Metric.PRECISION]
    assert (precision.value, precision.n) == (None, 0)


def test_cutting_counts_frames_from_0(files):
    sequence = mot.read_truth(files / "truth.txt")
    assert sorted(cut(sequence, 4).frames) == [5, 7, 9]
    assert sorted(cut(sequence, 0, 4).frames) == [1, 5]


def test_labels_with_identities_become_tracks_with_an_entry_for_every_image(files):
    dataset = labels(0, 4, track_id=9)
    empty = coco.CocoDataset(dataset.images, dataset.annotations[:1], dataset.categories)
    frames = tracks_of_labels(empty, files, "person").frames
    assert {n: tracks.track_id.tolist() for n, tracks in frames.items()} == {1: [9], 5: []}
    with pytest.raises(LabelError, match="annotation 1: expected a track_id, got none"):
        tracks_of_labels(labels(0, track_id=None), files, "person")


def crowded():
    """Frame 0: a person, and a crowd without identity elsewhere; frame 4: a crowd alone."""
    dataset = labels(0, 4)
    far = [coco.Annotation(n, n - 10, 1, FAR, 200.0, is_crowd=True) for n in (11, 15)]
    return coco.CocoDataset(dataset.images, (dataset.annotations[0], *far), dataset.categories)


def test_a_crowds_label_is_ignored_and_nobodys_track(files):
    sequence = tracks_of_labels(crowded(), files, "person")
    assert {n: len(tracks) for n, tracks in sequence.frames.items()} == {1: 1, 5: 0}
    assert {n: d.columns[XYWH_COLUMN].tolist() for n, d in sequence.ignored.items()} == {
        1: [list(FAR)],
        5: [list(FAR)],
    }
    marks = {n: d.columns[CROWD_COLUMN].tolist() for n, d in true_boxes(sequence).items()}
    assert marks == {1: [False, True], 5: [True]}


def test_a_crowd_that_is_found_or_missed_changes_no_figure(files):
    sequence = tracks_of_labels(crowded(), files, "person")
    xyxy = [[10, 20, 40, 60], [200, 100, 210, 120]]
    both = Tracks(Detections(xyxy, [0.9, 0.8]), [1, 2], [0, 0])
    sampling = Sampling(5.0, 0, 0)
    for found in ({1: both, 5: both.select(np.array([1]))}, {1: both.select(np.array([0]))}):
        tracking = tracking_figures(sequence, found, 7.0, "shop", sampling)
        values = {f.metric: (f.value, f.n) for f in tracking}
        assert values[Metric.MOTA] == values[Metric.IDF1] == (1, 1)
        boxes = {number: tracks.detections for number, tracks in found.items()}
        images = judge_frames(true_boxes(sequence), boxes, (1, 5), 7.0)
        detection = detection_figures(images, "shop", sampling, 0.5)
        values = {f.metric: (f.value, f.n) for f in detection}
        assert values[Metric.RECALL] == values[Metric.PRECISION] == (1, 1)
