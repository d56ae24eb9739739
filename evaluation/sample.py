"""The benchmark on the sample video: the bundle through the serving pipeline, then every figure.

Against the public ground truth where the local mirror has it, all frames and the held-out ones
(no label and so no training lies there) apart. Without it against our own labels, which cover
every 4th of the first 500 frames and which the zoo detector was trained on: these figures show
that all works, not how good it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from datasets.catalog import CATALOG
from datasets.catalog.vtest import HELD_OUT_FROM_FRAME, LABELS_PATH, NUM_FRAMES
from evaluation.analyses import heatmap, line_counter
from evaluation.figure import Task
from evaluation.protocol.counting import Clip, counting_figures
from evaluation.protocol.detection import detection_figures, label_figures
from evaluation.protocol.heatmap import heatmap_figures
from evaluation.protocol.tracking import tracking_figures
from evaluation.recorded import judge_frames, read_images, true_boxes
from evaluation.request import Command, Parts, Request
from evaluation.result import EvaluationResult
from evaluation.sample_truth import (
    DATASET,
    HELD_OUT,
    SampleTruth,
    own_labels,
    public_truth,
    public_truth_path,
)
from evaluation.targets import Verdict
from serving.assembly import build_detector, build_pipeline
from serving.core.bundle import Bundle
from serving.core.detections import Detections, Tracks
from serving.core.errors import SourceError
from serving.core.labels import PERSON
from serving.core.zoo import load_bundle
from serving.settings import Camera
from serving.streams.opening import open_sources


@dataclass(frozen=True, slots=True, eq=False)
class SampleRun:
    """What the pipeline found, by frame number from 1, and the setting that it found it in."""

    camera_id: str
    camera: Camera
    frame_rate_hz: float
    bundle: Bundle
    detections: Mapping[int, Detections]
    tracks: Mapping[int, Tracks]


def evaluate_sample(request: Request, parts: Parts) -> EvaluationResult:
    """Run the sample through the pipeline and judge what comes out.

    Raises:
        ConfigError: no site, or a camera without lines or calibration.
        FootfallError: the sample, the bundle or the truth cannot be used.
    """
    return judge_run(run_sample(request, parts), public_truth_path(), request, parts)


def judge_run(
    run: SampleRun, truth_path: Path | None, request: Request, parts: Parts
) -> EvaluationResult:
    """All figures of a run against a ground truth, or against our labels where there is none."""
    if truth_path is None:
        truth = own_labels()
        verdicts = _judge(run, truth, request, parts)
        note = (
            "Against our own labels, which the zoo detector was trained on; the public ground "
            "truth is not on this machine."
        )
    else:
        truth = public_truth(truth_path)
        verdicts = _judge(run, truth, request, parts)
        verdicts += _judge(run, truth.from_frame(HELD_OUT_FROM_FRAME, HELD_OUT), request, parts)
        labels = read_images(truth_path, LABELS_PATH, run.frame_rate_hz, PERSON)
        figures = label_figures(labels, DATASET, request.sampling)
        verdicts += parts.benchmark.judge(figures, Task.LABELS)
        note = (
            f"Held out: frames {HELD_OUT_FROM_FRAME} on, where no label and so no training lies. "
            "The ground truth was never trained on."
        )
    return EvaluationResult(
        Command.SAMPLE.value,
        truth.dataset,
        tuple(verdicts),
        parts.benchmark.not_measured(verdicts),
        run_inputs(run, request, parts),
        (note,),
    )


def run_inputs(run: SampleRun, request: Request, parts: Parts) -> dict[str, Any]:
    """What was run and how its figures are resampled, for a result."""
    return {
        "bundle": run.bundle.ref,
        "model_sha256": run.bundle.model_sha256,
        "site": parts.site_origin,
        "camera": run.camera_id,
        "frame_rate_hz": run.frame_rate_hz,
        "block_s": request.block_s,
        "num_resamples": request.num_resamples,
        "seed": request.seed,
    }


def run_sample(request: Request, parts: Parts, every: int = 1) -> SampleRun:
    """The sample through detector and tracker, as the server would do it; every n-th frame."""
    camera_id, camera = parts.camera(request)
    line_counter(camera_id, camera, parts)  # what is missing is found before a model loads
    heatmap(camera_id, camera, parts)
    bundle = load_bundle(request.detector.bundle)
    video = CATALOG["vtest"].get(request.data_dir)
    camera = camera.model_copy(update={"source": str(video)})
    detector = build_detector(bundle, request.detector, parts.build("backend"))
    pipeline = build_pipeline(camera_id, camera, detector, parts.build("tracker"), {}, bundle)
    detections, tracks = {}, {}
    source = open_sources({camera_id: camera})[camera_id]
    console = Console(stderr=True)
    progress = track(source, f"{bundle.ref} on {video.name}", NUM_FRAMES, console=console)
    for result in pipeline.process(frame for frame in progress if frame.index % every == 0):
        number = result.frame.index + 1
        detections[number], tracks[number] = result.detections, result.tracks
    num_frames = len(range(0, NUM_FRAMES, every))
    if len(tracks) != num_frames:
        raise SourceError(f"{video}: expected {num_frames} frames, got {len(tracks)}")
    rate_hz = parts.frame_rate_hz(request)
    return SampleRun(camera_id, camera, rate_hz, bundle, detections, tracks)


def _judge(run: SampleRun, truth: SampleTruth, request: Request, parts: Parts) -> list[Verdict]:
    """All figures against one truth."""
    dataset, sampling = truth.dataset, request.sampling
    judged = set(truth.numbers)
    frames = truth.sequence.frames
    on_judged = {number: tracks for number, tracks in run.tracks.items() if number in judged}
    images = judge_frames(
        true_boxes(truth.sequence), run.detections, truth.numbers, run.frame_rate_hz
    )
    through = range(min(judged), max(judged) + 1)
    clip = Clip(through, truth.numbers, run.frame_rate_hz)
    counter = line_counter(run.camera_id, run.camera, parts)
    floor_map = heatmap(run.camera_id, run.camera, parts)
    by_task = {
        Task.DETECTION: detection_figures(images, dataset, sampling, request.score_threshold),
        Task.TRACKING: tracking_figures(
            truth.sequence, on_judged, run.frame_rate_hz, dataset, sampling
        ),
        Task.COUNTING: counting_figures(frames, run.tracks, counter, clip, dataset, sampling),
        Task.HEATMAP: heatmap_figures(frames, run.tracks, floor_map, clip, dataset, sampling),
    }
    return [v for task, figures in by_task.items() for v in parts.benchmark.judge(figures, task)]
