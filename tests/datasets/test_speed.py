"""What the benchmark measures, and what it says of it; never how fast it is."""

from __future__ import annotations

import pytest

from datasets import generated, speed
from datasets.checks.run import check
from datasets.dataset import Dataset
from datasets.formats.known import FORMATS
from datasets.samples import repeated_keys
from datasets.speed import Conversion, Measurement
from serving.core.errors import DatasetError, LabelError


@pytest.mark.parametrize(
    ("value", "target", "is_least", "is_met"),
    [
        (2.0, 2.0, False, True),
        (2.1, 2.0, False, False),
        (2.1, 2.0, True, True),
        (1.9, 2.0, True, False),
        (None, 2.0, True, None),
        (1.0, None, True, None),
    ],
)
def test_a_target_is_the_most_or_the_least_that_will_do(value, target, is_least, is_met):
    assert Measurement("x", value, "s", target, is_least).is_met is is_met


@pytest.mark.parametrize("kind", generated.KINDS, ids=lambda kind: kind.__name__)
def test_generated_samples_are_as_many_as_asked_for_each_once_and_every_time_the_same(kind):
    samples = list(kind(40))
    assert len(samples) == 40
    assert repeated_keys(samples) == []
    assert samples == list(kind(40))


def test_the_generated_pictures_are_a_clean_data_set(tmp_path):
    generated.with_pictures(tmp_path, 60)
    assert check(tmp_path).findings == ()


def test_labels_alone_load_with_a_manifest_entry_for_each_picture(tmp_path):
    generated.labels_alone(tmp_path, 30)
    dataset = Dataset.load(tmp_path)
    assert len(dataset.samples) == 30
    assert len(dataset.manifest.files) == 31


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_one_of_the_generated_kinds(name):
    conversion = speed.convert(name, 16)
    assert conversion.num_samples == 16
    assert conversion.num_written >= 10


def test_a_format_is_measured_in_a_process_of_its_own():
    conversion = speed.convert_apart("coco", 20)
    assert (conversion.num_samples, conversion.num_written) == (20, 20)
    assert 0 <= conversion.peak_bytes < 200e6


def test_a_conversion_that_grows_faster_than_its_samples_misses_the_target(monkeypatch):
    def convert_apart(name, num_samples):
        return Conversion(num_samples, num_samples, num_samples**2 * 1e-6, num_samples * 1e-6, 0)

    monkeypatch.setattr(speed, "convert_apart", convert_apart)
    write, read, memory = speed.measure_formats(100, ["coco"])
    assert (write.value, write.target) == (pytest.approx(400), pytest.approx(150))
    assert (write.is_met, read.is_met, memory.is_met) == (False, True, None)


def test_a_format_that_cannot_be_measured_says_why_and_the_next_is_measured(monkeypatch):
    def convert_apart(name, num_samples):
        if name == "coco":
            raise LabelError("format 'coco': expected to hold something, got nothing")
        return Conversion(num_samples, num_samples, 1.0, 1.0, 0)

    monkeypatch.setattr(speed, "convert_apart", convert_apart)
    failed, *others = speed.measure_formats(100, ["coco", "yolo"])
    assert (failed.value, failed.is_met) == (None, None)
    assert "expected to hold something" in failed.note
    assert len(others) == 3


def test_a_process_that_dies_is_told_with_its_exit_code(monkeypatch):
    monkeypatch.setattr(speed, "_convert_into", _die)
    with pytest.raises(DatasetError, match="expected a measurement, got exit code 3"):
        speed.convert_apart("coco", 1)


def _die(*arguments):
    raise SystemExit(3)


def test_a_step_is_given_every_batch_of_the_loader(monkeypatch):
    monkeypatch.setattr(speed, "_NUM_BATCHES", 3)
    given = []
    found = list(speed.measure_loaders(9, step=given.append, workers=[0]))
    assert [one.name for one in found] == ["loader, 0 workers", "loader and step, 0 workers"]
    assert all(one.value > 0 for one in found)
    assert len(given) == 1 + speed._NUM_STEPS
    assert {batch.images.shape for batch in given} == {(8, 416, 416, 3)}
