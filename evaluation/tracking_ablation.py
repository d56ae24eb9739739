r"""What each ingredient of the tracker brings: every figure with one of them off.

    python serve.py site=demo sink.mot_detections=detections.txt
    python -m evaluation.tracking_ablation gt.txt detections.txt --rate-hz 7 \
        --site conf/site/demo.yaml

Runs on recorded detections, so a row takes a second. `--every 2` takes every second frame, to see
what holds at lower frame rates.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from datasets.formats import mot
from evaluation.metrics.tracking import TrackingScore, tracking_score
from serving.core.detections import Detections, Tracks
from serving.core.errors import ConfigError, FootfallError
from serving.core.geometry import Homography
from serving.core.wording import one_line, shown
from serving.settings import parse_site
from serving.tracking.motion import MotionNoise
from serving.tracking.two_stage import TwoStageTracker

WITHOUT: Mapping[str, Mapping[str, object]] = {
    "all ingredients": {},
    "no doubtful detections": {"low_score": 0.5},
    "motion from two sightings alone": {"noise": MotionNoise(acceleration=20.0)},
    "no widening of boxes": {"buffer": 0.0},
    "no comparison of heights": {"height_weight": 0.0},
    "no regard to who stands in front": {"hidden_weight": 0.0},
    "no suppression of second boxes": {"duplicate_iou": 1.0},
    "no doubt about what never moves": {"moved_heights": 0.0},
    "no memory beyond a second": {"lost_s": 1.0},
    "no coasting": {"coast_s": 0.0},
    "no filtered sizes": {"smooth_size": False},
    "no floor": {"floor": None},
}
"""Options that take one ingredient away, by what the table calls it."""


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one choice of options, and the median time of an update in milliseconds."""

    name: str
    score: TrackingScore
    update_ms: float


def ablation(
    truth: Sequence[Tracks],
    detections: Sequence[Detections],
    rate_hz: float,
    floor: Homography | None = None,
) -> list[Row]:
    """One row with everything, then one without each ingredient; frame i is at i / `rate_hz`.

    Without `floor` the row on it is left out.
    """
    rows = []
    for name, options in WITHOUT.items():
        if floor is None and "floor" in options:
            continue
        tracker = TwoStageTracker(**{"floor": floor, **options})  # type: ignore[arg-type]
        predicted, elapsed_s = [], []
        for index, found in enumerate(detections):
            before_s = perf_counter()
            predicted.append(tracker.update(found, index / rate_hz))
            elapsed_s.append(perf_counter() - before_s)
        score = tracking_score(truth, predicted)
        rows.append(Row(name, score, 1000 * float(np.median(elapsed_s))))
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.tracking_ablation", description=__doc__.split("\n")[0]
    )
    parser.add_argument("gt", type=Path, help="ground truth, MOT text")
    parser.add_argument("detections", type=Path, help="recorded detections, MOT text")
    parser.add_argument("--rate-hz", type=float, required=True, help="frames a second of both")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth frame")
    parser.add_argument("--site", type=Path, help="site file with one calibrated camera")
    given = parser.parse_args(arguments)
    try:
        if given.every < 1 or not given.rate_hz > 0:
            raise ConfigError(
                f"expected --every of at least 1 and --rate-hz above zero, "
                f"got {given.every} and {given.rate_hz}"
            )
        truth = mot.read_truth(given.gt)
        found = mot.read_detections(given.detections)
        num_frames = max(truth.num_frames, *found, 0)
        taken = range(0, num_frames, given.every)
        aligned = truth.aligned(num_frames)
        rows = ablation(
            [aligned[index] for index in taken],
            [found.get(index + 1, Detections.empty()) for index in taken],
            given.rate_hz / given.every,
            None if given.site is None else _floor(given.site),
        )
    except FootfallError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    Console().print(_table(rows))
    return 0


def _floor(path: Path) -> Homography | None:
    if not path.is_file():
        raise ConfigError(f"--site: expected a file, got {path}")
    try:
        values = yaml.safe_load(path.read_bytes())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = path if mark is None else f"{path}:{mark.line + 1}"
        reason = getattr(error, "problem", None) or one_line(error)
        raise ConfigError(f"{where}: expected a site in YAML: {reason}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected a site, got {shown(values)}")
    site = parse_site(values, str(path))
    (camera, *others) = site.cameras.values()
    if others:
        raise ConfigError(f"{path}: expected one camera, got {sorted(site.cameras)}")
    return camera.floor()


def _table(rows: Sequence[Row]) -> Table:
    table = Table("tracker", "HOTA", "DetA", "AssA", "IDF1", "MOTA", "IDSW", "ms a frame")
    for row in rows:
        hota, clear, identity = row.score.hota, row.score.clear, row.score.identity
        shares = (hota.hota, hota.deta, hota.assa, identity.idf1, clear.mota)
        counted = (str(clear.id_switches), f"{row.update_ms:.2f}")
        table.add_row(row.name, *(f"{share:.3f}" for share in shares), *counted)
    return table


if __name__ == "__main__":
    sys.exit(main())
