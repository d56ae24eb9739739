"""One step of a training by itself, to see whether its data keeps up with it.

python -m datasets benchmark --only loaders --step training.detection.step:yolox_nano_step
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from datasets.datamodules.detection import DetectionBatch
from training.detection.losses import Truth, YOLOXLoss
from training.detection.module import as_input
from training.detection.network import yolox_nano

_LEARNING_RATE = 1e-5


def yolox_nano_step() -> Callable[[DetectionBatch], None]:
    """What `python train.py` does with a batch: forward, loss, backward, optimiser."""
    network = yolox_nano(num_classes=1).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(network.parameters(), _LEARNING_RATE, momentum=0.9, nesterov=True)
    loss = YOLOXLoss()

    def step(batch: DetectionBatch) -> None:
        optimizer.zero_grad()
        truths = [Truth(*pair) for pair in zip(batch.xyxy_px, batch.class_id, strict=True)]
        loss(network(as_input(batch.images)), truths, with_l1=False).total.backward()
        optimizer.step()

    return step
