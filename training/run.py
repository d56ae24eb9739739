"""The training pipeline: fit, deliver, measure, export, record. The same for every detector."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.loggers import MLFlowLogger

from datasets.datamodules.detection import DetectionDataModule
from serving.core.bundle import Bundle
from serving.core.errors import ConfigError, SinkError
from training.detection.module import DetectionModule
from training.detection.published import credit
from training.export import BundleDescription, check_replaceable, export_bundle
from training.export.labelled import average_precision_on, frames_of
from training.outputs import WholeCheckpoints
from training.settings import BundleSettings

NUM_PARITY_FRAMES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One run, built: what to train, on what, how, and what to call the result.

    Args:
        config: the resolved configuration, recorded as parameters.
        command: what was typed, recorded in the bundle.
        checkpoint: a Lightning checkpoint to resume from.
    """

    module: DetectionModule
    data: DetectionDataModule
    trainer: Trainer
    bundle: BundleSettings
    config: Mapping[str, Any]
    command: str
    checkpoint: str | None = None


def run(experiment: Experiment) -> Bundle | None:
    """Train, then export through the parity gate; none from a trial run (`fast_dev_run`).

    Every process of a distributed run calls this; the first alone exports and records.

    Raises:
        FootfallError: the data, the start weights, the checkpoint, the exported graph or what
            lies where the bundle shall go is at fault.
    """
    module, data, trainer = experiment.module, experiment.data, experiment.trainer
    folder = Path(experiment.bundle.folder)
    check_replaceable(folder)  # now, not after hours of training
    if experiment.checkpoint is not None:
        _check_resumable(module, experiment.checkpoint)
    data.prepare_data()
    manifest = data.manifest()
    provenance = {
        "git_commit": git_commit(),
        "data_manifest_sha256": manifest.sha256,
        "command": experiment.command,
    }
    _record_parameters(trainer, {**_flat(experiment.config), **provenance})

    started = {} if trainer.fast_dev_run else _validate(trainer, module, data)
    # The checkpoint is our own and holds optimiser and generator states.
    try:
        trainer.fit(module, datamodule=data, ckpt_path=experiment.checkpoint, weights_only=False)
    except SystemExit as stop:  # what Lightning makes of Ctrl-C
        raise KeyboardInterrupt from stop
    if trainer.fast_dev_run:
        return None
    network = module.deployable_network()
    delivered = _validate(trainer, module, data)
    if not trainer.is_global_zero:
        return None
    for logger in trainer.loggers:
        logger.finalize("failed")  # until there is a bundle
    samples = data.validation_samples or data.train_samples[:NUM_PARITY_FRAMES]
    bundle = export_bundle(
        network.cpu(),
        folder,
        BundleDescription(
            name=experiment.bundle.name,
            version=experiment.bundle.version,
            class_names=module.class_names,
            input_size_hw=tuple(data.augmentation.input_size_hw),
            min_height_px=experiment.bundle.min_height_px,
            licence=experiment.bundle.licence,
            commercial_use=experiment.bundle.commercial_use,
            data_manifest_sha256=provenance["data_manifest_sha256"],
            git_commit=provenance["git_commit"],
            training_command=experiment.command,
            derived_from=credit(module.start_weights),
            metrics={
                "validation": {
                    "num_images": len(data.validation_samples),
                    "start": started,
                    "trained": delivered,
                }
            },
        ),
        frames_of(samples[:NUM_PARITY_FRAMES]),
        measure=average_precision_on(samples),
        manifest=manifest,
    )
    _record_bundle(trainer, bundle)
    return bundle


def git_commit() -> str:
    """The commit of the code, with `-dirty` where files differ from it; `unknown` without git."""
    folder = Path(__file__).parent
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return result.stdout.strip()


def _check_resumable(module: DetectionModule, checkpoint: str) -> None:
    """Hold the tensors of a checkpoint against those of the module.

    Raises:
        ConfigError: it is no checkpoint, or one of another network.
    """
    saved = WholeCheckpoints().load_checkpoint(checkpoint, map_location="cpu", weights_only=False)
    expected, got = _sizes(module.state_dict()), _sizes(saved["state_dict"])
    for name in [*expected, *got]:
        if expected.get(name) != got.get(name):
            raise ConfigError(
                f"key 'ckpt': expected a checkpoint of the same network, '{name}' of "
                f"{expected.get(name, 'no size')}, got {got.get(name, 'none')} in {checkpoint}"
            )


def _sizes(state: Mapping[str, torch.Tensor]) -> dict[str, list[int]]:
    return {name: list(tensor.shape) for name, tensor in state.items()}


def _validate(
    trainer: Trainer, module: DetectionModule, data: DetectionDataModule
) -> dict[str, float]:
    """Average precision by name (`ap`, `ap50`, `ap75`); empty without validation pictures."""
    data.setup()
    if not data.validation_samples:
        return {}
    (metrics,) = trainer.validate(module, datamodule=data, verbose=False)
    return {name.removeprefix("validation/"): float(value) for name, value in metrics.items()}


def _record_parameters(trainer: Trainer, parameters: Mapping[str, Any]) -> None:
    for logger in trainer.loggers:
        logger.log_hyperparams(dict(parameters))


def _record_bundle(trainer: Trainer, bundle: Bundle) -> None:
    for logger in trainer.loggers:
        if isinstance(logger, MLFlowLogger):
            try:
                logger.experiment.log_artifacts(logger.run_id, str(bundle.folder), "bundle")
            except OSError as error:
                raise SinkError(
                    f"MLflow run {logger.run_id}: expected to keep a copy of {bundle.folder}, "
                    f"got {error}"
                ) from error
            for name, value in bundle.metrics["validation"]["trained"].items():
                logger.experiment.log_metric(logger.run_id, f"bundle/{name}", value)
        logger.finalize("success")


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{name}.")
        else:
            flat[name] = value
    return flat
