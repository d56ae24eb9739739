"""The measure of the parity gate is the figure of training, and takes a few pictures at once."""

from dataclasses import replace

import numpy as np
import pytest
from pytorch_lightning import Trainer

from datasets.catalog.vtest import LABELS_PATH
from datasets.datamodules.detection import DetectionDataModule
from datasets.detection import IGNORED, CocoVideo
from datasets.transforms import Augmentation
from serving.core.bundle import Bundle
from serving.core.detections import Detections
from serving.inference.detector import Detector
from serving.inference.onnxruntime import OnnxRuntimeBackend
from training.detection.module import DetectionModule
from training.detection.network import yolox_nano
from training.detection.validation import NMS_IOU, SCORE_THRESHOLD
from training.export.labelled import BATCH_SIZE, average_precision_on


class Ten:
    """The first labelled frames of the sample, on each of which one person is unclear."""

    files = ()

    def __init__(self, video) -> None:
        every = CocoVideo(LABELS_PATH, video, validation_fraction=0.1)
        self._samples = [
            replace(sample, class_id=np.append(sample.class_id[:-1], IGNORED))
            for sample in every.validation_samples(["person"])
        ]

    def prepare(self) -> None:
        pass

    def train_samples(self, class_names):
        return self._samples

    validation_samples = train_samples


@pytest.fixture(scope="module")
def source(sample_video):
    return Ten(sample_video)


def test_training_and_the_exported_bundle_are_measured_alike(source, zoo_bundle):
    bundle = Bundle.load(zoo_bundle)
    assert bundle.thresholds == {"score": SCORE_THRESHOLD, "nms_iou": NMS_IOU}
    data = DetectionDataModule([source], Augmentation(bundle.input_size_hw, (64, 64)))
    module = DetectionModule(yolox_nano(1), start_weights=str(zoo_bundle))
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False
    )
    (trained,) = trainer.validate(module, datamodule=data, verbose=False)
    samples = source.validation_samples(["person"])
    exported = average_precision_on(samples)(OnnxRuntimeBackend(bundle))
    assert 0.3 < exported < 1
    assert trained["validation/ap"] == pytest.approx(exported, abs=1e-4)


def test_only_a_few_pictures_are_in_the_backend_at_once(source, zoo_bundle, monkeypatch):
    asked = []

    def detect(detector, frames):
        asked.append(len(frames))
        return [Detections.empty() for _ in frames]

    monkeypatch.setattr(Detector, "detect", detect)
    samples = source.validation_samples(["person"])
    average_precision_on(samples)(OnnxRuntimeBackend(Bundle.load(zoo_bundle)))
    assert sum(asked) == len(samples) > BATCH_SIZE == max(asked)
