"""The state of the random generators, kept in the checkpoint."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer


class RandomState(Callback):
    """Saves the generators of torch, NumPy and Python, and restores them when a run resumes."""

    def __init__(self) -> None:
        self._restored: dict[str, Any] = {}

    def state_dict(self) -> dict[str, Any]:
        version, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
        python_version, python_state, python_gauss = random.getstate()
        return {
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "numpy": [version, torch.from_numpy(keys.astype(np.int64)), position, has_gauss, gauss],
            "python": [python_version, list(python_state), python_gauss],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._restored = state_dict

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self._restored:
            return
        torch.set_rng_state(self._restored["torch"])
        if self._restored["cuda"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(self._restored["cuda"])
        version, keys, position, has_gauss, gauss = self._restored["numpy"]
        np.random.set_state((version, keys.numpy().astype(np.uint32), position, has_gauss, gauss))
        python_version, python_state, python_gauss = self._restored["python"]
        random.setstate((python_version, tuple(python_state), python_gauss))
        self._restored = {}
