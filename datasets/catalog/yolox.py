"""The published COCO weights of YOLOX: github.com/Megvii-BaseDetection/YOLOX, Apache-2.0."""

from __future__ import annotations

from datasets.catalog.entry import AddressOrigin, CatalogEntry, MirrorOrigin

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


YOLOX_WEIGHTS = {
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
