"""Which file a name of start weights means, and whom the result has to credit."""

from pathlib import Path

import pytest

from datasets.catalog.yolox import YOLOX_WEIGHTS
from serving.core.errors import DatasetError
from training.detection.published import credit, start_weights_path


def test_a_name_that_is_not_published_is_a_path(tmp_path: Path) -> None:
    assert start_weights_path("mine.onnx", tmp_path) == Path("mine.onnx")


def test_published_weights_are_kept_in_the_weights_folder(mirror: Path, tmp_path: Path) -> None:
    path = start_weights_path("yolox_nano.onnx", tmp_path)
    assert path == tmp_path / "yolox_nano.onnx"
    assert path.stat().st_size == YOLOX_WEIGHTS["yolox_nano.onnx"].size_bytes


def test_a_folder_that_cannot_be_written_ends_with_the_reasons(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(DatasetError, match=r"expected to write .*taken.*, got File exists"):
        start_weights_path("yolox_nano.onnx", tmp_path / "taken")


def test_published_weights_are_credited_with_maker_and_licence() -> None:
    assert credit("yolox_nano.onnx") == (
        "yolox_nano.onnx, YOLOX trained on COCO by Megvii, Apache-2.0"
    )


def test_a_bundle_passes_its_credit_on(zoo_bundle: Path) -> None:
    from serving.core.bundle import Bundle

    bundle = Bundle.load(zoo_bundle)
    assert credit(str(zoo_bundle)) == (bundle.derived_from or bundle.ref)


def test_training_from_scratch_credits_nobody() -> None:
    assert credit(None) is None
