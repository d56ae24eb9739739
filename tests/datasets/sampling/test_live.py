"""Streams over a real network: what ends, what comes back, and what is never told."""

import socket

import cv2
import numpy as np
import pytest

from datasets.sampling.live import LiveStream, redacted
from serving.core.errors import ConfigError, SourceError
from tests.datasets.sampling.made_up import FakeClock, mpegts, serving

STREAM = mpegts(num_frames=30)


def address(port):
    return f"tcp://127.0.0.1:{port}"


def brightness(shots):
    return [round(float(shot.frame.image.mean()) / 8) for shot in shots]


def test_a_stream_that_ends_is_connected_again_until_the_tries_run_out():
    clock = FakeClock()

    def twice(connection: socket.socket, number: int) -> None:
        if number < 2:
            connection.sendall(STREAM)

    with serving(twice) as port:
        live = LiveStream(address(port), "door", limit_s=60, max_tries=3, open_s=2, clock=clock)
        with pytest.raises(SourceError, match="got 60 and no connection 56 s before the end"):
            list(live)


def test_the_frames_before_the_end_are_given_in_order_and_with_rising_times():
    with serving(lambda connection, number: connection.sendall(STREAM)) as port:
        clock = FakeClock()
        shots = []
        for shot in LiveStream(address(port), "door", limit_s=60, clock=clock):
            shots.append(shot)
            if len(shots) == 45:
                break
    assert brightness(shots) == [*range(30), *range(15)]
    times_s = np.array([shot.frame.captured_at for shot in shots])
    assert (np.diff(times_s) > 0).all()
    # By the stream's own time of 25 frames a second, not by when they arrived: at once.
    assert times_s[29] - times_s[0] == pytest.approx(29 / 25, abs=0.02)
    assert all(shot.is_clock_time for shot in shots)
    assert len({shot.origin for shot in shots}) == 45


def test_a_server_that_is_killed_in_the_middle_of_a_frame_ends_with_what_was_got():
    def cut(connection: socket.socket, number: int) -> None:
        if number == 0:
            connection.sendall(STREAM[: len(STREAM) // 2])

    shots, clock = [], FakeClock()
    with serving(cut) as port:
        live = LiveStream(address(port), "door", max_tries=2, open_s=2, clock=clock)
        with pytest.raises(SourceError, match="no connection"):
            for shot in live:
                shots.append(shot)
    assert 10 <= len(shots) <= 16
    assert live.notes()[0].startswith(f"{address(port)}: reconnected 2×")


def test_nobody_there_is_given_up_after_growing_waits():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    clock = FakeClock()
    live = LiveStream(address(port), "door", limit_s=60, max_tries=5, clock=clock)
    with pytest.raises(SourceError, match="got 0 and no connection 52 s before the end") as error:
        list(live)
    assert clock.waits_s == [0.5, 1.0, 2.0, 4.0]
    assert "connection refused" in str(error.value)


def test_a_camera_that_falls_silent_is_a_broken_connection():
    def silent(connection: socket.socket, number: int) -> None:
        connection.sendall(STREAM)
        connection.recv(1)  # until the client hangs up

    shots = []
    with serving(silent) as port:
        live = LiveStream(address(port), "door", read_s=0.3, clock=FakeClock())
        for shot in live:
            shots.append(shot)
            if len(shots) == 35:
                break
    # The last frame of a stream is only known by what follows it, which never came.
    assert brightness(shots) in ([*range(29), *range(6)], [*range(30), *range(5)])


def test_the_time_limit_ends_a_stream_without_an_error():
    class Ticking(FakeClock):
        def now_s(self) -> float:
            self.at_s += 0.1
            return self.at_s

    with serving(lambda connection, number: connection.sendall(STREAM * 50)) as port:
        live = LiveStream(address(port), "door", limit_s=2, clock=Ticking())
        shots = list(live)
    assert 5 <= len(shots) <= 20


def test_motion_jpeg_over_http_is_timed_by_its_arrival():
    def answer(connection: socket.socket, number: int) -> None:
        connection.recv(4096)
        connection.sendall(
            b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
        )
        for value in range(0, 200, 20):
            picture = cv2.imencode(".jpg", np.full((48, 64, 3), value, np.uint8))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            connection.sendall(head.encode() + picture + b"\r\n")

    shots = []
    with serving(answer) as port:
        url = f"http://user:word@127.0.0.1:{port}/video.mjpg"
        live = LiveStream(url, "door", clock=FakeClock())
        for shot in live:
            shots.append(shot)
            if len(shots) == 8:
                break
    assert [round(float(shot.frame.image.mean())) for shot in shots] == list(range(0, 160, 20))
    assert shots[0].source == f"http://***@127.0.0.1:{port}/video.mjpg"
    assert shots[7].frame.captured_at - shots[0].frame.captured_at < 0.01


def test_a_playlist_is_not_followed_to_other_files(tmp_path):
    film = tmp_path / "secret.ts"
    film.write_bytes(STREAM)

    def answer(connection: socket.socket, number: int) -> None:
        connection.recv(4096)
        head = "HTTP/1.0 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n\r\n"
        lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXTINF:2,", str(film), "#EXT-X-ENDLIST"]
        connection.sendall((head + "\n".join(lines)).encode())

    with serving(answer) as port:
        url = f"http://127.0.0.1:{port}/live.m3u8"
        with pytest.raises(SourceError, match="got 0 and no connection"):
            list(LiveStream(url, "door", max_tries=1, clock=FakeClock()))


def test_a_password_stands_in_no_message():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://admin:S3cret@127.0.0.1:{port}/cam?token=S3cret2"
    live = LiveStream(url, "door", max_tries=1, clock=FakeClock())
    with pytest.raises(SourceError) as error:
        list(live)
    for text in (str(error.value), live.source, *live.notes(), repr(error.value.__context__)):
        assert "S3cret" not in text and "admin" not in text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://10.0.0.7:554/h264", "rtsp://10.0.0.7:554/h264"),
        ("rtsp://admin:p4ss@10.0.0.7/h264", "rtsp://***@10.0.0.7/h264"),
        ("rtsp://admin@10.0.0.7/h264", "rtsp://***@10.0.0.7/h264"),
        ("rtsp://admin:p@ss@10.0.0.7/h264", "rtsp://***@10.0.0.7/h264"),
        ("rtsp://admin:p/s@10.0.0.7/h264", "rtsp://***@10.0.0.7/h264"),
        ("rtsp://admin:p?s@10.0.0.7/h264", "rtsp://***@10.0.0.7/h264"),
        ("rtsp://h/cam?channel=1&subtype=0", "rtsp://h/cam?channel=1&subtype=0"),
        ("http://h/v.cgi?user=admin&pwd=12345&ch=2", "http://h/v.cgi?user=***&pwd=***&ch=2"),
        ("http://h/v.cgi?mail=me@home&ch=2", "http://***@home&ch=2"),
        ("http://h/v.cgi?x=Zx81h&c=123", "http://h/v.cgi?x=***&c=***"),
        ("rtsp://h:554/user=admin_password=tlJwpbo6_channel=1", "rtsp://h:554/user=***"),
        ("rtsp://h/user=admin&password=abc&channel=1", "rtsp://h/user=***&password=***&channel=1"),
    ],
)
def test_an_address_is_shown_without_what_could_be_a_secret(url, shown):
    assert redacted(url) == shown


def test_an_address_that_is_no_stream_is_refused_without_telling_its_password():
    with pytest.raises(ConfigError) as error:
        LiveStream("ftp://me:word@host/film", "door")
    assert str(error.value).startswith("ftp://***@host/film: expected an address of")


def test_no_tries_are_refused():
    with pytest.raises(ConfigError, match="max_tries of at least 1, got 60.0 and 0"):
        LiveStream("rtsp://host", "door", max_tries=0)
