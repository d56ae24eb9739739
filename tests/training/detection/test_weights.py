"""Weights read back from graphs, bundles and checkpoints, and what is refused."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from serving.core.bundle import MODEL_FILE
from serving.core.errors import BundleError
from training.detection.network import flatten_levels, yolox_nano, yolox_tiny
from training.detection.weights import COCO_CLASS_NAMES, interpolate_weights, load_weights


@pytest.fixture(scope="module")
def coco_onnx(mirror: Path) -> Path:
    return mirror / "weights" / "detection" / "yolox_nano.onnx"


@pytest.fixture
def zoo_model(zoo_bundle: Path) -> onnx.ModelProto:
    return onnx.load(zoo_bundle / MODEL_FILE)


def _save_beside_metadata(model: onnx.ModelProto, folder: Path) -> Path:
    """An ONNX file of 80 classes needs no bundle.json, so the class head is widened to 80."""
    for tensor in model.graph.initializer:
        if "cls_preds" in tensor.name:
            array = numpy_helper.to_array(tensor)
            wide = np.repeat(array, len(COCO_CLASS_NAMES), axis=0)
            tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
    onnx.save(model, folder / "network.onnx")
    return folder / "network.onnx"


def test_coco_network_agrees_with_onnx_runtime_on_a_real_frame(
    coco_onnx: Path, sample_video: Path
) -> None:
    import cv2
    import onnxruntime

    network = yolox_nano(80)
    load_weights(network, coco_onnx, COCO_CLASS_NAMES)
    image = cv2.resize(cv2.VideoCapture(str(sample_video)).read()[1], (416, 416))
    images = image.transpose(2, 0, 1)[None].astype(np.float32)
    (expected,) = onnxruntime.InferenceSession(str(coco_onnx)).run(None, {"images": images})
    with torch.no_grad():
        got = flatten_levels(network.eval()(torch.from_numpy(images)))
    np.testing.assert_allclose(got[..., :4], expected[..., :4], atol=1e-3)
    np.testing.assert_allclose(got[..., 4:].sigmoid(), expected[..., 4:], atol=1e-3)


def test_one_class_of_coco_keeps_its_scores(coco_onnx: Path) -> None:
    whole, person = yolox_nano(80), yolox_nano(1)
    load_weights(whole, coco_onnx, COCO_CLASS_NAMES)
    load_weights(person, coco_onnx, ["person"])
    picture = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        _, all_scores = whole.eval().decode(whole(picture))
        _, scores = person.eval().decode(person(picture))
    torch.testing.assert_close(scores[..., 0], all_scores[..., 0])


def test_a_bundle_gives_back_the_network_that_it_was_exported_from(zoo_bundle: Path) -> None:
    import onnxruntime

    from serving.core.bundle import Bundle

    network = yolox_nano(1)
    load_weights(network, zoo_bundle, ["person"])
    height, width = Bundle.load(zoo_bundle).input_size_hw
    images = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    session = onnxruntime.InferenceSession(str(zoo_bundle / MODEL_FILE))
    expected_boxes, expected_scores = session.run(None, {"images": images})
    with torch.no_grad():
        tensor = torch.from_numpy(images).permute(0, 3, 1, 2).float()
        boxes, scores = network.eval().decode(network(tensor))
    np.testing.assert_allclose(scores, expected_scores, atol=1e-3)
    np.testing.assert_allclose(boxes, expected_boxes, rtol=1e-3, atol=0.5)


def test_loading_leaves_the_mode_of_the_network(zoo_bundle: Path) -> None:
    network = yolox_nano(1).train()
    load_weights(network, zoo_bundle, ["person"])
    assert network.training


def test_a_checkpoint_loads_by_name(tmp_path: Path) -> None:
    torch.manual_seed(0)
    source, target = yolox_nano(80), yolox_nano(80)
    torch.save({"model": source.state_dict(), "start_epoch": 300}, tmp_path / "yolox_nano.pth")
    load_weights(target, tmp_path / "yolox_nano.pth", COCO_CLASS_NAMES)
    for name, tensor in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], tensor), name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("head.stems.1.bn.weight"), "'head.stems.1.bn.weight' is missing"),
        (lambda s: s.update(extra=torch.zeros(1)), "'extra' is unknown"),
        (
            lambda s: s.update({"head.stems.0.conv.weight": torch.zeros(64, 64, 3, 3)}),
            r"'head.stems.0.conv.weight': expected shape \(64, 64, 1, 1\), got \(64, 64, 3, 3\)",
        ),
    ],
)
def test_a_checkpoint_with_a_wrong_tensor_is_refused_by_name(
    tmp_path: Path, change: object, message: str
) -> None:
    state = yolox_nano(80).state_dict()
    change(state)
    torch.save({"model": state}, tmp_path / "w.pth")
    with pytest.raises(BundleError, match=message):
        load_weights(yolox_nano(80), tmp_path / "w.pth", COCO_CLASS_NAMES)


def test_a_graph_with_a_tensor_of_another_shape_is_refused_by_name(
    zoo_model: onnx.ModelProto, tmp_path: Path
) -> None:
    first = next(node for node in zoo_model.graph.node if node.op_type == "Conv")
    for tensor in zoo_model.graph.initializer:
        if tensor.name == first.input[1]:
            narrow = numpy_helper.to_array(tensor)[:8]
            tensor.CopyFrom(numpy_helper.from_array(narrow.copy(), tensor.name))
    path = _save_beside_metadata(zoo_model, tmp_path)
    message = r"backbone.stem.conv.conv.weight': expected shape \(16, 12, 3, 3\), got \(8, 12, 3, 3"
    with pytest.raises(BundleError, match=message):
        load_weights(yolox_nano(1), path, ["person"])


def test_a_graph_without_a_constant_is_refused_by_name(
    zoo_model: onnx.ModelProto, tmp_path: Path
) -> None:
    first = next(node for node in zoo_model.graph.node if node.op_type == "Conv")
    tensor = next(t for t in zoo_model.graph.initializer if t.name == first.input[1])
    zoo_model.graph.initializer.remove(tensor)
    path = _save_beside_metadata(zoo_model, tmp_path)
    with pytest.raises(BundleError, match=f"constant weight and bias .*{tensor.name}"):
        load_weights(yolox_nano(1), path, ["person"])


def test_of_the_weights_of_another_network_the_first_that_differs_is_named(
    zoo_bundle: Path,
) -> None:
    message = (
        r"'backbone.backbone.stem.conv.conv.weight': expected shape \(24, 12, 3, 3\), "
        r"got \(16, 12, 3, 3\) of 'onnx::Conv_"
    )
    with pytest.raises(BundleError, match=message):
        load_weights(yolox_tiny(1), zoo_bundle, ["person"])


def test_a_convolution_that_the_graph_lacks_is_named(
    zoo_model: onnx.ModelProto, tmp_path: Path
) -> None:
    last = [node for node in zoo_model.graph.node if node.op_type == "Conv"][-1]
    zoo_model.graph.node.remove(last)
    for tensor in [t for t in zoo_model.graph.initializer if t.name in last.input]:
        zoo_model.graph.initializer.remove(tensor)
    path = _save_beside_metadata(zoo_model, tmp_path)
    message = r"'head.obj_preds.2.weight' \(1, 64, 1, 1\) is missing: .* 113 .*, got 112"
    with pytest.raises(BundleError, match=message):
        load_weights(yolox_nano(1), path, ["person"])


def test_a_convolution_that_the_network_lacks_is_named(
    zoo_model: onnx.ModelProto, tmp_path: Path
) -> None:
    tensors = {"extra.weight": np.zeros((1, 2, 3, 3)), "extra.bias": np.zeros(1)}
    zoo_model.graph.initializer.extend(
        numpy_helper.from_array(array.astype(np.float32), name) for name, array in tensors.items()
    )
    extra = onnx.helper.make_node("Conv", ["boxes", *tensors], ["more"], name="extra")
    zoo_model.graph.node.append(extra)
    path = _save_beside_metadata(zoo_model, tmp_path)
    message = r"'extra.weight' \(1, 2, 3, 3\) is unknown: .* 113 convolutions, got 114"
    with pytest.raises(BundleError, match=message):
        load_weights(yolox_nano(1), path, ["person"])


def test_a_tensor_that_the_graph_does_not_use_is_named(
    zoo_model: onnx.ModelProto, tmp_path: Path
) -> None:
    stray = numpy_helper.from_array(np.zeros(3, np.float32), "stray")
    zoo_model.graph.initializer.append(stray)
    path = _save_beside_metadata(zoo_model, tmp_path)
    with pytest.raises(BundleError, match=r"tensor 'stray' is unknown: .* got 1 that it does not"):
        load_weights(yolox_nano(1), path, ["person"])


def test_a_class_that_the_source_does_not_know_is_refused(zoo_bundle: Path) -> None:
    with pytest.raises(BundleError, match=r"class 'trolley': expected one of \['person'\]"):
        load_weights(yolox_nano(1), zoo_bundle, ["trolley"])


@pytest.mark.parametrize("name", ["missing.onnx", "text.onnx", "text.pth", "text.bin"])
def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path, name: str) -> None:
    if not name.startswith("missing"):
        (tmp_path / name).write_text("not a network")
    with pytest.raises(BundleError, match=f"start weights: .*{name}"):
        load_weights(yolox_nano(1), tmp_path / name, ["person"])


def test_interpolation_is_the_weighted_mean() -> None:
    start = {"w": torch.tensor([0.0, 4.0]), "n": torch.tensor(1)}
    tuned = {"w": torch.tensor([4.0, 0.0]), "n": torch.tensor(9)}
    mixed = interpolate_weights(start, tuned, 0.25)
    assert mixed["w"].tolist() == [1.0, 3.0]
    assert mixed["n"] == 9


def test_interpolation_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"alpha: expected a value in \[0, 1\], got 1.5"):
        interpolate_weights({}, {}, 1.5)
