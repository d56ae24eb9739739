"""Writing a bundle: graph, metadata and card, and only when the backends agree with torch."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from datasets.files import room_for
from datasets.manifest import Manifest
from evaluation.model_card import render_card
from serving.core.bundle import (
    CARD_FILE,
    METADATA_FILE,
    MODEL_FILE,
    Bundle,
    Output,
    sha256_of,
)
from serving.core.errors import BundleError
from serving.core.frame import Frame
from serving.core.labels import Task
from training.detection.network import DetectionNetwork
from training.detection.validation import NMS_IOU, SCORE_THRESHOLD
from training.export.onnx import BOXES, SCORES, ExportableDetector, export_onnx
from training.export.parity import Measure, check_parity


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleDescription:
    """What a bundle says of itself and only its maker knows.

    Args:
        name: the bundle's name, that of its folder in the zoo.
        version: semantic version.
        class_names: the classes in the order of the network's outputs.
        input_size_hw: height and width of the graph's pictures in pixels.
        score_threshold: lowest score that a detector reports.
        nms_iou: of two boxes that overlap more, the better one stays.
        min_height_px: least height in the input of what the labels ask for; 0: everything.
        licence: SPDX name of the weights' licence.
        commercial_use: whether licence and training data allow it.
        data_manifest_sha256: hash of the training data's manifest.
        git_commit: the commit that trained it.
        training_command: what to type to train it again.
        derived_from: the published weights that training started from, with their licence.
        metrics: measured figures by name.
    """

    name: str
    version: str
    class_names: tuple[str, ...]
    input_size_hw: tuple[int, int]
    score_threshold: float = SCORE_THRESHOLD
    nms_iou: float = NMS_IOU
    min_height_px: float = 0.0
    licence: str = "Apache-2.0"
    commercial_use: bool
    data_manifest_sha256: str
    git_commit: str
    training_command: str
    derived_from: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)


def export_bundle(
    network: DetectionNetwork,
    folder: Path,
    description: BundleDescription,
    frames: Sequence[Frame],
    measure: Measure | None = None,
    manifest: Manifest | None = None,
) -> Bundle:
    """Export `network` to the bundle in `folder`; an older bundle there is replaced as a whole.

    Everything is written to a folder beside it, which takes its place after parity has passed.

    Args:
        network: the trained detector, on any device; left in evaluation mode.
        folder: where the bundle shall lie.
        description: names, thresholds and origin.
        frames: real pictures for the parity gate, some with objects of the classes.
        measure: average precision of a backend; measured for every backend and precision.
        manifest: of the training data; goes into the bundle, and its name and licence into the
            card.

    Raises:
        ParityError: a backend does not give torch's results; `folder` is then as it was.
        SinkError: there is no room for it; `folder` is then as it was.
        BundleError: the folder holds something else than a bundle, or the manifest is not the
            one whose hash the description states.
        ValueError: class names or input size do not fit the network.
    """
    if len(description.class_names) != network.num_classes:
        raise ValueError(
            f"class_names: expected {network.num_classes}, got {list(description.class_names)}"
        )
    check_replaceable(folder)
    with room_for(f"bundle {folder}"):
        _write(network, folder, description, frames, measure, manifest)
    return Bundle.load(folder)


def _write(
    network: DetectionNetwork,
    folder: Path,
    description: BundleDescription,
    frames: Sequence[Frame],
    measure: Measure | None,
    manifest: Manifest | None,
) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        model = ExportableDetector(network, description.input_size_hw)
        export_onnx(model, partial / MODEL_FILE, description.input_size_hw, (BOXES, SCORES))
        bundle = _metadata(description, partial)
        parity = check_parity(network, bundle, frames, measure)
        bundle = replace(bundle, parity=parity.to_metadata())
        if manifest is not None:
            manifest.write(partial)  # read by the card
        (partial / METADATA_FILE).write_text(bundle.to_json(), encoding="utf-8")
        (partial / CARD_FILE).write_text(render_card(bundle), encoding="utf-8")
        partial.chmod(0o755)
        _replace_folder(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_replaceable(folder: Path) -> None:
    """Hold the place of a bundle to be against what lies there: nothing or an older bundle.

    Raises:
        BundleError: a file, or a folder that holds something else.
    """
    if folder.is_dir():
        if (folder / METADATA_FILE).is_file() or not any(folder.iterdir()):
            return
        found = f"a folder with other files and no {METADATA_FILE}"
    elif folder.exists():
        found = "a file"
    else:
        return
    raise BundleError(
        f"{folder}: expected no folder, an empty one or a bundle to replace, got {found}"
    )


def describe(bundle: Bundle) -> BundleDescription:
    """The description with which an existing bundle was exported."""
    return BundleDescription(
        name=bundle.name,
        version=bundle.version,
        class_names=bundle.output("scores").labels,
        input_size_hw=bundle.input_size_hw,
        score_threshold=bundle.thresholds["score"],
        nms_iou=bundle.thresholds["nms_iou"],
        min_height_px=bundle.min_height_px,
        licence=bundle.licence,
        commercial_use=bundle.commercial_use,
        data_manifest_sha256=bundle.data_manifest_sha256,
        git_commit=bundle.git_commit,
        training_command=bundle.training_command,
        derived_from=bundle.derived_from,
        metrics=bundle.metrics,
    )


def _metadata(description: BundleDescription, folder: Path) -> Bundle:
    return Bundle(
        name=description.name,
        version=description.version,
        task=Task.DETECTION,
        input_size_hw=description.input_size_hw,
        resize="letterbox",
        outputs=(Output(BOXES, "boxes"), Output(SCORES, "scores", description.class_names)),
        thresholds={"score": description.score_threshold, "nms_iou": description.nms_iou},
        min_height_px=description.min_height_px,
        licence=description.licence,
        commercial_use=description.commercial_use,
        model_sha256=sha256_of(folder / MODEL_FILE),
        data_manifest_sha256=description.data_manifest_sha256,
        git_commit=description.git_commit,
        training_command=description.training_command,
        derived_from=description.derived_from,
        metrics=description.metrics,
        folder=folder,
    )


def _replace_folder(new: Path, folder: Path) -> None:
    """Move `new` to `folder`; what was there comes back when that fails, and is never deleted."""
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    old = aside / folder.name
    try:
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except OSError as error:
        with suppress(OSError):
            if old.exists():
                old.rename(folder)
        if old.exists():
            raise BundleError(
                f"bundle {folder}: expected to move the new one there, got {error.strerror}; "
                f"the old one is safe in {old}"
            ) from error
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)
