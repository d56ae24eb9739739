"""A network of one's own, with what CONTRIBUTING asks for and no more, goes the whole way."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from serving.core.errors import BundleError
from training.detection.layers import BaseConv
from training.detection.losses import Truth, YOLOXLoss
from training.detection.network import BOX_CHANNELS, DetectionNetwork
from training.detection.weights import load_weights
from training.export import export_bundle


class Small(DetectionNetwork):
    """Five strided blocks and a predictor for each of the last three; no `Focus`, no `backbone`.

    `load_weights` looks for class predictors below `head`; another name hides them.
    """

    def __init__(self, num_classes: int, name: str = "head") -> None:
        super().__init__()
        self.num_classes, self._name = num_classes, name
        self.blocks = nn.ModuleList(
            BaseConv(3 if block == 0 else 8, 8, 3, stride=2) for block in range(5)
        )
        self.where = nn.ModuleList(nn.Conv2d(8, BOX_CHANNELS + 1, 1) for _ in range(3))
        what = nn.ModuleList(nn.Conv2d(8, num_classes, 1) for _ in range(3))
        self.add_module(name, nn.ModuleDict({"cls_preds": what}))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        levels, x = [], images / 255
        what = self.get_submodule(self._name)["cls_preds"]
        for level, block in enumerate(self.blocks, start=-2):
            x = block(x)
            if level >= 0:
                levels.append(torch.cat((self.where[level](x), what[level](x)), dim=1))
        return tuple(levels)


@pytest.fixture
def picture() -> Tensor:
    return torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0)) * 255


def test_it_learns_from_the_loss(picture: Tensor) -> None:
    network = Small(2)
    truth = Truth(torch.tensor([[8.0, 8.0, 40.0, 56.0]]), torch.tensor([1]))
    YOLOXLoss()(network(picture), [truth], with_l1=True).total.backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []


def test_it_is_exported_through_the_parity_gate_and_read_back(
    picture: Tensor, tmp_path, description, frames
) -> None:
    torch.manual_seed(0)
    network, again = Small(2), Small(2)
    export_bundle(network, tmp_path / "small", description, frames)
    load_weights(again, tmp_path / "small", description.class_names)
    with torch.no_grad():
        for got, expected in zip(again.eval()(picture), network.eval()(picture), strict=True):
            torch.testing.assert_close(got, expected, rtol=0, atol=1e-4)


def test_without_named_class_predictors_it_is_exported_and_refused_as_start_weights(
    tmp_path, description, frames
) -> None:
    export_bundle(Small(2, "mine"), tmp_path / "small", description, frames)
    message = "expected class predictors 'head.cls_preds.0' in the network, got none"
    with pytest.raises(BundleError, match=message):
        load_weights(Small(2, "mine"), tmp_path / "small", description.class_names)
