"""HOTA, CLEAR MOT and IDF1: by hand where it can be, and against TrackEval on the same input."""

from __future__ import annotations

import numpy as np
import pytest

from datasets.formats import mot
from evaluation.metrics.sequence import SequencePair
from evaluation.metrics.tracking import tracking_score, tracking_totals
from serving.core.detections import Detections, Tracks

TOLERANCE = 1e-6


def tracks(**people):
    """One frame; `a7=(x, y)` puts person 7 there, 20 px wide and 40 px high."""
    boxes = np.array([[x, y, x + 20, y + 40] for x, y in people.values()], float).reshape(-1, 4)
    ids = [int(name.lstrip("a")) for name in people]
    return Tracks(Detections(boxes, np.ones(len(ids))), ids, np.zeros(len(ids)))


NOBODY = tracks()
TWO_PEOPLE = [tracks(a1=(0, 0), a2=(100, 0))] * 4


def test_a_perfect_tracker_scores_1_whatever_it_calls_people():
    score = tracking_score(TWO_PEOPLE, [tracks(a30=(0, 0), a20=(100, 0))] * 4)
    assert score.hota.hota == score.clear.mota == score.identity.idf1 == pytest.approx(1)
    assert (score.clear.mostly_tracked, score.clear.mostly_lost) == (2, 0)


def test_one_change_of_identity_halfway():
    predicted = [tracks(a1=(0, 0))] * 2 + [tracks(a9=(0, 0))] * 2
    score = tracking_score([tracks(a1=(0, 0))] * 4, predicted)
    assert score.clear.id_switches == 1
    assert score.clear.mota == pytest.approx((4 - 1) / 4)
    assert score.identity.idf1 == pytest.approx(0.5)
    assert score.hota.deta == pytest.approx(1)
    # Each half: 2 of the 4 frames of truth, so TPA / (TPA + FNA + FPA) = 2 / 4.
    assert score.hota.assa == pytest.approx(0.5)
    assert score.hota.hota == pytest.approx(np.sqrt(0.5))


def test_half_of_the_people_found_and_one_invented():
    score = tracking_score(TWO_PEOPLE, [tracks(a1=(0, 0), a5=(400, 0))] * 4)
    assert (score.clear.true_positives, score.clear.false_positives) == (4, 4)
    assert score.clear.mota == pytest.approx(0)
    assert score.identity.idf1 == pytest.approx(0.5)
    assert score.hota.deta == pytest.approx(4 / 12)
    assert (score.clear.mostly_tracked, score.clear.mostly_lost) == (1, 1)


def test_a_person_lost_and_found_under_the_same_name_is_a_fragment_and_no_switch():
    here, elsewhere = tracks(a1=(0, 0)), tracks(a7=(300, 0))
    predicted = [here, elsewhere, here, here]
    score = tracking_score([tracks(a1=(0, 0))] * 4, predicted)
    assert (score.clear.id_switches, score.clear.fragmentations) == (0, 1)


def test_a_match_goes_on_although_another_box_overlaps_more():
    truth = [tracks(a1=(0, 0))] * 2
    predicted = [tracks(a1=(0, 0)), tracks(a1=(4, 0), a2=(1, 0))]
    assert tracking_score(truth, predicted).clear.id_switches == 0


def test_a_frame_without_any_prediction_leaves_the_memory_as_it_is(trackeval_score):
    truth = [tracks(a1=(0, 0))] * 3
    predicted = [tracks(a1=(0, 0)), NOBODY, tracks(a1=(4, 0), a2=(1, 0))]
    score = tracking_score(truth, predicted)
    assert (score.clear.id_switches, score.clear.fragmentations) == (0, 0)
    assert score.values() == pytest.approx(trackeval_score(truth, predicted), abs=TOLERANCE)


def test_looser_boxes_lower_hota_and_not_mota():
    score = tracking_score([tracks(a1=(0, 0))] * 4, [tracks(a1=(5, 0))] * 4)  # IoU 0.6
    assert score.clear.mota == pytest.approx(1)
    assert score.clear.motp == pytest.approx(0.6)
    # 12 of the 19 thresholds are at most 0.6; where nothing matches, LocA is 1 by convention.
    assert score.hota.deta == pytest.approx(12 / 19)
    assert score.hota.loca == pytest.approx((12 * 0.6 + 7) / 19)


def test_frames_must_be_as_many_as_of_the_truth():
    with pytest.raises(ValueError, match="got 1, 0 and 1"):
        SequencePair.from_tracks([NOBODY], [])


def test_all_blocks_once_are_the_sequence_and_a_block_alone_is_that_stretch():
    truth, predicted = random_sequence(np.random.default_rng(3), 40)
    block = np.repeat(np.arange(8), 5)
    whole = tracking_score(truth, predicted).values()
    totals = tracking_totals(truth, predicted, block)
    assert totals.score().values() == pytest.approx(whole)
    assert totals.score(np.full(8, 2)).values()["hota"] == pytest.approx(whole["hota"])
    alone = totals.score(np.eye(8, dtype=int)[2]).clear
    assert alone.true_positives + alone.false_negatives == sum(map(len, track_ids(truth[10:15])))


CASES = ["crowded", "sparse", "whole pixels", "no truth", "no prediction", "nothing"]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(4))
def test_it_agrees_with_trackeval(trackeval_score, case, seed):
    rng = np.random.default_rng([seed, CASES.index(case)])
    truth, predicted = random_sequence(
        rng, 60, num_people=3 if case == "sparse" else 12, whole_pixels=case == "whole pixels"
    )
    if case in ("no truth", "nothing"):
        truth = [NOBODY] * len(truth)
    if case in ("no prediction", "nothing"):
        predicted = [NOBODY] * len(predicted)
    ours = tracking_score(truth, predicted).values()
    assert ours == pytest.approx(trackeval_score(truth, predicted), abs=TOLERANCE)


def test_it_agrees_with_trackeval_on_the_shared_sequence(trackeval_score, mirror):
    """Real people; the prediction is the truth shaken, thinned out and cut."""
    sequence = mot.read_truth(mirror / "data" / "tracking" / "pets09-s2l1" / "gt.txt")
    truth = sequence.aligned(sequence.num_frames)
    rng = np.random.default_rng(11)
    predicted = [shaken(rng, frame, number // 150 * 100) for number, frame in enumerate(truth)]
    ours = tracking_score(truth, predicted).values()
    assert ours == pytest.approx(trackeval_score(truth, predicted), abs=TOLERANCE)


def track_ids(frames):
    return [np.zeros(0, np.int64), *(frame.track_id for frame in frames)]


def random_sequence(rng, num_frames, num_people=12, whole_pixels=False):
    """People who walk, come and go; a tracker that misses, invents and mixes up some."""
    start, speed = rng.uniform(0, 200, (num_people, 2)), rng.normal(0, 3, (num_people, 2))
    names = rng.permutation(100)[:num_people]
    truth, predicted = [], []
    for number in range(num_frames):
        here = np.flatnonzero(rng.random(num_people) < 0.85)
        corner = start[here] + number * speed[here]
        boxes = np.hstack([corner, corner + [20, 45]])
        boxes = np.round(boxes) if whole_pixels else boxes
        truth.append(Tracks(Detections(boxes, np.ones(len(here))), here + 1, np.zeros(len(here))))
        if rng.random() < 0.1 and num_people > 1:
            first, second = rng.choice(num_people, 2, replace=False)
            names[[first, second]] = names[[second, first]]
        relabelled = Tracks(truth[-1].detections, names[here], np.zeros(len(here)))
        predicted.append(shaken(rng, relabelled, 0, whole_pixels))
    return truth, predicted


def shaken(rng, frame, first_name, whole_pixels=False):
    """The frame with boxes moved, a tenth left out and now and then one invented."""
    kept = rng.random(len(frame.track_id)) < 0.9
    boxes = frame.detections.xyxy_px[kept].astype(float) + rng.normal(0, 3, (kept.sum(), 1))
    ids = frame.track_id[kept] + first_name
    if rng.random() < 0.3:
        boxes = np.vstack([boxes, [300, 10, 330, 70]])
        ids = np.append(ids, 5000 + rng.integers(3))
    boxes = np.round(boxes) if whole_pixels else boxes
    return Tracks(Detections(boxes, np.ones(len(ids))), ids, np.zeros(len(ids)))
