import numpy as np

from datasets.datamodules.detection import collate
from datasets.detection import DetectionSample
from training.detection.step import yolox_nano_step


def test_a_step_works_on_a_batch_with_people_and_without():
    image = np.zeros((64, 96, 3), np.uint8)
    person = np.array([[10, 10, 30, 50]], np.float32), np.zeros(1, np.int64)
    nobody = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    step = yolox_nano_step()
    step(collate([DetectionSample(image, *person), DetectionSample(image, *nobody)]))
