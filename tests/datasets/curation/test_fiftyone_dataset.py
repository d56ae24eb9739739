"""A data set in FiftyOne: everything arrives, and a second load doubles nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from datasets.curation.doubts import Doubt, Doubts
from datasets.curation.fields import box_keys
from datasets.curation.fiftyone_dataset import find_loaded, set_measures
from datasets.curation.measures import Measures
from datasets.samples import Attributes, Box, Provenance, Sample, Span, Split
from serving.core.errors import DatasetError
from serving.core.labels import AgeBand, Gender, Mask
from tests.datasets.curation.conftest import SIZE_HW, Made

Load = Callable[..., Any]

HEIGHT_PX, WIDTH_PX = SIZE_HW

PERSON = Box(
    (16, 12, 32, 36),
    "person",
    track_id="t7",
    identity="p3",
    group="g1",
    is_occluded=True,
    visibility=0.75,
    xyz_m=(1.0, 2.0, 0.0),
    attributes=Attributes(AgeBand.FROM_20_TO_29, 24.0, Gender.FEMALE, Mask.MASKED),
    properties={"colour": "red", "tags": "check,far"},
)
CROWD = Box((0, 0, 64, 12), "person", is_ignored=True)
FULL = Sample(
    "tür/a.png",
    camera="door",
    captured_at=1_700_000_000.5,
    source="monday",
    split=Split.VALIDATION,
    label="shop",
    identity="p9",
    attributes=Attributes(AgeBand.FROM_70, 81.0, Gender.MALE, Mask.UNMASKED),
    boxes=(PERSON, CROWD),
    spans=(Span(1, 2.5, "taking"),),
    duration_s=3.0,
    tags=("night", "odd"),
    provenance=(Provenance("ann", 1.0), Provenance("ben", 2.0)),
    properties={"weather": "rain", "tags.mask": "wrong"},
)
BARE = Sample("b.png", is_labelled=False)
FOUND = Box((16, 12, 32, 36), "person", score=0.75)


def test_everything_that_a_sample_says_arrives(made: Made, load: Load) -> None:
    loaded = load(made([FULL, BARE]))

    full = loaded.match({"key": FULL.key}).first()
    assert full.filepath.endswith("/data/tür/a.png") and Path(full.filepath).is_file()
    assert (full.metadata.width, full.metadata.height) == (WIDTH_PX, HEIGHT_PX)
    assert full.tags == ["night", "odd"]
    assert full.captured_at.replace(tzinfo=UTC) == datetime.fromtimestamp(1_700_000_000.5, UTC)
    words = {name: full[name].label for name in ("label", "identity", "age_band", "gender", "mask")}
    assert words == {
        "label": "shop",
        "identity": "p9",
        "age_band": "70+",
        "gender": "male",
        "mask": "unmasked",
    }
    assert full.mask.tags == ["wrong"]
    plain = ("path", "camera", "source", "split", "age_years", "duration_s", "labelled_by", "spans")
    assert [full[name] for name in plain] == [
        *("tür/a.png", "door", "monday", "validation", 81.0, 3.0, "ben"),
        ["taking 1-2.5 s"],
    ]
    assert full.properties["weather"] == "rain"


def test_everything_that_a_box_says_arrives(made: Made, load: Load) -> None:
    person, crowd = load(made([FULL])).first().labels.detections

    assert person.bounding_box == [0.25, 0.25, 0.25, 0.5]
    assert (person.label, person.tags) == ("person", ["check", "far"])
    names = ("track_id", "identity", "group", "is_occluded", "visibility", "xyz_m", "is_ignored")
    assert [person[name] for name in names] == [
        *("t7", "p3", "g1", True, 0.75, [1.0, 2.0, 0.0], False)
    ]
    names = ("age_band", "age_years", "gender", "face_mask", "properties")
    assert [person[name] for name in names] == [
        *("20-29", 24.0, "female", "masked", {"colour": "red"})
    ]
    assert crowd.is_ignored and crowd.tags == []


def test_unlabelled_sample_has_no_labels_and_an_empty_one_has_none_in_it(
    made: Made, load: Load
) -> None:
    loaded = load(made([BARE, Sample("c.png")]))

    by_key = {sample.key: sample for sample in loaded}
    assert by_key["b.png"].labels is None and not by_key["b.png"].is_labelled
    assert by_key["c.png"].labels.detections == []


def test_predictions_and_doubts_arrive_with_their_boxes(made: Made, load: Load) -> None:
    doubts = Doubts({0: Doubt(0.9, 0.4)}, {0: Doubt(possible_missing=True)})

    loaded = load(made([FULL, BARE]), predictions={FULL.key: (FOUND,)}, doubts={FULL.key: doubts})

    full = loaded.match({"key": FULL.key}).first()
    (found,) = full.predictions.detections
    assert (found.confidence, found.possible_missing) == (0.75, True)
    person = full.labels.detections[0]
    assert (person.mistakenness, person.mistakenness_loc) == (0.9, 0.4)
    assert loaded.match({"key": "b.png"}).first().predictions is None


def test_measures_arrive_and_those_not_measured_again_are_emptied(made: Made, load: Load) -> None:
    loaded = load(made([FULL, BARE]))
    set_measures(loaded, [Measures(FULL.key, uniqueness=0.5, num_missing=2), Measures("b.png")])
    set_measures(loaded, [Measures(FULL.key, hardness=0.25), Measures("b.png")])

    full = loaded.match({"key": FULL.key}).first()
    assert (full.uniqueness, full.num_missing, full.hardness) == (None, None, 0.25)


def test_second_load_updates_and_doubles_nothing(made: Made, load: Load) -> None:
    first = made([FULL, BARE])
    ids = dict(zip(*load(first).values(["key", "id"]), strict=True))

    fewer = replace(FULL, boxes=(PERSON,), label=None, camera=None)
    loaded = load(made([fewer, replace(BARE, is_labelled=True, boxes=(CROWD,))]))

    assert dict(zip(*loaded.values(["key", "id"]), strict=True)) == ids
    full = loaded.match({"key": FULL.key}).first()
    assert (len(full.labels.detections), full.label, full.camera) == (1, None, None)
    assert len(loaded.match({"key": "b.png"}).first().labels.detections) == 1


def test_sample_that_left_the_data_set_leaves_fiftyone(made: Made, load: Load) -> None:
    load(made([FULL, BARE]))

    assert load(made([BARE, Sample("c.png")])).values("key") == ["b.png", "c.png"]


def test_what_a_person_tagged_survives_a_second_load(made: Made, load: Load) -> None:
    loaded = load(made([FULL]))
    sample = loaded.first()
    sample.tags = ["odd", "mine"]  # `night` taken away
    sample.labels.detections[0].tags = ["far", "wrong"]  # `check` taken away
    sample.labels.detections[1].tags = ["crowd?"]
    sample.mask.tags = ["wrong", "sure"]
    sample.save()

    again = load(made([replace(FULL, tags=("night", "odd", "new"), boxes=(CROWD, PERSON))])).first()

    assert again.tags == ["odd", "mine", "new"]
    crowd, person = again.labels.detections
    assert person.tags == ["far", "wrong"]
    assert crowd.tags == ["crowd?"]
    assert again.mask.tags == ["wrong", "sure"]


def test_tag_that_left_the_data_set_leaves_fiftyone(made: Made, load: Load) -> None:
    load(made([FULL]))

    assert load(made([replace(FULL, tags=("odd",))])).first().tags == ["odd"]


def test_same_boxes_have_keys_of_their_own() -> None:
    keys = box_keys([PERSON, PERSON, CROWD, replace(PERSON, track_id="t8")])

    assert len(set(keys)) == 4
    assert box_keys([PERSON])[0] == keys[0]


def test_name_of_another_data_set_is_refused(made: Made, load: Load) -> None:
    load(made([BARE], name="one"))

    with pytest.raises(DatasetError, match="expected one of 'two', got one of 'one'"):
        load(made([BARE], name="two", folder="other"))


def test_sample_that_a_person_added_in_fiftyone_is_an_error(made: Made, load: Load) -> None:
    import fiftyone as fo

    dataset = made([BARE])
    load(dataset).add_sample(fo.Sample(filepath="/else/x.png", key="x.png"))

    with pytest.raises(DatasetError, match=r"expected only samples of ours, got \['x.png'\]"):
        load(dataset)


def test_data_set_that_is_not_ours_is_refused(fiftyone_name: str) -> None:
    import fiftyone as fo

    fo.Dataset(fiftyone_name, persistent=True)

    with pytest.raises(DatasetError, match="expected one that `curate` has loaded"):
        find_loaded(fiftyone_name)
    with pytest.raises(DatasetError, match="expected a data set 'none', got"):
        find_loaded("none")
