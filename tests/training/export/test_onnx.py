"""The exported graph: what it takes, what it gives, and what it leaves out."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from serving.core.bundle import MODEL_FILE
from training.detection.layers import focus_from_strided, strided_from_focus
from training.detection.network import yolox_nano
from training.export.onnx import OPSET, ExportableDetector, export_onnx

SIZE_HW = (64, 96)  # of the exported bundle


@pytest.fixture
def graph_path(exported):
    return exported / MODEL_FILE


@pytest.mark.parametrize("num_pictures", [1, 3])
def test_any_batch_gives_what_the_network_gives(network, graph_path, num_pictures):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (num_pictures, *SIZE_HW, 3), dtype=np.uint8)
    boxes, scores = onnxruntime.InferenceSession(graph_path).run(None, {"images": images})
    with torch.no_grad():
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()
        expected_boxes, expected_scores = network.decode(network(pixels))
    # 8·12 + 4·6 + 2·3 cells, two classes.
    assert boxes.shape == (num_pictures, 126, 4)
    assert scores.shape == (num_pictures, 126, 2)
    np.testing.assert_allclose(boxes, expected_boxes, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-5)


def test_export_leaves_the_network_as_it_was(network, tmp_path):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    model = ExportableDetector(network, SIZE_HW)
    export_onnx(model, tmp_path / "model.onnx", SIZE_HW, ("boxes", "scores"))
    after = network.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_the_graph_is_plain_enough_for_every_runtime(graph_path):
    model = onnx.load(graph_path)
    onnx.checker.check_model(model, full_check=True)
    [opset] = model.opset_import
    operators = {node.op_type for node in model.graph.node}
    assert (opset.domain, opset.version) == ("", OPSET)
    # No normalisation that was not folded, no shape that is computed while it runs.
    assert operators == {
        *("Cast", "Transpose", "Constant", "Conv", "Sigmoid", "Mul", "Add", "Concat", "MaxPool"),
        *("Resize", "Reshape", "Slice", "Exp", "Div", "Sub"),
        "Identity",  # this network's biases are all zero: one constant for several layers
    }


def test_nano_for_people_is_at_most_4_mb(tmp_path):
    path, size_hw = tmp_path / "model.onnx", (384, 640)
    export_onnx(ExportableDetector(yolox_nano(1), size_hw), path, size_hw, ("boxes", "scores"))
    assert path.stat().st_size <= 4_000_000


@pytest.mark.parametrize("size_hw", [(64, 100), (0, 96), (33, 32)])
def test_a_size_that_is_no_multiple_of_the_stride_is_refused(network, size_hw):
    with pytest.raises(ValueError, match="expected multiples of 32, got"):
        ExportableDetector(network, size_hw)


def test_a_strided_kernel_is_the_focus_kernel_in_another_order():
    weight = torch.arange(2 * 12 * 9, dtype=torch.float32).reshape(2, 12, 3, 3)
    strided = strided_from_focus(weight)
    # Channels 3 to 5 of Focus hold the lower left pixel of each 2×2 block.
    assert strided[1, 2, 1, 0] == weight[1, 3 + 2, 0, 0]
    assert torch.equal(focus_from_strided(strided), weight)
