"""Label files are read and checked, split by time, and give the same batches whoever asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from datasets.datamodules.detection import (
    AugmentedPictures,
    DetectionDataModule,
    ShuffledKeys,
    TrainKey,
)
from datasets.dataset import Dataset
from datasets.detection import (
    IGNORED,
    CocoImages,
    CocoVideo,
    DatasetFolder,
    LabelledImage,
    read_coco,
    split_by_time,
)
from datasets.samples import Box, Sample, Split
from datasets.transforms import Augmentation
from serving.core.errors import DatasetError, LabelError

Coco = dict[str, Any]


@pytest.fixture
def coco() -> Coco:
    """Two pictures of 64 × 48 px, two people in the first, one of them unclear."""
    return {
        "categories": [{"id": 7, "name": "person"}],
        "images": [
            {"id": 2, "file_name": "b.png", "frame_index": 4, "width": 64, "height": 48},
            {"id": 1, "file_name": "a.png", "frame_index": 0, "width": 64, "height": 48},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": [1, 2, 10, 20], "iscrowd": 0},
            {"id": 2, "image_id": 1, "category_id": 7, "bbox": [30, 2, 34, 46], "iscrowd": 1},
        ],
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Coco], Path]:
    def written(coco: Coco) -> Path:
        (tmp_path / "labels.json").write_text(json.dumps(coco))
        return tmp_path / "labels.json"

    return written


def test_pictures_come_in_order_of_time_with_corner_boxes(
    coco: Coco, write: Callable[[Coco], Path]
) -> None:
    first, second = read_coco(write(coco), ["person"])
    assert (first.file_name, second.file_name) == ("a.png", "b.png")
    assert first.xyxy_px.tolist() == [[1, 2, 11, 22], [30, 2, 64, 48]]
    assert second.xyxy_px.shape == (0, 4)


def test_unclear_people_are_ignored_and_categories_match_by_name(
    coco: Coco, write: Callable[[Coco], Path]
) -> None:
    first, _ = read_coco(write(coco), ["trolley", "person"])
    assert first.class_id.tolist() == [1, IGNORED]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: c["annotations"][0].update(bbox=[60, 2, 10, 20]),
            r"annotation 1: expected a box with an area inside 64×48 px, got \[60",
        ),
        (
            lambda c: c["annotations"][0].update(bbox=[1, 2, 0, 20]),
            r"annotation 1: expected a box with an area inside 64×48 px, got \[1",
        ),
        (
            lambda c: c["categories"][0].update(name="dog"),
            r"annotation 1: expected a class of \['person'\], got 'dog'",
        ),
        (
            lambda c: c["annotations"][0].update(image_id=9),
            "annotation 1: expected the id of an image, got 9",
        ),
        (lambda c: c["images"][0].update(id=1), "image 1: expected each id once, got it twice"),
        (lambda c: c["annotations"][1].update(id=1), "annotation 1: expected each id once"),
        (lambda c: c.pop("images"), r"labels\.json: expected a list 'images', got NoneType"),
        (
            lambda c: c["images"][0].update(frame_index=-1),
            "image 2: expected a frame_index of at least 0, got -1",
        ),
    ],
)
def test_labels_that_contradict_themselves_are_refused(
    coco: Coco, write: Callable[[Coco], Path], change: Callable[[Coco], object], message: str
) -> None:
    change(coco)
    with pytest.raises(LabelError, match=message):
        read_coco(write(coco), ["person"])


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "expected JSON"), ("not json", "expected JSON"), ("[1, 2]", "expected an object with")],
)
def test_a_file_that_is_no_coco_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(LabelError, match=rf"labels\.json: {message}"):
        read_coco(tmp_path / "labels.json", ["person"])


def test_a_missing_label_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"none\.json: expected a COCO file: No such file"):
        read_coco(tmp_path / "none.json", ["person"])


def _labelled(indices: range) -> list[LabelledImage]:
    empty = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    return [LabelledImage(f"{index}.jpg", index, *empty) for index in indices]


def test_validation_is_the_end_of_the_video_and_a_gap_lies_before_it() -> None:
    train, validation = split_by_time(_labelled(range(0, 100, 10)), 0.3, gap_frames=25)
    assert [image.frame_index for image in validation] == [70, 80, 90]
    # 60 and 50 are closer to 70 than 25 frames.
    assert [image.frame_index for image in train] == [0, 10, 20, 30, 40]


def test_without_validation_all_frames_are_trained_on() -> None:
    train, validation = split_by_time(_labelled(range(5)), 0.0, gap_frames=25)
    assert (len(train), len(validation)) == (5, 0)


def test_a_video_of_another_size_than_its_labels_is_refused(
    coco: Coco, write: Callable[[Coco], Path], sample_video: Path
) -> None:
    for image in coco["images"]:
        image.update(width=4096, height=4096)
    coco["annotations"][0]["bbox"] = [1000, 2, 10, 20]
    source = CocoVideo(write(coco), sample_video, validation_fraction=0)
    with pytest.raises(LabelError, match="image 'a.png': expected boxes inside 768×576 px"):
        source.train_samples(["person"])


@pytest.mark.parametrize("content", [None, b"", b"no video"])
def test_a_video_that_cannot_be_read_is_named(
    coco: Coco, write: Callable[[Coco], Path], tmp_path: Path, content: bytes | None
) -> None:
    video = tmp_path / "site.avi"
    if content is not None:
        video.write_bytes(content)
    with pytest.raises(DatasetError, match=r"site\.avi"):
        CocoVideo(write(coco), video).train_samples(["person"])


def test_a_folder_of_images_is_read_when_asked(
    coco: Coco, write: Callable[[Coco], Path], tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((48, 64, 3), 9, np.uint8))
    samples = CocoImages(write(coco), tmp_path).train_samples(["person"])
    assert len(samples) == 2
    assert samples[0].image.shape == (48, 64, 3)
    with pytest.raises(DatasetError, match=r"b\.png: expected a picture, got no file"):
        samples[1]


def test_a_part_of_a_folder_of_images_is_a_list_of_pictures(
    coco: Coco, write: Callable[[Coco], Path], tmp_path: Path
) -> None:
    for name, grey in (("a.png", 1), ("b.png", 2)):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), grey, np.uint8))
    samples = CocoImages(write(coco), tmp_path).train_samples(["person"])
    assert [sample.image[0, 0, 0] for sample in samples[:8]] == [1, 2]
    assert [sample.image[0, 0, 0] for sample in samples[1:]] == [2]


def test_every_picture_is_drawn_once_an_epoch_over_all_ranks() -> None:
    for epoch in (0, 1):
        drawn = []
        for rank in (0, 1):
            keys = ShuffledKeys(6, seed=0, rank=rank, num_ranks=2)
            keys.set_epoch(epoch)
            drawn += [key.index for key in keys]
        assert sorted(drawn) == [0, 1, 2, 3, 4, 5]


def test_the_order_differs_between_epochs_and_not_between_runs() -> None:
    def order(epoch: int) -> list[TrainKey]:
        keys = ShuffledKeys(20, seed=3)
        keys.set_epoch(epoch)
        return list(keys)

    assert order(1) == order(1)
    assert [key.index for key in order(1)] != [key.index for key in order(2)]


@pytest.fixture
def data(coco: Coco, write: Callable[[Coco], Path], tmp_path: Path) -> DetectionDataModule:
    for name, grey in (("a.png", 50), ("b.png", 150)):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), grey, np.uint8))
    source = CocoImages(write(coco), tmp_path)
    return DetectionDataModule([source], Augmentation((64, 64), (32, 32)), batch_size=2)


def test_batches_do_not_depend_on_the_number_of_workers(data: DetectionDataModule) -> None:
    data.setup()
    (alone,) = data.train_dataloader()
    data.num_workers = 2
    (shared,) = data.train_dataloader()
    assert torch.equal(alone.images, shared.images)
    assert all(torch.equal(a, b) for a, b in zip(alone.xyxy_px, shared.xyxy_px, strict=True))


def test_every_epoch_augments_differently(data: DetectionDataModule) -> None:
    data.setup()
    pictures = AugmentedPictures(data.train_samples, data.augmentation, 0, plain_from_epoch=2)
    images = [pictures[TrainKey(epoch, 0, 0)].image.tobytes() for epoch in (0, 1, 2)]
    assert len(set(images)) == 3


def test_pictures_are_mixed_until_the_plain_epochs(data: DetectionDataModule) -> None:
    data.setup()  # one picture is all 50, the other all 150
    mosaics = Augmentation((64, 64), (64, 64), mosaic_probability=1, brightness=0, scale=(1, 1))
    pictures = AugmentedPictures(data.train_samples, mosaics, 0, plain_from_epoch=1)

    def mixed(epoch: int) -> list[bool]:
        images = [pictures[TrainKey(epoch, position, 0)].image for position in range(8)]
        return [{50, 150} <= set(image.ravel().tolist()) for image in images]

    assert any(mixed(0))
    assert not any(mixed(1))


def test_overfitting_sees_the_same_unchanged_pictures_in_every_epoch(
    data: DetectionDataModule,
) -> None:
    data.num_overfit, data.batch_size = 1, 2
    data.setup()
    first, again = (list(data.train_dataloader()) for _ in range(2))
    (batch,), (validation,) = first, data.val_dataloader()
    fitted = np.full((64, 64, 3), 114)
    fitted[:48] = 50  # 48 × 64 px fits as it is
    np.testing.assert_array_equal(batch.images.numpy(), fitted[None])
    assert batch.xyxy_px[0].tolist() == [[1, 2, 11, 22], [30, 2, 64, 48]]
    assert torch.equal(again[0].images, batch.images)
    assert torch.equal(validation.images, batch.images)


def test_a_batch_to_validate_on_says_how_large_its_pictures_were(
    data: DetectionDataModule,
) -> None:
    data.num_overfit = 2
    data.setup()
    (batch,) = data.val_dataloader()
    assert batch.original_size_hw == [(48, 64), (48, 64)]


def test_the_manifest_names_the_content_and_not_the_place(
    coco: Coco, write: Callable[[Coco], Path], tmp_path: Path
) -> None:
    def sha256(site: Path) -> str:
        source = CocoImages(site / "labels.json", site / "images")
        return DetectionDataModule([source], Augmentation((64, 64), (64, 64))).manifest().sha256

    site = tmp_path / "site"
    (site / "images").mkdir(parents=True)
    cv2.imwrite(str(site / "images" / "a.png"), np.zeros((48, 64, 3), np.uint8))
    write(coco).rename(site / "labels.json")
    before = sha256(site)
    moved = site.rename(tmp_path / "elsewhere")
    assert sha256(moved) == before
    cv2.imwrite(str(moved / "images" / "a.png"), np.ones((48, 64, 3), np.uint8))
    assert sha256(moved) != before


def test_sites_whose_files_have_the_same_names_are_trained_together(
    coco: Coco, write: Callable[[Coco], Path], tmp_path: Path
) -> None:
    text = write(coco).read_text()
    for site in ("a", "b"):
        for camera in ("door", "till"):
            (tmp_path / site / camera).mkdir(parents=True)
            (tmp_path / site / camera / "1.png").write_text(site + camera)
        (tmp_path / site / "labels.json").write_text(text)
    sources = [CocoImages(tmp_path / s / "labels.json", tmp_path / s) for s in ("a", "b")]
    data = DetectionDataModule(sources, Augmentation((64, 64), (64, 64)))
    assert [entry.path for entry in data.manifest().files] == [
        *("a/door/1.png", "a/labels.json", "a/till/1.png"),
        *("b/door/1.png", "b/labels.json", "b/till/1.png"),
    ]


def test_sources_without_pictures_are_refused(
    coco: Coco, write: Callable[[Coco], Path], tmp_path: Path
) -> None:
    coco["images"], coco["annotations"] = [], []
    source = CocoImages(write(coco), tmp_path)
    data = DetectionDataModule([source], Augmentation((64, 64), (64, 64)))
    with pytest.raises(DatasetError, match=r"expected pictures to train on, got none in .*labels"):
        data.setup()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"batch_size": 0}, "batch_size: expected at least 1, got 0"),
        ({"num_workers": -1}, "num_workers: expected at least 0, got -1"),
        ({"num_overfit": 0}, "num_overfit: expected at least 1, got 0"),
    ],
)
def test_a_number_that_cannot_be_used_is_refused_at_once(
    tmp_path: Path, option: dict[str, int], message: str
) -> None:
    source = CocoImages(tmp_path / "l.json", tmp_path)
    with pytest.raises(ValueError, match=message):
        DetectionDataModule([source], Augmentation((64, 64), (64, 64)), **option)


def test_repeats_must_fit_the_sources(tmp_path: Path) -> None:
    source = CocoImages(tmp_path / "l.json", tmp_path)
    with pytest.raises(DatasetError, match=r"repeats: expected 1 positive .* got \[1, 2\]"):
        DetectionDataModule([source], Augmentation((64, 64), (64, 64)), repeats=[1, 2])


@pytest.fixture
def shop(tmp_path: Path, sample_video: Path) -> Dataset:
    """One picture to train on, one frame to validate on, one that nobody looked at."""
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((20, 30, 3), np.uint8))
    (tmp_path / "v.avi").symlink_to(sample_video.resolve())
    crowd = Box((1, 1, 3, 9), "crowd", is_ignored=True)
    person = Box((5.5, 2, 9, 12), "person")
    samples = [
        Sample("a.png", split=Split.TRAIN, boxes=(crowd, person)),
        Sample("v.avi", frame_index=7, split=Split.VALIDATION, boxes=(person,)),
        Sample("v.avi", frame_index=8, split=Split.TRAIN, is_labelled=False),
    ]
    return Dataset.create(
        tmp_path, samples, name="shop", source="s", licence="l", commercial_use=False
    )


def test_a_data_set_is_divided_as_its_samples_say(shop: Dataset) -> None:
    source = DatasetFolder(shop.folder)
    (train,) = source.train_samples(["person"])
    (validation,) = source.validation_samples(["person"])
    assert train.image.shape == (20, 30, 3)
    assert train.class_id.tolist() == [IGNORED, 0]
    assert train.xyxy_px.tolist() == [[1, 1, 3, 9], [5.5, 2, 9, 12]]
    assert validation.image.shape == (576, 768, 3)


def test_a_class_that_is_not_trained_is_named_with_its_sample(shop: Dataset) -> None:
    with pytest.raises(LabelError, match=r"sample 'a\.png': expected a class of \['bag'\]"):
        DatasetFolder(shop.folder).train_samples(["bag"])


def test_data_of_one_data_set_has_its_manifest(shop: Dataset) -> None:
    module = DetectionDataModule([DatasetFolder(shop.folder)], Augmentation((64, 64), (64, 64)))
    assert module.manifest() == shop.manifest


def test_a_changed_picture_stops_training_before_it_starts(shop: Dataset) -> None:
    (shop.folder / "a.png").write_bytes(b"other")
    with pytest.raises(DatasetError, match=r"a\.png: expected \d+ bytes, got 5"):
        DatasetFolder(shop.folder).prepare()
