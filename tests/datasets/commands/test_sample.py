"""`python -m datasets sample` on the sample video and on a real stream."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from PIL import Image

from datasets.__main__ import main
from datasets.dataset import Dataset
from tests.datasets.sampling.made_up import mpegts, serving


def run(folder, *arguments):
    return main(["sample", "--into", str(folder), "--camera", "plaza", *map(str, arguments)])


def frames(folder):
    dataset = Dataset.load(folder)
    dataset.manifest.verify(folder)
    return {int(sample.properties["frame"]): sample for sample in dataset.samples}


def test_every_ten_seconds_of_the_sample_video(sample_video, tmp_path, capsys):
    start = ("--start-at", "2026-05-04T08:00:00+02:00")
    assert (
        run(tmp_path, sample_video, "--every", 10, *start, "--name", "plaza", "--licence", "X") == 0
    )
    samples = frames(tmp_path)
    assert sorted(samples) == [0, 100, 200, 300, 400, 500, 600, 700]
    assert samples[100].path == "images/plaza/20260504T060010.000Z.jpg"
    assert samples[100].captured_at == 1777874410.0
    assert samples[100].source == "vtest.avi"
    assert samples[100].image_size_hw == (576, 768)
    manifest = Dataset.load(tmp_path).manifest
    assert (manifest.name, manifest.licence, manifest.source) == ("plaza", "X", "own footage")
    assert "795 frames looked at: 8 new, 0 were there already" in capsys.readouterr().out


def test_all_ways_at_once_on_the_beginning_of_the_sample_video(sample_video, tmp_path, capsys):
    ways = ("--every", 5, "--motion", "--unsure", "--broken-tracks", "--clusters", 3)
    assert run(tmp_path, sample_video, *ways, "--limit-s", 6) == 0
    samples = frames(tmp_path)
    tags = {tag for sample in samples.values() for tag in sample.tags}
    assert {"every", "motion", "unsure", "track-lost", "cluster-1", "cluster-3"} <= tags
    # Two people pass behind the sign: the tracker loses one of them.
    assert "track-lost" in samples[26].tags
    assert max(samples) < 60
    assert run(tmp_path, sample_video, *ways, "--limit-s", 6) == 0
    assert f"0 new, {len(samples)} were there already" in capsys.readouterr().out


def test_hidden_faces_need_weights_and_nothing_is_written_without_them(
    sample_video, tmp_path, monkeypatch, capsys
):
    from serving.core.errors import DatasetError

    def nowhere(weights_dir):
        raise DatasetError("face finder: expected weights, got none")

    monkeypatch.setattr("datasets.faces.yunet_weights", nowhere)
    folder = tmp_path / "new"
    assert run(folder, sample_video, "--every", 10, "--blur-faces") == 1
    assert "expected weights, got none" in capsys.readouterr().err
    assert not folder.exists()


def test_hidden_faces_need_a_detector_of_people_and_nothing_is_written_without_it(
    sample_video, tmp_path, capsys
):
    folder = tmp_path / "new"
    options = ("--every", 10, "--blur-faces", "--bundle", "missing")
    assert run(folder, sample_video, *options) == 1
    assert "bundle 'missing': expected the folder of a bundle" in capsys.readouterr().err
    assert not folder.exists()


@pytest.mark.usefixtures("mirror")
def test_frames_with_hidden_faces_say_so(sample_video, tmp_path):
    options = ("--every", 1, "--limit-s", 2, "--blur-faces", "--weights-dir", tmp_path / "weights")
    assert run(tmp_path / "set", sample_video, *options) == 0
    assert [s.properties["faces"] for s in frames(tmp_path / "set").values()] == ["blurred"] * 2


def test_a_stream_over_tcp_that_ends_is_kept_as_far_as_it_came(tmp_path, capsys, monkeypatch):
    from datasets.sampling import live

    monkeypatch.setattr(live.SystemClock, "wait", lambda clock, seconds: None)

    def once(connection, number):
        if number == 0:
            connection.sendall(mpegts(num_frames=30))

    with serving(once) as port:
        url = f"tcp://127.0.0.1:{port}"
        assert run(tmp_path, url, "--every", 0.4, "--clusters", 2, "--limit-s", 60) == 1
    samples = frames(tmp_path)
    assert [n for n, s in samples.items() if "every" in s.tags] == [0, 10, 20]
    assert {s.source for s in samples.values()} == {url}
    assert "expected frames for 60 s, got 30" in capsys.readouterr().err


def test_a_run_that_is_terminated_keeps_what_it_has(tmp_path):
    """A stream that never ends, and SIGTERM when the first pictures are there."""
    is_stopped = threading.Event()

    def endless(connection, number):
        data = mpegts(num_frames=30)
        while not is_stopped.wait(0.02):
            connection.sendall(data)

    folder = tmp_path / "set"
    with serving(endless) as port:
        command = [sys.executable, "-m", "datasets", "sample", f"tcp://127.0.0.1:{port}"]
        command += ["--into", str(folder), "--camera", "door", "--every", "0.2"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            for _ in range(2000):
                if len(list(folder.glob("images/door/*.jpg"))) >= 3:
                    break
                is_stopped.wait(0.01)
            os.kill(process.pid, signal.SIGTERM)
            _, errors = process.communicate(timeout=30)
        finally:
            is_stopped.set()
            process.kill()
    assert process.returncode == 130
    assert "interrupted:" in errors and "Traceback" not in errors
    assert len(frames(folder)) >= 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.avi", "--every", "2"], "expected a video file or a folder of pictures"),
        (["ftp://me:word@host/a", "--every", "2"], "ftp://***@host/a: expected a file, a folder"),
        (["rtsp://a", "--every", "2", "--start-at", "2026-01-01"], "rtsp://a is live"),
        (["a.avi", "b.avi", "--every", "2", "--start-at", "2026-01-01"], "expected one source"),
        (["pictures", "--every", "2", "--start-at", "2026-01-01", "--fps", "1e-300"], "calendar"),
    ],
)
def test_what_cannot_be_meant_is_one_line(tmp_path, capsys, monkeypatch, arguments, message):
    (tmp_path / "pictures").mkdir()
    for grey in (0, 200):
        Image.new("L", (8, 8), grey).save(tmp_path / "pictures" / f"{grey}.png")
    monkeypatch.chdir(tmp_path)
    assert run(tmp_path / "new", *arguments) in (1, 2)
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "error" in line)
    assert message in line and "word" not in line


@pytest.mark.parametrize("option", [("--camera", " "), ("--start-at", "0001-01-01T00:00+14:00")])
def test_a_camera_without_an_id_and_a_time_before_all_cameras_are_no_options(
    tmp_path, capsys, option
):
    with pytest.raises(SystemExit) as caught:
        run(tmp_path, "a.avi", "--every", "2", *option, "--into", tmp_path)
    assert caught.value.code == 2
    assert f"argument {option[0]}: expected" in capsys.readouterr().err


def test_no_way_of_choosing_is_refused(sample_video, tmp_path, capsys):
    assert run(tmp_path / "new", sample_video) == 2
    assert "expected a way of choosing frames: --every S, --motion" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
