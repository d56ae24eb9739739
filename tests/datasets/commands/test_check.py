"""`python -m datasets check`: what it prints, and how it ends."""

from __future__ import annotations

import json

import numpy as np
import pytest

from datasets.__main__ import main
from datasets.commands.check import hiding
from datasets.samples import Box, Sample
from tests.datasets.checks import planted
from tests.datasets.checks.site import clean_site


@pytest.fixture
def site(tmp_path):
    return clean_site(tmp_path / "site")


def test_a_clean_data_set_ends_with_0(site, capsys):
    site.write()
    assert main(["check", str(site.folder), "--strict"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "data set 'site': 10 samples, 10 pictures looked at",
        "  train: 4 samples, 8 boxes",
        "  validation: 2 samples, 4 boxes",
        "  test: 2 samples, 4 boxes",
        "  query: 1 samples, 2 boxes",
        "  gallery: 1 samples, 2 boxes",
        "0 errors, 0 warnings",
    ]


def test_an_error_ends_with_1_and_is_named(site, capsys):
    planted.box_empty(site)
    assert main(["check", str(site.folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "error: box-empty: a box without an area (1)" in lines
    assert lines[-1] == "1 errors, 0 warnings"


@pytest.mark.parametrize(("flags", "code"), [([], 0), (["--strict"], 1)])
def test_a_warning_ends_with_1_only_when_strict(site, flags, code):
    planted.box_tiny(site)
    assert main(["check", str(site.folder), *flags]) == code


def test_json_holds_every_finding_and_the_statistics(site, capsys):
    planted.near_duplicate(site)
    assert main(["check", str(site.folder), "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["kinds"] == {"near-duplicate": 1}
    (finding,) = record["findings"]
    assert finding["sample"] == "images/again.jpg"
    assert finding["others"] == ["images/3.png"]
    assert (finding["line"], finding["severity"]) == (11, "warning")
    assert record["statistics"][0]["num_boxes"] == 8
    assert record["manifest_sha256"] == site.check().contents.manifest.sha256


def test_of_many_findings_ten_are_printed_and_the_others_counted(site, capsys):
    for _ in range(13):
        site.add_box(3, (50, 20, 50, 60))
    site.write()
    assert main(["check", str(site.folder), "--metadata-only"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("10 pictures looked at, none decoded")
    assert sum("box-empty" in line or "with an area" in line for line in lines) == 1 + 10
    assert "  … and 3 more" in lines


def test_the_page_is_written_also_where_something_is_wrong(site, tmp_path, capsys):
    planted.picture_empty(site)
    page = tmp_path / "out" / "check.html"
    assert main(["check", str(site.folder), "--report", str(page)]) == 1
    assert "an empty file" in page.read_text(encoding="utf-8")
    assert capsys.readouterr().out.splitlines()[-1] == f"report: {page}"


def test_a_folder_without_a_data_set_is_one_line_and_code_1(tmp_path, capsys):
    assert main(["check", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "expected a manifest.json and a samples.jsonl, got neither" in error


def test_heads_of_labelled_people_are_hidden_even_where_no_face_is_found():
    class NoFaces:
        def find(self, image_bgr):
            return ()

    image = np.random.default_rng(0).integers(0, 256, (100, 100, 3)).astype(np.uint8)
    sample = Sample("a.png", boxes=(Box((20, 10, 60, 90), "person"), Box((70, 0, 99, 99), "cup")))
    hidden = hiding(NoFaces())(image, sample)
    assert (hidden[10:29, 20:60] != image[10:29, 20:60]).mean() > 0.9
    assert (hidden[50:] == image[50:]).all()
    assert (hidden[:, 65:] == image[:, 65:]).all()
