"""The average follows the weights by hand-worked steps and is what validation sees."""

from __future__ import annotations

import math

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from torch.utils.data import DataLoader

from training.callbacks.ema import ExponentialMovingAverage


class OneWeight(LightningModule):
    """Its weight rises by 1 a step: the gradient is −1, the learning rate 1."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen_in_validation: list[float] = []

    def training_step(self, batch: torch.Tensor, batch_idx: int) -> torch.Tensor:
        return -self.weight.sum()

    def validation_step(self, batch: torch.Tensor, batch_idx: int) -> None:
        self.seen_in_validation.append(self.weight.item())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1.0)


def _fit(average: ExponentialMovingAverage) -> OneWeight:
    module = OneWeight()
    trainer = Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[average],
    )
    trainer.fit(module, DataLoader(torch.zeros(2, 1)), DataLoader(torch.zeros(1, 1)))
    return module


def test_validation_and_the_end_see_the_average() -> None:
    module = _fit(ExponentialMovingAverage(decay=0.5, ramp_steps=1))
    first, second = (0.5 * (1 - math.exp(-step)) for step in (1, 2))
    after_one = (1 - first) * 1
    after_two = second * after_one + (1 - second) * 2
    assert module.seen_in_validation == [pytest.approx(after_two)]
    assert module.weight.item() == pytest.approx(after_two)


def test_without_decay_the_average_is_the_weights() -> None:
    assert _fit(ExponentialMovingAverage(decay=0.0)).weight.item() == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decay": 1.0}, r"decay: expected a value in \[0, 1\), got 1.0"),
        ({"ramp_steps": 0}, "ramp_steps: expected at least 1, got 0"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ExponentialMovingAverage(**options)
