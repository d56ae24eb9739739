"""Push into a real Label Studio: once, again, cut off, killed, and with models."""

import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from datasets.dataset import Dataset, write_samples
from datasets.files import place_file
from datasets.formats.format import Losses
from datasets.formats.label_studio import Interface, samples_of
from datasets.samples import Provenance, Sample, Span
from labeling.client import Client
from labeling.commands.push import Request, run
from labeling.pictures import LinkedPictures
from labeling.projects import found_project, prepared_project
from serving.core.errors import ConfigError, DatasetError, LabelingError
from tests.labeling.made_up import cut_of, data_set, numbered, person

BOXES = Interface.PERSON_BOXES


@pytest.fixture(scope="module")
def client(label_studio) -> Client:
    return Client.open(label_studio.url, label_studio.token)


@pytest.fixture
def token_file(label_studio, tmp_path):
    path = tmp_path / "token"
    path.write_text(label_studio.token + "\n")
    return path


@pytest.fixture
def push(label_studio, token_file):
    """Push a data set by the command."""

    def push(dataset: Dataset, project: str, **keys: object) -> None:
        values = {"url": label_studio.url, "token_file": token_file, "interface": "person_boxes"}
        run(Request(dataset=dataset.folder, project=project, **values | keys))

    return push


def _tasks(client: Client, title: str) -> dict[str, dict]:
    project, _ = found_project(client, title, None)
    tasks = [task for page in client.task_pages(project) for task in page]
    by_key = {task["data"].get("key", task["id"]): task for task in tasks}
    assert len(by_key) == len(tasks), "a task stands twice"
    return by_key


def _boxes(task: dict, key: str = "predictions") -> list[dict]:
    return [result for given in task[key] for result in given["result"]]


def test_a_second_push_adds_nothing(client, push, tmp_path, capsys):
    made = data_set(tmp_path / "data", numbered(40))
    push(made, "twice 40", batch_size=15)
    assert "40 added, 0 there before" in capsys.readouterr().out
    before = _tasks(client, "twice 40")
    push(made, "twice 40", batch_size=15)
    told = capsys.readouterr().out
    assert "unchanged" in told and "40 asked, 0 added, 40 there before" in told
    after = _tasks(client, "twice 40")
    assert sorted(after) == sorted(sample.key for sample in made.samples)
    assert {task["id"] for task in after.values()} == {task["id"] for task in before.values()}


def test_the_pictures_that_were_uploaded_are_the_ones_that_tasks_show(client, push, tmp_path):
    made = data_set(tmp_path / "data", ["a ü.jpg", "b#?.png"])
    push(made, "uploads shown")
    for sample in made.samples:
        address = _tasks(client, "uploads shown")[sample.key]["data"]["image"]
        shown = client._vendor._client_wrapper.httpx_client.request(address, method="GET")
        assert shown.content == made.path_of(sample).read_bytes()


def test_a_project_is_made_as_labelers_need_it(client, push, tmp_path):
    push(data_set(tmp_path / "data", ["a.jpg"]), "settings", num_annotations=2)
    project, interface = found_project(client, "settings", None)
    values = client.request("GET", f"api/projects/{project.id}")
    assert interface is BOXES
    assert values["show_instruction"] and "<br>" in values["expert_instruction"]
    assert values["show_skip_button"] and values["show_collab_predictions"]
    assert values["enable_empty_annotation"] and values["maximum_annotations"] == 2


def test_a_changed_interface_updates_the_project(client, push, tmp_path, capsys):
    made = data_set(tmp_path / "data", ["a.jpg"])
    push(made, "changed")
    push(made, "changed", class_names=("person", "trolley"))
    assert "updated" in capsys.readouterr().out
    assert 'value="trolley"' in found_project(client, "changed", None)[0].label_config


def test_instructions_that_the_server_strips_of_their_style_are_no_change(
    client, push, monkeypatch, tmp_path, capsys
):
    made = data_set(tmp_path / "data", ["a.jpg"])
    styled = '<ul style="gap: 6px"><li><strong>box</strong>: a &amp; b</li></ul>'
    monkeypatch.setattr("labeling.projects.instruction", lambda interface: styled)
    push(made, "styled")
    push(made, "styled")
    assert "unchanged" in capsys.readouterr().out
    monkeypatch.setattr("labeling.projects.instruction", lambda interface: styled + "<p>c</p>")
    push(made, "styled")
    assert "updated" in capsys.readouterr().out


def test_a_project_of_another_interface_is_left_alone(push, tmp_path):
    made = data_set(tmp_path / "data", ["a.jpg"])
    push(made, "one question")
    with pytest.raises(LabelingError, match="interface 'face_attributes'.* got 'person_boxes'"):
        push(made, "one question", interface="face_attributes")


def test_tasks_that_others_made_are_told_and_left_alone(client, push, tmp_path, capsys):
    made = data_set(tmp_path / "data", ["a.jpg"])
    project, _ = _prepared(client, "with others")
    client.import_tasks(project, [{"data": {"image": "/x.jpg"}}])
    push(made, "with others")
    assert "tasks of others, left alone: 1" in capsys.readouterr().out
    assert client.num_tasks(project) == 2


def test_a_task_that_was_deleted_on_the_server_is_added_again(client, push, tmp_path, capsys):
    made = data_set(tmp_path / "data", numbered(3))
    push(made, "deleted")
    client.delete_task(_tasks(client, "deleted")[made.samples[1].key]["id"])
    capsys.readouterr()
    push(made, "deleted")
    assert "3 asked, 1 added, 2 there before" in capsys.readouterr().out
    assert len(_tasks(client, "deleted")) == 3


def test_a_push_that_is_killed_is_completed_by_the_next(
    client, push, label_studio, token_file, repository, tmp_path
):
    made = data_set(tmp_path / "data", numbered(40))
    keys = {
        "dataset": made.folder,
        "project": "push killed",
        "url": label_studio.url,
        "token_file": token_file,
        "batch_size": 2,
    }
    command = [sys.executable, "-m", "labeling", "task=push", "interface=person_boxes"]
    command += [
        f"{key}='{value}'" if key == "project" else f"{key}={value}" for key, value in keys.items()
    ]
    with subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE) as process:
        while (project := client.project("push killed")) is None or not client.num_tasks(project):
            assert process.poll() is None, process.stderr.read()
        process.kill()
    num_there = client.num_tasks(project)
    assert 0 < num_there < 40
    push(made, "push killed")
    assert sorted(_tasks(client, "push killed")) == sorted(each.key for each in made.samples)


def test_doubles_that_somebody_worked_on_are_kept(client, push, tmp_path):
    made = data_set(tmp_path / "data", ["a.jpg"])
    push(made, "worked on")
    task = _tasks(client, "worked on")["a.jpg"]
    project, _ = found_project(client, "worked on", None)
    for _ in range(2):
        client.import_tasks(project, [{"data": task["data"]}])
    numbers = [each["id"] for page in client.task_pages(project) for each in page]
    client.request("POST", f"api/tasks/{numbers[2]}/annotations", body={"result": []})
    push(made, "worked on")
    left = [each["id"] for page in client.task_pages(project) for each in page]
    assert left == [numbers[2]]


def test_a_broken_picture_does_not_hold_up_the_others_and_is_told(client, push, tmp_path, capsys):
    made = data_set(tmp_path / "data", numbered(5))
    (made.folder / made.samples[1].path).write_bytes(b"")
    (made.folder / made.samples[3].path).unlink()
    with pytest.raises(
        DatasetError, match=r"not be made: 2(.|\n)*01.jpg.*an empty file(.|\n)*03.jpg.*no file"
    ):
        push(made, "broken")
    assert "3 added, 0 there before, 2 that could not be made" in capsys.readouterr().out
    assert len(_tasks(client, "broken")) == 3


def test_predictions_are_added_once_for_each_model(client, push, tmp_path, capsys):
    made = data_set(tmp_path / "data", numbered(4))
    said = [replace(made.samples[0], boxes=(person(score=0.75), person(30, score=0.25)))]
    said.append(replace(made.samples[1], boxes=()))
    first = write_samples(tmp_path / "first.jsonl", said)
    push(made, "models", predictions=first, model_version="näher@1")
    push(made, "models", predictions=first, model_version="näher@1")
    assert capsys.readouterr().out.count("predictions added: 0") == 1
    tasks = _tasks(client, "models")
    one, empty = (tasks[sample.key]["predictions"] for sample in made.samples[:2])
    assert [(each["model_version"], each["score"]) for each in one] == [("näher@1", 0.5)]
    assert sorted(each["score"] for each in one[0]["result"]) == [0.25, 0.75]
    assert [each["result"] for each in empty] == [[]]
    assert [tasks[sample.key]["predictions"] for sample in made.samples[2:]] == [[], []]
    push(made, "models", predictions=first, model_version="b@2")
    there = _tasks(client, "models")[made.samples[0].key]["predictions"]
    assert sorted(each["model_version"] for each in there) == ["b@2", "näher@1"]
    assert found_project(client, "models", None)[0].model_version == "b@2"


def test_predictions_are_called_after_who_made_them(client, push, tmp_path):
    made = data_set(tmp_path / "data", ["a.jpg"])
    by = (Provenance("person-net@3", 1.0),)
    said = write_samples(tmp_path / "said.jsonl", [replace(made.samples[0], provenance=by)])
    push(made, "called", predictions=said)
    assert _tasks(client, "called")["a.jpg"]["predictions"][0]["model_version"] == "person-net@3"
    unnamed = write_samples(tmp_path / "unnamed.jsonl", made.samples)
    with pytest.raises(LabelingError, match="expected model_version=NAME"):
        push(made, "called", predictions=unnamed)


def test_a_class_that_labelers_would_not_see_is_refused(push, tmp_path):
    made = data_set(tmp_path / "data", ["a.jpg"])
    dog = replace(person(), label="dog")
    said = write_samples(tmp_path / "said.jsonl", [replace(made.samples[0], boxes=(dog,))])
    with pytest.raises(LabelingError, match=r"expected classes \['person'\], got 'dog'"):
        push(made, "dogs", predictions=said, model_version="m@1")


def test_our_detector_says_first_what_it_sees(client, push, sample_video, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    place_file(sample_video, folder / "vtest.avi")
    made = data_set(folder, ["grey.jpg"])
    frame = replace(made.samples[0], path="vtest.avi", frame_index=100, image_size_hw=None)
    manifest = made.manifest
    made = Dataset.create(
        folder,
        [*made.samples, frame],
        name=manifest.name,
        source=manifest.source,
        licence=manifest.licence,
        commercial_use=True,
    )
    push(made, "detected", bundle="person-yolox-nano", score_threshold=0.4)
    tasks = _tasks(client, "detected")
    people = _boxes(tasks["vtest.avi#100"])
    assert len(people) >= 3 and all(0.4 <= each["score"] <= 1 for each in people)
    assert {(each["original_width"], each["original_height"]) for each in people} == {(768, 576)}
    assert tasks["vtest.avi#100"]["predictions"][0]["model_version"].startswith(
        "person-yolox-nano@"
    )
    assert _boxes(tasks["grey.jpg"]) == [] and len(tasks["grey.jpg"]["predictions"]) == 1


def test_our_tracker_says_first_who_walks_through_a_video(client, push, sample_video, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    cut_of(sample_video, folder / "cut ü.mp4")
    video = Sample("cut ü.mp4", is_labelled=False)
    made = Dataset.create(
        folder, [video], name="cut", source="s", licence="l", commercial_use=False
    )
    keys = {"interface": "person_tracks", "bundle": "person-yolox-nano", "score_threshold": 0.5}
    push(made, "tracked", **keys)
    push(made, "tracked", **keys)
    (task,) = _tasks(client, "tracked").values()
    (prediction,) = task["predictions"]
    assert task["data"]["frame_rate_hz"] == 10 and 0.5 < prediction["score"] < 1
    frames = samples_of(Interface.PERSON_TRACKS, task, prediction, Losses())
    people = [{box.track_id for box in frame.boxes} for frame in frames]
    assert [frame.frame_index for frame in frames] == list(range(30))
    assert people[0] == {"1", "2", "3"} and all({"1", "3"} <= there for there in people)


def test_recorded_tracks_and_spans_are_shown_by_the_rate_of_their_video(
    client, push, sample_video, tmp_path
):
    """The samples do not say the rate: the file does."""
    folder = tmp_path / "data"
    folder.mkdir()
    cut_of(sample_video, folder / "cut.mp4", num_frames=12)
    video = Sample("cut.mp4", image_size_hw=(576, 768), is_labelled=False)
    made = Dataset.create(
        folder, [video], name="cut", source="s", licence="l", commercial_use=False
    )
    boxes = [
        replace(video, frame_index=index, boxes=(replace(person(10 * index), track_id="7"),))
        for index in range(3)
    ]
    said = write_samples(tmp_path / "tracks.jsonl", boxes)
    push(made, "said 1", interface="person_tracks", predictions=said, model_version="m@1")
    (shown,) = _boxes(_tasks(client, "said 1")["cut.mp4"])
    sequence = [(each["frame"], each["time"]) for each in shown["value"]["sequence"]]
    assert sequence == [(1, 0.1), (3, pytest.approx(0.3))]  # a straight way needs two
    clip = replace(video, spans=(Span(0.5, 1.0, "taking", score=0.6),))
    said = write_samples(tmp_path / "spans.jsonl", [clip])
    push(made, "said 2", interface="behaviour", predictions=said, model_version="m@1")
    task = _tasks(client, "said 2")["cut.mp4"]
    (back,) = samples_of(Interface.BEHAVIOUR, task, task["predictions"][0], Losses())
    assert [(span.start_s, span.end_s, span.label) for span in back.spans] == [(0.5, 1.0, "taking")]


def test_files_on_the_servers_disk_are_linked_and_shown(client, label_studio, push):
    made = data_set(label_studio.files_root / "linked ü", ["Küche 1/bild#1.jpg"])
    push(made, "linked", files_root=label_studio.files_root)
    (task,) = _tasks(client, "linked").values()
    address = task["data"]["image"]
    assert address.startswith("/data/local-files/?d=linked%20%C3%BC/")
    shown = client._vendor._client_wrapper.httpx_client.request(address, method="GET")
    assert shown.content == made.path_of(made.samples[0]).read_bytes()
    with pytest.raises(ConfigError, match="expected a folder above"):
        push(made, "linked", files_root=made.folder)


def test_files_behind_an_address_are_linked_though_they_are_not_here(client, push, tmp_path):
    made = data_set(tmp_path / "data", ["Küche 1/a.jpg"])
    (made.folder / "Küche 1/a.jpg").unlink()
    push(made, "addresses", url_prefix="https://pictures.example.com/")
    (task,) = _tasks(client, "addresses").values()
    assert task["data"]["image"] == "https://pictures.example.com/K%C3%BCche%201/a.jpg"


def test_a_frame_of_a_video_cannot_be_linked(client, sample_video, tmp_path):
    with pytest.raises(DatasetError, match="got a frame of a video"):
        LinkedPictures("https://x/", BOXES).check(
            replace(_sample(tmp_path), path="v.mp4", frame_index=3)
        )


def test_a_file_that_no_browser_shows_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"expected a file that a browser shows.*got '.avi'"):
        LinkedPictures("https://x/", Interface.BEHAVIOUR).check(
            replace(_sample(tmp_path), path="v.avi")
        )


def test_only_what_was_chosen_is_pushed(client, push, tmp_path):
    made = data_set(tmp_path / "data", numbered(4))
    (tmp_path / "keys").write_text(f"{made.samples[2].key}\n\n{made.samples[0].key}\n")
    push(made, "chosen", only=tmp_path / "keys")
    assert set(_tasks(client, "chosen")) == {made.samples[0].key, made.samples[2].key}
    (tmp_path / "keys").write_text("nobody.jpg\n")
    with pytest.raises(DatasetError, match=r"expected keys of samples .*got \['nobody.jpg'\]"):
        push(made, "chosen", only=tmp_path / "keys")


def test_keys_that_exclude_each_other_are_refused_before_anything_is_asked(push, tmp_path):
    made = data_set(tmp_path / "data", ["a.jpg"])
    with pytest.raises(ConfigError, match="'predictions' and 'bundle'"):
        push(made, "x", bundle="b", predictions=tmp_path / "p", url="http://127.0.0.1:9")
    nowhere = {"url": "http://127.0.0.1:9"}
    with pytest.raises(ConfigError, match="expected interface=person_boxes or person_tracks"):
        push(made, "x", bundle="b", interface="face_attributes", **nowhere)
    with pytest.raises(ConfigError, match="'every_s'.*interface=person_tracks"):
        push(made, "x", bundle="b", every_s=0.5, **nowhere)


def test_a_labeler_without_rights_is_told(client, push, label_studio, tmp_path):
    made = data_set(tmp_path / "data", ["a.jpg"])
    token = tmp_path / "wrong"
    token.write_text("0" * 40)
    with pytest.raises(LabelingError, match="expected a valid token"):
        push(made, "wrong", token_file=token)
    assert client.project("wrong") is None


def test_two_pushes_at_once_leave_each_task_once(client, push, tmp_path):
    made = data_set(tmp_path / "data", numbered(12))
    push(made, "at once", only=_first_key(made, tmp_path))
    threads = [
        threading.Thread(target=push, args=(made, "at once"), kwargs={"batch_size": 3})
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    push(made, "at once")
    assert len(_tasks(client, "at once")) == 12


def _prepared(client, title):
    return prepared_project(client, title, BOXES, class_names=("person",), num_annotations=1)


def _sample(folder):
    return data_set(folder / "one", ["a.jpg"]).samples[0]


def _first_key(made, folder):
    (folder / "first").write_text(made.samples[0].key)
    return folder / "first"


def labelled(dataset: Dataset, folder, **boxes_of) -> Dataset:
    """The next version, in which somebody has labelled these pictures."""
    samples = [
        replace(sample, boxes=boxes_of[sample.path], is_labelled=True)
        if sample.path in boxes_of
        else sample
        for sample in dataset.samples
    ]
    return dataset.derive(folder, samples)


def test_who_looks_again_starts_from_the_labels(client, push, tmp_path):
    """And not from an empty picture, whose answer would replace them."""
    made = data_set(tmp_path / "v1", ["a.jpg", "b.jpg", "c.jpg"])
    known = labelled(made, tmp_path / "v2", **{"a.jpg": (person(),), "b.jpg": ()})
    push(known, "look again")
    project, _ = found_project(client, "look again", None)
    assert project.model_version == "labels"
    tasks = _tasks(client, "look again")
    assert [len(_boxes(tasks[key])) for key in ("a.jpg", "b.jpg", "c.jpg")] == [1, 0, 0]
    (given,) = tasks["a.jpg"]["predictions"]
    assert given["model_version"] == "labels"
    (sample,) = samples_of(BOXES, tasks["a.jpg"], given, Losses())
    assert sample.boxes[0].xyxy_px == pytest.approx(person().xyxy_px, abs=0.01)
    push(known, "look again")
    assert len(_boxes(_tasks(client, "look again")["a.jpg"])) == 1


def test_labels_that_come_later_are_shown_where_nobody_has_answered(client, push, tmp_path):
    made = data_set(tmp_path / "v1", ["a.jpg", "b.jpg"])
    push(made, "labels later")
    number = _tasks(client, "labels later")["a.jpg"]["id"]
    client.request("POST", f"api/tasks/{number}/annotations/", body={"result": []})
    boxes = (person(),)
    push(labelled(made, tmp_path / "v2", **{"a.jpg": boxes, "b.jpg": boxes}), "labels later")
    tasks = _tasks(client, "labels later")
    assert [len(_boxes(tasks[key])) for key in ("a.jpg", "b.jpg")] == [0, 1]


def test_a_model_takes_the_place_of_the_labels(client, push, tmp_path):
    made = data_set(tmp_path / "v1", ["a.jpg"])
    known = labelled(made, tmp_path / "v2", **{"a.jpg": (person(),)})
    said = write_samples(tmp_path / "said.jsonl", [replace(known.samples[0], boxes=())])
    push(known, "model first", predictions=said, model_version="m")
    (given,) = _tasks(client, "model first")["a.jpg"]["predictions"]
    assert (given["model_version"], given["result"]) == ("m", [])
