"""PA-100K: attributes by name, through a real MATLAB file."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from datasets.formats.format import Losses
from datasets.formats.pa100k import ATTRIBUTES, FEMALE, Pa100k
from datasets.samples import Attributes, Sample, Split
from serving.core.errors import LabelError
from serving.core.labels import Gender
from tests.datasets.formats.round_trip import few, likely, paths, written_and_read


def cells(*texts):
    """A column of cells, as MATLAB writes `{'a'; 'b'}`."""
    column = np.empty((len(texts), 1), object)
    column[:, 0] = texts
    return column


GOOD = {
    "attributes": cells(FEMALE, "Hat", "Skirt&Dress"),
    "train_images_name": cells("000001.jpg", "000002.jpg"),
    "train_label": np.array([[1, 0, 1], [0, 1, 0]], np.uint8),
    "val_images_name": cells("000003.jpg"),
    "val_label": np.array([[0, 0, 0]], np.uint8),
    "test_images_name": cells("000004.jpg"),
    "test_label": np.array([[1, 1, 1]], np.uint8),
}


@pytest.fixture
def file(tmp_path):
    def write(packed=True, **changed):
        path = tmp_path / "annotation.mat"
        savemat(path, {**GOOD, **changed}, do_compression=packed)
        return path

    return write


def test_the_file_says_split_gender_and_attributes_by_name(file):
    first, second, validation, test = Pa100k().read(file().parent, Losses())
    assert first == Sample(
        "data/000001.jpg",
        split=Split.TRAIN,
        attributes=Attributes(gender=Gender.FEMALE),
        properties={"Hat": "0", "Skirt&Dress": "1"},
    )
    assert second.attributes.gender is Gender.MALE
    assert (validation.split, test.split) == (Split.VALIDATION, Split.TEST)
    assert next(Pa100k().read(file(packed=False), Losses())) == first


def test_there_are_26_attributes():
    assert len(ATTRIBUTES) == len(set(ATTRIBUTES)) == 26


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"train_label": np.zeros((2, 2))}, "'train_label' of 0 and 1, 2 × 3, got 2 × 2"),
        ({"train_label": np.full((2, 3), 2)}, "'train_label' of 0 and 1, 2 × 3"),
        ({"val_images_name": cells(5)}, "expected 'val_images_name', a column of texts"),
        ({"test_images_name": cells("../1.jpg")}, "test 1: path: expected one inside"),
    ],
)
def test_a_broken_file_names_what_is_wrong(file, changed, message):
    path = file(**changed)
    with pytest.raises(LabelError) as error:
        list(Pa100k().read(path, Losses()))
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)


def test_a_file_that_is_cut_off_or_changed_anywhere_is_an_error_or_reads_the_same(file):
    path = file()
    whole, expected = path.read_bytes(), list(Pa100k().read(path, Losses()))
    for position in range(128, len(whole), 7):
        path.write_bytes(whole[:position])
        with pytest.raises(LabelError, match=f"{path}: expected"):
            list(Pa100k().read(path, Losses()))
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        with suppress(LabelError):
            assert list(Pa100k().read(path, Losses())) == expected


def test_scipy_which_may_crash_is_not_given_a_packed_part_that_was_changed(file, monkeypatch):
    path = file()
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    monkeypatch.setattr("scipy.io.loadmat", lambda _: pytest.fail("scipy was given the file"))
    with pytest.raises(LabelError, match="incorrect data check"):
        list(Pa100k().read(path, Losses()))


def test_no_file_and_another_file_are_errors(tmp_path):
    with pytest.raises(LabelError, match="annotation.mat: expected a MATLAB file, got none"):
        list(Pa100k().read(tmp_path, Losses()))
    (tmp_path / "annotation.mat").write_text("file,label\n")
    with pytest.raises(LabelError, match="annotation.mat: expected a MATLAB file, got: "):
        list(Pa100k().read(tmp_path, Losses()))


def test_all_26_attributes_are_written_and_one_that_is_not_known_loses_the_sample(tmp_path):
    losses, properties = Losses(), dict.fromkeys(ATTRIBUTES[1:], "1")
    man = Attributes(gender=Gender.MALE)
    whole = Sample("data/a.jpg", split=Split.TEST, attributes=man, properties=properties)
    unknown = {**properties, "Hat": ""}
    Pa100k().write(
        [
            whole,
            Sample("data/b.jpg", split=Split.TEST, attributes=man, properties=unknown),
            Sample("data/b.jpg", split=Split.TEST, properties=properties),
            Sample("data/b.jpg", attributes=man, properties=properties),
        ],
        tmp_path,
        losses,
    )
    assert list(Pa100k().read(tmp_path, Losses())) == [whole]
    assert losses.counts == {"sample": 3}


people = likely(
    path=paths,
    split=st.sampled_from([Split.TRAIN, Split.VALIDATION, Split.TEST]),
    attributes=st.builds(Attributes, gender=st.sampled_from(Gender)),
    properties=st.sampled_from(
        [{"Hat": "1", "Side": "0"}, {"Hat": "0", "Side": "0", "hair": "x"}, {"Hat": "2"}]
    ),
)


@few
@given(people)
def test_what_does_not_come_back_is_what_was_reported(samples):
    read = written_and_read(Pa100k(attributes=(FEMALE, "Hat", "Side")), samples)
    assert len(read) == sum("Side" in sample.properties for sample in samples)
