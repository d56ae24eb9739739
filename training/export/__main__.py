"""Check a bundle against its own network, or write it again at another input size.

    python -m training.export bundle=FOLDER
    python -m training.export bundle=FOLDER to=FOLDER input_size_hw=[384,640] version=1.1.0

A checkpoint is exported by the run that it belongs to: `python train.py … ckpt=PATH`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from datasets.command_line import command
from serving.core.bundle import Bundle
from serving.core.errors import ConfigError


@command("export")
def main(config: DictConfig) -> None:
    """Read the network back from the bundle, and hold every backend against it on real frames."""
    if config.to is None and (config.input_size_hw is not None or config.version is not None):
        raise ConfigError(
            "key 'to' (conf/export.yaml): expected a folder for the changed bundle, got null"
        )
    bundle = Bundle.load(config.bundle)

    from hydra.utils import instantiate

    from evaluation.model_card import read_manifest
    from training.detection.network import STRIDES_PX
    from training.detection.weights import load_weights
    from training.export import describe, export_bundle
    from training.export.labelled import average_precision_on, frames_of
    from training.export.parity import check_parity

    if config.input_size_hw is not None:
        _check_size(config.input_size_hw, STRIDES_PX[-1])
    class_names = bundle.output("scores").labels
    network = instantiate(config.network, num_classes=len(class_names))
    load_weights(network, bundle.model_path, class_names)
    source = instantiate(config.source)
    source.prepare()
    samples = source.validation_samples(class_names)
    frames, measure = frames_of(samples[: config.num_frames]), average_precision_on(samples)
    if config.to is None:
        _show(bundle, check_parity(network, bundle, frames, measure).to_metadata())
        return
    description = describe(bundle)
    if config.version is not None:
        description = replace(description, version=config.version)
    if config.input_size_hw is not None:
        # What was measured at one size says nothing of another.
        description = replace(description, input_size_hw=tuple(config.input_size_hw), metrics={})
    manifest = read_manifest(bundle)
    written = export_bundle(network, Path(config.to), description, frames, measure, manifest)
    _show(written, written.parity)


def _check_size(size_hw: Any, multiple: int) -> None:
    """Raises `ConfigError` where it is no height and width that a network can take."""
    is_pair = isinstance(size_hw, Sequence) and not isinstance(size_hw, str) and len(size_hw) == 2
    if not is_pair or not all(
        type(length) is int and length > 0 and length % multiple == 0 for length in size_hw
    ):
        raise ConfigError(
            f"key 'input_size_hw' (conf/export.yaml): expected height and width, multiples of "
            f"{multiple} px, got {size_hw}"
        )


def _show(bundle: Bundle, parity: Mapping[str, Any]) -> None:
    print(f"{bundle.ref}, {bundle.folder}: parity on {parity['num_frames']} frames")
    for name, difference in parity["max_difference"].items():
        print(
            f"  {name:16} boxes {difference['box_px']:8.2g} px   scores {difference['score']:8.2g}"
            f"   AP {difference['average_precision']:.4f}"
        )


if __name__ == "__main__":
    main()
