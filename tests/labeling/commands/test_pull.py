"""Pull from a real Label Studio what made-up labelers answered, and from export files."""

import itertools
import json
from dataclasses import replace

import pytest

from datasets.dataset import Dataset, write_samples
from datasets.formats.label_studio import Interface, result_of
from datasets.samples import Sample
from labeling.client import Client
from labeling.commands import pull as pull_command
from labeling.commands import push as push_command
from labeling.exports import tasks_of_project
from labeling.projects import found_project
from serving.core.errors import ConfigError, DatasetError, LabelError, LabelingError
from tests.labeling.made_up import SIZE_HW, cut_of, data_set, new_labeler, numbered, person

BOXES = Interface.PERSON_BOXES
_COUNTER = itertools.count()


@pytest.fixture(scope="module")
def client(label_studio) -> Client:
    return Client.open(label_studio.url, label_studio.token)


@pytest.fixture(scope="module")
def zoe(client) -> Client:
    """A second labeler."""
    return new_labeler(client, "zoe")


@pytest.fixture
def keys(label_studio, tmp_path):
    path = tmp_path / "token"
    path.write_text(label_studio.token + "\n")
    return {"url": label_studio.url, "token_file": path}


@pytest.fixture
def project(keys, tmp_path):
    """The title of a new project of four pictures, and their data set."""
    title = f"pull {next(_COUNTER)}"
    made = data_set(tmp_path / "data", numbered(4))
    _push(keys, made, title)
    return title, made


@pytest.fixture
def pull(keys, project, tmp_path):
    """Pull the project by the command; the new version."""

    def pull(**more: object) -> Dataset:
        values = {"project": project[0], "dataset": project[1].folder, "output": tmp_path / "new"}
        pull_command.run(pull_command.Request(**keys, **values | more))
        return Dataset.load(tmp_path / "new")

    return pull


def _push(keys: dict, made: Dataset, title: str, **more: object) -> None:
    """Two answers are wanted; the pictures are linked, as nobody looks at them."""
    values = {"interface": BOXES, "num_annotations": 2, "url_prefix": "https://pictures.example/"}
    push_command.run(
        push_command.Request(**keys, dataset=made.folder, project=title, **values | more)
    )


def _numbers(client: Client, title: str) -> list[int]:
    found, _ = found_project(client, title, None)
    return [task["id"] for page in client.task_pages(found, ["data"]) for task in page]


def _submit(client: Client, number: int, *boxes, **values: object) -> None:
    sample = Sample("any.jpg", image_size_hw=SIZE_HW, boxes=tuple(boxes))
    body = {"result": result_of(BOXES, [sample]), "lead_time": 3.5, **values}
    client.request("POST", f"api/tasks/{number}/annotations", body=body)


def test_labels_come_back_by_name_with_who_and_when(client, label_studio, project, pull, capsys):
    title, made = project
    _submit(client, _numbers(client, title)[2], person(12, 8))
    got = pull()
    by_key = {sample.key: sample for sample in got.samples}
    assert list(by_key) == [sample.key for sample in made.samples]
    labelled = by_key.pop(made.samples[2].key)
    assert [box.xyxy_px for box in labelled.boxes] == [(12, 8, 28, 32)]
    assert labelled.is_labelled and labelled.camera == "Tür"
    (by,) = labelled.provenance
    assert by.labelled_by == label_studio.email and by.labelled_at > 1.7e9
    assert [sample for sample in made.samples if sample.key in by_key] == list(by_key.values())
    assert got.manifest.version == 2 and got.manifest.parent_sha256 == made.manifest.sha256
    told = capsys.readouterr().out
    assert "labelled: 1 tasks, 1 samples" in told and "median time for one: 3.5 s" in told
    assert f"without an answer: 3 ({made.samples[0].key}" in told


def test_empty_and_skipped_are_told_apart(client, project, pull, capsys):
    title, made = project
    numbers = _numbers(client, title)
    _submit(client, numbers[0])
    _submit(client, numbers[1], was_cancelled=True)
    got = {sample.key: sample for sample in pull().samples}
    assert got[made.samples[0].key].is_labelled and got[made.samples[0].key].boxes == ()
    assert not got[made.samples[1].key].is_labelled
    told = capsys.readouterr().out
    assert f"labelled as empty: 1 ({made.samples[0].key})" in told
    assert f"skipped: 1 ({made.samples[1].key})" in told


def test_what_one_skips_and_another_labels_is_labelled(client, zoe, project, pull):
    title, _ = project
    number = _numbers(client, title)[0]
    _submit(client, number, was_cancelled=True)
    _submit(zoe, number, person())
    assert len(pull().samples[0].boxes) == 1


def test_drafts_and_predictions_are_no_labels(client, keys, project, pull, tmp_path, capsys):
    title, made = project
    number = _numbers(client, title)[0]
    sample = Sample("any.jpg", image_size_hw=SIZE_HW, boxes=(person(),))
    client.request(
        "POST", f"api/tasks/{number}/drafts", body={"result": result_of(BOXES, [sample])}
    )
    said = [replace(made.samples[1], boxes=(person(score=0.9),))]
    said = write_samples(tmp_path / "said.jsonl", said)
    _push(keys, made, title, predictions=said, model_version="m@1")
    with pytest.raises(LabelingError, match="expected labels, got none of 4 tasks"):
        pull()
    assert "drafts, no labels: 1" in capsys.readouterr().out
    assert not (tmp_path / "new").exists()


def test_two_who_differ_are_told_and_left_to_review(client, zoe, project, pull, capsys):
    title, made = project
    numbers = _numbers(client, title)
    for who, left in ((client, 8), (zoe, 40)):
        _submit(who, numbers[0], person(left))
    _submit(client, numbers[1], person())
    got = {sample.key: sample for sample in pull().samples}
    left_alone = got[made.samples[0].key]
    assert left_alone.tags == ("conflict",) and not left_alone.is_labelled
    assert got[made.samples[1].key].tags == () and got[made.samples[1].key].is_labelled
    told = capsys.readouterr().out
    assert f"labelers differ (conflicts=review): 1 ({made.samples[0].key})" in told
    assert "zoe@example.com: 1" in told


def test_of_two_who_differ_the_newest_counts_where_the_rule_says_so(client, zoe, project, pull):
    title, _ = project
    number = _numbers(client, title)[0]
    _submit(zoe, number, person(40))
    _submit(client, number, person(8))
    (sample, *_) = pull(conflicts="newest").samples
    assert [box.xyxy_px[0] for box in sample.boxes] == [8]
    assert sample.provenance[0].labelled_by == "zoe@example.com" and len(sample.provenance) == 2


def test_of_three_who_differ_the_consensus_counts_where_the_rule_says_so(
    client, zoe, project, pull, capsys
):
    title, _ = project
    number = _numbers(client, title)[0]
    _submit(client, number, person(8), person(40))
    _submit(zoe, number, person(10))
    _submit(new_labeler(client, "ada"), number, person(12))
    (sample, *_) = pull(conflicts="consensus").samples
    assert [box.xyxy_px[0] for box in sample.boxes] == [10]
    assert "more than half of 3" in sample.properties["consensus"]
    assert "partly open in the consensus: 1" in capsys.readouterr().out


def test_two_who_drew_the_same_person_with_other_edges_do_not_differ(client, zoe, project, pull):
    title, _ = project
    number = _numbers(client, title)[0]
    _submit(client, number, person(8))
    _submit(zoe, number, person(10))
    (sample, *_) = pull().samples
    assert [box.xyxy_px[0] for box in sample.boxes] == [10] and len(sample.provenance) == 2


def test_who_submits_again_replaces_their_own_answer(client, project, pull, capsys):
    title, _ = project
    number = _numbers(client, title)[0]
    for left in (8, 40):
        _submit(client, number, person(left))
    (sample, *_) = pull().samples
    assert [box.xyxy_px[0] for box in sample.boxes] == [40]
    assert "replaced by the same labeler: 1" in capsys.readouterr().out


def test_tasks_of_others_are_told_and_left_alone(client, project, pull, capsys):
    title, made = project
    found, _ = found_project(client, title, None)
    client.import_tasks(found, [{"data": {"image": "/by-hand.jpg"}}])
    numbers = _numbers(client, title)
    for number in (numbers[0], numbers[-1]):
        _submit(client, number, person())
    assert [sample.key for sample in pull().samples] == [sample.key for sample in made.samples]
    assert "tasks of others, left alone: 1" in capsys.readouterr().out


def test_a_task_that_was_deleted_leaves_its_sample_as_it_was(client, project, pull, capsys):
    title, made = project
    numbers = _numbers(client, title)
    client.delete_task(numbers[1])
    _submit(client, numbers[0], person())
    got = pull()
    assert got.samples[1] == made.samples[1]
    assert f"samples without a task: 1 ({made.samples[1].key})" in capsys.readouterr().out


def test_what_the_data_set_learned_meanwhile_is_kept(client, project, pull):
    title, made = project
    _submit(client, _numbers(client, title)[0], person())
    newer = [replace(made.samples[0], source="Tag 1", tags=("hard", "conflict")), *made.samples[1:]]
    later = made.derive(made.folder.parent / "later", newer)
    (sample, *_) = pull(dataset=later.folder).samples
    assert (sample.source, sample.tags) == ("Tag 1", ("hard",)) and len(sample.boxes) == 1


def test_tasks_whose_samples_the_data_set_does_not_have_are_told(client, project, pull, capsys):
    title, made = project
    numbers = _numbers(client, title)
    _submit(client, numbers[0], person())
    _submit(client, numbers[3], person())
    smaller = made.derive(made.folder.parent / "smaller", made.samples[:3])
    assert len(pull(dataset=smaller.folder).samples) == 3
    assert f"not in the data set, left out: 1 ({made.samples[3].key})" in capsys.readouterr().out


def test_a_double_that_two_people_worked_on_counts_as_one_task(client, zoe, project, pull, capsys):
    title, _ = project
    found, _ = found_project(client, title, None)
    first = next(client.task_pages(found, ["data"]))[0]
    client.import_tasks(found, [{"data": first["data"]}])
    _submit(client, first["id"], person(8))
    _submit(zoe, _numbers(client, title)[-1], person(40))
    with pytest.raises(LabelingError, match="expected labels, got none"):
        pull()
    assert "labelers differ (conflicts=review): 1" in capsys.readouterr().out


def test_large_projects_come_in_pages(client, project, monkeypatch):
    monkeypatch.setattr("labeling.exports._PAGE_SIZE", 3)
    found, _ = found_project(client, project[0], None)
    assert len(list(tasks_of_project(client, found))) == 4


def test_a_page_that_is_missing_is_told_by_count(client, project):
    found, _ = found_project(client, project[0], None)

    class Cut(Client):
        def task_pages(self, project, include=(), **options):
            yield next(super().task_pages(project, include, **options))[:3]

    cut = Cut(client.url, client._vendor._client_wrapper._tokens_client.api_key)
    with pytest.raises(LabelingError, match="expected 4 tasks, got 3"):
        list(tasks_of_project(cut, found))
    assert len(list(tasks_of_project(cut, found, partial=True))) == 3


def test_a_report_names_every_key(client, project, pull, tmp_path):
    title, made = project
    _submit(client, _numbers(client, title)[0])
    pull(report=tmp_path / "report.json")
    record = json.loads((tmp_path / "report.json").read_text())
    assert record["empty"] == [made.samples[0].key]
    assert record["open"] == [sample.key for sample in made.samples[1:]]


@pytest.fixture
def export(client, project, tmp_path):
    """An export file of the project, as the server makes it."""
    title, _ = project
    _submit(client, _numbers(client, title)[1], person(12, 8))
    found, _ = found_project(client, title, None)
    query = {"exportType": "JSON", "download_all_tasks": "true"}
    tasks = client.request("GET", f"api/projects/{found.id}/export", query)
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks, ensure_ascii=False), encoding="utf-8")
    return path


def test_an_export_file_gives_what_the_server_gives(label_studio, export, pull):
    from_server = pull(export=export).samples
    assert from_server[1].boxes[0].xyxy_px == (12, 8, 28, 32)
    assert from_server[1].provenance[0].labelled_by == label_studio.email


def test_an_export_file_is_enough_without_a_server(export, project, tmp_path):
    request = pull_command.Request(
        dataset=project[1].folder, output=tmp_path / "o", export=export, interface=BOXES
    )
    pull_command.run(request)
    sample = Dataset.load(tmp_path / "o").samples[1]
    assert len(sample.boxes) == 1 and sample.provenance[0].labelled_by == "user 1"


def test_an_export_with_fewer_tasks_than_there_are_is_told(export, project, pull, tmp_path):
    export.write_text(json.dumps(json.loads(export.read_text())[:3]))
    with pytest.raises(LabelingError, match="export.json: expected 4 tasks, got 3"):
        pull(export=export)
    with pytest.raises(LabelingError, match="export.json: expected 4 tasks, got 3"):
        pull(export=export, project=None, interface="person_boxes")
    assert len(pull(export=export, partial=True).samples) == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[: len(text) // 2], "export.json: expected JSON"),
        (lambda text: '{"tasks": []}', "expected a list of tasks, got dict"),
        (lambda text: '[{"image": "/a.jpg", "label": []}]', "entry 0: expected a task with 'data'"),
    ],
    ids=["cut off", "no list", "another format"],
)
def test_a_file_that_is_no_export_is_told(export, pull, change, words, tmp_path):
    export.write_text(change(export.read_text()))
    with pytest.raises(LabelError, match=words):
        pull(export=export)
    assert not (tmp_path / "new").exists()


def test_an_export_without_some_annotations_is_told(export, pull):
    tasks = json.loads(export.read_text())
    tasks[1]["annotations"] = []
    export.write_text(json.dumps(tasks))
    with pytest.raises(LabelingError, match="expected 1 annotations, got 0"):
        pull(export=export)


def test_a_folder_with_a_data_set_is_not_overwritten(client, project, pull, tmp_path):
    _submit(client, _numbers(client, project[0])[0], person())
    pull()
    with pytest.raises(DatasetError, match="/new.*got one"):
        pull()


def test_a_project_that_is_not_there_is_told(pull):
    with pytest.raises(LabelingError, match="project 'nowhere'.*expected one, got none"):
        pull(project="nowhere")


def test_neither_project_nor_export_is_told(tmp_path):
    request = pull_command.Request(dataset=tmp_path, output=tmp_path / "o")
    with pytest.raises(ConfigError, match="expected a title, or export=FILE and interface=NAME"):
        pull_command.run(request)


def test_videos_come_back_as_frames_and_those_that_show_nobody_as_themselves(
    client, keys, sample_video, tmp_path
):
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4"):
        cut_of(sample_video, folder / name, num_frames=4)
    videos = [Sample(name, is_labelled=False) for name in ("a.mp4", "b.mp4")]
    made = Dataset.create(folder, videos, name="v", source="s", licence="l", commercial_use=False)
    tracks = {"interface": Interface.PERSON_TRACKS, "num_annotations": 1}
    _push(keys, made, "videos", **tracks)
    seen = [
        Sample("x.mp4", frame_index=index, image_size_hw=(576, 768), boxes=(person(),))
        for index in (1, 2)
    ]
    result = result_of(Interface.PERSON_TRACKS, seen, frame_rate_hz=10.0)
    for number, given in zip(_numbers(client, "videos"), (result, []), strict=True):
        client.request("POST", f"api/tasks/{number}/annotations", body={"result": given})
    asked = {**keys, "project": "videos"}
    for dataset, output in ((folder, tmp_path / "v2"), (tmp_path / "v2", tmp_path / "v3")):
        pull_command.run(pull_command.Request(**asked, dataset=dataset, output=output))
    for name in ("v2", "v3"):
        got = Dataset.load(tmp_path / name).samples
        told = [(sample.key, sample.is_labelled, len(sample.boxes)) for sample in got]
        assert told == [("a.mp4#1", True, 1), ("a.mp4#2", True, 1), ("b.mp4", True, 0)]
