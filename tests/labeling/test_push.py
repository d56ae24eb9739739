"""A push that is cut off, killed, late or narrow, against a real server."""

import threading

import pytest

from datasets.formats.label_studio import Interface, group_samples
from labeling.client import Client, NoAnswerError, TooLargeError
from labeling.pictures import UploadedPictures
from labeling.projects import found_project, prepared_project
from labeling.push import Push
from serving.core.errors import LabelingError
from tests.label_studio import running_label_studio
from tests.labeling.made_up import data_set, numbered

BOXES = Interface.PERSON_BOXES


@pytest.fixture(scope="module")
def client(label_studio) -> Client:
    return Client.open(label_studio.url, label_studio.token)


def test_a_push_that_stopped_after_the_upload_does_not_upload_again(client, tmp_path):
    made = data_set(tmp_path / "data", numbered(6))
    project, _ = _prepared(client, "uploaded once")
    UploadedPictures(client, project, made.folder, BOXES).addresses(made.samples[:4])
    Push(*_asked(client, project, made), class_names=("person",)).run(_groups(made))
    listed = client.request("GET", f"api/projects/{project.id}/file-uploads", {"all": "true"})
    assert len(listed) == 6


def test_a_server_that_is_killed_in_the_middle_loses_and_doubles_nothing(tmp_path):
    made = data_set(tmp_path / "data", numbered(40))
    with running_label_studio(tmp_path / "server") as running:
        client = Client.open(running.url, running.token)
        project, _ = _prepared(client, "killed")

        def kill_after_half(result):
            if result.num_added >= 20:
                running.server.kill()

        push = Push(
            *_asked(client, project, made),
            class_names=("person",),
            batch_size=10,
            on_progress=kill_after_half,
        )
        with pytest.raises(LabelingError, match="expected a server, got none"):
            push.run(_groups(made))
        assert push.result.num_added == 20
        running.server.start()
        again = Push(*_asked(client, project, made), class_names=("person",), batch_size=10)
        result = again.run(_groups(made))
        assert (result.num_present, result.num_added, result.num_doubles) == (20, 20, 0)
        assert sorted(_tasks(client, "killed")) == sorted(each.key for each in made.samples)


def test_a_server_that_is_killed_at_any_moment_loses_and_doubles_nothing(tmp_path):
    made = data_set(tmp_path / "data", numbered(40))
    with running_label_studio(tmp_path / "server") as running:
        client = Client.open(running.url, running.token)
        project, _ = _prepared(client, "killed")
        for num_batches in (1, 3):
            started = threading.Event()
            killer = threading.Thread(target=lambda: started.wait() and running.server.kill())  # noqa: B023
            killer.start()
            push = Push(
                *_asked(client, project, made),
                class_names=("person",),
                batch_size=4,
                on_progress=lambda result: (
                    result.num_added >= 4 * num_batches and started.set()  # noqa: B023
                ),
            )
            with pytest.raises(LabelingError):
                push.run(_groups(made))
            killer.join()
            running.server.start()
        result = Push(*_asked(client, project, made), class_names=("person",)).run(_groups(made))
        assert result.num_present + result.num_added == 40
        assert sorted(_tasks(client, "killed")) == sorted(each.key for each in made.samples)


def test_an_answer_that_was_lost_doubles_nothing(client, tmp_path):
    made = data_set(tmp_path / "data", numbered(8))
    project, _ = _prepared(client, "lost answer")
    lossy = _Lossy(client, lost=1)
    push = Push(*_asked(lossy, project, made), class_names=("person",), batch_size=4)
    result = push.run(_groups(made))
    assert (result.num_added, result.num_doubles) == (8, 0)
    assert len(_tasks(client, "lost answer")) == 8


def test_a_batch_that_arrives_late_is_found_and_its_doubles_are_deleted(client, tmp_path):
    made = data_set(tmp_path / "data", numbered(4))
    project, _ = _prepared(client, "late")
    result = Push(*_asked(_Late(client), project, made), class_names=("person",)).run(_groups(made))
    assert (result.num_added, result.num_doubles) == (4, 4)
    assert len(_tasks(client, "late")) == 4


def test_a_batch_that_is_too_large_is_sent_in_halves(client, tmp_path):
    made = data_set(tmp_path / "data", numbered(7))
    project, _ = _prepared(client, "halves")
    narrow = _Narrow(client, most=2)
    result = Push(*_asked(narrow, project, made), class_names=("person",)).run(_groups(made))
    assert result.num_added == 7
    assert max(narrow.sizes) == 7 and sorted(narrow.taken) == [1, 2, 2, 2]


def test_a_task_that_is_too_large_alone_is_told_by_its_key(client, tmp_path):
    made = data_set(tmp_path / "data", numbered(2))
    project, _ = _prepared(client, "too large")
    with pytest.raises(LabelingError, match=r"too large \(task 'Küche 1/bild#00.jpg'\)"):
        Push(*_asked(_Narrow(client, most=0), project, made), class_names=()).run(_groups(made))


def _tasks(client: Client, title: str) -> dict[str, dict]:
    project, _ = found_project(client, title, None)
    tasks = [task for page in client.task_pages(project) for task in page]
    by_key = {task["data"].get("key", task["id"]): task for task in tasks}
    assert len(by_key) == len(tasks), "a task stands twice"
    return by_key


class _Wrapped:
    """The client with one thing that goes wrong."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)


class _Lossy(_Wrapped):
    """The first requests are done, and their answers lost."""

    def __init__(self, client, lost):
        super().__init__(client)
        self._num_lost = lost

    def import_tasks(self, project, tasks):
        num = self._client.import_tasks(project, tasks)
        if self._num_lost:
            self._num_lost -= 1
            raise NoAnswerError("lost")
        return num


class _Late(_Wrapped):
    """The first request is done only when the next one comes."""

    def __init__(self, client):
        super().__init__(client)
        self._late = None

    def import_tasks(self, project, tasks):
        if self._late is None:
            self._late = list(tasks)
            raise NoAnswerError("late")
        if self._late:
            self._client.import_tasks(project, self._late)
            self._late = []
        return self._client.import_tasks(project, tasks)


class _Narrow(_Wrapped):
    """A proxy that takes no more than so many tasks at once."""

    def __init__(self, client, most):
        super().__init__(client)
        self._most = most
        self.sizes, self.taken = [], []

    def import_tasks(self, project, tasks):
        self.sizes.append(len(tasks))
        if len(tasks) > self._most:
            raise TooLargeError("too large")
        self.taken.append(len(tasks))
        return self._client.import_tasks(project, tasks)


def _asked(client, project, made):
    pictures = UploadedPictures(client, project, made.folder, BOXES)
    return client, project, BOXES, made.folder, pictures


def _groups(made):
    return list(group_samples(BOXES, made.samples))


def _prepared(client, title):
    return prepared_project(client, title, BOXES, class_names=("person",), num_annotations=1)
