"""A broken line is named and the lines around it are read."""

from __future__ import annotations

import pytest

from datasets.checks.contents import read_contents
from datasets.checks.finding import Kind
from datasets.dataset import SAMPLES_NAME
from datasets.manifest import FILE_NAME
from tests.datasets.checks.site import clean_site

BOX = '{"xyxy_px":[60.0,10.0,90.0,90.0],"label":"person","track_id":"2"}'


@pytest.fixture
def site(tmp_path):
    return clean_site(tmp_path / "site")


def test_every_broken_line_is_named_and_the_others_are_read(site):
    def edit(text):
        lines = text.splitlines(keepends=True)
        lines[1] = lines[1][:40] + "\n"
        lines[4] = "[1, 2]\n"
        lines[6] = lines[6].replace('"path"', '"paht"')
        return "".join(lines)

    site.edit_lines(edit)
    contents = read_contents(site.folder)
    assert [row.line for row in contents.rows] == [1, 3, 4, 6, 8, 9, 10]
    assert [(finding.kind, finding.line) for finding in contents.findings] == [
        (Kind.LINE_BROKEN, 2),
        (Kind.LINE_BROKEN, 5),
        (Kind.LINE_BROKEN, 7),
    ]
    assert "path" in contents.findings[2].got


@pytest.mark.parametrize(
    ("bad", "kind", "got"),
    [
        (BOX.replace("60.0", "95.0"), Kind.BOX_INVERTED, "[95.0, 10.0, 90.0, 90.0]"),
        (BOX.replace("10.0", "91.0"), Kind.BOX_INVERTED, "[60.0, 91.0, 90.0, 90.0]"),
        (BOX.replace('"person"', '""'), Kind.LINE_BROKEN, "label: expected a class name, got ''"),
        ('{"label":"person"}', Kind.LINE_BROKEN, "xyxy_px: field required"),
        ('"box"', Kind.LINE_BROKEN, ""),
    ],
)
def test_a_bad_box_is_named_and_the_good_ones_of_its_line_are_kept(site, bad, kind, got):
    site.edit_lines(lambda text: text.replace(BOX, f"{bad},{BOX}", 1))
    contents = read_contents(site.folder)
    (finding,) = contents.findings
    assert (finding.kind, finding.line, finding.key, finding.box) == (kind, 1, "images/0.png", 1)
    assert got in finding.got
    assert contents.rows[0].sample == site.samples[0]
    assert contents.rows[0].box_numbers == (0, 2)


def test_a_box_after_a_bad_one_is_named_by_its_place_in_the_line(site):
    site.add_box(0, (200, 20, 230, 60))
    site.edit_lines(lambda text: text.replace(BOX, f"{BOX.replace('60.0', '95.0')},{BOX}", 1))
    assert [(finding.kind, finding.box) for finding in site.findings()] == [
        (Kind.BOX_INVERTED, 1),
        (Kind.BOX_OUTSIDE, 3),
    ]


def test_a_sample_that_stands_twice_is_kept_once_and_names_both_lines(site):
    site.edit_lines(lambda text: text + text.splitlines()[2] + "\n")
    contents = read_contents(site.folder)
    assert len(contents.rows) == 10
    (finding,) = contents.findings
    assert finding.text == (
        "line 11, images/2.png: expected each sample once, got it in line 3 already"
    )


def test_samples_without_a_manifest_are_read(site):
    site.write()
    (site.folder / FILE_NAME).unlink()
    contents = read_contents(site.folder)
    assert contents.manifest is None
    assert len(contents.rows) == 10
    assert [finding.kind for finding in contents.findings] == [Kind.MANIFEST_BROKEN]


def test_a_manifest_without_samples_says_that_these_are_missing_once(site):
    site.write()
    (site.folder / SAMPLES_NAME).unlink()
    missing = [finding for finding in site.findings() if finding.key == SAMPLES_NAME]
    assert [finding.kind for finding in missing] == [Kind.FILE_MISSING]


def test_bytes_that_are_no_text_are_a_broken_line(site):
    site.write()
    with (site.folder / SAMPLES_NAME).open("ab") as file:
        file.write(b"\xff\xfe\x00\n")
    assert [finding.line for finding in read_contents(site.folder).findings] == [11]
