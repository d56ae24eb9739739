import socket
import struct
import threading
from http.client import HTTPConnection

import httpx
import pytest

from labeling.json_server import SECRET_HEADER, JsonServer, RefusedError, secret_of
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


def raw(server, head, body=b"", shut=True):
    """The answer to bytes as they are."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + body)
        if shut:
            connection.shutdown(socket.SHUT_WR)
        parts = list(iter(lambda: connection.recv(4096), b""))
    return b"".join(parts).decode()


def test_a_body_that_ends_before_its_length_is_not_taken_for_the_whole(server):
    answer = raw(server, "POST /echo HTTP/1.1\r\nContent-Length: 100", b"{}")
    assert " 400 " in answer and "expected 100 bytes, got 2" in answer


@pytest.mark.parametrize("length", ["-1", "many", "9" * 5000, "²"])
def test_a_length_that_is_none_is_refused(server, length):
    assert " 413 " in raw(server, f"POST /echo HTTP/1.1\r\nContent-Length: {length}")


def test_a_body_of_unknown_length_is_refused(server):
    head = "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked"
    assert " 411 " in raw(server, head, b"2\r\n{}\r\n0\r\n\r\n")


def test_a_large_body_that_nobody_wants_does_not_cost_the_answer(server):
    body = b"x" * 20_000_000
    head = f"HTTP/1.1\r\nContent-Length: {len(body)}"
    assert " 404 " in raw(server, f"POST /other {head}", body)
    with JsonServer(ANSWERS, secret="s") as closed:
        assert " 403 " in raw(closed, f"POST /echo {head}", body)


def test_json_that_is_nested_without_end_is_refused(server):
    answer = httpx.post(f"{server.url}/echo", content=b"[" * 200_000)
    assert answer.status_code == 400 and "expected JSON" in answer.json()["error"]


def test_half_a_letter_is_answered(server):
    answer = httpx.post(f"{server.url}/echo", content=b'"\\ud800"')
    assert answer.status_code == 200 and answer.json() == {"got": "\ud800"}


def test_who_leaves_before_the_answer_makes_no_noise(capfd):
    """Label Studio gives up after a while, and the answer finds nobody."""
    asked, left, answered = threading.Event(), threading.Event(), threading.Event()

    def slow(_):
        asked.set()
        left.wait(10)
        answered.set()
        return {"long": "x" * 5_000_000}

    with JsonServer({("GET", "/slow"): slow, **ANSWERS}) as server:
        host, port = server.url.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)))
        connection.sendall(b"GET /slow HTTP/1.1\r\n\r\n")
        assert asked.wait(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        left.set()
        assert answered.wait(10)
        assert httpx.get(f"{server.url}/health").status_code == 200
        for thread in threading.enumerate():
            if "process_request_thread" in thread.name:
                thread.join(10)
    assert "Traceback" not in capfd.readouterr().err


def test_while_one_answer_is_made_others_are_given():
    going, done = threading.Event(), threading.Event()

    def slow(_):
        going.set()
        return {"done": done.wait(10)}

    with JsonServer({("GET", "/slow"): slow, **ANSWERS}) as server:
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(httpx.get(f"{server.url}/slow", timeout=20).json())
        )
        asking.start()
        assert going.wait(10)
        assert httpx.get(f"{server.url}/health").status_code == 200
        done.set()
        asking.join()
    assert answers == [{"done": True}]


@pytest.mark.parametrize("secret", ["Geheimnis ü", "two\nlines", "zł", "a\tb"])
def test_a_secret_that_no_header_carries_is_refused(tmp_path, secret):
    path = tmp_path / "secret"
    path.write_text(secret, encoding="utf-8")
    with pytest.raises(LabelingError, match="as a header carries them"):
        secret_of(path)


def test_a_secret_is_read_without_the_end_of_its_line(tmp_path):
    path = tmp_path / "secret"
    path.write_text("open-sesame 1!\n")
    assert secret_of(path) == "open-sesame 1!"
    assert secret_of(None) is None
    path.write_text("\n")
    with pytest.raises(LabelingError, match="got an empty file"):
        secret_of(path)


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


def test_the_secret_may_come_as_a_password():
    with JsonServer(ANSWERS, secret="open: sesame") as server:
        url = f"{server.url}/health"
        assert httpx.get(url, auth=("anybody", "open: sesame")).status_code == 200
        for user, password in (("open: sesame", ""), ("open", " sesame"), ("a", "b")):
            assert httpx.get(url, auth=(user, password)).status_code == 403


@pytest.mark.parametrize("header", ["Basic", "Basic ?", "Bearer OnM=", "Basic OnMé"])
def test_what_holds_no_password_is_refused(header):
    """OnM= is `:s`."""
    with JsonServer(ANSWERS, secret="s") as server:
        head = f"GET /health HTTP/1.1\r\nAuthorization: {header}"
        assert " 403 " in raw(server, head)
