from http.client import HTTPConnection

import httpx
import pytest

from labeling.json_server import SECRET_HEADER, JsonServer, RefusedError
from serving.core.errors import DatasetError, LabelingError


def refuse(_):
    raise RefusedError("expected something else")


def fail(_):
    raise DatasetError("a.jpg: expected a picture, got none")


ANSWERS = {
    ("GET", "/health"): lambda _: {"status": "UP"},
    ("POST", "/echo"): lambda body: {"got": body},
    ("POST", "/refuse"): refuse,
    ("POST", "/fail"): fail,
}


@pytest.fixture
def server():
    with JsonServer(ANSWERS) as running:
        yield running


def test_a_request_is_answered_by_method_and_path(server):
    assert httpx.get(f"{server.url}/health").json() == {"status": "UP"}
    given = {"name": "Tür"}
    assert httpx.post(f"{server.url}/echo?x=1", json=given).json() == {"got": given}


@pytest.mark.parametrize(
    ("path", "content", "status", "told"),
    [
        ("/other", b"{}", 404, "no POST /other"),
        ("/echo", b'{"a":', 400, "expected JSON"),
        ("/refuse", b"{}", 400, "expected something else"),
        ("/fail", b"{}", 500, "a.jpg: expected a picture, got none"),
    ],
)
def test_what_cannot_be_answered_is_told(server, path, content, status, told):
    answer = httpx.post(f"{server.url}{path}", content=content)
    assert answer.status_code == status
    assert told in answer.json()["error"]


def test_a_body_that_is_too_large_is_not_read(server):
    connection = HTTPConnection(server.url.removeprefix("http://"))
    connection.putrequest("POST", "/echo")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_without_the_secret_nothing_is_answered():
    with JsonServer(ANSWERS, secret="Geheimnis ß") as server:
        assert httpx.get(f"{server.url}/health").status_code == 403
        wrong = {SECRET_HEADER: "geheim"}
        assert httpx.get(f"{server.url}/health", headers=wrong).status_code == 403


def test_with_the_secret_it_answers():
    with JsonServer(ANSWERS, secret="open-sesame") as server:
        right = {SECRET_HEADER: "open-sesame"}
        assert httpx.get(f"{server.url}/health", headers=right).status_code == 200


def test_a_port_that_is_taken_is_told(server):
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(LabelingError, match=f"expected to listen on 127.0.0.1:{port}"):
        JsonServer(ANSWERS, port=port)


def test_after_the_block_nobody_answers():
    with JsonServer(ANSWERS) as server:
        url = server.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")
