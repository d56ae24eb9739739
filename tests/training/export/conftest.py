"""A small random detector that sees something, pictures for it, and its bundle."""

import shutil

import numpy as np
import pytest
import torch

from serving.core.frame import Frame
from training.detection.network import YOLOX
from training.export import BundleDescription, export_bundle

INPUT_SIZE_HW = (64, 96)


@pytest.fixture(scope="session")
def network():
    """Two classes, 8 base channels, batch statistics that are not the identity.

    Weights keep the variance of what they see, else the outputs would be the biases alone.
    """
    torch.manual_seed(0)
    network = YOLOX(width=0.125, depth=0.33, depthwise=True, num_classes=2)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
    network.backbone.backbone.stem.conv.conv.weight.data /= 128  # pixels go to 255
    for conv in (*network.head.cls_preds, *network.head.obj_preds):
        torch.nn.init.zeros_(conv.bias)
    return network.eval()


@pytest.fixture(scope="session")
def frames():
    """Three noisy pictures of two sizes."""
    rng = np.random.default_rng(0)
    sizes = [(48, 96), (120, 160), (48, 96)]
    return [
        Frame(rng.integers(0, 256, (*size, 3), dtype=np.uint8), "noise", index, float(index))
        for index, size in enumerate(sizes)
    ]


@pytest.fixture(scope="session")
def description():
    return BundleDescription(
        name="person-tiny",
        version="1.2.3",
        class_names=("person", "trolley"),
        input_size_hw=INPUT_SIZE_HW,
        commercial_use=True,
        min_height_px=12.0,
        data_manifest_sha256="0" * 64,
        git_commit="1" * 40,
        training_command="python train.py experiment=none",
    )


@pytest.fixture(scope="session")
def exported(network, frames, description, tmp_path_factory):
    """The folder of the network's bundle; not to be changed."""
    folder = tmp_path_factory.mktemp("exported") / "person-tiny"
    export_bundle(network, folder, description, frames)
    return folder


@pytest.fixture
def folder(exported, tmp_path):
    """A copy of the bundle, alone in its parent folder."""
    return shutil.copytree(exported, tmp_path / "zoo" / exported.name)
