"""FairFace: the official tables, the compact one, and race as a property alone."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.fairface import RACE, FairFace
from datasets.formats.format import Losses
from datasets.samples import Attributes, Sample, Split
from serving.core.errors import LabelError
from serving.core.labels import AgeBand, Gender
from tests.datasets.formats.round_trip import few, likely, paths, written_and_read

TRAIN = """file,age,gender,race,service_test
train/1.jpg,50-59,Male,East Asian,True
train/2.jpg,more than 70,Female,Indian,False
"""
VALIDATION = """file,age,gender,race,service_test
val/1.jpg,3-9,Male,East Asian,False
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "fairface_label_train.csv").write_text(TRAIN)
    (tmp_path / "fairface_label_val.csv").write_text(VALIDATION)
    return tmp_path


def test_the_official_tables_say_split_age_gender_and_race(root):
    first, second, third = FairFace().read(root, Losses())
    assert first == Sample(
        "train/1.jpg",
        split=Split.TRAIN,
        attributes=Attributes(AgeBand.FROM_50_TO_59, gender=Gender.MALE),
        properties={"race": "East Asian", "service_test": "True"},
    )
    assert second.attributes == Attributes(AgeBand.FROM_70, gender=Gender.FEMALE)
    assert third.split is Split.VALIDATION


def test_the_official_tables_are_written_as_they_were(root, tmp_path):
    losses = Losses()
    FairFace().write(FairFace().read(root, Losses()), tmp_path / "new", losses)
    assert (tmp_path / "new" / "fairface_label_train.csv").read_text() == TRAIN
    assert (tmp_path / "new" / "fairface_label_val.csv").read_text() == VALIDATION
    assert not losses


def test_samples_without_a_split_go_into_the_compact_table(tmp_path):
    losses = Losses()
    young = Attributes(AgeBand.FROM_0_TO_2, age_years=1.0, gender=Gender.FEMALE)
    FairFace("images").write(
        [Sample("images/a.jpg", attributes=young, properties={RACE: "Black", "service_test": "x"})],
        tmp_path,
        losses,
    )
    text = (tmp_path / "labels.csv").read_text()
    assert text == "file,age_band,gender,race\na.jpg,0-2,Female,Black\n"
    assert losses.counts == {
        "sample.attributes.age_years": 1,
        "sample.properties.service_test": 1,
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.jpg,80-89,Male,White", "expected an age of ['0-2', '3-9', "),
        ("a.jpg,0-2,male,White", "expected a gender of ['Female', 'Male'], got 'male'"),
        ("a.jpg,0-2,Male", "expected 4 columns, got 3"),
        ("a/../../b.jpg,0-2,Male,White", "expected one inside the data set's folder"),
    ],
)
def test_a_broken_row_names_file_and_line(tmp_path, row, message):
    path = tmp_path / "labels.csv"
    path.write_text(f"file,age_band,gender,race\na.jpg,0-2,Male,White\n{row}\n")
    with pytest.raises(LabelError) as error:
        list(FairFace().read(tmp_path, Losses()))
    assert str(error.value).startswith(f"{path}:3: ")
    assert message in str(error.value)


def test_a_folder_without_a_table_is_an_error_and_a_column_too_many_is_counted(tmp_path):
    with pytest.raises(LabelError, match="expected one of the tables"):
        list(FairFace().read(tmp_path, Losses()))
    losses = Losses()
    (tmp_path / "labels.csv").write_text("file,age_band,gender,race,hair\na.jpg,,,,x\n")
    assert list(FairFace().read(tmp_path, losses)) == [Sample("a.jpg")]
    assert losses.counts == {"row.hair": 1}


faces = likely(
    path=paths | paths.map("images/{}".format),
    split=st.none() | st.sampled_from(Split),
    attributes=st.builds(
        Attributes,
        age_band=st.none() | st.sampled_from(AgeBand),
        gender=st.none() | st.sampled_from(Gender),
    ),
    properties=st.sampled_from([{}, {RACE: "White"}, {RACE: "x,\n", "service_test": "True"}]),
)


@few
@given(faces)
def test_what_does_not_come_back_is_what_was_reported(samples):
    assert len(written_and_read(FairFace("images"), samples)) == len(samples)


def test_the_shared_faces_have_the_stated_counts(mirror):
    losses = Losses()
    samples = list(FairFace("images").read(mirror / "data" / "age_gender", losses))
    assert len(samples) == 22_755
    genders = Counter(sample.attributes.gender for sample in samples)
    assert genders == {Gender.MALE: 12_020, Gender.FEMALE: 10_735}
    bands = Counter(sample.attributes.age_band for sample in samples)
    assert (len(bands), bands[AgeBand.FROM_70]) == (9, 394)
    assert len({sample.properties[RACE] for sample in samples}) == 7
    assert not losses
