"""A bundle is written whole, behind the parity gate, or not at all."""

import copy
import json
import resource
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from onnx import numpy_helper

from datasets.manifest import FILE_NAME as MANIFEST_FILE
from datasets.manifest import FileEntry, Manifest
from serving.core.bundle import CARD_FILE, METADATA_FILE, MODEL_FILE, Bundle, sha256_of
from serving.core.errors import BundleError, ParityError, SinkError
from serving.inference.detector import Detector
from training.detection.network import YOLOX
from training.detection.weights import load_weights
from training.export import bundle as bundle_module
from training.export import describe, export_bundle
from training.export.onnx import export_onnx
from training.export.parity import BOX_TOLERANCE_PX, SCORE_TOLERANCE, check_parity


def tamper(path: Path) -> None:
    """Change the boxes' centres by a tenth of a cell on the coarsest level, 3.2 px."""
    model = onnx.load(path)
    [bias] = [t for t in model.graph.initializer if t.name.endswith("reg_preds.2.bias")]
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + 0.1, bias.name))
    onnx.save(model, path)


def files_below(folder: Path) -> dict[str, str]:
    return {p.name: sha256_of(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_bundle_says_what_it_was_told_and_what_was_measured(exported, description):
    assert sorted(files_below(exported)) == sorted([CARD_FILE, METADATA_FILE, MODEL_FILE])
    assert exported.stat().st_mode & 0o777 == 0o755
    bundle = Bundle.load(exported)
    assert describe(bundle) == description
    differences = bundle.parity["max_difference"]
    assert set(differences) == {"onnxruntime-f32", "openvino-f32", "openvino-bf16"}
    for name in ("onnxruntime-f32", "openvino-f32"):
        assert 0 <= differences[name]["box_px"] <= BOX_TOLERANCE_PX
        assert 0 <= differences[name]["score"] <= SCORE_TOLERANCE
    assert bundle.parity["num_frames"] == 3


def test_the_network_reads_back_from_its_bundle(network, exported, description):
    again = YOLOX(width=0.125, depth=0.33, depthwise=True, num_classes=2)
    load_weights(again, exported, description.class_names)
    images = torch.rand(2, 3, 64, 64) * 255
    with torch.no_grad():
        for got, expected in zip(again.eval()(images), network(images), strict=True):
            torch.testing.assert_close(got, expected, rtol=0, atol=1e-4)


def test_accuracy_is_measured_with_every_backend_and_precision(network, exported, frames):
    asked = []

    def measure(backend):
        asked.append(len(Detector(backend, class_name="person").detect(frames)))
        return 0.25 * len(asked)

    parity = check_parity(network, Bundle.load(exported), frames, measure)
    assert asked == [3, 3, 3, 3]
    assert {name: got.average_precision for name, got in parity.differences.items()} == {
        "onnxruntime-f32": 0.25,
        "openvino-f32": 0.5,
        "openvino-bf16": 0.75,
        "openvino-int8": 1.0,
    }
    assert 0 < parity.differences["openvino-int8"].score < 1


def test_parity_refuses_a_graph_that_gives_other_boxes(network, folder, frames):
    tamper(folder / MODEL_FILE)
    values = json.loads((folder / METADATA_FILE).read_text())
    values["model_sha256"] = sha256_of(folder / MODEL_FILE)
    (folder / METADATA_FILE).write_text(json.dumps(values))
    with pytest.raises(ParityError, match=r"onnxruntime-f32: expected boxes within 0.5 px"):
        check_parity(network, Bundle.load(folder), frames)


def test_no_bundle_without_parity_and_the_old_one_stays(
    network, folder, description, frames, monkeypatch
):
    before = files_below(folder)

    def export_tampered(model, path, *rest):
        export_onnx(model, path, *rest)
        tamper(path)

    monkeypatch.setattr(bundle_module, "export_onnx", export_tampered)
    for target in (folder, folder.with_name("new")):
        with pytest.raises(ParityError):
            export_bundle(network, target, replace(description, version="2.0.0"), frames)
    assert files_below(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_newer_bundle_takes_the_place_of_the_older_one_with_its_manifest(
    network, folder, description, frames
):
    (folder / "left over").touch()
    files = (FileEntry("labels.json", "a" * 64, 10),)
    manifest = Manifest("our-shop", "labels.json", "CC BY 4.0", True, files)
    newer = replace(description, version="2.0.0", data_manifest_sha256=manifest.sha256)
    written = export_bundle(network, folder, newer, frames, manifest=manifest)
    assert written == Bundle.load(folder)
    assert written.version == "2.0.0"
    assert Manifest.read(folder) == manifest
    assert "our-shop" in (folder / CARD_FILE).read_text()
    assert not (folder / "left over").exists()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_full_disk_leaves_the_old_bundle_and_nothing_half_written(
    network, folder, description, frames
):
    before = files_below(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(SinkError, match=f"bundle {folder}: expected room for it, got File to"):
            export_bundle(network, folder, description, frames)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files_below(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("comes_back", [True, False])
def test_an_old_bundle_is_never_lost_when_the_new_one_cannot_be_moved(
    network, folder, description, frames, monkeypatch, comes_back
):
    before = files_below(folder)
    rename, refused = Path.rename, []

    def refuse(path, target):
        if target == folder and not (refused and comes_back):
            refused.append(path)
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    error = PermissionError if comes_back else BundleError
    with pytest.raises(error, match="Permission denied") as caught:
        export_bundle(network, folder, description, frames)
    (left,) = folder.parent.iterdir()
    assert files_below(left) == before
    assert left == folder or f"the old one is safe in {left / folder.name}" in str(caught.value)


def test_a_place_that_holds_something_else_than_a_bundle_is_refused_and_kept(
    network, tmp_path, description, frames
):
    (tmp_path / "thesis.txt").write_text("years of work")
    for place in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(BundleError, match=f"{place}: expected no folder, an empty one or a"):
            export_bundle(network, place, description, frames)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["years of work"]


def test_another_manifest_than_the_stated_one_is_refused(network, folder, description, frames):
    before = files_below(folder)
    other = Manifest("other", "none", "none", False, ())
    with pytest.raises(BundleError, match=f"{MANIFEST_FILE}: expected sha256 {'0' * 64}"):
        export_bundle(network, folder, description, frames, manifest=other)
    assert files_below(folder) == before


def test_parity_on_pictures_that_show_nothing_proves_nothing(network, exported, frames):
    blind = copy.deepcopy(network)
    for conv in blind.head.obj_preds:
        torch.nn.init.constant_(conv.bias, -20.0)
    bundle = Bundle.load(exported)
    with pytest.raises(ParityError, match=r"expected frames on which torch scores a box 0.01"):
        check_parity(blind, bundle, frames)
    with pytest.raises(ParityError, match="expected at least one real frame, got none"):
        check_parity(network, bundle, [])


def test_class_names_that_do_not_fit_the_network_are_refused(
    network, tmp_path, description, frames
):
    with pytest.raises(ValueError, match=r"class_names: expected 2, got \['person'\]"):
        export_bundle(network, tmp_path, replace(description, class_names=("person",)), frames)
