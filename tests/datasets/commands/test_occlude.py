"""`python -m datasets occlude` on real faces."""

import zipfile

import pytest

from datasets.__main__ import main
from datasets.dataset import Dataset
from datasets.samples import Sample
from serving.core.labels import Mask

NUM_FACES = 12


@pytest.fixture
def faces(mirror, tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    with zipfile.ZipFile(mirror / "data" / "age_gender" / "images.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".webp"))[:NUM_FACES]
        for name in names:
            (folder / name.rpartition("/")[2]).write_bytes(archive.read(name))
    samples = [Sample(name.rpartition("/")[2], image_size_hw=(128, 128)) for name in names]
    options = {"name": "faces", "source": "FairFace", "licence": "CC BY 4.0"}
    Dataset.create(folder, samples, commercial_use=True, **options)
    return folder


def run(mirror, *arguments):
    weights = mirror / "weights" / "face" / "yunet_n_640_640.onnx"
    return main(["occlude", *map(str, arguments), "--weights", str(weights)])


def test_faces_get_masks_and_the_counts_are_told(mirror, faces, tmp_path, capsys):
    into = tmp_path / "masked"
    options = ("--kinds", "surgical,cloth", "--incorrect-share", 0.5, "--seed", 2)
    assert run(mirror, faces, "--into", into, *options) == 0
    dataset = Dataset.load(into)
    dataset.manifest.verify(into)
    states = [sample.attributes.mask for sample in dataset.samples]
    assert set(states) == {Mask.MASKED, Mask.INCORRECT}
    told = capsys.readouterr().out
    assert f"{len(states)} of {NUM_FACES} samples, sha256 {dataset.manifest.sha256}" in told
    num_surgical = sum("mask:surgical" in sample.tags for sample in dataset.samples)
    assert f"  mask:surgical: {num_surgical}\n" in told
    assert len(states) == NUM_FACES or "no face found" in told


def test_an_unknown_kind_ends_the_command_with_the_known_ones(mirror, faces, tmp_path, capsys):
    assert run(mirror, faces, "--into", tmp_path / "new", "--kinds", "surgical,veil") == 2
    assert "expected one of surgical, cloth" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_folder_without_a_data_set_is_named(mirror, tmp_path, capsys):
    assert run(mirror, tmp_path, "--into", tmp_path / "new") == 1
    assert "expected a manifest.json, got none" in capsys.readouterr().err
