"""`python -m evaluation` as a user types it."""

from __future__ import annotations

import json
import os
import sys

import pytest
import yaml

from evaluation.__main__ import main
from evaluation.request import Request


@pytest.fixture
def run(monkeypatch, capfd):
    """Runs the command with arguments; gives (exit code, output, errors)."""

    def run_(*arguments):
        monkeypatch.setattr(sys, "argv", ["evaluation", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code
        return code, *capfd.readouterr()

    return run_


@pytest.fixture
def files(tmp_path):
    """A person who walks to the right in 60 frames, found in all but the first 20.

    At the demo site this crosses the line `middle` around frame 7 and `east` around frame 37.
    """
    rows = [f"{n},1,{300 + 6 * n},200,30,60,1,-1,-1,-1\n" for n in range(1, 61)]
    (tmp_path / "gt.txt").write_text("".join(rows))
    (tmp_path / "pred.txt").write_text("".join(rows[20:]))
    return f"gt={tmp_path / 'gt.txt'}", f"pred={tmp_path / 'pred.txt'}"


def test_json_is_all_that_stands_on_the_output(run, files):
    code, output, errors = run("task=tracking", "format=json", *files)
    record = json.loads(output)
    assert (code, errors) == (0, "")
    assert record["metrics"]["MOTA"] == pytest.approx(40 / 60)
    assert record["metrics"]["IDF1"] == pytest.approx(0.8)
    idf1 = next(row for row in record["figures"] if row["metric"] == "IDF1")
    assert (idf1["n"], idf1["target"], idf1["met"]) == (60, 0.72, True)
    assert record["inputs"]["gt"] == files[0].removeprefix("gt=")


@pytest.mark.parametrize(
    ("task", "metric", "value"),
    [
        ("task=detection", "recall", 2 / 3),
        ("task=labels", "precision", 1.0),
        ("task=counting", "counting_accuracy", 0.5),
        ("task=heatmap", "heatmap_overlap", None),
    ],
)
def test_every_task_on_files_gives_its_figures(run, files, task, metric, value):
    code, output, errors = run(task, "site=demo", "format=json", "num_resamples=20", *files)
    assert (code, errors) == (0, "")
    measured = json.loads(output)["metrics"][metric]
    assert 0 < measured < 1 if value is None else measured == pytest.approx(value)


def test_the_configuration_shows_every_key_and_the_class_alone_holds_the_defaults(run, files):
    code, output, _ = run("--cfg", "job")
    shown = yaml.safe_load(output)
    request = Request(task="tracking")
    assert code == 0
    assert shown.keys() >= Request.model_fields.keys()
    for group in ("speed", "report", "card"):
        assert shown[group].keys() == type(getattr(request, group)).model_fields.keys()
    record = json.loads(run("task=tracking", "format=json", *files)[1])["inputs"]
    for key in ("first_frame", "last_frame", "block_s", "num_resamples", "seed"):
        assert record[key] == getattr(request, key)
        assert shown[key] is None


def test_raw_scores_are_ranked_and_cut_on_their_own_scale(run, files, tmp_path):
    (tmp_path / "det.txt").write_text("1,-1,306,200,30,60,64.5\n1,-1,0,0,30,60,-3\n")
    arguments = "task=detection", "last_frame=0", files[0], f"pred={tmp_path / 'det.txt'}"
    for threshold, precision in ((-10, 0.5), (30, 1.0)):
        output = run(*arguments, "format=json", f"score_threshold={threshold}")[1]
        metrics = json.loads(output)["metrics"]
        assert (metrics["AP50"], metrics["precision"]) == (pytest.approx(1), precision)


def test_the_frame_rate_is_the_sites_unless_given(run, files):
    def rate_hz(*arguments):
        return json.loads(run("task=tracking", "format=json", *files, *arguments)[1])["inputs"][
            "frame_rate_hz"
        ]

    assert (rate_hz("site=demo"), rate_hz("site=demo", "fps=25"), rate_hz()) == (7, 25, 10)


def test_frames_can_be_cut(run, files):
    record = json.loads(run("task=tracking", "format=json", "first_frame=20", *files)[1])
    assert record["metrics"]["MOTA"] == 1
    assert record["figures"][0]["n"] == 40


def test_our_labels_agree_with_the_public_truth_as_the_catalogue_says(run, repository, mirror):
    code, output, _ = run("task=labels", "format=json", "num_resamples=20")
    record = json.loads(output)
    text = " ".join((repository / "datasets/catalog/README.md").read_text().split())
    assert code == 0
    assert "`python -m evaluation task=labels`" in text
    for row in record["figures"]:
        assert f"| {row['metric']} | {row['value']:.3f} | {row['n']} {row['n_of']} |" in text
    assert {row["target_name"] for row in record["figures"] if row["met"]} == {
        "sample_label_precision",
        "sample_label_recall",
    }


def test_a_missed_floor_of_the_sample_ends_with_1_after_everything_was_written(
    run, mirror, tmp_path
):
    harder = "benchmark.targets.sample_label_recall.target=0.99"
    output = tmp_path / "labels.json"
    arguments = "task=labels", "format=json", "num_resamples=0", f"output={output}"
    assert run(*arguments)[0] == 0
    code, printed, errors = run(*arguments, harder)
    assert (code, printed) == (1, output.read_text())
    message = "floor missed, sample_label_recall: expected recall ≥ 0.99 (floor) on sample, got 0.9"
    assert errors.startswith(f"error: {message}")


def test_recorded_files_may_miss_a_floor(run, files):
    harder = "benchmark.targets.tracking_case_study.target=0.99"
    code, output, errors = run("task=tracking", "format=json", *files, harder)
    missed = [row for row in json.loads(output)["figures"] if row["met"] is False]
    assert (code, errors, [row["kind"] for row in missed]) == (0, "", ["floor"])


def test_the_public_truth_of_the_sample_is_said_to_be_missing(run, monkeypatch):
    monkeypatch.setattr("evaluation.sample_truth.mirror_root", lambda: None)
    code, _, errors = run("task=labels")
    assert (code, errors.startswith("error: sample: expected its public ground truth")) == (1, True)


def test_a_table_and_a_file_are_written_on_request(run, files, tmp_path):
    code, output, _ = run("task=tracking", f"output={tmp_path / 'out.json'}", *files)
    assert code == 0
    assert "IDF1" in output and "≥ 0.72 (floor)" in output
    assert json.loads((tmp_path / "out.json").read_text())["task"] == "tracking"


@pytest.mark.parametrize("name", ["gt", "pred"])
def test_an_output_that_replaces_an_input_is_refused(run, files, tmp_path, name):
    path = tmp_path / f"{name}.txt"
    before = path.read_text()
    code, output, errors = run("task=tracking", f"output={path}", *files)
    assert (code, output) == (2, "")
    assert errors.startswith(f"error: output {path}: expected a path apart from what is read")
    assert path.read_text() == before


@pytest.mark.parametrize("key", ["events", "tracks", "results", "before", "after", "html"])
def test_a_report_replaces_nothing_that_it_reads_or_writes(run, tmp_path, key):
    path = tmp_path / "kept"
    read = f"report.{key}=[{path}]" if key == "results" else f"report.{key}={path}"
    outputs = [f"output={path}"] if key == "html" else [f"report.html={path}"]
    code, _, errors = run("task=report", "site=demo", read, *outputs)
    assert (code, errors.startswith(f"error: output {path}: expected a path apart")) == (2, True)
    code, _, errors = run("task=report", "site=demo", read, f"output={path}")
    assert (code, errors.startswith(f"error: output {path}: expected a path apart")) == (2, True)


def test_a_report_replaces_neither_footage_nor_one_cameras_tracks(run, tmp_path):
    footage = tmp_path / "shop.avi"
    source = f"site.cameras.crossing.source={footage}"
    code, _, errors = run("task=report", "site=demo", source, f"report.html={footage}")
    assert (code, f"got one that changes {footage}" in errors) == (2, True)
    other = "+site.cameras.door={source:door.avi}"
    path = tmp_path / "tracks-door.txt"
    tracks = f"report.tracks={tmp_path / 'tracks.txt'}"
    code, _, errors = run("task=report", "site=demo", other, tracks, f"output={path}")
    assert (code, f"got one that changes {path}" in errors) == (2, True)


def test_an_output_that_is_no_file_ends_with_1(run, files, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    code, _, errors = run("task=tracking", f"output={tmp_path / 'pipe'}", *files)
    message = f"error: {tmp_path / 'pipe'}: expected a file to write, got a device or a pipe"
    assert (code, errors.strip()) == (1, message)


def test_targets_of_the_sample_concern_the_sample_alone(run, files):
    def targets(*arguments):
        output = run("task=tracking", "format=json", *files, *arguments)[1]
        return {row["target_name"] for row in json.loads(output)["figures"]} - {None}

    assert targets() == {"tracking_case_study"}
    assert targets("dataset=sample") >= {"sample_hota", "sample_idf1", "sample_mota"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["task=racing"], "key 'task'"),
        (["task=tracking", "gtt=x"], "did you mean 'gt'?"),
        (["task=tracking"], "key 'gt' (conf/evaluate.yaml): expected the path of a file"),
        (["task=tracking", "seed=x"], "key 'seed': input should be a valid integer"),
        (["task=tracking", "report.htm=x"], "did you mean 'html'?"),
        (["task=tracking", "block_s=0"], "key 'block_s'"),
        (["task=tracking", "site=demoo"], "did you mean 'demo'?"),
        (["task=tracking", "format=xml"], "key 'format'"),
        (["task=tracking", "benchmark.targets.counting.target=x"], "targets.counting.target"),
        (
            ["task=tracking", "gt=x", "~gt"],
            "key 'gt' (conf/evaluate.yaml): expected to stand there",
        ),
        (["task=tracking", "~benchmark"], "key 'benchmark' (conf/evaluate.yaml): expected to"),
        (["task=tracking", "+sead=1"], "key 'sead' (conf/evaluate.yaml): expected one of"),
        (["task=tracking", "gt="], "key 'gt': expected a file, not an empty path, got ''"),
        (["task=report", "report.events="], "key 'report.events': expected a file, not an empty"),
        (["task=counting", "+site.name=x"], "key 'cameras': expected a value, got none (command l"),
    ],
)
def test_a_mistake_on_the_command_line_ends_with_2(run, arguments, message):
    code, output, errors = run(*arguments)
    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert message in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("task", ["tracking", "counting", "heatmap"])
@pytest.mark.parametrize("key", ["gt", "pred"])
def test_only_detection_and_labels_read_coco(run, files, task, key):
    code, output, errors = run(f"task={task}", "site=demo", *files, f"{key}=boxes.json")
    assert (code, output) == (2, "")
    assert errors.startswith(f"error: key '{key}' (conf/evaluate.yaml): expected MOT text")
    assert errors.endswith("(COCO JSON is for detection and labels), got boxes.json\n")


def test_a_key_of_the_site_that_is_added_changes_the_samples_site(run):
    code, _, errors = run("task=sample", "+site.cameras.crossing.lines.west.start_px=[5,x]")
    assert code == 2
    assert "camera 'crossing', line 'west', key 'start_px.1'" in errors
    assert errors.endswith("got 'x' (conf/site/demo.yaml)\n")


def test_counting_needs_a_site_with_a_line_and_a_known_camera(run, files):
    assert run("task=counting", *files)[2].startswith("error: key 'site'")
    code, _, errors = run("task=counting", "site=demo", "camera=door", *files)
    assert (code, "expected one of ['crossing'], got 'door'" in errors) == (2, True)
    code, _, errors = run("task=counting", "site=demo", "~site.cameras.crossing.lines", *files)
    assert (code, "expected a counting line, got none" in errors) == (2, True)
    code, _, errors = run("task=heatmap", "site=demo", "~site.cameras.crossing.calibration", *files)
    assert (code, "expected a calibration, got none" in errors) == (2, True)


def test_broken_data_ends_with_1_and_names_file_and_line(run, files, tmp_path):
    (tmp_path / "broken.txt").write_text("1,1,0,0,5,5,1\n1,1,0,0,5,5,1\n")
    code, output, errors = run("task=tracking", files[0], f"pred={tmp_path / 'broken.txt'}")
    assert (code, output) == (1, "")
    assert errors.startswith(f"error: {tmp_path / 'broken.txt'}:2: expected track 1 once")
    assert run("task=tracking", f"gt={tmp_path / 'none.txt'}", files[1])[0] == 1
    code, _, errors = run("task=tracking", "first_frame=500", *files)
    assert (code, "expected people in frames 500 to the end, got none" in errors) == (1, True)


def test_a_tracker_that_found_nothing_scores_0(run, files, tmp_path):
    (tmp_path / "nothing.txt").write_text("")
    pred = f"pred={tmp_path / 'nothing.txt'}"
    for task, metric in (("tracking", "HOTA"), ("tracking", "MOTA"), ("detection", "AP50")):
        code, output, _ = run(f"task={task}", "format=json", files[0], pred)
        assert (code, json.loads(output)["metrics"][metric]) == (0, 0)
