"""Tasks rebuilt from their data, and whole export files."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.formats.format import Losses
from datasets.formats.label_studio import (
    Interface,
    LabelStudio,
    group_samples,
    samples_of,
)
from datasets.samples import Box, Sample
from serving.core.errors import LabelError
from tests.datasets.formats.label_studio.made_up import BY, PICTURE, rectangle, task_of


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(min_size=1).filter(lambda t: t.strip("./") and not set("/\\\0") & set(t)),
    camera=st.none() | st.text(min_size=1),
    tags=st.lists(st.text(), max_size=3),
    is_labelled=st.booleans(),
)
def test_a_sample_is_rebuilt_from_its_task_alone(name, camera, tags, is_labelled):
    try:
        sample = Sample(name, camera=camera, tags=tuple(tags), is_labelled=is_labelled)
    except ValueError:
        return
    task = json.loads(json.dumps(task_of(Interface.PERSON_BOXES, [sample])))
    assert task["data"]["key"] == name
    (read,) = samples_of(
        Interface.PERSON_BOXES, task, {"result": [], "model_version": "m"}, Losses()
    )
    assert read == sample


def export(folder, *tasks):
    path = folder / "export.json"
    path.write_text(json.dumps(tasks))
    return path


def test_the_last_answer_that_was_not_skipped_counts(tmp_path):
    one, two = ({"result": [rectangle(x=x)], **BY} for x in (0, 10))
    skipped = {"result": [], "was_cancelled": True}
    task = {**task_of(Interface.PERSON_BOXES, [PICTURE]), "annotations": [one, two, skipped]}
    losses = Losses()
    (sample,) = LabelStudio().read(export(tmp_path, task), losses)
    assert sample.boxes[0].xyxy_px[0] == 20
    assert losses.counts == {"annotation": 1, "annotation.skipped": 1}


def test_a_task_that_was_skipped_or_never_answered_stays_unlabelled(tmp_path):
    skipped = {"annotations": [{"result": [], "was_cancelled": True}]}
    tasks = [
        {**task_of(Interface.PERSON_BOXES, [PICTURE]), **skipped},
        task_of(Interface.PERSON_BOXES, [Sample("b.jpg")]),
    ]
    read = list(LabelStudio().read(export(tmp_path, *tasks), Losses()))
    assert [sample.is_labelled for sample in read] == [False, False]


def test_predictions_of_an_export_are_numbers_and_are_passed_over(tmp_path):
    task = {**task_of(Interface.PERSON_BOXES, [PICTURE]), "annotations": [], "predictions": [7]}
    (sample,) = LabelStudio().read(export(tmp_path, task), Losses())
    assert sample == PICTURE


@pytest.mark.parametrize(
    "url, path",
    [
        ("/data/local-files/?d=shop/t%C3%BCr%201.jpg", "shop/tür 1.jpg"),
        ("/data/upload/3/0a1b2c3d-door-1.jpg", "door-1.jpg"),
        ("https://shop.example/a/b.jpg?sign=x", "a/b.jpg"),
    ],
)
def test_tasks_that_others_made_are_named_by_the_file_of_their_address(tmp_path, url, path):
    task = {"id": 1, "data": {"image": url}, "annotations": [{"result": [rectangle()], **BY}]}
    (sample,) = LabelStudio().read(export(tmp_path, task), Losses())
    assert (sample.path, sample.image_size_hw) == (path, (100, 200))
    assert sample.boxes[0].xyxy_px == (20, 20, 80, 60)


@pytest.mark.parametrize(
    "data, message",
    [
        ({"image": "/data/local-files/?d=../../etc/passwd"}, "expected one inside the data set"),
        ({"footfall": {"common": {}, "samples": [{"path": "../a.jpg"}]}}, "expected one inside"),
        ({"footfall": {"common": {}, "samples": []}}, "expected samples in 'footfall', got none"),
        ({"footfall": [1]}, "expected samples in 'footfall'"),
        ({"footfall": {"common": {}, "samples": [{"path": "a.jpg", "boxes": 3}]}}, "boxes"),
        ({"text": "?"}, "expected 'footfall', 'image' or 'video'"),
    ],
)
def test_a_task_that_names_no_sample_or_one_outside_is_refused(tmp_path, data, message):
    with pytest.raises(LabelError, match=message):
        list(LabelStudio().read(export(tmp_path, {"id": 1, "data": data}), Losses()))


@pytest.mark.parametrize(
    "text, message",
    [
        ('[{"data": {"ima', "expected JSON"),
        ("", "expected JSON"),
        ("[] 1", "more after the end of the list"),
        ('{"data": {}}', "got '{' where a list should be"),
        ('[{"image": "/a.jpg", "label": []}]', "not as JSON-MIN"),
    ],
)
def test_a_file_that_is_no_export_is_named(tmp_path, text, message):
    path = tmp_path / "export.json"
    path.write_text(text)
    with pytest.raises(LabelError, match=message) as caught:
        list(LabelStudio().read(path, Losses()))
    assert str(path) in str(caught.value)


def test_what_the_interface_cannot_show_is_not_written_and_counted(tmp_path):
    losses = Losses()
    frame = Sample("v.mp4", frame_index=3)
    LabelStudio().write([Sample("a.jpg"), Sample("v.mp4"), frame], tmp_path, losses)
    assert losses.counts == {"sample": 2}
    with pytest.raises(LabelError, match=r"behaviour, sample 'a.jpg': expected a whole clip"):
        list(group_samples(Interface.BEHAVIOUR, [Sample("a.jpg")]))


def test_labels_are_annotations_and_scores_are_predictions(tmp_path):
    samples = [
        Sample("a.jpg", image_size_hw=(9, 9), boxes=(Box((1, 1, 2, 2), "person"),)),
        Sample("b.jpg", image_size_hw=(9, 9), boxes=(Box((1, 1, 2, 2), "person", score=0.5),)),
        Sample("c.jpg"),
        Sample("d.jpg", is_labelled=False),
    ]
    LabelStudio().write(samples, tmp_path, Losses())
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    counts = [(len(task["annotations"]), len(task["predictions"])) for task in tasks]
    assert counts == [(1, 0), (0, 1), (1, 0), (0, 0)]
    assert list(LabelStudio().read(tmp_path, Losses())) == samples
