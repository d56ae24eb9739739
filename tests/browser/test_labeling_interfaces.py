"""Each labeling interface in a real browser, worked by keys and mouse as a labeler does.

What is submitted comes back over the server's API and must be what was drawn.
"""

import re

import pytest

from datasets.formats.label_studio import Interface
from datasets.samples import Attributes, Box, Sample, Span
from labeling.environment import FOLDER
from labeling.interface import RESERVED_KEYS
from serving.core.labels import AgeBand, Gender, Mask
from tests.browser.media import (
    BLUE,
    CLERK,
    FRAME_RATE_HZ,
    GREEN,
    POSTER,
    RED,
    RED_WITH_BAG,
    draw_face,
    draw_person,
    draw_stand,
    draw_till,
    floor,
    seen_by,
    write_picture,
    write_video,
)

NAMED_KEY = re.compile(r'"[\w.:-]+":\{"key":"(\S)"')
"""An entry of the editor's own table of keys that is one key alone, as its script has it."""

BLACK_ON_WHITE = ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
"""Label Studio writes white on a chosen label's colour, which few of ours let one read."""

SIZE_HW = (480, 640)
PEOPLE = ((60, 180, 110, 340), (300, 170, 352, 330), (340, 190, 392, 350))
RATE = {"frame_rate_hz": str(FRAME_RATE_HZ)}
NUM_FRAMES = 40
DRAWN_PX = 2.0
"""A mouse moves in whole pixels of the screen, the editor rounds, and pictures are scaled."""


@pytest.fixture
def folder(label_studio):
    """Where the pictures of a test's interface lie on the server."""
    return lambda interface: label_studio.files_root / interface


def is_at(box, xyxy_px):
    return box.xyxy_px == pytest.approx(xyxy_px, abs=DRAWN_PX)


def test_person_boxes(open_task, folder, pictures):
    image = floor(*SIZE_HW)
    for row, look in ((0, RED), (2, GREEN), (1, BLUE)):  # from back to front
        draw_person(image, PEOPLE[row], look)
    draw_stand(image, (362, 285, 440, 365))
    write_picture(folder(Interface.PERSON_BOXES) / "tür 1.png", image)
    write_picture(folder(Interface.PERSON_BOXES) / "tür 2.png", floor(*SIZE_HW))
    known = (
        Box(PEOPLE[0], "person", score=0.91, properties={"pose": "front"}),
        Box(PEOPLE[1], "person", score=0.55, is_occluded=False),
    )
    values = {"image_size_hw": SIZE_HW, "camera": "door", "is_labelled": False}
    samples = [Sample("tür 1.png", boxes=known, **values), Sample("tür 2.png", **values)]

    page = open_task(Interface.PERSON_BOXES, samples)
    assert "Box every person" in page.instructions()
    stage = page.picture_stage(SIZE_HW[1])
    page.wait_for_regions(2)
    assert [entry.split()[1:] for entry in page.regions()] == [
        ["person", "0.91"],
        ["person", "0.55"],
    ]
    page.press("1")
    assert page.text_colours(".lsf-label_selected .lsf-label__text") == BLACK_ON_WHITE
    page.draw(stage, PEOPLE[2], over_another=True)
    page.wait_for_regions(3)
    page.press("Escape")
    page.press("q")
    page.draw(stage, POSTER)
    page.wait_for_regions(4)
    page.select(2)
    page.press("a")
    assert page.chosen() == ["occluded"]
    page.save_picture(pictures, "person_boxes")

    (sample,) = page.submit()
    first, second, drawn, ignored = sample.boxes
    assert (sample.path, sample.camera, sample.is_labelled) == ("tür 1.png", "door", True)
    assert first == Box(PEOPLE[0], "person", properties={"pose": "front"})
    assert second == Box(PEOPLE[1], "person", is_occluded=False)
    assert is_at(drawn, PEOPLE[2])
    assert (drawn.label, drawn.is_ignored, drawn.is_occluded) == ("person", False, True)
    assert is_at(ignored, POSTER)
    assert (ignored.is_ignored, ignored.is_occluded) == (True, None)
    assert sample.provenance[-1].labelled_at is not None

    page.wait_for_task(1)
    page.picture()
    page.wait_for_regions(0)
    (empty,) = page.submit()
    assert (empty.path, empty.boxes, empty.is_labelled) == ("tür 2.png", (), True)


def walk(index):
    return (40 + 8 * index, 180, 90 + 8 * index, 340), (500 - 6 * index, 200, 550 - 6 * index, 360)


CLERK_AT = (560, 150, 612, 310)
"""Behind the till, through the whole video."""


def walking_frames():
    frames = []
    for index in range(NUM_FRAMES):
        frames.append(floor(*SIZE_HW))
        draw_person(frames[-1], CLERK_AT, CLERK)
        draw_till(frames[-1])
        for box, look in zip(walk(index), (RED, BLUE), strict=True):
            draw_person(frames[-1], box, look)
    return frames


def test_person_tracks(open_task, folder, pictures):
    write_video(folder(Interface.PERSON_TRACKS) / "walk.mp4", walking_frames())
    samples = []
    for index in range(0, NUM_FRAMES, 5):
        one, other = walk(index)
        boxes = [Box(one, "person", track_id="one", score=0.9)]
        boxes += [Box(other, "person", track_id="two", score=0.8)] if index < 20 else []
        samples.append(
            Sample(
                "walk.mp4",
                frame_index=index,
                image_size_hw=SIZE_HW,
                is_labelled=False,
                boxes=tuple(boxes),
                properties=RATE,
            )
        )

    page = open_task(Interface.PERSON_TRACKS, samples)
    page.instructions()
    stage = page.video_stage(SIZE_HW, NUM_FRAMES)
    page.wait_for_regions(2)
    page.press("1")
    page.draw(stage, CLERK_AT)
    page.wait_for_regions(3)
    page.save_picture(pictures, "person_tracks")

    found = page.submit()
    assert [sample.key for sample in found] == [sample.key for sample in samples]
    for before, after in zip(samples, found, strict=True):
        *kept, drawn = after.boxes
        assert kept == [Box(box.xyxy_px, "person", track_id=box.track_id) for box in before.boxes]
        assert is_at(drawn, CLERK_AT)
        assert drawn.track_id not in (None, "one", "two")


CROP_SIZE_HW = (256, 96)
GAINS_BGR = ((1.0, 1.0, 1.0), (1.08, 1.0, 0.88), (0.85, 0.95, 1.05))
"""Of the cameras, which show colours differently."""


def crops(folder, count, others):
    """Pictures of one person, and of `others`, by index, who wear something else."""
    samples = []
    for index in range(count):
        image = floor(*CROP_SIZE_HW)
        draw_person(image, (12, 16, 84, 240), others.get(index, RED))
        write_picture(folder / f"crop {index}.png", seen_by(image, GAINS_BGR[index % 3]))
        samples.append(
            Sample(
                f"crop {index}.png",
                image_size_hw=CROP_SIZE_HW,
                identity="7",
                camera=f"aisle {index % 3}",
                captured_at=1_714_557_600.0 + index,
                is_labelled=False,
            )
        )
    return samples


def test_identity_pairs(open_task, folder, pictures):
    samples = crops(folder(Interface.IDENTITY_PAIRS), 3, {1: RED_WITH_BAG})
    page = open_task(Interface.IDENTITY_PAIRS, samples)
    page.instructions()
    page.picture(0)
    page.picture(1)
    assert page.page.get_by_text("aisle 1 · 2024-05-01 10:00:01 UTC").is_visible()
    assert page.chosen() == ["same"]
    for key, word in (("3", "unsure"), ("1", "same"), ("2", "different")):
        page.press(key)
        assert page.chosen() == [word]
    page.save_picture(pictures, "identity_pairs")

    found = page.submit()
    assert [(sample.path, sample.identity) for sample in found] == [
        ("crop 0.png", "7"),
        ("crop 1.png", None),
    ]
    page.wait_for_task(1)
    assert page.chosen() == ["same"]
    assert [sample.identity for sample in page.submit()] == ["7", "7"]


def test_identity_clusters(open_task, folder, pictures):
    others = {3: BLUE, 7: RED_WITH_BAG, 12: GREEN}
    samples = crops(folder(Interface.IDENTITY_CLUSTERS), 14, others)
    page = open_task(Interface.IDENTITY_CLUSTERS, samples)
    page.instructions()
    page.picture()
    gallery = page.page.locator(".crops img")
    assert gallery.count() == 13
    page.page.wait_for_function(
        "[...document.querySelectorAll('.crops img')].every(image => image.naturalWidth === 96)"
    )
    page.press("3")
    gallery.nth(6).click()
    page.press("1")
    page.press("1")
    page.press("t")
    assert page.chosen() == ["crop 3.png", "crop 7.png", "crop 12.png"]
    page.save_picture(pictures, "identity_clusters")

    found = page.submit()
    assert [sample.path for sample in found] == [sample.path for sample in samples]
    outside = {sample.path for sample in found if sample.identity is None}
    assert outside == {"crop 3.png", "crop 7.png", "crop 12.png"}


def test_face_attributes(open_task, folder, pictures):
    place = folder(Interface.FACE_ATTRIBUTES)
    write_picture(place / "a.png", draw_face(Mask.INCORRECT, (190, 190, 190), has_wrinkles=True))
    write_picture(place / "b.png", draw_face(Mask.MASKED, (40, 60, 90)))
    known = Attributes(age_band=AgeBand.FROM_20_TO_29, gender=Gender.FEMALE, mask=Mask.UNMASKED)
    samples = [
        Sample("a.png", attributes=known, is_labelled=False),
        Sample("b.png", is_labelled=False),
    ]
    page = open_task(Interface.FACE_ATTRIBUTES, samples)
    page.instructions()
    page.picture()
    assert page.chosen() == ["20-29", "female", "unmasked"]
    for key, band in zip("123456789", AgeBand, strict=True):
        page.press(key)
        assert page.chosen()[0] == band
    for key, word in (("d", "unsure"), ("a", "female"), ("s", "male")):
        page.press(key)
        assert page.chosen()[1] == word
    for key, word in (("z", "masked"), ("x", "unmasked"), ("f", "unsure"), ("c", "incorrect")):
        page.press(key)
        assert page.chosen()[2] == word
    page.save_picture(pictures, "face_attributes")
    (sample,) = page.submit()
    assert sample.attributes == Attributes(AgeBand.FROM_70, None, Gender.MALE, Mask.INCORRECT)

    page.wait_for_task(1)
    page.picture()
    page.press("4")
    page.press_submit()
    assert page.warning() == "Female, male or unsure?"
    page.press("d")
    page.press("z")
    (sample,) = page.submit()
    assert sample.attributes == Attributes(age_band=AgeBand.FROM_20_TO_29, mask=Mask.MASKED)
    assert sample.properties == {"gender": "unsure"}


def aisle_frames():
    """Someone takes goods from the shelf, hides them, and passes some on to someone who comes."""
    frames = []
    for index in range(NUM_FRAMES):
        frames.append(floor(*SIZE_HW))
        left = 400 + max(0, 25 - index) * 8
        draw_person(frames[-1], (left, 165, left + 54, 335), BLUE)
        hand = {range(5, 15): (366, 142), range(15, 23): (326, 220), range(25, 31): (398, 226)}
        reach = next((at for frames_, at in hand.items() if index in frames_), None)
        draw_person(frames[-1], (300, 155, 352, 315), GREEN, reach)
    return frames


def test_behaviour(open_task, folder, pictures):
    write_video(folder(Interface.BEHAVIOUR) / "aisle.mp4", aisle_frames())
    spans = (Span(0.52, 1.48, "taking", score=0.7), Span(1.5, 2.2, "concealing", score=0.6))
    sample = Sample(
        "aisle.mp4", spans=spans, label="normal", is_labelled=False, properties=RATE, duration_s=4.0
    )
    page = open_task(Interface.BEHAVIOUR, [sample])
    page.instructions()
    page.video_stage(SIZE_HW, NUM_FRAMES)
    page.wait_for_regions(2)
    assert [entry.split()[1] for entry in page.regions()] == ["taking", "concealing"]
    assert page.chosen() == ["normal"]
    for key, word in (("d", "unsure"), ("a", "normal"), ("s", "shoplifting")):
        page.press(key)
        assert page.chosen() == [word]
    page.press("5")
    first, last = page.timeline([25, 30])
    page.drag(first, last)
    page.wait_for_regions(3)
    page.save_picture(pictures, "behaviour")

    (found,) = page.submit()
    kept, drawn = found.spans[:2], found.spans[2]
    assert kept == tuple(Span(span.start_s, span.end_s, span.label) for span in spans)
    assert drawn == Span(2.4, 3.0, "other-suspicious")  # frames 25 to 30, both included
    assert (found.label, found.duration_s) == ("shoplifting", 4.0)


def test_the_keys_that_the_editor_uses_itself_are_reserved(label_studio):
    scripts = FOLDER.glob("lib/python*/site-packages/web/dist/apps/labelstudio/*.js")
    keys = {key.lower() for script in scripts for key in NAMED_KEY.findall(script.read_text())}
    assert {"r", "v", "u"} <= keys  # rectangle, move, unselect: the table was found
    assert keys <= RESERVED_KEYS
