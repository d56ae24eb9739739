"""The page of a check: one file, the verdict first, pictures of what is meant."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from markupsafe import escape

from datasets.checks.drawing import thumbnail
from datasets.checks.report import render_report, verdict_text, write_report
from datasets.samples import Box, Sample
from tests.datasets.checks import planted
from tests.datasets.checks.planted import PLANTED
from tests.datasets.checks.site import SIZE_HW, clean_site, picture


@pytest.fixture
def site(tmp_path):
    return clean_site(tmp_path / "site")


def image_of(markup):
    data = re.search(r"base64,([^\"]+)", str(markup)).group(1)
    return cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)


def orange(image):
    """Pixels in the colour of the box that is meant; JPEG blurs it."""
    blue, green, red = (image[..., channel].astype(int) for channel in range(3))
    return (red > 180) & (green < 140) & (blue < 90)


def test_a_page_needs_nothing_beside_itself(site, tmp_path):
    planted.near_duplicate_across_splits(site)
    path = tmp_path / "pages" / "check.html"
    write_report(site.check(), path)
    page = path.read_text(encoding="utf-8")
    assert not re.findall(r"<(?:script|link|iframe)|(?:src|href)=\"(?!data:)|@import|url\(", page)
    assert page.index("Not fit to use yet") < page.index("What was found") < page.index("<img")


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_every_kind_of_fault_can_be_shown(site, plant):
    plant(site)
    page = render_report(site.check())
    for kind in PLANTED[plant]:
        assert f">{kind.value}</code>" in page


def test_the_verdict_says_whether_the_data_is_fit_and_why_not(site):
    site.write()
    assert verdict_text(site.check()) == "Nothing wrong was found."
    planted.box_tiny(site)
    assert verdict_text(site.check()) == "Fit to use: no error, 1 warning to look at."
    planted.box_empty(site)
    assert verdict_text(site.check()) == (
        "Not fit to use yet: 1 error, 1 warning. A box without an area."
    )


def test_what_could_not_be_compared_is_told_and_is_no_fault(site):
    site.write()
    result = replace(site.check(), num_limited=1_600)
    (note,) = result.notes
    assert note.startswith("1,600 pictures are like more than 256 others each")
    assert escape(note) in render_report(result)
    assert result.to_record()["notes"] == [note]
    assert result.is_clean(strict=True)


def test_names_from_the_data_are_text_and_no_markup(site):
    site.add_box(3, (200, 20, 230, 60), "<script>alert(1)</script>")
    site.write()
    page = render_report(site.check())
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_box_that_is_meant_is_drawn_in_its_own_colour(site):
    sample = site.samples[0]
    plain = image_of(thumbnail(site.folder, sample))
    meant = image_of(thumbnail(site.folder, sample, meant=(1,)))
    assert orange(meant).sum() > orange(plain).sum() + 200


def test_a_small_box_is_shown_large_with_what_is_around_it(tmp_path):
    site = clean_site(tmp_path)
    large = picture(0, (1000, 1000))
    sample = Sample(site.paint("a.png", large), boxes=(Box((500, 500, 510, 520), "person"),))
    shown = image_of(thumbnail(site.folder, sample, meant=(0,)))
    rows, columns = np.nonzero(orange(shown - 0))
    assert shown.shape[:2] == (300, 300)
    # 200 px around the box at 1.5 times their size: 20 px become 30.
    near = (abs(rows - 150) < 40) & (abs(columns - 150) < 40)
    assert 25 <= np.ptp(rows[near]) <= 36


def test_around_a_box_outside_the_picture_the_outside_is_shown(site):
    site.add_box(3, (200, 20, 230, 60))
    shown = image_of(thumbnail(site.folder, site.samples[3], meant=(2,)))
    height, width = shown.shape[:2]
    assert height > 300 * SIZE_HW[0] / SIZE_HW[1] and width > 300
    assert shown[2, 2].max() < 60


def test_faces_are_hidden_before_anything_is_drawn(site):
    site.write()
    hidden = render_report(site.check(), hide=lambda image, sample: np.zeros_like(image))
    (first, *_) = re.findall(r"<img[^>]+>", hidden)
    assert np.median(image_of(first)) < 10
    assert "whose faces were hidden" in hidden
    assert "as the cameras saw them" in render_report(site.check())


def test_a_picture_that_cannot_be_read_has_no_thumbnail(site):
    (site.folder / "images/3.png").write_bytes(b"")
    assert thumbnail(site.folder, site.samples[3]) is None
