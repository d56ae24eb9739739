"""From tracks and boxes to figures: what is counted, what is resampled, what is left out."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from datasets.formats.mot import MotSequence
from evaluation.figure import Metric
from evaluation.protocol.counting import Clip, counting_figures
from evaluation.protocol.detection import JudgedImages, detection_figures, label_figures
from evaluation.protocol.heatmap import heatmap_figures
from evaluation.protocol.sampling import Sampling
from evaluation.protocol.tracking import tracking_figures
from serving.analytics.counting import LineCounter
from serving.analytics.heatmap import Heatmap
from serving.core.detections import CROWD_COLUMN, Detections, Tracks
from serving.core.geometry import Homography
from serving.core.zones import Line

SAMPLING = Sampling(block_s=5.0, num_resamples=100, seed=0)
RATE_HZ = 10.0


def one(x, y, track_id=1):
    box = Detections([[x, y, x + 20, y + 40]], [1.0])
    return Tracks(box, [track_id], [0.0])


def standing(num_frames, x=100.0, y=100.0):
    return {number: one(x, y) for number in range(1, num_frames + 1)}


def walking_down(num_frames, start_y, step_y=5.0):
    return {n: one(100, start_y + step_y * n) for n in range(1, num_frames + 1)}


def named(figures):
    return {figure.metric: figure for figure in figures}


def test_tracking_states_boxes_people_and_intervals():
    truth = standing(300)
    predicted = {number: tracks for number, tracks in truth.items() if number % 3}
    figures = named(tracking_figures(MotSequence(truth), predicted, RATE_HZ, "shop", SAMPLING))
    mota = figures[Metric.MOTA]
    assert (mota.value, mota.n, mota.n_of) == (pytest.approx(200 / 300), 300, "true boxes")
    assert mota.low < mota.value < mota.high
    assert (figures[Metric.MOSTLY_TRACKED].n, figures[Metric.MOSTLY_TRACKED].unit) == (1, "count")
    assert figures[Metric.FALSE_NEGATIVES].value == 100


def test_a_short_clip_has_values_without_intervals():
    figures = tracking_figures(MotSequence(standing(30)), standing(30), RATE_HZ, "shop", SAMPLING)
    assert {(figure.low, figure.high) for figure in figures} == {(None, None)}


def test_tracks_on_a_distractor_count_neither_way():
    truth = {1: one(0, 0)}
    statue = Detections([[200, 0, 220, 40]], [1.0], [7])
    cyclist = Detections([[200, 0, 220, 40]], [1.0], [4])
    both = np.vstack([truth[1].detections.xyxy_px, statue.xyxy_px])
    predicted = {1: Tracks(Detections(both, np.ones(2)), [1, 2], np.zeros(2))}
    for ignored, false_positives in ((statue, 0), (cyclist, 1)):
        sequence = MotSequence(truth, {1: ignored})
        figures = named(tracking_figures(sequence, predicted, RATE_HZ, "shop", SAMPLING))
        assert figures[Metric.FALSE_POSITIVES].value == false_positives
        assert figures[Metric.MOTA].n == 1


def test_detection_states_boxes_on_both_sides():
    truths = tuple(tracks.detections for tracks in standing(40).values())
    found = (*truths[:30], *([Detections.empty()] * 10))
    images = JudgedImages(truths, found)
    figures = named(detection_figures(images, "shop", SAMPLING, 0.5))
    assert figures[Metric.RECALL].value == 0.75
    assert (figures[Metric.RECALL].n, figures[Metric.RECALL].n_of) == (40, "true boxes")
    assert (figures[Metric.PRECISION].n, figures[Metric.PRECISION].value) == (30, 1)
    assert figures[Metric.AP50].value == pytest.approx(76 / 101)


def test_labels_are_held_against_another_truth_with_and_without_their_crowds():
    """3 people of 100 px: a label is exact, one 60 px high, one marked as a crowd; a 4th wrong."""
    truth = Detections([[x, 0, x + 50, 100] for x in (0, 100, 200)], np.ones(3))
    boxes = [[0, 0, 50, 100], [100, 0, 150, 60], [200, 0, 250, 100], [400, 0, 450, 100]]
    crowd = {CROWD_COLUMN: np.array([False, False, True, False])}
    labels = JudgedImages((truth,), (Detections(boxes, np.ones(4), columns=crowd),))
    figures = named(label_figures(labels, "shop", SAMPLING))
    measured = {f.metric: (pytest.approx(f.value), f.n, f.n_of) for f in figures.values()}
    assert measured == {
        Metric.PRECISION: (2 / 3, 3, "labels"),
        Metric.RECALL: (2 / 3, 3, "true boxes"),
        Metric.MEAN_IOU: (0.8, 2, "pairs"),
        Metric.PAIRS_AT_IOU_75: (1 / 2, 2, "pairs"),
        Metric.PRECISION_ALL_BOXES: (3 / 4, 4, "labels with crowds"),
    }


def test_labels_without_a_pair_have_no_overlap_to_state():
    nothing = JudgedImages((Detections.empty(),), (Detections.empty(),))
    assert {f.value for f in label_figures(nothing, "shop", SAMPLING)} == {None}


def test_frames_of_a_video_are_drawn_in_blocks_and_so_give_wider_intervals():
    truths = tuple(tracks.detections for tracks in standing(200).values())
    found = tuple(t if n % 100 < 50 else Detections.empty() for n, t in enumerate(truths))
    images = JudgedImages(truths, found)
    video = JudgedImages(truths, found, tuple(range(200)), RATE_HZ)
    alone = named(label_figures(images, "shop", SAMPLING))[Metric.RECALL]
    in_blocks = named(label_figures(video, "shop", SAMPLING))[Metric.RECALL]
    assert alone.value == in_blocks.value == 0.5
    assert in_blocks.high - in_blocks.low > 3 * (alone.high - alone.low)


def test_frames_between_two_indices():
    truths = tuple(tracks.detections for tracks in standing(4).values())
    video = JudgedImages(truths, truths, (0, 4, 8, 12), RATE_HZ)
    assert video.between(4, 12).frame_index == (4, 8)
    assert JudgedImages(truths, truths).between(4, 12).frame_index is None


LINES = (Line("door", (0, 300), (400, 300)),)


def count(truth, predicted):
    counter = functools.partial(LineCounter, "cam", LINES)
    clip = Clip.through(truth, predicted, RATE_HZ)
    return named(counting_figures(truth, predicted, counter, clip, "shop", SAMPLING))


def test_counting_compares_the_crossings_of_true_and_predicted_tracks():
    truth = walking_down(60, 100)
    assert count(truth, truth)[Metric.COUNTING_ACCURACY].value == 1
    stays_above = walking_down(60, 100, step_y=1)
    missed = count(truth, stays_above)[Metric.COUNTING_ACCURACY]
    assert (missed.value, missed.n, missed.n_of) == (0, 1, "true crossings")


def test_without_a_true_crossing_counting_has_no_value():
    truth = standing(30)
    assert count(truth, truth)[Metric.COUNTING_ACCURACY_15_MIN].value is None


def test_truth_of_some_frames_is_not_taken_for_an_empty_picture_between():
    truth = walking_down(60, 100)
    sparse = {number: truth[number] for number in range(1, 61, 4)}
    clip = Clip(range(1, 61), sorted(sparse), RATE_HZ)
    counter = functools.partial(LineCounter, "cam", LINES)
    figures = named(counting_figures(sparse, truth, counter, clip, "shop", SAMPLING))
    assert figures[Metric.COUNTING_ACCURACY].value == 1
    floor = functools.partial(Heatmap, "cam", Homography(np.diag([0.01, 0.01, 1.0])))
    overlap = named(heatmap_figures(sparse, truth, floor, clip, "shop", SAMPLING))
    assert overlap[Metric.HEATMAP_OVERLAP].n == 6  # 5.6 s, rounded, of one person


def test_heatmap_compares_where_true_and_predicted_people_stood():
    floor = functools.partial(Heatmap, "cam", Homography(np.diag([0.01, 0.01, 1.0])))
    truth, elsewhere = standing(101), standing(101, x=300)
    clip = Clip.through(truth, truth, RATE_HZ)
    for predicted, overlap in ((truth, 1), (elsewhere, 0)):
        figure = heatmap_figures(truth, predicted, floor, clip, "shop", SAMPLING)[0]
        assert figure.value == pytest.approx(overlap)
        assert (figure.n, figure.n_of) == (10, "true person-seconds")
