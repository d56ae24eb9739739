"""UTKFace: labels in names, the published names that lack one, and names that say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.format import Losses
from datasets.formats.utkface import RACE, UtkFace
from datasets.samples import Attributes, Sample
from serving.core.errors import LabelError
from serving.core.labels import Gender
from tests.datasets.formats.round_trip import few, likely, paths, written_and_read


def one(folder, name):
    (folder / name).touch()
    (sample,) = UtkFace().read(folder, Losses())
    return sample


@pytest.mark.parametrize(
    ("name", "years", "gender", "race"),
    [
        ("100_0_0_20170112213500903.jpg.chip.jpg", 100, Gender.MALE, "White"),
        ("26_1_4_20170116220224657 .jpg", 26, Gender.FEMALE, "Others"),
        ("61_1_20170109150557335.jpg.chip.jpg", 61, Gender.FEMALE, None),
        ("53__0_20170116184028385.jpg", 53, None, "White"),
        ("1___20170116184028385.jpg", 1, None, None),
    ],
)
def test_the_name_says_age_gender_and_race(tmp_path, name, years, gender, race):
    assert one(tmp_path, name) == Sample(
        name,
        attributes=Attributes(age_years=years, gender=gender),
        properties={} if race is None else {RACE: race},
    )


@pytest.mark.parametrize(
    "name", ["face.jpg", "26_2_0_2017.jpg", "26_1_5_2017.jpg", "26_1_0_.jpg", "131_1_0_2017.jpg"]
)
def test_a_name_that_breaks_the_pattern_is_named(tmp_path, name):
    with pytest.raises(LabelError, match=rf"{tmp_path}/{name}: .*expected"):
        one(tmp_path, name)


def test_parts_are_read_and_other_files_counted(tmp_path):
    (tmp_path / "part1").mkdir()
    (tmp_path / "part1" / "1_0_0_2017.jpg").touch()
    (tmp_path / "part1" / "list.txt").touch()
    (tmp_path / "2_0_0_2017.jpg").touch()
    losses = Losses()
    samples = list(UtkFace().read(tmp_path, losses))
    assert [sample.path for sample in samples] == ["2_0_0_2017.jpg", "part1/1_0_0_2017.jpg"]
    assert losses.counts == {"file": 1}


def test_a_name_that_says_the_same_is_kept_and_another_replaced(tmp_path):
    placed, losses = [], Losses()
    woman = Attributes(age_years=30, gender=Gender.FEMALE)
    samples = [
        Sample("a/30_1__2017.jpg", attributes=woman),
        Sample("b/30_1__2017.jpg", attributes=woman),
        Sample("30_1_2_2017.jpg", attributes=woman),
        Sample("30_1_2_2017.jpg", attributes=woman, properties={RACE: "Martian"}),
        Sample("a.jpg", attributes=Attributes(age_years=30.5)),
        Sample("a.jpg"),
    ]
    UtkFace().write(samples, tmp_path, losses, lambda _, path: placed.append(path))
    made = [f"30_1__{number:017d}.jpg" for number in (1, 2, 3)]
    assert placed == ["30_1__2017.jpg", *made]
    assert losses.counts == {"sample": 2, "sample.properties.race": 1}


faces = likely(
    path=paths,
    attributes=st.builds(
        Attributes,
        age_years=st.integers(28, 31).map(float),
        gender=st.none() | st.sampled_from(Gender),
    ),
    properties=st.sampled_from([{}, {RACE: "Asian"}, {RACE: "x"}]),
)


@few
@given(faces)
def test_what_does_not_come_back_is_what_was_reported(samples):
    assert len(written_and_read(UtkFace(), samples)) == len(samples)
