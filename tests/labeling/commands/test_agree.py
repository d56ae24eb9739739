"""Two labelers of a real project, and what is told of them."""

import json

import pytest

from datasets.formats.label_studio import Interface, result_of
from labeling.client import Client
from labeling.commands import agree
from labeling.commands.agree import Request
from labeling.projects import prepared_project
from serving.core.errors import LabelingError
from tests.labeling.made_up import data_set, new_labeler, numbered, person


@pytest.fixture(scope="module")
def labelled(label_studio, tmp_path_factory):
    """A project of three pictures: both agree, one misses a person, one alone."""
    from dataclasses import replace

    from datasets.formats.label_studio import task_data

    folder = tmp_path_factory.mktemp("agree")
    dataset = data_set(folder / "v1", numbered(3))
    first = Client.open(label_studio.url, label_studio.token)
    second = new_labeler(first, "zweite")
    project, _ = prepared_project(
        first, "agree", Interface.PERSON_BOXES, class_names=["person"], num_annotations=2
    )
    tasks = [
        {"data": task_data(Interface.PERSON_BOXES, [sample], lambda sample: "/data/x.jpg")}
        for sample in dataset.samples
    ]
    first.import_tasks(project, tasks)
    drawn = [[person()], [person(), person(30)], [person()]]
    for task, sample, boxes in zip(
        next(first.task_pages(project)), dataset.samples, drawn, strict=True
    ):
        answers = [(first, boxes), (second, boxes[:1])][: 1 if sample is dataset.samples[2] else 2]
        for client, seen in answers:
            answer = result_of(Interface.PERSON_BOXES, [replace(sample, boxes=tuple(seen))])
            client.request("POST", f"api/tasks/{task['id']}/annotations/", body={"result": answer})
    token = folder / "token"
    token.write_text(label_studio.token)
    return Request(
        url=label_studio.url,
        token_file=token,
        project="agree",
        dataset=dataset.folder,
        threshold=0.9,
        review=folder / "review.txt",
        report=folder / "agreement.json",
    )


def test_tasks_under_the_threshold_go_to_review(labelled, capsys):
    agree.run(labelled)
    assert labelled.review.read_text() == f"{numbered(3)[1]}\n"
    told = capsys.readouterr().out
    assert "to review: 1 of 2 compared tasks agree under 0.9" in told
    assert "zweite@example.com" in told


def test_the_report_has_every_figure_with_its_n(labelled):
    agree.run(labelled)
    record = json.loads(labelled.report.read_text())
    (people,) = record["boxes"]
    assert people["f1"] == pytest.approx(2 * 2 / 5)  # two pairs, one box alone
    assert people["num_boxes"] == 5
    assert [task["score"] for task in record["tasks"]] == [1.0, pytest.approx(2 / 3), None]
    assert record["to_review"] == [numbered(3)[1]]


def test_without_two_labelers_it_says_how_to_get_them(labelled, tmp_path):
    export = tmp_path / "export.json"
    export.write_text("[]")
    alone = labelled.model_copy(update={"export": export, "partial": True})
    with pytest.raises(LabelingError, match="num_annotations=2 asks for them"):
        agree.run(alone)
