"""Predictions from a file: complete and of our samples, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.curation.predictions import read_predictions
from datasets.dataset import write_samples
from datasets.samples import Box, Sample
from serving.core.errors import DatasetError

FOUND = Box((0, 0, 10, 20), "person", score=0.5)


def test_boxes_come_by_key_with_the_classes_that_occur(tmp_path: Path) -> None:
    bag = Box((1, 1, 2, 2), "bag", score=0.25)
    path = write_samples(
        tmp_path / "p.jsonl", [Sample("a.png", boxes=(FOUND,)), Sample("b.avi", 3, boxes=(bag,))]
    )

    predictions = read_predictions(path, ["a.png", "b.avi#3", "c.png"])

    assert predictions.boxes == {"a.png": (FOUND,), "b.avi#3": (bag,)}
    assert predictions.classes == {"person", "bag"}
    assert predictions.model == "p.jsonl"


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([Sample("x.png")], "expected predictions for samples of the data set, got ['x.png']"),
        ([Sample("a.png"), Sample("a.png")], "expected each sample once"),
        (
            [Sample("a.png", boxes=(Box((0, 0, 1, 1), "person"),))],
            "sample 'a.png': expected a score on every box",
        ),
    ],
)
def test_predictions_that_do_not_fit_are_refused(
    tmp_path: Path, samples: list[Sample], message: str
) -> None:
    path = write_samples(tmp_path / "p.jsonl", samples)

    with pytest.raises(DatasetError) as caught:
        read_predictions(path, ["a.png"])

    assert message in str(caught.value)


def test_truncated_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"path": "a.png"}\n{"path": "b.p')

    with pytest.raises(DatasetError, match="p.jsonl, line 2"):
        read_predictions(path, ["a.png"])
