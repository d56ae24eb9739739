"""Push into a real Label Studio: once, again, cut off, killed."""

import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from datasets.formats.label_studio import Interface
from labeling.pictures import LinkedPictures
from labeling.projects import found_project, prepared_project
from serving.core.errors import ConfigError, DatasetError, LabelingError
from tests.labeling.commands.on_server import tasks_by_key
from tests.labeling.made_up import data_set, numbered

BOXES = Interface.PERSON_BOXES


def test_a_second_push_adds_nothing(client, push, tmp_path, capsys):
    made = data_set(tmp_path / "data", numbered(40))
    push(made, "twice 40", batch_size=15)
    assert "40 added, 0 there before" in capsys.readouterr().out
    before = tasks_by_key(client, "twice 40")
    push(made, "twice 40", batch_size=15)
    told = capsys.readouterr().out
    assert "unchanged" in told and "40 asked, 0 added, 40 there before" in told
    after = tasks_by_key(client, "twice 40")
    assert sorted(after) == sorted(sample.key for sample in made.samples)
    assert {task["id"] for task in after.values()} == {task["id"] for task in before.values()}


def test_the_pictures_that_were_uploaded_are_the_ones_that_tasks_show(client, push, tmp_path):
    made = data_set(tmp_path / "data", ["a ü.jpg", "b#?.png"])
    push(made, "uploads shown")
    for sample in made.samples:
        address = tasks_by_key(client, "uploads shown")[sample.key]["data"]["image"]
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
    client.delete_task(tasks_by_key(client, "deleted")[made.samples[1].key]["id"])
    capsys.readouterr()
    push(made, "deleted")
    assert "3 asked, 1 added, 2 there before" in capsys.readouterr().out
    assert len(tasks_by_key(client, "deleted")) == 3


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
    assert sorted(tasks_by_key(client, "push killed")) == sorted(each.key for each in made.samples)


def test_doubles_that_somebody_worked_on_are_kept(client, push, tmp_path):
    made = data_set(tmp_path / "data", ["a.jpg"])
    push(made, "worked on")
    task = tasks_by_key(client, "worked on")["a.jpg"]
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
    assert len(tasks_by_key(client, "broken")) == 3


def test_files_on_the_servers_disk_are_linked_and_shown(client, label_studio, push):
    made = data_set(label_studio.files_root / "linked ü", ["Küche 1/bild#1.jpg"])
    push(made, "linked", files_root=label_studio.files_root)
    (task,) = tasks_by_key(client, "linked").values()
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
    (task,) = tasks_by_key(client, "addresses").values()
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
    assert set(tasks_by_key(client, "chosen")) == {made.samples[0].key, made.samples[2].key}
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
    assert len(tasks_by_key(client, "at once")) == 12


def _prepared(client, title):
    return prepared_project(client, title, BOXES, class_names=("person",), num_annotations=1)


def _sample(folder):
    return data_set(folder / "one", ["a.jpg"]).samples[0]


def _first_key(made, folder):
    (folder / "first").write_text(made.samples[0].key)
    return folder / "first"
