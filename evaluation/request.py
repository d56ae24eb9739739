"""What can be asked of `python -m evaluation`, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, NonNegativeInt, PositiveFloat, PositiveInt

from datasets.samples import Split
from evaluation.metrics.bootstrap import NUM_RESAMPLES
from evaluation.protocol.sampling import Sampling
from evaluation.recorded import is_coco
from evaluation.targets import Benchmark
from serving.configuration import Settings
from serving.core.errors import ConfigError
from serving.core.labels import PERSON
from serving.core.wording import unknown_name
from serving.settings import Camera, DetectorSettings, Site

ORIGIN = "conf/evaluate.yaml"

DEFAULT_FRAME_RATE_HZ = 10.0
"""Of recorded files without `fps` and without a site. It only sizes the blocks of the intervals."""


class Command(StrEnum):
    """What to do."""

    DETECTION = "detection"
    TRACKING = "tracking"
    COUNTING = "counting"
    HEATMAP = "heatmap"
    LABELS = "labels"
    DATA_SET = "data_set"
    SAMPLE = "sample"
    LINE_SHIFT = "line_shift"
    FRAME_RATES = "frame_rates"
    FLOOR = "floor"
    SPEED = "speed"
    REPORT = "report"
    CARD = "card"


_OF_THE_SAMPLE = {
    Command.SAMPLE,
    Command.LINE_SHIFT,
    Command.FRAME_RATES,
    Command.FLOOR,
    Command.SPEED,
}


class Format(StrEnum):
    """How the result is written to the output."""

    TABLE = "table"
    JSON = "json"


def _named(path: Any) -> Any:
    if path == "":
        raise ValueError("expected a file, not an empty path")
    return path


FilePath = Annotated[Path, BeforeValidator(_named)]
"""The path of a file. An empty one is refused, because `Path` makes it the current folder."""


class SpeedSettings(Settings):
    """How long task=speed measures.

    Attributes:
        num_rounds: how often each contestant works through the sample; an interval needs four.
        max_frames: end each pass after so many frames; null: at the sample's end.
    """

    num_rounds: PositiveInt = 5
    max_frames: PositiveInt | None = None


class ReportSettings(Settings):
    """What task=report reads, and where the report goes.

    Attributes:
        html: the report.
        events: what serve.py wrote as `sink.jsonl` or `sink.store`.
        tracks: what serve.py wrote as `sink.mot`; null: pictures without boxes.
        results: JSON of evaluations (`output=PATH`) whose figures the report shows.
        before: JSON of an evaluation of detection without fine-tuning.
        after: the same, on the same data, with fine-tuning.
    """

    html: FilePath = Path("outputs/report.html")
    events: FilePath = Path("outputs/replay/events.jsonl")
    tracks: FilePath | None = None
    results: tuple[FilePath, ...] = ()
    before: FilePath | None = None
    after: FilePath | None = None


class CardSettings(Settings):
    """What task=card puts into the bundle that `detector.bundle` names.

    Attributes:
        results: JSON of an evaluation of that bundle, whose figures the card shall state; null:
            those that it states already.
    """

    results: FilePath | None = None


class Request(Settings):
    """One evaluation.

    Attributes:
        task: what to evaluate.
        format: a table, or JSON and nothing else.
        output: a file to write the JSON to as well.
        gt: ground truth, MOT text; for detection and labels also COCO JSON.
        pred: recorded results, MOT text; for detection and labels also COCO JSON.
        folder: for task=data_set: the data set's folder.
        split: for task=data_set: which of its splits; null: all labelled samples.
        dataset: what the data is called in the result, and which targets concern it; null: the
            path of `gt`.
        camera: which camera of the site, where it has several.
        fps: frames a second of the recorded video; null: the camera's, else 10.
        first_frame: index, counted from 0, of the first frame to judge.
        last_frame: index of the last one; null: to the end.
        class_name: the class that is judged in COCO files.
        score_threshold: score from which precision and recall are stated, on the scale of `pred`.
        block_s: seconds of video that an interval draws as one.
        num_resamples: how many draws make an interval; 0: no intervals.
        seed: of the draws.
        data_dir: where the sample lies or is fetched to.
        detector: which bundle the sample is run with, and report and card are about.
        speed: for task=speed.
        report: for task=report.
        card: for task=card.
    """

    task: Command
    format: Format = Format.TABLE
    output: FilePath | None = None
    gt: FilePath | None = None
    pred: FilePath | None = None
    folder: FilePath | None = None
    split: Split | None = None
    dataset: str | None = None
    camera: str | None = None
    fps: PositiveFloat | None = None
    first_frame: NonNegativeInt = 0
    last_frame: NonNegativeInt | None = None
    class_name: str = PERSON
    score_threshold: float = 0.5
    block_s: PositiveFloat = 5.0
    num_resamples: NonNegativeInt = NUM_RESAMPLES
    seed: NonNegativeInt = 0
    data_dir: Path = Path("data")
    detector: DetectorSettings = DetectorSettings()
    speed: SpeedSettings = SpeedSettings()
    report: ReportSettings = ReportSettings()
    card: CardSettings = CardSettings()

    @property
    def is_of_the_sample(self) -> bool:
        """Whether it judges the sample video: always, or because no files are named."""
        if self.task is Command.LABELS:
            return self.gt is None and self.pred is None
        return self.task in _OF_THE_SAMPLE

    @property
    def sampling(self) -> Sampling:
        """How intervals are drawn."""
        return Sampling(self.block_s, self.num_resamples, self.seed)

    def path(self, key: str) -> Path:
        """The file that `gt` or `pred` names.

        Raises:
            ConfigError: the key has no value.
        """
        path = getattr(self, key)
        if not isinstance(path, Path):
            raise ConfigError(
                f"key '{key}' ({ORIGIN}): expected the path of a file for task={self.task}, "
                "got none"
            )
        return path

    def mot_path(self, key: str) -> Path:
        """The MOT text file that `gt` or `pred` names.

        Raises:
            ConfigError: the key has no value, or names a COCO file.
        """
        path = self.path(key)
        if is_coco(path):
            raise ConfigError(
                f"key '{key}' ({ORIGIN}): expected MOT text for task={self.task}, as tracking, "
                f"counting and heatmap read it (COCO JSON is for detection and labels), got {path}"
            )
        return path


@dataclass(frozen=True, slots=True)
class Parts:
    """What the configuration composes beside the request.

    `build` makes the factory that a group of the configuration names: `backend`, `tracker`, and
    `analytics`, a mapping of them. It is called when needed, because backends load slowly.
    `arguments` are those of the command line, `key=value`, to say how to make something again.
    """

    benchmark: Benchmark
    site: Site | None
    site_origin: str
    build: Callable[[str], Any]
    arguments: tuple[str, ...] = ()

    def camera(self, request: Request) -> tuple[str, Camera]:
        """The camera whose lines, floor and frame rate are used.

        Raises:
            ConfigError: no site, an unknown camera, or several and none chosen.
        """
        if self.site is None:
            raise ConfigError(f"key 'site' ({ORIGIN}): expected site=NAME, got none")
        cameras: Mapping[str, Camera] = self.site.cameras
        name = request.camera or (next(iter(cameras)) if len(cameras) == 1 else "")
        if name not in cameras:
            raise unknown_name("key 'camera'", name, cameras, self.site_origin)
        return name, cameras[name]

    def frame_rate_hz(self, request: Request) -> float:
        """Frames a second of the recorded video."""
        if request.fps is not None:
            return request.fps
        rate_hz = None if self.site is None else self.camera(request)[1].fps
        return rate_hz or DEFAULT_FRAME_RATE_HZ
