"""The client against a real Label Studio, and against servers that are none."""

import socket
import threading

import pytest

from labeling.client import Client, NoAnswerError, TooLargeError
from serving.core.errors import LabelingError
from tests.labeling.canned_server import canned_server

CONFIG = '<View><Image name="image" value="$image"/></View>'
JSON = "application/json"
VERSION = (200, JSON, '{"release": "1.23.2"}')


@pytest.fixture(scope="module")
def client(label_studio) -> Client:
    return Client.open(label_studio.url, label_studio.token)


def _project(client, title):
    return client.create_project({"title": title, "label_config": CONFIG})


def _tasks(num):
    return [{"data": {"image": f"/{number}.jpg", "key": f"Bild {number}"}} for number in range(num)]


def test_it_knows_the_version_and_the_user(client, label_studio):
    assert client.check_version() == "1.23.2"
    assert client.user() == label_studio.email
    assert client.labelers()[1] == label_studio.email


def test_a_wrong_token_is_told(label_studio):
    with pytest.raises(LabelingError, match=r"expected a valid token.*Invalid token"):
        Client.open(label_studio.url, "0" * 40)


def test_a_personal_token_is_taken_too(label_studio):
    client = Client.open(label_studio.url, label_studio.token)
    personal = client.request("POST", "api/token")["token"]
    assert Client.open(label_studio.url, personal).user() == label_studio.email


@pytest.mark.parametrize("token", ["", " \n"])
def test_no_token_is_told_before_anything_is_asked(token):
    with pytest.raises(LabelingError, match="expected a token, got none"):
        Client.open("http://127.0.0.1:9", token)


def test_an_address_that_is_none_is_told():
    with pytest.raises(LabelingError, match="expected an address http://…, got 'label-studio'"):
        Client.open("label-studio", "t" * 40)


def test_nobody_at_the_address_is_told():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(LabelingError, match=f"{url}.*expected a server, got none"):
            Client.open(url, "t" * 40)


def test_a_server_that_is_no_label_studio_is_told():
    page = 200, "text/html", "<html>Welcome</html>"
    with canned_server({}, page) as server, pytest.raises(LabelingError, match="got text/html"):
        Client.open(server.url, "t" * 40)
    other = 200, JSON, '{"app": "door bell"}'
    with canned_server({}, other) as server, pytest.raises(LabelingError, match="expected its ver"):
        Client.open(server.url, "t" * 40)


@pytest.mark.parametrize("release", ["1.7.3", "2.0.0"])
def test_a_version_that_we_do_not_know_is_told(release):
    version = 200, JSON, f'{{"release": "{release}"}}'
    with (
        canned_server({}, version) as server,
        pytest.raises(LabelingError, match=rf"expected version 1\.20 .* got {release}"),
    ):
        Client.open(server.url, "t" * 40)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((413, "text/html", "<html>413</html>"), TooLargeError, "got: too large"),
        ((504, "text/html", "<html>504</html>"), NoAnswerError, "got a timeout of a proxy"),
        ((502, "text/html", "<html>502</html>"), LabelingError, r"fault of the server \(502\)"),
        ((500, JSON, '{"detail": "disk full"}'), LabelingError, r"server \(500\): \"disk full"),
        ((403, JSON, '{"detail": "not yours"}'), LabelingError, "user who may do this.*not yours"),
    ],
)
def test_what_goes_wrong_when_something_is_sent_is_told_and_sent_once(answer, kind, words):
    with canned_server({}, answer) as server, pytest.raises(kind, match=words):
        Client(server.url, "t" * 40).create_project({"title": "x"})
    assert server.asked == ["POST /api/projects"]


def test_a_server_that_is_silent_is_told_as_not_known():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(NoAnswerError, match=r"expected an answer within 0\.2 s"):
            Client(url, "t" * 40, timeout_s=0.2).create_project({"title": "x"})


def test_a_connection_that_breaks_after_the_question_is_told_as_not_known():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(NoAnswerError, match="got a broken connection"):
            Client(url, "t" * 40).create_project({"title": "x"})
        thread.join()


def test_a_refusal_gives_the_reason_of_the_server(client):
    with pytest.raises(LabelingError, match=r"got a refusal \(400\).*label_config"):
        client.create_project({"title": "broken", "label_config": "<View><Image"})


def test_a_project_is_found_by_its_whole_title(client):
    _project(client, "Tür Süd 2")
    assert client.project("Tür Süd") is None
    found = client.project("Tür Süd 2")
    assert found is not None and found.title == "Tür Süd 2"


def test_two_projects_of_one_title_are_told(client):
    numbers = sorted(_project(client, "twice").id for _ in range(2))
    with pytest.raises(LabelingError, match=rf"'twice'.*expected one, got numbers .{numbers[0]}, "):
        client.project("twice")


def test_pages_give_every_task_once_also_when_some_are_deleted_meanwhile(client):
    project = _project(client, "pages")
    client.import_tasks(project, _tasks(7))
    keys = []
    for page in client.task_pages(project, ["data"], page_size=3):
        keys += [task["data"]["key"] for task in page]
        client.delete_task(page[0]["id"])
    assert keys == [f"Bild {number}" for number in range(7)]
    assert client.num_tasks(project) == 4


def test_a_batch_with_one_wrong_task_adds_none(client):
    project = _project(client, "all or none")
    with pytest.raises(LabelingError, match="image"):
        client.import_tasks(project, [*_tasks(2), {"data": {"key": "no picture"}}])
    assert client.num_tasks(project) == 0


def test_an_upload_is_found_by_its_name_and_served(client):
    project = _project(client, "uploads")
    files = {"a1.jpg": b"first", "b2.jpg": b"second"}
    addresses = client.upload(project, files)
    assert set(addresses) == set(files)
    assert client.uploads(project) == addresses
    assert client.num_tasks(project) == 0
    shown = client._vendor._client_wrapper.httpx_client.request(addresses["b2.jpg"], method="GET")
    assert shown.content == b"second"


def test_a_folder_is_served_once_however_often_it_is_asked_for(client, label_studio):
    project = _project(client, "folder served")
    (label_studio.files_root / "Küche").mkdir()
    folder = str(label_studio.files_root / "Küche")
    for _ in range(2):
        client.serve_folder(project, folder)
    assert len(client.request("GET", "api/storages/localfiles", {"project": project.id})) == 1
