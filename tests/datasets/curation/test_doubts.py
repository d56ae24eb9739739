"""Which labels a model contradicts: planted faults, judged by FiftyOne Brain and what is around it.

A box is `[left, top, right, bottom]`. With a sure score of 0.6, a score of 0.9 is believed
0.95 + 0.05 · 0.3 / 0.4 = 0.9875.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.curation.brain import doubts
from datasets.curation.doubts import Doubts, believed, cases_of, unfound_mistakenness
from datasets.curation.predictions import Predictions
from datasets.samples import Box, Sample
from serving.core.errors import ConfigError

LEFT, RIGHT = (0, 0, 20, 40), (40, 0, 60, 40)
BELIEF = 0.9875

XyXy = tuple[float, float, float, float]


def _label(xyxy_px: XyXy, label: str = "person", **more: object) -> Box:
    return Box(xyxy_px, label, **more)  # type: ignore[arg-type]


def _found(xyxy_px: XyXy, score: float = 0.9, label: str = "person") -> Box:
    return Box(xyxy_px, label, score=score)


def _judged(
    labels: dict[str, list[Box]],
    found: dict[str, list[Box]],
    min_height_px: float = 0,
    **of_sample: bool,
) -> dict[str, Doubts]:
    predictions = Predictions(
        {key: tuple(boxes) for key, boxes in found.items()},
        "model",
        frozenset({"person"}),
        lambda size_hw: min_height_px,
    )
    samples = [Sample(key, boxes=tuple(boxes), **of_sample) for key, boxes in labels.items()]
    return doubts(cases_of(samples, predictions, dict.fromkeys(labels, (100, 100))))


def _one(labels: list[Box], found: list[Box], **more: object) -> Doubts:
    return _judged({"a": labels}, {"a": found}, **more)["a"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("score", "belief"), [(0, 0), (0.3, 0.475), (0.6, 0.95), (0.9, BELIEF), (1, 1)]
)
def test_sure_score_is_believed_as_fiftyone_believes_0_95(score: float, belief: float) -> None:
    assert believed(score, 0.6) == pytest.approx(belief)


@pytest.mark.parametrize("sure_score", [0, 1, 1.5])
def test_sure_score_outside_0_to_1_is_refused(sure_score: float) -> None:
    with pytest.raises(ConfigError, match="sure score"):
        believed(0.5, sure_score)


def test_right_label_is_hardly_mistaken(database: Path) -> None:
    judged = _one([_label(LEFT)], [_found(LEFT)])

    assert judged.labels[0].mistakenness == pytest.approx((1 - BELIEF) / 2)
    assert judged.labels[0].mistakenness_loc == pytest.approx((1 - BELIEF) / 2)
    assert (judged.num_missing, judged.num_spurious) == (0, 0)


def test_label_of_the_wrong_class_gets_the_highest_mistakenness(database: Path) -> None:
    right = {f"{n}": [_label(LEFT), _label(RIGHT)] for n in range(4)}
    found = {key: [_found(LEFT), _found(RIGHT)] for key in [*right, "wrong"]}

    judged = _judged({**right, "wrong": [_label(LEFT), _label(RIGHT, "bag")]}, found)

    assert max(judged, key=lambda key: judged[key].mistakenness) == "wrong"
    assert judged["wrong"].mistakenness == pytest.approx((1 + BELIEF) / 2)
    assert judged["0"].mistakenness == pytest.approx((1 - BELIEF) / 2)


@pytest.mark.parametrize("moved", [(12, 0, 32, 40), (70, 50, 90, 90)], ids=["a bit", "far"])
def test_moved_label_gets_the_highest_mistakenness(database: Path, moved: XyXy) -> None:
    right = {f"{n}": [_label(LEFT)] for n in range(4)}
    found = {key: [_found(LEFT)] for key in [*right, "moved"]}

    judged = _judged({**right, "moved": [_label(moved)]}, found)

    assert max(judged, key=lambda key: judged[key].mistakenness) == "moved"
    assert (judged["moved"].num_missing, judged["moved"].num_spurious) == (1, 1)
    assert (judged["0"].num_missing, judged["0"].num_spurious) == (0, 0)


def test_label_moved_by_a_quarter_counts_by_its_place(database: Path) -> None:
    # 15 of 25 px: an IoU of 0.6, and FiftyOne's i = 2 · (1 - 0.6) = 0.8.
    judged = _one([_label((5, 0, 25, 40))], [_found(LEFT)])

    assert judged.labels[0].mistakenness_loc == pytest.approx((BELIEF * 0.6 + 1) / 2)
    assert judged.mistakenness == judged.labels[0].mistakenness_loc


def test_dropped_box_is_counted_missing(database: Path) -> None:
    judged = _one([_label(LEFT)], [_found(LEFT), _found(RIGHT)])

    assert judged.num_missing == 1
    assert list(judged.predictions) == [1]
    assert judged.mistakenness == pytest.approx((1 - BELIEF) / 2)


def test_box_of_which_the_model_is_not_sure_is_not_missing(database: Path) -> None:
    assert _one([], [_found(LEFT, 0.59), _found(RIGHT, 0.61)]).num_missing == 1


def test_label_where_the_model_sees_nothing_is_spurious(database: Path) -> None:
    judged = _one([_label(LEFT), _label(RIGHT)], [_found(LEFT)])

    assert judged.num_spurious == 1
    assert judged.labels[1].possible_spurious
    assert judged.mistakenness == 1


def test_unfound_label_is_the_less_mistaken_the_more_the_model_half_sees() -> None:
    def mistakenness(score: float) -> float:
        predictions = Predictions({"a": (_found((10, 0, 50, 40), score),)}, "m", frozenset())
        (case,) = cases_of([Sample("a", boxes=(_label(LEFT),))], predictions, {"a": (9, 9)})
        return unfound_mistakenness(case, 0)

    assert mistakenness(0.06) == pytest.approx(1 - 0.095 / 2)
    assert mistakenness(0.9) == pytest.approx((1 + BELIEF) / 2)
    assert mistakenness(0.3) < mistakenness(0.06)


def test_ignored_label_is_neither_spurious_nor_leaves_boxes_missing(database: Path) -> None:
    judged = _one([_label((0, 0, 100, 100), is_ignored=True)], [_found(LEFT), _found(RIGHT)])

    assert (judged.num_missing, judged.num_spurious, judged.mistakenness) == (0, 0, 0)


def test_label_smaller_than_the_model_was_made_for_is_not_judged(database: Path) -> None:
    small = _label((80, 80, 90, 99))

    assert _one([small], [], min_height_px=20).num_spurious == 0
    assert _one([small], [], min_height_px=19).num_spurious == 1


def test_class_that_the_model_does_not_know_is_not_spurious(database: Path) -> None:
    judged = _one([_label(LEFT), _label(RIGHT, "bag")], [_found(LEFT)])

    assert judged.num_spurious == 0
    assert list(judged.labels) == [0]


def test_bag_on_a_labelled_person_is_no_mistake(database: Path) -> None:
    judged = _one([_label(LEFT), _label((0, 0, 20, 38), "bag")], [_found((0, 0, 20, 38))])

    assert list(judged.labels) == [0]
    assert judged.labels[0].mistakenness == pytest.approx((1 - BELIEF) / 2)


def test_unlabelled_sample_and_one_nobody_looked_at_have_no_doubts(database: Path) -> None:
    assert _judged({"a": []}, {"a": [_found(LEFT)]}, is_labelled=False) == {}
    assert _judged({"a": [_label(LEFT)]}, {}) == {}


def test_nothing_of_the_judging_stays_in_fiftyone(database: Path) -> None:
    import fiftyone as fo

    before = fo.list_datasets()
    _one([_label(LEFT)], [_found(LEFT)])

    assert fo.list_datasets() == before
