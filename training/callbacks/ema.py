"""The moving average of the weights, used for validation and export."""

from __future__ import annotations

import math
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor


class ExponentialMovingAverage(Callback):
    """Keeps θ̄ ← d·θ̄ + (1 − d)·θ after each optimiser step, with d rising towards `decay`.

    Validation during the fit and everything after it see θ̄; training goes on with θ. The decay
    of step t is decay · (1 − exp(−t / ramp_steps)): at first the average follows closely.

    Args:
        decay: of one step, in [0, 1).
        ramp_steps: time constant of the rise.
    """

    def __init__(self, decay: float = 0.9998, ramp_steps: int = 2000) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay: expected a value in [0, 1), got {decay}")
        if ramp_steps < 1:
            raise ValueError(f"ramp_steps: expected at least 1, got {ramp_steps}")
        self._decay, self._ramp_steps = decay, ramp_steps
        self._num_updates = 0
        self._average: dict[str, Tensor] = {}
        self._trained: dict[str, Tensor] = {}

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self._average:
            self._average = _copy(pl_module)
        self._average = {k: v.to(pl_module.device) for k, v in self._average.items()}

    @torch.no_grad()
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step == self._num_updates:
            return  # gradients are still being accumulated
        self._num_updates = trainer.global_step
        decay = self._decay * (1 - math.exp(-self._num_updates / self._ramp_steps))
        for name, tensor in pl_module.state_dict().items():
            if tensor.is_floating_point():
                self._average[name].lerp_(tensor, 1 - decay)
            else:
                self._average[name].copy_(tensor)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn == TrainerFn.FITTING:
            self._trained = _copy(pl_module)
            pl_module.load_state_dict(self._average)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._trained:
            pl_module.load_state_dict(self._trained)
            self._trained = {}

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        pl_module.load_state_dict(self._average)

    def state_dict(self) -> dict[str, Any]:
        return {"num_updates": self._num_updates, "average": self._average}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._num_updates = state_dict["num_updates"]
        self._average = {k: v.clone() for k, v in state_dict["average"].items()}


def _copy(module: LightningModule) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
