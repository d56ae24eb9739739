"""Every configuration of `conf/debug` trains: two steps, one in the trial run."""

from __future__ import annotations

from pathlib import Path

import hydra
import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

import train

CONF = Path(train.__file__).parent / "conf"


@pytest.mark.parametrize("debug", sorted(path.stem for path in (CONF / "debug").glob("*.yaml")))
def test_a_debug_configuration_trains(
    debug: str, few_frames: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CONF.parent)
    overrides = ["experiment=detection/smoke", f"debug={debug}", few_frames, "logger=none"]
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        config = hydra.compose(
            "train", [*overrides, "trainer.max_epochs=1"], return_hydra_config=True
        )
        config.hydra.runtime.output_dir = str(tmp_path)
        HydraConfig.instance().set_config(config)
    OmegaConf.set_struct(config, False)
    del config["hydra"]
    train.main.__wrapped__(config)
    delivered = (tmp_path / "bundle" / "model.onnx").is_file()
    assert delivered == (debug != "fast_dev_run")
