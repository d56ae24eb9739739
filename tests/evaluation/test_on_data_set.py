import functools

import pytest

from datasets.dataset import Dataset
from datasets.samples import Box, Sample, Split
from evaluation.on_data_set import evaluate_data_set, labels_of
from evaluation.request import Parts, Request
from evaluation.targets import Benchmark
from serving.core.errors import ConfigError, DatasetError
from serving.inference.openvino import OpenVinoBackend

PEOPLE = ((499.7, 158.4, 529.1, 234.5), (254.7, 220.1, 286.7, 308.6))
"""Two of the three people of the sample's first frame, from our labels."""


@pytest.fixture(scope="module")
def parts(repository):
    benchmark = Benchmark.load(repository / "conf" / "benchmark" / "default.yaml")
    backend = functools.partial(OpenVinoBackend, num_threads=1)
    return Parts(benchmark, None, "none", {"backend": backend}.__getitem__)


@pytest.fixture
def folder(tmp_path, sample_video):
    (tmp_path / "v.avi").symlink_to(sample_video.resolve())
    everybody = Box((0.0, 0.0, 768.0, 576.0), "crowd", is_ignored=True)
    boxes = tuple(Box(xyxy_px, "person") for xyxy_px in PEOPLE)
    samples = [
        Sample("v.avi", frame_index=0, split=Split.TEST, boxes=(everybody, *boxes)),
        Sample("v.avi", frame_index=1, split=Split.TRAIN, boxes=()),
        Sample("v.avi", frame_index=2, split=Split.TEST, is_labelled=False),
    ]
    Dataset.create(tmp_path, samples, name="s", source="s", licence="l", commercial_use=False)
    return tmp_path


def test_only_labelled_samples_of_the_split_are_judged(folder, parts):
    request = Request(task="data_set", folder=folder, split="test", num_resamples=0)
    result = evaluate_data_set(request, parts)
    figures = {v.figure.metric: v.figure for v in result.verdicts}
    assert figures["recall"].n == 2
    assert figures["recall"].value == 1
    assert figures["precision"].value == 1  # the rest falls to the crowd
    assert result.dataset == "s v1, test"


def test_people_in_a_picture_labelled_as_empty_are_wrong(folder, parts):
    request = Request(task="data_set", folder=folder, split="train", num_resamples=0)
    figures = {v.figure.metric: v.figure for v in evaluate_data_set(request, parts).verdicts}
    assert figures["precision"].value == 0
    assert figures["precision"].n >= 2


def test_ignored_boxes_of_any_class_are_crowds_and_other_classes_are_left_out():
    boxes = (
        Box((0, 0, 1, 1), "person"),
        Box((0, 0, 2, 2), "bag"),
        Box((0, 0, 3, 3), "bag", is_ignored=True),
    )
    labels = labels_of(Sample("a.jpg", boxes=boxes), "person")
    assert labels.xyxy_px[:, 2].tolist() == [1, 3]
    assert labels.columns["is_crowd"].tolist() == [False, True]


def test_a_split_without_labels_is_told(folder, parts):
    with pytest.raises(
        DatasetError, match="expected labelled samples of split 'gallery', got none"
    ):
        evaluate_data_set(Request(task="data_set", folder=folder, split="gallery"), parts)


def test_without_a_folder_the_key_is_named(parts):
    with pytest.raises(ConfigError, match="key 'folder'"):
        evaluate_data_set(Request(task="data_set"), parts)
