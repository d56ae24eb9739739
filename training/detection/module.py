"""The detector as a Lightning module: loss, optimiser, schedule, validation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from datasets.datamodules.detection import DetectionBatch
from serving.core.detections import Detections
from serving.core.letterbox import Letterbox
from training.detection.losses import Truth, YOLOXLoss
from training.detection.network import DetectionNetwork
from training.detection.published import start_weights_path
from training.detection.validation import (
    found_by_class,
    labelled_by_class,
    mean_average_precision,
)
from training.detection.weights import interpolate_weights, load_weights

Optimizer = Literal["sgd", "adamw"]


class DetectionModule(LightningModule):
    """Trains a detection network.

    Args:
        network: the network; the module owns it.
        class_names: of its classes, in order.
        start_weights: a bundle's folder, a file, or the name of published weights; none trains
            from scratch.
        weights_dir: where published weights are kept.
        loss: the loss over a batch.
        optimizer: `sgd` with Nesterov momentum 0.9, or `adamw`.
        learning_rate: at the end of the warm-up.
        weight_decay: on convolution weights only, never on biases or batch normalisation.
        warmup_epochs: of rising learning rate (quadratic); after it a cosine falls to
            `final_learning_rate` times the learning rate.
        l1_from_epoch: from this epoch on the box is also trained with L1.
        frozen: prefixes of parameters that keep their values, such as `backbone.backbone`.
        freeze_batch_norm: keep the batch statistics. Needed for small batches, and for weights
            from an exported graph, which holds none.
        interpolation: 1 delivers the trained weights, less mixes in the start weights (WiSE-FT).
    """

    def __init__(
        self,
        network: DetectionNetwork,
        class_names: Sequence[str] = ("person",),
        start_weights: str | None = None,
        weights_dir: str = "data/weights",
        loss: YOLOXLoss | None = None,
        optimizer: Optimizer = "sgd",
        learning_rate: float = 1e-3,
        weight_decay: float = 5e-4,
        warmup_epochs: float = 1.0,
        final_learning_rate: float = 0.05,
        l1_from_epoch: int = 1_000_000,
        frozen: Sequence[str] = (),
        freeze_batch_norm: bool = False,
        interpolation: float = 1.0,
    ) -> None:
        super().__init__()
        self._check(optimizer, learning_rate, interpolation, start_weights)
        # Channels last: a third faster on a CPU, and what a BGR picture is in memory.
        self.network = network.to(memory_format=torch.channels_last)
        self.class_names = tuple(class_names)
        self.start_weights = start_weights
        self._loss = loss or YOLOXLoss()
        self._optimizer, self._learning_rate = optimizer, learning_rate
        self._weight_decay = weight_decay
        self._warmup_epochs, self._final_learning_rate = warmup_epochs, final_learning_rate
        self._l1_from_epoch = l1_from_epoch
        self._freeze_batch_norm = freeze_batch_norm
        self._interpolation = interpolation
        if len(self.class_names) != network.num_classes:
            raise ValueError(
                f"class_names: expected {network.num_classes} names, got {list(class_names)}"
            )
        if start_weights is not None:
            path = start_weights_path(start_weights, Path(weights_dir))
            load_weights(network, path, self.class_names)
        self._start_state = {k: v.clone() for k, v in network.state_dict().items()}
        self._freeze(frozen)
        self._found: list[list[Detections]] = []
        self._labelled: list[list[Detections]] = []
        self.train()  # Lightning keeps the mode of each part as it finds it

    @staticmethod
    def _check(
        optimizer: str, learning_rate: float, interpolation: float, start_weights: str | None
    ) -> None:
        if optimizer not in get_args(Optimizer):
            raise ValueError(f"optimizer: expected one of {get_args(Optimizer)}, got '{optimizer}'")
        if not learning_rate > 0:
            raise ValueError(f"learning_rate: expected a positive number, got {learning_rate}")
        if not 0 <= interpolation <= 1:
            raise ValueError(f"interpolation: expected a value in [0, 1], got {interpolation}")
        if interpolation < 1 and start_weights is None:
            raise ValueError(f"interpolation {interpolation}: expected start_weights, got none")

    def _freeze(self, prefixes: Sequence[str]) -> None:
        for prefix in prefixes:
            parameters = [p for n, p in self.network.named_parameters() if n.startswith(prefix)]
            if not parameters:
                children = [name for name, _ in self.network.named_children()]
                raise ValueError(f"frozen: expected a prefix below {children}, got '{prefix}'")
            for parameter in parameters:
                parameter.requires_grad_(False)

    def train(self, mode: bool = True) -> DetectionModule:
        """As in torch, but frozen batch statistics stay in evaluation mode."""
        super().train(mode)
        if mode and self._freeze_batch_norm:
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def deployable_network(self) -> DetectionNetwork:
        """The network to export: the present weights, mixed with the start weights as asked."""
        tuned = self.network.state_dict()
        start = {name: tensor.to(tuned[name].device) for name, tensor in self._start_state.items()}
        self.network.load_state_dict(interpolate_weights(start, tuned, self._interpolation))
        return self.network.eval()

    def training_step(self, batch: DetectionBatch, batch_idx: int) -> Tensor:
        """The weighted loss of one batch; it, its parts and the learning rate are logged."""
        levels = self.network(as_input(batch.images))
        truths = [Truth(*pair) for pair in zip(batch.xyxy_px, batch.class_id, strict=True)]
        losses = self._loss(levels, truths, with_l1=self.current_epoch >= self._l1_from_epoch)
        logged = {f"train/{name}": value.detach() for name, value in losses._asdict().items()}
        logged["train/learning_rate"] = self.trainer.optimizers[0].param_groups[0]["lr"]
        self.log_dict(logged, batch_size=len(truths))
        return losses.total

    def validation_step(self, batch: DetectionBatch, batch_idx: int) -> None:
        """Collect the detections and the labels of one batch."""
        box, score = self.network.decode(self.network(as_input(batch.images)))
        box_px, scores = box.float().cpu().numpy(), score.float().cpu().numpy()
        height, width = batch.images.shape[1:3]
        for image, original_size_hw in enumerate(batch.original_size_hw):
            fit = Letterbox(original_size_hw, (height, width))
            label_px = fit.to_image(batch.xyxy_px[image].cpu().numpy())
            class_id = batch.class_id[image].cpu().numpy()
            self._found.append(found_by_class(box_px[image], scores[image], fit))
            self._labelled.append(labelled_by_class(label_px, class_id, len(self.class_names)))

    def on_validation_epoch_end(self) -> None:
        """Log average precision over all validation pictures as `validation/…`."""
        result = mean_average_precision(self._found, self._labelled)
        self.log_dict({f"validation/{name}": ap for name, ap in result.items()}, prog_bar=True)
        self._found, self._labelled = [], []

    def configure_optimizers(self) -> dict[str, Any]:
        """The optimiser with its schedule, which advances with every step."""
        decayed, plain = [], []
        for parameter in self.network.parameters():
            if parameter.requires_grad:
                (decayed if parameter.ndim > 1 else plain).append(parameter)
        groups = [
            {"params": decayed, "weight_decay": self._weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ]
        optimizer: torch.optim.Optimizer
        if self._optimizer == "sgd":
            optimizer = torch.optim.SGD(groups, self._learning_rate, momentum=0.9, nesterov=True)
        else:
            optimizer = torch.optim.AdamW(groups, self._learning_rate)
        num_steps = int(self.trainer.estimated_stepping_batches)
        num_epochs = max(self.trainer.max_epochs or 1, 1)
        num_warmup_steps = round(num_steps * self._warmup_epochs / num_epochs)
        final = self._final_learning_rate
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: warmup_cosine(step, num_warmup_steps, num_steps, final)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


def warmup_cosine(step: int, num_warmup_steps: int, num_steps: int, final: float) -> float:
    """Factor on the learning rate at `step`: quadratic rise to 1, then a cosine to `final`."""
    if step < num_warmup_steps:
        return ((step + 1) / num_warmup_steps) ** 2
    progress = (step - num_warmup_steps) / max(num_steps - num_warmup_steps, 1)
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


def as_input(images: Tensor) -> Tensor:
    """uint8 (N, H, W, 3) to float (N, 3, H, W), channels last in memory: faster on a CPU."""
    return images.permute(0, 3, 1, 2).float()
