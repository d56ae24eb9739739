"""The check on real data: true duplicates are found, different people are not."""

from __future__ import annotations

import pytest

from datasets.catalog import mirror_root
from datasets.checks.finding import Kind
from datasets.checks.run import check
from datasets.dataset import Dataset
from datasets.files import copy_atomically
from datasets.samples import Sample, Split

SAME_FACES = {
    ("with_mask203.webp", "with_mask319.webp"),
    ("1_0_anhu_0039.webp", "1_0_anhu_0151.webp"),
    ("1_0_anhu_0143.webp", "1_0_anhu_0222.webp"),
    ("1_0_aidai_0063.webp", "1_0_aidai_0069.webp"),
    ("1_0_benxi_0103.webp", "1_0_benxi_0186.webp"),
}
"""Seen by eye: one photograph saved, scaled or cropped twice."""


def folder_of(name):
    root = mirror_root()
    if root is None or not (root / "data" / name).is_dir():
        pytest.skip(f"no local mirror with data/{name}")
    return root / "data" / name


def data_set(folder, files, sample_of):
    samples = []
    for file in files:
        path = f"{file.parent.name}/{file.name}"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        copy_atomically(file, folder / path)
        samples.append(sample_of(path, file))
    Dataset.create(
        folder, samples, name="mirror", source="mirror", licence="see there", commercial_use=False
    )


def test_of_704_people_in_a_corridor_one_picture_stands_twice(tmp_path):
    files = sorted(folder_of("reid").rglob("*.png"))

    def sample_of(path, file):
        return Sample(path, identity=file.parent.name, camera=file.name[:2])

    data_set(tmp_path, files, sample_of)
    (finding,) = check(tmp_path).findings
    assert finding.kind is Kind.DUPLICATE
    assert {finding.key, *finding.others} == {"085/01_4.png", "085/01_5.png"}


def test_photographs_saved_twice_are_found_among_other_faces(tmp_path):
    source = folder_of("mask")
    names = {name for pair in SAME_FACES for name in pair}
    every = sorted(source.rglob("*.webp"))
    files = [file for file in every if file.name in names] + [
        file for file in every[::13] if file.name not in names
    ]
    first = {pair[0] for pair in SAME_FACES}
    data_set(
        tmp_path,
        files,
        lambda path, file: Sample(path, split=Split.TRAIN if file.name in first else Split.TEST),
    )
    found = {
        tuple(sorted(key.rpartition("/")[2] for key in (str(one.key), *one.others)))
        for one in check(tmp_path).findings
        if one.kind is Kind.NEAR_DUPLICATE_ACROSS_SPLITS
    }
    assert found == SAME_FACES
