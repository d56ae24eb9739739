"""`python -m training.export` on a folder of images, which are read when they are asked for."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import hydra
import pytest
from omegaconf import OmegaConf

from datasets.catalog.vtest import LABELS_PATH
from datasets.media import read_frames
from serving.core.errors import ConfigError
from training.export.__main__ import main


@pytest.fixture
def folder(sample_video: Path, tmp_path: Path) -> Path:
    """The first two labelled frames of the sample as images with `labels.json`."""
    values = json.loads(LABELS_PATH.read_text())
    images = sorted(values["images"], key=lambda image: image["frame_index"])[:2]
    kept = {image["id"] for image in images}
    labels = [a for a in values["annotations"] if a["image_id"] in kept]
    (tmp_path / "labels.json").write_text(
        json.dumps({**values, "images": images, "annotations": labels})
    )
    frames = list(read_frames(sample_video, [image["frame_index"] for image in images]))
    for image, frame in zip(images, frames, strict=True):
        cv2.imwrite(str(tmp_path / image["file_name"]), frame)
    return tmp_path


def test_a_bundle_is_checked_on_a_folder_of_images(
    folder: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(repository)
    source = f"_target_: datasets.detection.CocoImages, labels: {folder}/labels.json"
    overrides = ["~source", f"+source={{{source}, folder: {folder}, validation: true}}"]
    with hydra.initialize_config_dir(str(repository / "conf"), version_base="1.3"):
        config = hydra.compose("export", overrides)
    main.__wrapped__(config)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("parity on 2 frames")
    assert [line.split()[0] for line in lines[1:3]] == ["onnxruntime-f32", "openvino-f32"]


@pytest.mark.parametrize("size", ["[100,100]", "[64]", "[64.0,64]", "[-32,64]", "[0,64]", "64"])
def test_an_input_size_that_no_network_takes_is_named(
    size: str, zoo_bundle: Path, tmp_path: Path
) -> None:
    values = OmegaConf.from_dotlist([f"input_size_hw={size}", f"to={tmp_path}/bundle"])
    config = OmegaConf.merge({"bundle": str(zoo_bundle), "version": None}, values)
    with pytest.raises(ConfigError, match=r"'input_size_hw' .*: expected height and width, mul"):
        main.__wrapped__(config)
