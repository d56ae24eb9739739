"""Every kind of fault, planted once in a clean data set, is found once; the clean set is clean."""

from __future__ import annotations

import cv2
import pytest

from datasets.checks.finding import MEANINGS, Kind, Severity
from datasets.checks.run import CheckOptions, check
from datasets.samples import Sample
from serving.core.errors import ConfigError, DatasetError
from tests.datasets.checks import planted
from tests.datasets.checks.planted import DECODED, PLANTED
from tests.datasets.checks.site import clean_site, picture


@pytest.fixture
def site(tmp_path):
    return clean_site(tmp_path / "site")


@pytest.mark.parametrize("decode", [True, False])
def test_nothing_is_found_in_a_clean_data_set(site, decode):
    site.write()
    result = site.check(decode=decode)
    assert result.findings == ()
    assert result.is_clean(strict=True)
    assert (result.num_pictures, result.num_decoded) == (10, 10 if decode else 0)


def test_every_kind_is_planted_and_has_words():
    assert {kind for kinds in PLANTED.values() for kind in kinds} == set(Kind) == set(MEANINGS)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found_once_and_nothing_else(site, plant):
    plant(site)
    assert sorted(site.kinds()) == sorted(PLANTED[plant])


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_without_decoding_all_is_found_that_labels_headers_and_sizes_tell(site, plant):
    plant(site)
    expected = set(PLANTED[plant]) - DECODED
    if plant is planted.picture_truncated or plant is planted.jpeg_truncated:
        expected -= {Kind.PICTURE_BROKEN}  # its header is whole
    assert set(site.kinds(decode=False)) == expected


def test_two_processes_find_what_one_finds(site):
    for number in range(40):
        site.add(f"more/{number}.png", picture(100 + number))
    planted.near_duplicate_across_splits(site)
    (site.folder / "more/7.png").write_bytes(b"")
    one, two = site.check(workers=1), site.check(workers=2)
    assert one.findings == two.findings
    assert sorted(set(site.kinds(workers=2))) == [
        Kind.FILE_CHANGED,
        Kind.NEAR_DUPLICATE_ACROSS_SPLITS,
        Kind.PICTURE_BROKEN,
    ]


def test_errors_come_first_and_warnings_count_when_asked(site):
    site.add_box(1, (50, 20, 52, 40))
    site.add_box(3, (50, 20, 50, 60))
    site.write()
    result = site.check()
    assert [finding.severity for finding in result.findings] == [Severity.ERROR, Severity.WARNING]
    assert (result.num_errors, result.num_warnings) == (1, 1)
    planted.box_tiny(clean := clean_site(site.folder.parent / "other"))
    assert clean.check().is_clean()
    assert not clean.check().is_clean(strict=True)


def test_a_finding_says_line_sample_box_expected_and_got(site):
    planted.box_outside(site)
    (finding,) = site.findings()
    assert finding.text == (
        "line 4, images/3.png, box 2: expected a box inside 128 × 96 px, "
        "got [200, 20, 230, 60] of class 'person'"
    )


def test_frames_of_a_video_are_found_wanting_one_by_one(site, tmp_path):
    site.folder.mkdir(exist_ok=True)
    writer = cv2.VideoWriter(
        str(site.folder / "v.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (128, 96)
    )
    for number in range(5):
        writer.write(picture(200 + number))
    writer.release()
    site.samples += [Sample("v.avi", frame_index=index) for index in (0, 4, 5)]
    site.write()
    (finding,) = site.findings()
    assert finding.text == "line 13, v.avi#5: expected a frame 5, got 5 frames in all"


def test_a_folder_without_a_data_set_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="expected a manifest.json and a samples.jsonl"):
        check(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers: expected at least 1, got 0"),
        ({"gap_s": -1.0}, "gap_s: expected at least 0 seconds, got -1.0"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        CheckOptions(**options)
