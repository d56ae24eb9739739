"""The contract of every network in conf/model, and the arithmetic of the decoding."""

from pathlib import Path

import hydra
import pytest
import torch
from omegaconf import OmegaConf

from training.detection.network import YOLOX, cells_of, decode_boxes, flatten_levels, yolox_nano

REPOSITORY = Path(__file__).resolve().parents[3]
MODELS = sorted(path.stem for path in (REPOSITORY / "conf" / "model").glob("*.yaml"))


@pytest.fixture(params=MODELS)
def network(request: pytest.FixtureRequest) -> YOLOX:
    config = OmegaConf.load(REPOSITORY / "conf" / "model" / f"{request.param}.yaml").network
    torch.manual_seed(0)
    return hydra.utils.instantiate(config, num_classes=3).eval()


def test_levels_have_strides_8_16_32_and_box_object_class_channels(network: YOLOX) -> None:
    with torch.no_grad():
        levels = network(torch.zeros(2, 3, 64, 96))
    assert [tuple(level.shape) for level in levels] == [(2, 8, 8, 12), (2, 8, 4, 6), (2, 8, 2, 3)]


def test_decoded_scores_are_probabilities_of_every_cell_and_class(network: YOLOX) -> None:
    with torch.no_grad():
        boxes, scores = network.decode(network(torch.rand(2, 3, 64, 96) * 255))
    num_cells = 8 * 12 + 4 * 6 + 2 * 3
    assert boxes.shape == (2, num_cells, 4)
    assert scores.shape == (2, num_cells, 3)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (boxes[..., 2:] > boxes[..., :2]).all()


def test_a_picture_gives_the_same_alone_and_in_a_batch(network: YOLOX) -> None:
    pictures = torch.rand(2, 3, 64, 64) * 255
    with torch.no_grad():
        alone, together = network(pictures[:1]), network(pictures)
    for one, both in zip(alone, together, strict=True):
        torch.testing.assert_close(one[0], both[0], rtol=1e-4, atol=1e-4)


def test_every_parameter_gets_a_gradient(network: YOLOX) -> None:
    network.train()
    sum(level.square().mean() for level in network(torch.rand(2, 3, 64, 64))).backward()
    without = [name for name, p in network.named_parameters() if p.grad is None]
    assert without == []


def test_published_sizes_are_met() -> None:
    # YOLOX paper, table 5: nano 0.91 M parameters with the 80 classes of COCO.
    assert sum(p.numel() for p in yolox_nano(80).parameters()) == pytest.approx(0.91e6, rel=0.01)


def test_decoding_puts_the_centre_at_the_cell_and_the_size_in_strides() -> None:
    levels = tuple(torch.zeros(1, 6, size, size) for size in (4, 2, 1))
    boxes = decode_boxes(flatten_levels(levels)[..., :4], cells_of(levels))[0]
    # Raw zeros: centre on the cell's corner, sides of one stride.
    assert boxes[0].tolist() == [-4, -4, 4, 4]
    assert boxes[5].tolist() == [4, 4, 12, 12]  # stride 8, second row, second column
    assert boxes[16 + 1].tolist() == [8, -8, 24, 8]  # stride 16, second column
    assert boxes[20].tolist() == [-16, -16, 16, 16]  # stride 32


def test_no_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="num_classes: expected at least 1, got 0"):
        yolox_nano(0)
