"""The published COCO weights of YOLOX (Megvii, Apache-2.0), and where to get them."""

from __future__ import annotations

from pathlib import Path

from datasets.catalog.entry import AddressOrigin, CatalogEntry, MirrorOrigin
from serving.core.bundle import METADATA_FILE, Bundle

_RELEASE = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0"


def _entry(file_name: str, sha256: str, size_bytes: int) -> CatalogEntry:
    return CatalogEntry(
        name=file_name,
        file_name=file_name,
        sha256=sha256,
        size_bytes=size_bytes,
        licence="Apache-2.0",
        commercial_use=True,
        origins=(
            MirrorOrigin(f"weights/detection/{file_name}"),
            AddressOrigin(f"{_RELEASE}/{file_name}"),
        ),
    )


PUBLISHED_WEIGHTS = {
    entry.file_name: entry
    for entry in (
        _entry(
            "yolox_nano.onnx",
            "e8af074932d4ed7e232278e3055cefcdea3edf178874a3694ae292649fb464dd",
            3_678_356,
        ),
        _entry(
            "yolox_nano.pth",
            "cd28f55fbbc1829f99d9ac9b38a16d259a22889739c8728ea877610201feff7b",
            7_694_953,
        ),
        _entry(
            "yolox_tiny.pth",
            "9de513de589ac98bb92d3bca53b5af7b9acfa9b0bacb831f7999d0f7afaee8f0",
            40_755_013,
        ),
    )
}


def start_weights_path(name: str, weights_dir: Path) -> Path:
    """The file or bundle folder that `name` means: a published file's name, or a path.

    Raises:
        DatasetError: a published file could not be fetched from any of its places.
    """
    if name in PUBLISHED_WEIGHTS:
        return PUBLISHED_WEIGHTS[name].get(weights_dir)
    return Path(name)


def credit(name: str | None) -> str | None:
    """The published weights behind `name` with maker and licence; `name` itself where unknown.

    Raises:
        BundleError: `name` is a bundle's folder and the bundle is broken.
    """
    if name in PUBLISHED_WEIGHTS:
        return f"{name}, YOLOX trained on COCO by Megvii, {PUBLISHED_WEIGHTS[name].licence}"
    if name is not None and (Path(name) / METADATA_FILE).is_file():
        bundle = Bundle.load(name)
        return bundle.derived_from or bundle.ref
    return name
