"""What a person did in FiftyOne comes back by key; what cannot is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datasets.curation.fiftyone_dataset import find_loaded
from datasets.curation.tags import bring_back, tagged_samples
from datasets.curation.views import save_default_views
from datasets.dataset import Dataset
from datasets.samples import Attributes, Box, Sample
from serving.core.errors import DatasetError
from serving.core.labels import Mask
from tests.datasets.curation.conftest import Made

Load = Callable[..., Any]

ONE, TWO = Box((0, 0, 20, 40), "person"), Box((30, 0, 50, 40), "person", properties={"hat": "no"})
A = Sample("ä.png", boxes=(ONE, TWO), tags=("old",))
B = Sample("b.png", attributes=Attributes(mask=Mask.MASKED))
C = Sample("c.png", is_labelled=False)


def _sample(loaded: Any, key: str) -> Any:
    return loaded.match({"key": key}).first()


@pytest.fixture
def dataset(made: Made) -> Dataset:
    return made([A, B, C])


def test_sample_tags_come_back_into_a_new_version(
    dataset: Dataset, load: Load, tmp_path: Path
) -> None:
    loaded = load(dataset)
    sample = _sample(loaded, "b.png")
    sample.tags.extend(["wrong", "look again"])
    sample.save()

    made, differences = bring_back(dataset, loaded, tmp_path / "v2")

    assert made is not None
    assert (made.manifest.version, made.manifest.parent_sha256) == (2, dataset.manifest.sha256)
    assert Dataset.load(tmp_path / "v2").samples == (
        A,
        replace(B, tags=("wrong", "look again")),
        C,
    )
    assert differences.num_samples == 1
    assert list(differences.notes()) == []


def test_tag_that_a_person_took_away_is_gone(dataset: Dataset, load: Load) -> None:
    loaded = load(dataset)
    loaded.untag_samples("old")

    samples, _ = tagged_samples(dataset, loaded)

    assert samples[0] == replace(A, tags=())


def test_tag_on_a_box_comes_back_to_that_box_whatever_their_order(
    dataset: Dataset, load: Load
) -> None:
    loaded = load(dataset)
    sample = _sample(loaded, "ä.png")
    second = sample.labels.detections[1]
    second.tags.append("wrong")
    sample.labels.detections = [second, sample.labels.detections[0]]
    sample.save()

    samples, differences = tagged_samples(dataset, loaded)

    assert samples[0].boxes == (ONE, replace(TWO, properties={"hat": "no", "tags": "wrong"}))
    assert differences.num_boxes == 1


def test_tag_on_the_class_of_a_picture_becomes_a_property(dataset: Dataset, load: Load) -> None:
    loaded = load(dataset)
    sample = _sample(loaded, "b.png")
    sample.mask.tags.append("wrong")
    sample.save()

    samples, _ = tagged_samples(dataset, loaded)

    assert samples[1] == replace(B, properties={"tags.mask": "wrong"})


def test_view_that_a_person_saved_comes_back_as_a_tag(dataset: Dataset, load: Load) -> None:
    loaded = load(dataset)
    loaded.save_view("relabel", loaded.match({"key": {"$in": ["b.png", "c.png"]}}))

    samples, _ = tagged_samples(dataset, loaded)

    assert [sample.tags for sample in samples] == [("old",), ("view:relabel",), ("view:relabel",)]


def test_default_views_do_not_come_back(dataset: Dataset, load: Load) -> None:
    loaded = load(dataset)
    saved = save_default_views(loaded, [loaded.values("id")[:2]])

    assert saved == ["likely duplicates"]
    assert tagged_samples(dataset, loaded)[0] == list(dataset.samples)


def test_second_round_over_the_new_version_changes_nothing(
    dataset: Dataset, load: Load, tmp_path: Path
) -> None:
    loaded = load(dataset)
    sample = _sample(loaded, "ä.png")
    sample.tags.append("wrong")
    sample.labels.detections[0].tags.extend(["wrong", "far"])
    sample.save()
    made, _ = bring_back(dataset, loaded, tmp_path / "v2")
    assert made is not None

    again, differences = bring_back(made, load(made), tmp_path / "v3")

    assert again is None
    assert differences.num_samples == 0
    assert not (tmp_path / "v3").exists()


def test_sample_deleted_in_fiftyone_is_told_and_stays(dataset: Dataset, load: Load) -> None:
    loaded = load(dataset)
    loaded.delete_samples([_sample(loaded, "b.png").id])

    samples, differences = tagged_samples(dataset, loaded)

    assert samples == list(dataset.samples)
    assert list(differences.notes()) == ["deleted in FiftyOne: 1 samples: b.png"]


def test_sample_deleted_in_fiftyone_is_left_out_on_request(
    dataset: Dataset, load: Load, tmp_path: Path
) -> None:
    loaded = load(dataset)
    loaded.delete_samples([_sample(loaded, "b.png").id])

    made, _ = bring_back(dataset, loaded, tmp_path / "v2", drop_deleted=True)

    assert made is not None and made.samples == (A, C)


def test_label_without_a_picture_was_never_loaded_and_is_not_told_as_deleted(
    dataset: Dataset, load: Load
) -> None:
    (dataset.folder / "c.png").unlink()

    samples, differences = tagged_samples(dataset, load(dataset))

    assert samples == list(dataset.samples)
    assert differences.deleted == []


def test_boxes_changed_in_fiftyone_are_told_and_stay(dataset: Dataset, load: Load) -> None:
    import fiftyone as fo

    loaded = load(dataset, predictions={"ä.png": (Box((0, 0, 5, 5), "person", score=0.5),)})
    sample = _sample(loaded, "ä.png")
    moved, _ = sample.labels.detections
    moved.bounding_box = [0.5, 0.5, 0.1, 0.1]
    drawn = fo.Detection(label="person", bounding_box=[0, 0, 1, 1], tags=["new"])
    sample.labels.detections = [moved, drawn]
    sample.predictions.detections[0].tags.append("right")
    sample.save()

    samples, differences = tagged_samples(dataset, loaded)

    assert samples == list(dataset.samples)
    assert [note.split(" in FiftyOne")[0] for note in differences.notes()] == [
        "1 boxes were drawn",
        "1 boxes were moved or renamed",
        "1 boxes were deleted",
        "1 predictions have tags",
    ]


def test_sample_that_fiftyone_has_and_we_do_not_is_an_error(dataset: Dataset, load: Load) -> None:
    import fiftyone as fo

    loaded = load(dataset)
    loaded.add_sample(fo.Sample(filepath="/else/x.png", key="x.png"))

    with pytest.raises(DatasetError, match="expected only samples of ours, got 'x.png'"):
        tagged_samples(dataset, loaded)


def test_other_version_than_the_one_that_was_loaded_is_refused(
    dataset: Dataset, load: Load, tmp_path: Path
) -> None:
    other = dataset.derive(tmp_path / "other", [A, B])

    with pytest.raises(DatasetError, match="version 1 with other labels or files"):
        tagged_samples(other, load(dataset))


def test_tag_with_a_comma_on_a_box_is_refused_by_name(dataset: Dataset, load: Load) -> None:
    loaded = load(dataset)
    sample = _sample(loaded, "ä.png")
    sample.labels.detections[0].tags.append("a,b")
    sample.save()

    with pytest.raises(DatasetError, match="sample 'ä.png': expected tags without ',', got 'a,b'"):
        tagged_samples(dataset, loaded)


def test_folder_that_holds_a_data_set_is_not_written_over(dataset: Dataset, load: Load) -> None:
    loaded = load(dataset)
    loaded.tag_samples("new")

    with pytest.raises(DatasetError, match="expected a new or an empty folder"):
        bring_back(dataset, loaded, dataset.folder)


def test_tags_are_found_again_after_the_database_was_opened_anew(
    dataset: Dataset, load: Load, fiftyone_name: str
) -> None:
    load(dataset).tag_samples("new")

    samples, _ = tagged_samples(dataset, find_loaded(fiftyone_name))

    assert [sample.tags for sample in samples] == [("old", "new"), ("new",), ("new",)]
