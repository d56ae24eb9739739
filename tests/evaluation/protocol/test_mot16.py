"""A MOT-16 ground truth, with classes and distractors, through TrackEval's own reader and ours."""

from __future__ import annotations

import numpy as np
import pytest

from datasets.formats import mot
from evaluation.figure import Metric
from evaluation.protocol.sampling import Sampling
from evaluation.protocol.tracking import tracking_figures

NUM_FRAMES = 40
NAMES = {
    Metric.HOTA: "HOTA",
    Metric.DETA: "DetA",
    Metric.ASSA: "AssA",
    Metric.LOCA: "LocA",
    Metric.IDF1: "IDF1",
    Metric.MOTA: "MOTA",
    Metric.FALSE_POSITIVES: "CLR_FP",
    Metric.FALSE_NEGATIVES: "CLR_FN",
    Metric.ID_SWITCHES: "IDSW",
    Metric.FRAGMENTATIONS: "Frag",
}


@pytest.fixture(params=range(3))
def folder(request, tmp_path):
    """`gt/x/gt/gt.txt` and `trackers/ours/data/x.txt`, as TrackEval wants them."""
    rng = np.random.default_rng(request.param)
    start, speed = rng.uniform(0, 250, (14, 2)), rng.normal(0, 2, (14, 2))
    kinds = rng.permutation([1] * 7 + [2, 3, 7, 8, 12, 1, 1])
    considered = kinds != 3
    considered[np.flatnonzero(kinds == 1)[-1]] = False
    truth, found = [], []
    for frame in range(1, NUM_FRAMES + 1):
        for row in range(14):
            x, y = start[row] + frame * speed[row]
            size = "30.5,70.25"
            flags = f"{int(considered[row])},{kinds[row]},1"
            truth.append(f"{frame},{row + 1},{x:.2f},{y:.2f},{size},{flags}")
            if rng.random() < 0.85:
                dx, dy = rng.normal(0, 3, 2)
                name = row + 1 if frame < 20 + row else row + 100
                found.append(f"{frame},{name},{x + dx:.2f},{y + dy:.2f},{size},0.9,-1,-1,-1")
    for path, lines in (("gt/x/gt/gt.txt", truth), ("trackers/ours/data/x.txt", found)):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("\n".join(lines) + "\n")
    return tmp_path


def test_distractors_and_unconsidered_people_are_treated_as_trackeval_treats_them(folder):
    truth = mot.read_truth(folder / "gt" / "x" / "gt" / "gt.txt")
    predicted = mot.read_tracks(folder / "trackers" / "ours" / "data" / "x.txt")
    figures = tracking_figures(truth, predicted.frames, 10.0, "x", Sampling(5.0, 0, 0))
    ours = {f.metric: f.value for f in figures if f.metric in NAMES}
    assert ours == pytest.approx(trackeval_of_files(folder), abs=1e-6)


def trackeval_of_files(folder):
    from trackeval.datasets import MotChallenge2DBox
    from trackeval.metrics import CLEAR, HOTA, Identity

    dataset = MotChallenge2DBox(
        {
            "GT_FOLDER": str(folder / "gt"),
            "TRACKERS_FOLDER": str(folder / "trackers"),
            "TRACKERS_TO_EVAL": ["ours"],
            "BENCHMARK": "MOT17",
            "SEQ_INFO": {"x": NUM_FRAMES},
            "SKIP_SPLIT_FOL": True,
            "PRINT_CONFIG": False,
        }
    )
    raw = dataset.get_raw_seq_data("ours", "x")
    data = dataset.get_preprocessed_seq_data(raw, "pedestrian")
    found = {}
    for metric in (HOTA(), CLEAR({"PRINT_CONFIG": False}), Identity({"PRINT_CONFIG": False})):
        found |= {name: float(np.mean(v)) for name, v in metric.eval_sequence(data).items()}
    return {metric: found[name] for metric, name in NAMES.items()}
