"""Train, validate and export a model: `python train.py experiment=detection/site`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from datasets.command_line import command
from serving.core.errors import ConfigError


@command("train")
def main(config: DictConfig) -> None:
    """Build what the configuration names and run it; heavy imports wait until it is checked."""
    if config.ckpt is not None and not Path(config.ckpt).is_file():
        raise ConfigError(f"key 'ckpt': expected a checkpoint, got no file {config.ckpt}")
    from hydra.utils import instantiate
    from pytorch_lightning import seed_everything

    from training.run import BundleSettings, Experiment, run

    seed_everything(config.seed, workers=True, verbose=False)
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
            bundle=BundleSettings(**config.bundle),
            config=OmegaConf.to_container(config, resolve=True),
            command=shlex.join(["python", "train.py", *sys.argv[1:]]),
            checkpoint=config.ckpt,
        )
    )
    if bundle is not None:
        print(f"bundle {bundle.ref}: {bundle.folder}")


if __name__ == "__main__":
    main()
