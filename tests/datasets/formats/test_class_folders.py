"""Class folders: labels, states of masks, pictures and clips."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.class_folders import MASK_FOLDERS, ClassFolders
from datasets.formats.format import Losses
from datasets.samples import Attributes, Sample
from serving.core.errors import LabelError
from serving.core.labels import Mask
from tests.datasets.formats.round_trip import few, ids, likely, paths, written_and_read


@pytest.fixture
def root(tmp_path):
    for name in ("with_mask/é.jpg", "without_mask/a.webp", "without_mask/a.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_is_the_label(root):
    samples = list(ClassFolders().read(root, Losses()))
    assert [(sample.path, sample.label) for sample in samples] == [
        ("with_mask/é.jpg", "with_mask"),
        ("without_mask/a.mp4", "without_mask"),
        ("without_mask/a.webp", "without_mask"),
    ]


def test_a_folder_is_the_state_of_a_mask(root):
    first, *_ = ClassFolders(MASK_FOLDERS).read(root, Losses())
    assert first == Sample("with_mask/é.jpg", attributes=Attributes(mask=Mask.MASKED))


def test_an_unknown_folder_of_masks_and_a_picture_beside_the_folders_are_errors(root):
    (root / "scarf").mkdir()
    with pytest.raises(LabelError, match=r"scarf: expected a folder of \['with_mask', .*'scarf'"):
        list(ClassFolders(MASK_FOLDERS).read(root, Losses()))
    (root / "b.jpg").touch()
    with pytest.raises(LabelError, match="b.jpg: expected it in the folder of a class"):
        list(ClassFolders().read(root, Losses()))
    with pytest.raises(LabelError, match="none: expected a folder, got none"):
        list(ClassFolders().read(root / "none", Losses()))


def test_two_pictures_of_one_name_stay_two(tmp_path):
    placed = []
    samples = [Sample(f"{folder}/1.jpg", label="x") for folder in "ab"]
    ClassFolders().write(samples, tmp_path, Losses(), lambda _, path: placed.append(path))
    assert placed == ["x/1.jpg", "x/1-2.jpg"]


def test_without_a_class_a_sample_is_lost(tmp_path):
    losses = Losses()
    ClassFolders().write([Sample("a.jpg"), Sample("a.jpg", label="a/b")], tmp_path, losses)
    ClassFolders(MASK_FOLDERS).write([Sample("a.jpg", label="with_mask")], tmp_path, losses)
    assert losses.counts == {"sample": 3}


@few
@given(likely(path=paths | st.just("b/1.mp4"), label=ids))
def test_what_does_not_come_back_is_what_was_reported(samples):
    read = written_and_read(ClassFolders(), samples)
    assert len(read) == sum("/" not in sample.label for sample in samples)


def test_the_shared_faces_are_read_by_the_state_of_their_masks(mirror):
    losses = Losses()
    samples = list(ClassFolders(MASK_FOLDERS).read(mirror / "data" / "mask", losses))
    states = Counter(sample.attributes.mask for sample in samples)
    assert states == {Mask.MASKED: 891, Mask.UNMASKED: 900}
    assert not losses
