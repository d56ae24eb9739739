"""What labeling/README.md says that labelers can do in any task, tried in a real browser."""

from datasets.formats.label_studio import Interface
from datasets.samples import Box, Sample
from tests.browser.media import RED, draw_person, floor, write_picture

SIZE_HW = (480, 640)
PEOPLE = ((60, 180, 110, 340), (300, 170, 352, 330))


def test_a_box_is_deleted_undone_submitted_by_keys_and_changed_afterwards(open_task, label_studio):
    folder = label_studio.files_root / Interface.PERSON_BOXES
    image = floor(*SIZE_HW)
    for box in PEOPLE:
        draw_person(image, box, RED)
    boxes = tuple(Box(box, "person", score=0.9) for box in PEOPLE)
    samples = []
    for name in ("keys 1.png", "keys 2.png"):
        write_picture(folder / name, image)
        samples.append(Sample(name, boxes=boxes, image_size_hw=SIZE_HW, is_labelled=False))

    labeling = open_task(Interface.PERSON_BOXES, samples)
    labeling.instructions()
    labeling.picture()
    labeling.wait_for_regions(2)
    labeling.select(0)
    labeling.press("Backspace")
    labeling.wait_for_regions(1)
    labeling.press("Control+z")
    labeling.wait_for_regions(2)
    labeling.press("Control+Enter")
    labeling.wait_for_task(1)

    page = labeling.page
    page.get_by_label("Previous task").click()
    labeling.wait_for_task(0)
    labeling.wait_for_regions(2)
    labeling.select(0)
    labeling.press("Backspace")
    labeling.wait_for_regions(1)
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_text("Update", exact=True).click()
    first = labeling.tasks[0]["id"]
    (given,) = page.request.get(f"{labeling.url}/api/tasks/{first}/annotations/").json()
    assert len(given["result"]) == 1
