"""The reference tools, asked for the figures that ours must equal."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

from evaluation.metrics.detection import MAX_DETECTIONS
from evaluation.metrics.overlap import exact_score, exact_xywh
from serving.core.detections import CROWD_COLUMN

_TRACKEVAL_NAMES = {
    "hota": "HOTA",
    "deta": "DetA",
    "assa": "AssA",
    "loca": "LocA",
    "det_re": "DetRe",
    "det_pr": "DetPr",
    "ass_re": "AssRe",
    "ass_pr": "AssPr",
    "mota": "MOTA",
    "motp": "MOTP",
    "true_positives": "CLR_TP",
    "false_positives": "CLR_FP",
    "false_negatives": "CLR_FN",
    "id_switches": "IDSW",
    "fragmentations": "Frag",
    "mostly_tracked": "MT",
    "mostly_lost": "ML",
    "idf1": "IDF1",
    "idp": "IDP",
    "idr": "IDR",
}


@pytest.fixture(scope="session")
def trackeval_score():
    """Figures of TrackEval of true and predicted tracks by frame, under our names."""
    from trackeval.datasets._base_dataset import _BaseDataset
    from trackeval.metrics import CLEAR, HOTA, Identity

    def score(truth, predicted):
        xywh = [[exact_xywh(t.detections) for t in s] for s in (truth, predicted)]
        data = {
            "similarity_scores": [
                _BaseDataset._calculate_box_ious(a, b) for a, b in zip(*xywh, strict=True)
            ],
            "num_timesteps": len(truth),
        }
        for side, frames in (("gt", truth), ("tracker", predicted)):
            each = [np.zeros(0, np.int64), *(tracks.track_id for tracks in frames)]
            ids = np.unique(np.concatenate(each))
            data[f"{side}_ids"] = [np.searchsorted(ids, t.track_id) for t in frames]
            data[f"num_{side}_ids"] = len(ids)
            data[f"num_{side}_dets"] = sum(map(len, each))
        silent = {"PRINT_CONFIG": False}
        theirs = {}
        for metric in (HOTA(), CLEAR(silent), Identity(silent)):
            theirs |= {k: float(np.mean(v)) for k, v in metric.eval_sequence(data).items()}
        return {ours: theirs[name] for ours, name in _TRACKEVAL_NAMES.items()}

    return score


@pytest.fixture(scope="session")
def pycocotools_score():
    """AP, AP50, AP75 and AR of pycocotools of predictions and truths by image."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def crowds(truth):
        return truth.columns.get(CROWD_COLUMN, np.zeros(len(truth), bool))

    def score(predictions, truths):
        annotations = [
            {
                "id": image * 1000 + row + 1,
                "image_id": image + 1,
                "category_id": 1,
                "bbox": box.tolist(),
                "area": float(box[2] * box[3]) * 0.6,  # a silhouette's; sizes must not matter
                "iscrowd": int(crowd),
            }
            for image, truth in enumerate(truths)
            for row, (box, crowd) in enumerate(zip(exact_xywh(truth), crowds(truth), strict=True))
        ]
        results = [
            {"image_id": image + 1, "category_id": 1, "bbox": box.tolist(), "score": float(score)}
            for image, found in enumerate(predictions)
            for box, score in zip(exact_xywh(found), exact_score(found), strict=True)
        ]
        truth = COCO()
        truth.dataset = {
            "images": [{"id": image + 1} for image in range(len(truths))],
            "annotations": annotations,
            "categories": [{"id": 1, "name": "person"}],
            "info": {},
        }
        with contextlib.redirect_stdout(io.StringIO()):
            truth.createIndex()
            evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
            evaluation.params.areaRng = evaluation.params.areaRng[:1]  # all sizes
            evaluation.params.areaRngLbl = ["all"]
            evaluation.params.maxDets = [MAX_DETECTIONS]
            evaluation.evaluate()
            evaluation.accumulate()
        precision = evaluation.eval["precision"][:, :, 0, 0, 0]
        return {
            "ap": precision.mean(),
            "ap50": precision[0].mean(),
            "ap75": precision[5].mean(),
            "ar": evaluation.eval["recall"].mean(),
        }

    return score
