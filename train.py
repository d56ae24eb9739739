"""Train, validate and export a model: `python train.py experiment=detection/site`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from datasets.command_line import command
from datasets.files import room_for
from serving.core.errors import ConfigError
from training.settings import BundleSettings


@command("train")
def main(config: DictConfig) -> None:
    """Build what the configuration names and run it; heavy imports wait until it is checked."""
    if config.ckpt is not None and not Path(config.ckpt).is_file():
        raise ConfigError(f"key 'ckpt': expected a checkpoint, got no file {config.ckpt}")
    settings = BundleSettings.of(config.bundle)
    from hydra.utils import instantiate
    from pytorch_lightning import seed_everything

    from training.outputs import open_store, recording
    from training.run import Experiment, run

    seed_everything(config.seed, workers=True, verbose=False)
    store = OmegaConf.select(config, "logger.tracking_uri")
    with room_for(f"run in {config.paths.run_dir}"), recording(store):
        if store is not None:
            open_store(store)
        trainer = instantiate(
            config.trainer,
            callbacks=list(instantiate(config.callbacks).values()),
            logger=instantiate(config.logger) if config.logger else False,
            _convert_="all",
        )
        bundle = run(
            Experiment(
                module=instantiate(config.model, _convert_="all"),
                data=instantiate(config.data, _convert_="all"),
                trainer=trainer,
                bundle=settings,
                config=OmegaConf.to_container(config, resolve=True),
                command=shlex.join(["python", "train.py", *sys.argv[1:]]),
                checkpoint=config.ckpt,
            )
        )
    if bundle is not None:
        print(f"bundle {bundle.ref}: {bundle.folder}")


if __name__ == "__main__":
    main()
