"""A run that was cut and goes on from its checkpoint gives what it would have given uncut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import torch

from serving.core.bundle import Bundle

CUT = """
import os
from pytorch_lightning import Callback

class Cut(Callback):
    def on_train_epoch_start(self, trainer, module):
        if trainer.current_epoch == 1:
            os._exit(137)  # as a power cut ends it: nothing is tidied up
"""


def test_a_run_cut_after_an_epoch_without_validation_resumes_to_the_same_weights(
    train: Callable[..., CompletedProcess[str]], few_frames: str, tmp_path: Path
) -> None:
    (tmp_path / "cutting.py").write_text(CUT)
    options = [few_frames, "logger=none", "trainer.max_epochs=2"]
    options += ["trainer.check_val_every_n_epoch=2"]
    uncut, cut = tmp_path / "uncut", tmp_path / "cut"

    assert train(uncut, *options).returncode == 0
    ended = train(cut, *options, "+callbacks.cut._target_=cutting.Cut", path=tmp_path)
    assert ended.returncode == 137, ended.stderr
    resumed = train(cut, *options, f"ckpt={cut}/run/checkpoints/last.ckpt")
    assert resumed.returncode == 0, resumed.stderr

    expected, got = (
        torch.load(folder / "run" / "checkpoints" / "last.ckpt", weights_only=False)
        for folder in (uncut, cut)
    )
    assert got["epoch"] == expected["epoch"] == 1
    assert got["global_step"] == expected["global_step"] == 4
    for name, tensor in expected["state_dict"].items():
        assert torch.equal(got["state_dict"][name], tensor), name
    delivered = [Bundle.load(folder / "run" / "bundle").model_sha256 for folder in (uncut, cut)]
    assert delivered[0] == delivered[1]
