"""Training end to end on a few tiny pictures: it learns, it resumes, it keeps what is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer, seed_everything
from pytorch_lightning.callbacks import ModelCheckpoint

from datasets.datamodules.detection import DetectionDataModule
from datasets.detection import DetectionSample
from datasets.transforms import Augmentation
from training.callbacks.ema import ExponentialMovingAverage
from training.callbacks.random_state import RandomState
from training.detection.module import DetectionModule, warmup_cosine
from training.detection.network import YOLOX, yolox_nano

SIZE_HW = (64, 64)


class Squares:
    """A source of grey pictures with one white square each."""

    files: tuple[Path, ...] = ()

    def prepare(self) -> None:
        pass

    def train_samples(self, class_names: Sequence[str]) -> list[DetectionSample]:
        return [_square(8 * k, 24) for k in range(4)]

    def validation_samples(self, class_names: Sequence[str]) -> list[DetectionSample]:
        return [_square(20, 24)]


def _square(left: int, side: int) -> DetectionSample:
    image = np.full((*SIZE_HW, 3), 80, np.uint8)
    image[16 : 16 + side, left : left + side] = 255
    box = np.array([[left, 16, left + side, 16 + side]], np.float32)
    return DetectionSample(image, box, np.zeros(1, np.int64))


def _data(plain_from_epoch: int = 1) -> DetectionDataModule:
    augmentation = Augmentation(SIZE_HW, SIZE_HW, mosaic_probability=0.5, mixup_probability=0.5)
    return DetectionDataModule(
        [Squares()], augmentation, batch_size=2, plain_from_epoch=plain_from_epoch
    )


def _module(zoo_bundle: Path, **options: object) -> DetectionModule:
    options = {"freeze_batch_norm": True, "frozen": ["backbone.backbone.stem"], **options}
    return DetectionModule(
        yolox_nano(1), start_weights=str(zoo_bundle), optimizer="adamw", **options
    )


def _trainer(folder: Path, max_epochs: int = 2) -> Trainer:
    return Trainer(
        max_epochs=max_epochs,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        deterministic=True,
        callbacks=[
            ExponentialMovingAverage(decay=0.9, ramp_steps=2),
            RandomState(),
            ModelCheckpoint(folder, filename="{epoch}", save_top_k=-1),
        ],
    )


def test_a_resumed_run_gives_the_very_weights_of_one_that_never_stopped(
    zoo_bundle: Path, tmp_path: Path
) -> None:
    seed_everything(0, verbose=False)
    straight = _module(zoo_bundle, l1_from_epoch=1)
    _trainer(tmp_path / "straight").fit(straight, datamodule=_data())

    seed_everything(1, verbose=False)  # a new process would not stand where the old one stopped
    resumed = _module(zoo_bundle, l1_from_epoch=1)
    _trainer(tmp_path / "resumed").fit(
        resumed,
        datamodule=_data(),
        ckpt_path=tmp_path / "straight" / "epoch=0.ckpt",
        weights_only=False,
    )
    start = _module(zoo_bundle).network.state_dict()
    assert any(not torch.equal(start[k], v) for k, v in straight.network.state_dict().items())
    for name, tensor in straight.network.state_dict().items():
        assert torch.equal(resumed.network.state_dict()[name], tensor), name


def test_training_lowers_the_loss_on_what_it_sees(zoo_bundle: Path, tmp_path: Path) -> None:
    module = _module(zoo_bundle, learning_rate=1e-3, warmup_epochs=0)
    trainer = _trainer(tmp_path, max_epochs=6)
    losses: list[float] = []
    original = module.training_step

    def recorded(*arguments: object) -> torch.Tensor:
        loss = original(*arguments)
        losses.append(float(loss.detach()))
        return loss

    module.training_step = recorded
    trainer.fit(module, datamodule=_data(plain_from_epoch=0))
    assert np.mean(losses[-2:]) < 0.5 * np.mean(losses[:2])


def test_frozen_parameters_and_batch_statistics_keep_their_values(
    zoo_bundle: Path, tmp_path: Path
) -> None:
    module = _module(zoo_bundle, frozen=["backbone"])
    before = {k: v.clone() for k, v in module.network.state_dict().items()}
    _trainer(tmp_path, max_epochs=1).fit(module, datamodule=_data())
    after = module.network.state_dict()
    changed = [name for name in after if not torch.equal(before[name], after[name])]
    assert changed
    assert [n for n in changed if n.startswith("backbone") or "running" in n] == []


@pytest.mark.parametrize("interpolation", [0.0, 1.0])
def test_delivered_weights_lie_between_start_and_trained(
    zoo_bundle: Path, interpolation: float
) -> None:
    module = _module(zoo_bundle, interpolation=interpolation)
    bias = "head.obj_preds.0.bias"
    start = module.network.state_dict()[bias].clone()
    with torch.no_grad():
        module.network.head.obj_preds[0].bias += 1
    delivered = module.deployable_network().state_dict()[bias]
    torch.testing.assert_close(delivered, start + interpolation)


def test_biases_and_batch_normalisation_are_not_decayed(zoo_bundle: Path, tmp_path: Path) -> None:
    module = _module(zoo_bundle)
    trainer = _trainer(tmp_path, max_epochs=1)
    trainer.fit(module, datamodule=_data())
    decayed, plain = trainer.optimizers[0].param_groups
    assert decayed["weight_decay"] > 0
    assert plain["weight_decay"] == 0
    assert {p.ndim for p in decayed["params"]} == {4}
    assert {p.ndim for p in plain["params"]} == {1}


def test_learning_rate_rises_then_falls_to_its_end() -> None:
    factors = [warmup_cosine(step, 10, 110, 0.05) for step in range(111)]
    assert factors[0] == pytest.approx(0.01)
    assert factors[9] == factors[10] == 1
    assert factors[60] == pytest.approx(0.525)
    assert factors[110] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "adam"}, r"optimizer: expected one of \('sgd', 'adamw'\), got 'adam'"),
        ({"learning_rate": 0}, "learning_rate: expected a positive number, got 0"),
        ({"interpolation": 1.5}, r"interpolation: expected a value in \[0, 1\], got 1.5"),
        ({"interpolation": 0.5}, "interpolation 0.5: expected start_weights, got none"),
        ({"frozen": ["neck"]}, "frozen: expected a prefix below .*, got 'neck'"),
        ({"class_names": ["a", "b"]}, r"class_names: expected 1 names, got \['a', 'b'\]"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DetectionModule(_untrained(), **options)


def _untrained() -> YOLOX:
    return yolox_nano(1)
