"""The published COCO weights that training starts from: found by name, and credited."""

from __future__ import annotations

from pathlib import Path

from datasets.catalog.yolox import YOLOX_WEIGHTS
from serving.core.bundle import METADATA_FILE, Bundle


def start_weights_path(name: str, weights_dir: Path) -> Path:
    """The file or bundle folder that `name` means: a published file's name, or a path.

    Raises:
        DatasetError: a published file could not be fetched from any of its places.
    """
    if name in YOLOX_WEIGHTS:
        return YOLOX_WEIGHTS[name].get(weights_dir)
    return Path(name)


def credit(name: str | None) -> str | None:
    """The published weights behind `name` with maker and licence; `name` itself where unknown.

    Raises:
        BundleError: `name` is a bundle's folder and the bundle is broken.
    """
    if name in YOLOX_WEIGHTS:
        return f"{name}, YOLOX trained on COCO by Megvii, {YOLOX_WEIGHTS[name].licence}"
    if name is not None and (Path(name) / METADATA_FILE).is_file():
        bundle = Bundle.load(name)
        return bundle.derived_from or bundle.ref
    return name
