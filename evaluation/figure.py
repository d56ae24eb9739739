"""A measured figure: a value with how many things it rests on and its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class Task(StrEnum):
    """What is judged. A target belongs to one task."""

    DETECTION = "detection"
    TRACKING = "tracking"
    COUNTING = "counting"
    HEATMAP = "heatmap"
    FLOOR = "floor"
    LABELS = "labels"
    SPEED = "speed"
    PATHS = "paths"
    REID = "reid"
    AGE_GENDER = "age_gender"
    WATCHLIST = "watchlist"
    MASK = "mask"
    SUSPICION = "suspicion"


class Metric(StrEnum):
    """Every figure that the project knows, under the field's name where it has one."""

    AP = "AP"
    AP50 = "AP50"
    AP75 = "AP75"
    AR = "AR"
    PRECISION = "precision"
    RECALL = "recall"
    PRECISION_ALL_BOXES = "precision_all_boxes"
    MEAN_IOU = "mean_IoU"
    PAIRS_AT_IOU_75 = "pairs_at_IoU_75"
    HOTA = "HOTA"
    DETA = "DetA"
    ASSA = "AssA"
    LOCA = "LocA"
    IDF1 = "IDF1"
    IDP = "IDP"
    IDR = "IDR"
    MOTA = "MOTA"
    MOTP = "MOTP"
    FALSE_POSITIVES = "FP"
    FALSE_NEGATIVES = "FN"
    ID_SWITCHES = "IDSW"
    FRAGMENTATIONS = "Frag"
    MOSTLY_TRACKED = "MT"
    MOSTLY_LOST = "ML"
    COUNTING_ACCURACY = "counting_accuracy"
    COUNTING_ACCURACY_15_MIN = "counting_accuracy_15_min"
    COUNTING_ACCURACY_WORST_LINE = "counting_accuracy_worst_line"
    HEATMAP_OVERLAP = "heatmap_overlap"
    FLOOR_DISTANCE_MEAN = "floor_distance_mean_m"
    FLOOR_DISTANCE_P95 = "floor_distance_95_percentile_m"
    FLOOR_SCALE = "floor_scale"
    TRACKER_TIME = "tracker_ms_per_frame"
    SPEED_TO_LIMIT = "speed_to_limit"
    SPEED_TO_PEER = "speed_to_peer"
    AGE_GENDER_ACCURACY = "age_gender_accuracy"
    TPIR_AT_1_FPIR = "tpir_at_1_percent_fpir"
    MASK_F1 = "mask_f1"
    CLIP_AUC = "clip_auc"
    CLIP_F1 = "clip_f1"
    RANK_1 = "rank_1"
    REID_MAP = "reid_map"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value.

    Args:
        metric: what was measured.
        value: the result; None where nothing could be measured, as precision without predictions.
        n: how many things it rests on, and `n_of` what they are, such as "true boxes".
        low, high: the 95 % bootstrap interval; None where there are too few units to resample.
        dataset: the data it was measured on.
        unit: "share" (0 to 1), "count", "ms", "m" or "ratio".
    """

    metric: Metric
    value: float | None
    n: int
    n_of: str
    dataset: str
    low: float | None = None
    high: float | None = None
    unit: str = "share"

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                object.__setattr__(self, name, None)

    def to_record(self) -> dict[str, Any]:
        """The figure as plain values for JSON."""
        return {**asdict(self), "metric": self.metric.value}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Figure:
        """The figure that `to_record` wrote; other keys of the record are left alone."""
        values = {field.name: record[field.name] for field in fields(cls)}
        return cls(**{**values, "metric": Metric(values["metric"])})
