"""The way of a labeler from the login to the first task, as labeling/README.md describes it."""

import re

from datasets.formats.label_studio import Interface
from datasets.samples import Box, Sample
from tests.browser.conftest import log_in
from tests.browser.labeling_page import make_project, save_picture
from tests.browser.media import BLUE, RED, draw_person, floor, write_picture

PEOPLE = ((60, 180, 110, 340), (300, 170, 352, 330))


def test_a_labeler_finds_the_way_from_the_login_to_the_first_task(visitor, label_studio, pictures):
    title = "Entrance, May: people"
    samples = []
    for index in range(4):
        image = floor()
        boxes = [(left + 40 * index, *rest) for left, *rest in PEOPLE]
        boxes = [(left, top, left + 50, bottom) for left, top, _, bottom in boxes]
        for box, look in zip(boxes, (RED, BLUE), strict=True):
            draw_person(image, box, look)
        path = f"entrance {index + 1}.png"
        write_picture(label_studio.files_root / title / path, image)
        found = tuple(Box(box, "person", score=0.9) for box in boxes)
        samples.append(Sample(path, boxes=found, image_size_hw=image.shape[:2], is_labelled=False))
    make_project(label_studio, Interface.PERSON_BOXES, samples, title=title)

    visitor.goto(f"{label_studio.url}/user/login/")
    log_in(visitor, label_studio)
    visitor.goto(f"{label_studio.url}/projects")
    visitor.get_by_text(title, exact=True).click()
    visitor.get_by_role("button", name=re.compile("Label All Tasks")).wait_for()
    visitor.wait_for_function(
        "() => { const seen = [...document.querySelectorAll('img')]"
        ".filter(image => image.src.includes('local-files'));"
        " return seen.length >= 4 && seen.every(image => image.naturalWidth > 0) }"
    )
    save_picture(visitor, pictures / "project.png", height_px=480)
    visitor.get_by_role("button", name=re.compile("Label All Tasks")).click()
    visitor.get_by_label("Submit current annotation").wait_for()
    window = visitor.locator(".lsf-modal-ls_visible")
    assert "Box every person" in window.inner_text()
    save_picture(visitor, pictures / "instructions.png")
