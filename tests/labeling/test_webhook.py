"""Batches alone, with made-up projects; then a real Label Studio that tells of real annotations."""

import json
import threading

import httpx
import pytest

from datasets.dataset import Dataset
from datasets.formats.label_studio import Interface, task_data
from labeling.client import Client
from labeling.commands import webhook as command
from labeling.commands.webhook import Request
from labeling.json_server import JsonServer
from labeling.projects import prepared_project
from labeling.webhook import STATE_NAME, Batches, finished_tasks, registered
from serving.core.errors import LabelingError
from tests.labeling.made_up import data_set, numbered

WAIT_S = 60


class MadeUpProject:
    """Finished tasks, and versions as folders with a file."""

    def __init__(self):
        self.finished = []
        self.changed = {}
        self.made = []
        self.trained = []
        self.lines = []

    def make(self, folder):
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
        self.made.append(folder.name)

    def batches(self, folder, batch_size=2, make=None, train=None):
        train = train or (lambda version: self.trained.append(version.name))
        return Batches(
            folder,
            batch_size,
            lambda: {key: self.changed.get(key, "10:00") for key in self.finished},
            make or self.make,
            train,
            self.lines.append,
        )


@pytest.fixture
def project():
    return MadeUpProject()


def test_a_version_is_made_when_enough_tasks_are_new(project, tmp_path):
    batches = project.batches(tmp_path)
    project.finished = ["a"]
    assert not batches.check()
    project.finished = ["a", "b"]
    assert batches.check()
    assert (project.made, project.trained) == (["v2"], ["v2"])
    assert batches.newest() == tmp_path / "v2"


def test_the_same_tasks_make_no_second_version(project, tmp_path):
    batches = project.batches(tmp_path)
    project.finished = ["a", "b"]
    batches.check()
    assert not batches.check()
    project.finished = ["a", "b", "c"]
    assert not batches.check()
    project.finished = ["a", "b", "c", "d"]
    assert batches.check()
    assert project.made == ["v2", "v3"]


def test_an_answer_that_was_changed_since_counts_as_new(project, tmp_path):
    batches = project.batches(tmp_path)
    project.finished = ["a", "b"]
    batches.check()
    project.changed = {"a": "11:00"}
    assert not batches.check()
    project.changed = {"a": "11:00", "b": "11:30"}
    assert batches.check()
    assert not project.batches(tmp_path).check()
    assert project.made == ["v2", "v3"]
    assert f"2 tasks are new or changed: made {tmp_path / 'v3'}" in project.lines


def test_a_restarted_server_goes_on_where_it_was(project, tmp_path):
    project.finished = ["a", "b"]
    project.batches(tmp_path).check()
    assert not project.batches(tmp_path).check()
    assert project.made == ["v2"]


def test_a_version_that_was_finished_when_the_server_died_is_not_made_again(project, tmp_path):
    def make_and_die(folder):
        project.make(folder)
        raise KeyboardInterrupt

    project.finished = ["a", "b"]
    with pytest.raises(KeyboardInterrupt):
        project.batches(tmp_path, make=make_and_die).check()
    assert not project.batches(tmp_path).check()
    assert project.made == ["v2"]


def test_a_version_that_failed_is_made_at_the_next_try(project, tmp_path):
    def fail(folder):
        raise LabelingError("the server is away")

    project.finished = ["a", "b"]
    with pytest.raises(LabelingError):
        project.batches(tmp_path, make=fail).check()
    assert project.batches(tmp_path).check()
    assert project.made == ["v2"]


def test_a_training_that_fails_costs_no_version_and_is_told(project, tmp_path):
    def fail(folder):
        raise LabelingError("train: expected exit code 0, got 1")

    project.finished = ["a", "b"]
    batches = project.batches(tmp_path, train=fail)
    batches._catch_up()
    assert project.made == ["v2"]
    assert project.lines[-1] == "error: train: expected exit code 0, got 1"
    assert not batches.check()


def test_a_broken_state_is_told_and_not_guessed(project, tmp_path):
    nested = '{"included": ' + "[" * 200_000
    for text in (
        '{"included": {"a"',
        '{"included": ["a"]}',
        '{"included": {"a": 1}}',
        "[]",
        nested,
    ):
        (tmp_path / STATE_NAME).write_text(text)
        with pytest.raises(LabelingError, match=r"webhook\.json: expected the keys of a version"):
            project.batches(tmp_path)


def test_a_folder_of_another_name_is_no_version(project, tmp_path):
    for name in ("vtest", "v2-old", "v"):
        project.make(tmp_path / name)
    project.finished = ["a", "b"]
    project.made.clear()
    assert project.batches(tmp_path).check()
    assert project.made == ["v2"]


def test_tasks_whose_annotations_were_deleted_do_not_count(project, tmp_path):
    batches = project.batches(tmp_path)
    project.finished = ["a", "b"]
    batches.check()
    project.finished = ["b", "c"]
    assert not batches.check()  # one is new, and one is gone
    project.finished = ["a", "b", "c", "d"]
    assert batches.check()


def test_a_project_without_our_tasks_makes_no_version(project, tmp_path):
    assert not project.batches(tmp_path, batch_size=1).check()
    assert project.lines == ["0 of 1 tasks for the next version"]


def test_only_messages_of_annotations_wake_it(project, tmp_path):
    with JsonServer(project.batches(tmp_path).answers) as server:
        told = httpx.post(server.url, json={"action": "ANNOTATION_CREATED"})
        other = httpx.post(server.url, json={"action": "PROJECT_UPDATED"})
        broken = httpx.post(server.url, json=["x"])
    assert (told.json(), other.json()) == ({"taken": True}, {"taken": False})
    assert broken.status_code == 400


def test_real_annotations_become_versions_and_training_runs_and_deleted_ones_are_gone(
    label_studio, tmp_path
):
    pushed = data_set(tmp_path / "v1", numbered(3))
    client = Client.open(label_studio.url, label_studio.token)
    project, _ = prepared_project(
        client, "webhook", Interface.PERSON_BOXES, class_names=["person"], num_annotations=1
    )
    tasks = [
        {"data": task_data(Interface.PERSON_BOXES, [sample], lambda sample: "/data/x.jpg")}
        for sample in pushed.samples
    ]
    client.import_tasks(project, tasks)
    token = tmp_path / "token"
    token.write_text(label_studio.token)
    request = Request(
        url=label_studio.url,
        token_file=token,
        project="webhook",
        dataset=pushed.folder,
        output=tmp_path / "versions",
        batch_size=2,
    )
    trained, done = [], threading.Event()

    def train(folder):
        trained.append(folder.name)
        done.set()

    batches = Batches(
        request.output,
        request.batch_size,
        lambda: finished_tasks(client, project),
        lambda folder: command._pull(request, folder, batches.newest()),
        train,
    )
    worker = threading.Thread(target=batches.run)
    with JsonServer(batches.answers, secret="s") as server:
        registered(client, project, server.url, "s")
        registered(client, project, server.url, "s")  # a second start
        worker.start()
        try:
            for (task,) in ([one] for one in next(client.task_pages(project))[:2]):
                client.request("POST", f"api/tasks/{task['id']}/annotations/", body={"result": []})
            assert done.wait(WAIT_S)
            first, _, third = next(client.task_pages(project))
            client.request("DELETE", f"api/annotations/{first['annotations'][0]['id']}/")
            done.clear()
            batches._batch_size = 1
            path = f"api/tasks/{third['id']}/annotations/"
            client.request("POST", path, body={"result": []})
            assert done.wait(WAIT_S)
            _, second, _ = next(client.task_pages(project))
            done.clear()
            path = f"api/annotations/{second['annotations'][0]['id']}/"
            client.request("PATCH", path, body={"result": [], "lead_time": 3.0})
            assert done.wait(WAIT_S)
        finally:
            batches.end()
            worker.join()
    hooks = client.request("GET", "api/webhooks/", {"project": project.id})
    assert len(hooks) == 1
    assert trained == ["v2", "v3", "v4"]
    second, third = (Dataset.load(tmp_path / "versions" / name) for name in ("v2", "v3"))
    assert (second.manifest.version, third.manifest.version) == (2, 3)
    assert third.manifest.parent_sha256 == second.manifest.sha256
    assert [sample.is_labelled for sample in second.samples] == [True, True, False]
    assert [sample.is_labelled for sample in third.samples] == [False, True, True]
    state = json.loads((tmp_path / "versions" / STATE_NAME).read_text())
    assert sorted(state["included"]) == [sample.key for sample in pushed.samples[1:]]


def test_a_training_command_is_given_the_version(tmp_path):
    command._train("sh -c 'test -d \"$0\"' {dataset}", tmp_path)
    with pytest.raises(LabelingError, match="expected exit code 0 of .* got 1"):
        command._train("false", tmp_path)
    with pytest.raises(LabelingError, match="expected a command, got 'no-such-program'"):
        command._train("no-such-program", tmp_path)
