"""YuNet, a small face detector with five landmarks (Wu, Peng and Yu, 2023), and where to get it.

Two exports of the same network are public. The one of its training repository is the one in the
local mirror; the one of OpenCV's model zoo stands in where the first cannot be had.
"""

from __future__ import annotations

from pathlib import Path

from datasets.catalog.entry import AddressOrigin, CatalogEntry, MirrorOrigin
from serving.core.errors import DatasetError

_TRAINING = "https://raw.githubusercontent.com/ShiqiYu/libfacedetection.train/master/onnx"
_ZOO = "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models"

YUNET = CatalogEntry(
    name="yunet",
    file_name="yunet_n_640_640.onnx",
    sha256="25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",
    size_bytes=317_466,
    licence="BSD-3-Clause",
    commercial_use=True,
    origins=(
        MirrorOrigin("weights/face/yunet_n_640_640.onnx"),
        AddressOrigin(f"{_TRAINING}/yunet_n_640_640.onnx"),
    ),
)

YUNET_ZOO = CatalogEntry(
    name="yunet-zoo",
    file_name="face_detection_yunet_2023mar.onnx",
    sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    size_bytes=232_589,
    licence="MIT",
    commercial_use=True,
    origins=(AddressOrigin(f"{_ZOO}/face_detection_yunet/face_detection_yunet_2023mar.onnx"),),
)


def yunet_weights(weights_dir: Path) -> Path:
    """The weights in `weights_dir`, fetched where they are missing; either export will do.

    Raises:
        DatasetError: neither could be had; names every place and what it said.
    """
    refusals = []
    for entry in (YUNET, YUNET_ZOO):
        try:
            return entry.get(weights_dir)
        except DatasetError as error:
            refusals.append(str(error))
    raise DatasetError("face finder: expected weights, got none\n" + "\n".join(refusals))
