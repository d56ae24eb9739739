"""`train.py` end to end on the sample: a bundle, its figures, and a record of how it came about."""

from __future__ import annotations

import json
import shlex
import sqlite3
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from serving.core.bundle import Bundle
from serving.core.errors import BundleError, LabelError, SinkError

Train = Callable[..., CompletedProcess[str]]
LICENCE = "data.licence=labels of our own"


@pytest.fixture(scope="module")
def output(train: Train, sample_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs")
    result = train(folder, LICENCE)
    assert result.returncode == 0, result.stderr
    assert f"{folder}/run/bundle" in result.stdout
    return folder


def test_a_run_leaves_a_bundle_with_its_figures(output: Path) -> None:
    bundle = Bundle.load(output / "run" / "bundle")
    assert bundle.input_size_hw == (192, 256)
    assert bundle.training_command.startswith("python train.py experiment=detection/smoke")
    assert shlex.split(bundle.training_command)[-1] == LICENCE
    measured = bundle.metrics["validation"]
    assert measured["num_images"] == 25
    assert measured["trained"].keys() == measured["start"].keys() == {"ap", "ap50", "ap75"}
    assert 0 < measured["start"]["ap50"] <= 1


def test_a_run_is_recorded_with_parameters_metrics_and_the_bundle(output: Path) -> None:
    bundle = Bundle.load(output / "run" / "bundle")
    with sqlite3.connect(output / "mlflow.db") as database:
        parameters = dict(database.execute("SELECT key, value FROM params").fetchall())
        metrics = {name for (name,) in database.execute("SELECT DISTINCT key FROM metrics")}
    assert parameters["data_manifest_sha256"] == bundle.data_manifest_sha256
    assert parameters["git_commit"] == bundle.git_commit
    assert parameters["model.optimizer"] == "adamw"
    assert {"train/total", "train/learning_rate", "validation/ap50", "bundle/ap50"} <= metrics
    (recorded,) = (output / "mlartifacts").rglob("model.onnx")
    assert recorded.read_bytes() == bundle.model_path.read_bytes()


def test_a_checkpoint_that_does_not_exist_is_one_line_and_code_2(
    train: Train, sample_video: Path, tmp_path: Path
) -> None:
    result = train(tmp_path, "ckpt=nowhere.ckpt")
    assert result.returncode == 2
    assert "error: key 'ckpt': expected a checkpoint, got no file nowhere.ckpt" in result.stderr
    assert not (tmp_path / "run" / "bundle").exists()


def test_a_checkpoint_of_another_network_is_one_line_and_nothing_is_trained(
    train: Train, output: Path, few_frames: str, tmp_path: Path
) -> None:
    checkpoint = output / "run" / "checkpoints" / "last.ckpt"
    options = [few_frames, "logger=none", "model=yolox_tiny", "model.start_weights=null"]
    result = train(tmp_path, *options, f"ckpt={checkpoint}")
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == (
        "error: key 'ckpt': expected a checkpoint of the same network, "
        "'network.backbone.backbone.stem.conv.conv.weight' of [24, 12, 3, 3], "
        f"got [16, 12, 3, 3] in {checkpoint}"
    )
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.rglob("*.ckpt"))


def test_a_file_that_is_no_checkpoint_is_one_line(
    train: Train, few_frames: str, tmp_path: Path
) -> None:
    text = tmp_path / "notes.ckpt"
    text.write_text("no checkpoint")
    result = train(tmp_path, few_frames, "logger=none", f"ckpt={text}")
    assert result.returncode == 2
    last = result.stderr.splitlines()[-1]
    assert last.startswith(f"error: key 'ckpt': expected a whole checkpoint, got {text}: ")
    assert "Traceback" not in result.stderr


def test_a_folder_of_other_files_is_no_place_for_a_bundle_and_nothing_is_trained(
    train: Train, sample_video: Path, tmp_path: Path
) -> None:
    taken = tmp_path / "documents"
    taken.mkdir()
    (taken / "thesis.txt").write_text("years of work")
    result = train(tmp_path, f"bundle.folder={taken}")
    assert result.returncode == BundleError.exit_code
    assert result.stderr.splitlines()[-1].startswith(f"error: {taken}: expected no folder, an")
    assert [path.name for path in taken.iterdir()] == ["thesis.txt"]
    assert not list(tmp_path.rglob("*.ckpt"))


@pytest.mark.parametrize(
    ("category", "bbox", "message"),
    [
        ("person", [700, 2, 100, 20], "expected a box with an area inside 768×576 px"),
        ("dog", [1, 2, 10, 20], "expected a class of ['person'], got 'dog'"),
    ],
)
def test_labels_that_cannot_be_learned_are_one_line_and_nothing_is_trained(
    train: Train,
    sample_video: Path,
    tmp_path: Path,
    category: str,
    bbox: list[int],
    message: str,
) -> None:
    labels = tmp_path / "labels.json"
    image = {"id": 1, "file_name": "a.png", "frame_index": 0, "width": 768, "height": 576}
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": bbox}
    categories = [{"id": 1, "name": category}]
    labels.write_text(
        json.dumps({"images": [image], "annotations": [box], "categories": categories})
    )
    source = f"{{_target_: datasets.detection.CocoVideo, labels: {labels}, video: {sample_video}}}"
    result = train(tmp_path, f"data.sources=[{source}]")
    assert result.returncode == LabelError.exit_code
    assert result.stderr.splitlines()[-1].startswith(f"error: {labels}, annotation 1: {message}")
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.rglob("*.ckpt"))


def test_a_number_that_no_loader_can_use_is_one_line_and_code_2(
    train: Train, tmp_path: Path
) -> None:
    result = train(tmp_path, "data.batch_size=0", "logger=none")
    assert result.returncode == 2
    (message,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert message.startswith("error: key 'data' (conf/data/site.yaml): batch_size: expected at")
    assert "Traceback" not in result.stderr


def test_a_copy_of_the_bundle_that_cannot_be_kept_makes_a_failed_run(
    train: Train, few_frames: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    result = train(tmp_path, few_frames, f"logger.artifact_location={tmp_path}/taken/artefacts")
    assert result.returncode == SinkError.exit_code
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: MLflow run ")
    assert f"expected to keep a copy of {tmp_path}/run/bundle, got " in last
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("SELECT status FROM runs").fetchall() == [("FAILED",)]
