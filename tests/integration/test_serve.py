"""serve.py as an operator meets it: a process with arguments, files, signals and an exit code."""

import json
import resource
import runpy
import shutil
import signal
import subprocess
import sys

import pytest

from serving.core.events import from_record
from serving.sinks.store import read_events


@pytest.fixture
def serve(repository, tmp_path):
    """Run serve.py in an empty folder; gives the completed process."""

    def run(*arguments, **options):
        command = [sys.executable, str(repository / "serve.py"), *map(str, arguments)]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
            **options,
        )  # fmt: skip

    return run


@pytest.fixture
def demo(sample_video):
    """The arguments that run the demo site on the sample, wherever that lies."""
    return "site=demo", f"source={sample_video}"


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def refused(repository, tmp_path, monkeypatch, capsys):
    """Run serve.py's main in an empty folder; gives the one message of a refused run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    main = runpy.run_path(str(repository / "serve.py"))["main"]

    def run(*arguments, code=2):
        monkeypatch.setattr(sys, "argv", ["serve.py", *map(str, arguments)])
        assert main() == code
        (message,) = capsys.readouterr().err.splitlines()
        assert message.startswith("error: ")
        return message

    return run


def test_replay_gives_the_same_bytes_every_time(serve, demo, tmp_path):
    outputs = ("sink.mot={0}/tracks.txt", "sink.mot_detections={0}/found.txt")
    outputs += ("sink.jsonl={0}/events.jsonl", "sink.store={0}/events.sqlite")
    for folder in ("first", "second"):
        process = serve(*demo, "max_frames=40", *(output.format(folder) for output in outputs))
        assert process.returncode == 0, process.stderr

    for name in ("tracks.txt", "found.txt", "events.jsonl"):
        first, second = (tmp_path / folder / name for folder in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
        assert first.stat().st_size > 0
    lines = (tmp_path / "first" / "events.jsonl").read_text().splitlines()
    logged = [from_record(json.loads(line)) for line in lines]
    stored = list(read_events(tmp_path / "first" / "events.sqlite"))
    assert sorted(map(repr, logged)) == sorted(map(repr, stored))
    assert {event.KIND for event in logged} >= {"camera_state", "path_point", "occupancy"}


def test_run_writes_nothing_but_its_outputs_and_says_where(serve, demo, tmp_path):
    process = serve(*demo, "max_frames=5", "sink.video=annotated.mp4")

    wanted = ["annotated.mp4", "outputs/replay/events.jsonl", "outputs/replay/events.sqlite"]
    assert files(tmp_path) == wanted
    assert all(name in process.stdout for name in wanted)
    assert "5 of 795" in process.stdout


def test_people_who_are_on_no_cell_of_the_heatmap_are_told_of(serve, demo):
    process = serve(*demo, "max_frames=20", "+analytics.heatmap.area_m=[900,900,901,901]")

    assert process.returncode == 0, process.stderr
    assert "warning: camera 'crossing', heatmap: " in process.stdout
    assert "were outside area_m (900, 900, 901, 901)" in process.stdout


def test_any_video_runs_without_a_site(serve, sample_video, tmp_path):
    process = serve(f"source={sample_video}", "max_frames=10", "sink.mot=tracks.txt")

    assert process.returncode == 0, process.stderr
    rows = (tmp_path / "tracks.txt").read_text().splitlines()
    assert {row.count(",") for row in rows} == {9}


def test_sigterm_in_the_middle_loses_nothing(repository, demo, tmp_path):
    command = [sys.executable, str(repository / "serve.py"), *demo, "sink.mot=tracks.txt"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "streaming" in line:
                process.send_signal(signal.SIGTERM)
                break
        process.stderr.read()

    assert process.returncode == 128 + signal.SIGTERM
    assert "tracks.txt" in files(tmp_path)
    assert not any(name.endswith(".partial") for name in files(tmp_path))
    lines = (tmp_path / "outputs/replay/events.jsonl").read_text().splitlines()
    events = [from_record(json.loads(line)) for line in lines]
    assert events[-1].KIND == "camera_state"
    assert events[-1].state == "stopped"
    num_frames = int(events[-1].reason.split()[1])
    assert events[-1].at_s == pytest.approx((num_frames - 1) / 7)
    stored = list(read_events(tmp_path / "outputs/replay/events.sqlite"))
    assert sorted(map(repr, events)) == sorted(map(repr, stored))


def test_truncated_video_ends_with_an_error_after_its_frames(serve, sample_video, tmp_path):
    (tmp_path / "cut.avi").write_bytes(sample_video.read_bytes()[:400_000])
    process = serve("source=cut.avi", "sink.mot=tracks.txt")

    assert process.returncode == 1
    assert "camera 'cut', cut.avi: expected 795 frames, got " in process.stderr
    assert files(tmp_path) == [
        "cut.avi",
        "outputs/replay/events.jsonl.partial",
        "outputs/replay/events.sqlite.partial",
        "tracks.txt.partial",
    ]
    assert (tmp_path / "tracks.txt.partial").read_text()


def test_full_disk_ends_with_an_error_and_no_file_that_looks_whole(serve, demo, tmp_path):
    def small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000))

    process = serve(
        *demo, "sink.store=null", "sink.mot=tracks.txt", preexec_fn=small_files_only
    )  # fmt: skip
    assert process.returncode == 1
    assert "cannot be written: File too large" in process.stderr.splitlines()[-1]
    assert process.stderr.splitlines()[-1].startswith("error: ")
    assert all(name.endswith(".partial") for name in files(tmp_path))
    assert 0 < (tmp_path / "tracks.txt.partial").stat().st_size <= 6_000


@pytest.mark.parametrize("name", ["missing.avi", "empty.avi", "notes.avi"])
def test_source_that_is_no_video_is_refused_before_anything_is_written(name, refused, tmp_path):
    (tmp_path / "empty.avi").touch()
    (tmp_path / "notes.avi").write_text("bread, milk")
    before = files(tmp_path)

    message = refused(f"source={name}", code=1)
    assert "expected a video file" in message
    assert name in message
    assert files(tmp_path) == before


def test_missing_sample_says_how_to_get_it(refused):
    message = refused("site=demo", code=1)
    assert "camera 'crossing'" in message
    assert message.endswith("`python -m datasets get vtest` fetches it")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["sink.mott=x.txt"],
            "key 'sink.mott' (conf/sink/default.yaml): expected one of ['jsonl', 'mot', "
            "'mot_detections', 'store', 'video'], got 'mott'; did you mean 'mot'?",
        ),
        (
            ["site=demo", "backend=onnxruntime", "site.cameras.crossing.fsp=3"],
            "key 'site.cameras.crossing.fsp' (conf/site/demo.yaml): expected one of [",
        ),
        (["site=dmo"], "key 'site' (conf/site/): expected one of ['demo'], got 'dmo'"),
        (
            ["site=demo", "camera=crosing"],
            "key 'camera' (conf/site/demo.yaml): expected one of ['crossing'], got 'crosing'; did "
            "you mean 'crossing'?",
        ),
        (["mode=fast"], "key 'mode': input should be 'replay' or 'live', got 'fast'"),
        (["max_frames=many"], "key 'max_frames': input should be a valid integer"),
        ([], "expected site=NAME or source=PATH, got neither"),
        (["source"], "command line: expected key=value, got 'source'"),
        (["site=demo", "+foo=1"], "key 'foo': expected one of ['camera', "),
        (["site=demo", "-m"], "command line: expected one run, got -m"),
        (["site=demo", "sink.mot="], "output: expected the path of a file, got '.'"),
        (["site=demo", "sink.jsonl=/"], "output: expected the path of a file, got '/'"),
        (
            ["tracker=null"],
            "key 'tracker' (conf/tracker/): expected one of ['two_stage'], got null",
        ),
        (
            ["source=x.avi", "experiment=detection/site"],
            "key 'experiment' (conf/serve.yaml): expected one of ['analytics', 'backend', ",
        ),
        (["model=yolox_nano", "trainer=cpu", "site=demo"], "got 'model'"),
        (
            ["+experiment=detection/site"],
            "key 'data' (conf/experiment/detection/site.yaml): expected one of ['analytics', ",
        ),
        (
            ["source=x.avi", "+tracker.lost_s=abc"],
            "key 'tracker.lost_s' (conf/tracker/two_stage.yaml): expected a number, got 'abc'",
        ),
        (
            ["source=x.avi", "backend=onnxruntime", "backend.num_threads=abc"],
            "key 'backend.num_threads' (conf/backend/onnxruntime.yaml): expected a whole number, "
            "got 'abc'",
        ),
        (
            ["source=x.avi", "+tracker.noise={speed: 1}"],
            "key 'tracker.noise' (conf/tracker/two_stage.yaml): expected a mapping with _target_: "
            "serving.tracking.motion.MotionNoise, got {'speed': 1}",
        ),
        (
            ["source=x.avi", "+analytics.heatmap.cell=1"],
            "key 'analytics.heatmap.cell' (conf/analytics/default.yaml): expected one of [",
        ),
        (["source=x.avi", "analytics.heatmap=3"], "expected a mapping with _target_, got 3"),
        (["source=x.avi", "~tracker"], "expected a mapping with _target_, got null"),
    ],
)
def test_mistyped_configuration_is_refused_with_key_file_expected_and_got(
    arguments, message, refused, tmp_path
):
    assert message in refused(*arguments)
    assert files(tmp_path) == []


def test_mistake_in_a_site_file_is_refused_by_camera_place_and_file(refused, tmp_path):
    folder = tmp_path / "conf" / "site"
    folder.mkdir(parents=True)
    site = (
        "name: shop\ncameras: {door: {source: a.avi, zones: {till: {polygon_px: [[0,0],[1,1]]}}}}"
    )
    (folder / "shop.yaml").write_text(site)
    (folder / "torn.yaml").write_text("name: shop\ncameras: [")

    message = refused("--config-dir", tmp_path / "conf", "site=shop")
    assert message == (
        "error: camera 'door', zone 'till': polygon needs at least 3 points, got 2 "
        "(conf/site/shop.yaml)"
    )
    message = refused("--config-dir", tmp_path / "conf", "site=torn")
    assert message.startswith(f"error: {folder / 'torn.yaml'}:2: expected the node content")
    message = refused("--config-dir", tmp_path / "conf", "site=shop", "site.cameras.door.fsp=7")
    assert "(conf/site/shop.yaml): expected one of ['source', 'zones'], got 'fsp'" in message


@pytest.mark.parametrize("value", ["", "0", "1"])
def test_refusal_is_one_line_whatever_hydra_was_asked_for(serve, monkeypatch, value):
    monkeypatch.setenv("HYDRA_FULL_ERROR", value)
    process = serve("sink.mott=x.txt")

    assert process.returncode == 2
    assert process.stderr.startswith("error: key 'sink.mott' (conf/sink/default.yaml)")
    assert process.stderr.count("\n") == 1


def test_wrong_configuration_is_refused_before_anything_heavy_loads(repository, tmp_path):
    script = (
        "import runpy, sys; sys.argv = ['serve.py', 'sink.mott=1']\n"
        f"try: runpy.run_path({str(repository / 'serve.py')!r}, run_name='__main__')\n"
        "except SystemExit: print([m for m in ('openvino', 'av') if m in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, check=False
    )
    assert process.stdout == "[]\n", process.stderr


def test_opencv_without_its_system_libraries_is_one_sentence(serve, tmp_path, monkeypatch):
    missing = "libGL.so.1: cannot open shared object file"
    (tmp_path / "cv2.py").write_text(f"raise ImportError('{missing}')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = serve("source=x.avi")

    assert process.returncode == 1
    assert process.stderr.startswith(f"error: OpenCV cannot be loaded ({missing}). Install ")
    assert "libgl1 and libglib2.0-0" in process.stderr
    assert process.stderr.count("\n") == 1


def test_bundle_whose_model_was_changed_is_refused(refused, sample_video, zoo_bundle, tmp_path):
    shutil.copytree(zoo_bundle, tmp_path / "bundle")
    with (tmp_path / "bundle" / "model.onnx").open("ab") as model:
        model.write(b"x")

    message = refused(f"source={sample_video}", "detector.bundle=bundle", code=1)
    assert "expected sha256" in message


def test_bundle_of_another_input_size_is_refused(refused, sample_video, zoo_bundle, tmp_path):
    shutil.copytree(zoo_bundle, tmp_path / "bundle")
    path = tmp_path / "bundle" / "bundle.json"
    metadata = json.loads(path.read_text())
    metadata["input_size_hw"][0] += 32
    path.write_text(json.dumps(metadata))

    message = refused(f"source={sample_video}", "detector.bundle=bundle", code=1)
    assert "expected one input uint8" in message


def test_two_outputs_in_one_file_are_refused(refused, sample_video):
    message = refused(f"source={sample_video}", "sink.mot=a.txt", "sink.jsonl=a.txt")
    assert "expected a file for each output" in message
