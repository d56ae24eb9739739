"""Every training experiment composes, and everything that it names exists."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hydra
import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

CONF = Path(__file__).resolve().parents[2] / "conf"
EXPERIMENTS = sorted(
    path.relative_to(CONF / "experiment").with_suffix("").as_posix()
    for path in (CONF / "experiment").rglob("*.yaml")
)
GROUPS = ("model", "data", "trainer", "callbacks", "logger", "debug")
CHOICES = sorted(
    f"{group}={path.stem}" for group in GROUPS for path in (CONF / group).glob("*.yaml")
)


def _compose(*overrides: str) -> DictConfig:
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        config = hydra.compose("train", list(overrides), return_hydra_config=True)
        config.hydra.runtime.output_dir = "outputs/test"
        HydraConfig.instance().set_config(config)
    return config


def _targets(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "_target_" in node:
            yield node["_target_"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _targets(child)


@pytest.mark.parametrize("override", [*(f"experiment={e}" for e in EXPERIMENTS), *CHOICES])
def test_every_choice_composes_and_its_targets_can_be_imported(override: str) -> None:
    config = _compose(override)
    OmegaConf.set_struct(config, False)
    del config["hydra"]
    resolved = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    for target in _targets(resolved):
        assert callable(hydra.utils.get_object(target)), target


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_builds_its_augmentation_trainer_and_callbacks(
    experiment: str, tmp_path: Path
) -> None:
    config = _compose(f"experiment={experiment}", f"paths.output_dir={tmp_path}")
    augmentation = hydra.utils.instantiate(config.data.augmentation, _convert_="all")
    assert all(side % 32 == 0 for side in augmentation.input_size_hw)
    callbacks = hydra.utils.instantiate(config.callbacks)
    hydra.utils.instantiate(config.trainer, callbacks=list(callbacks.values()), logger=False)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("trainer.max_epoch=3", "key 'trainer.max_epoch' (conf/trainer/"),
        ("trainer.max_epochs=many", "key 'trainer.max_epochs' (conf/trainer/cpu.yaml)"),
        ("model=yolox_nan", "key 'model' (conf/model/): expected one of"),
        ("+bundle.x=1", "key 'bundle.x' (conf/train.yaml): expected one of ['folder', "),
    ],
)
def test_a_mistyped_key_or_value_is_one_line_and_code_2(
    override: str, expected: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-X", "importtime", "train.py", "experiment=detection/smoke"]
    result = subprocess.run(
        [*command, f"hydra.run.dir={tmp_path}", override],
        cwd=CONF.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    (message,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert expected in message
    assert result.returncode == 2
    assert "| torch\n" not in result.stderr  # refused before anything heavy loads
