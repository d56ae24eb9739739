"""What labelers see first: of a model, of a file, of earlier labels."""

from dataclasses import replace

import pytest

from datasets.dataset import Dataset, write_samples
from datasets.files import place_file
from datasets.formats.format import Losses
from datasets.formats.label_studio import Interface, samples_of
from datasets.samples import Provenance, Sample, Span
from labeling.projects import found_project
from serving.core.errors import LabelingError
from tests.labeling.commands.on_server import shown_boxes, tasks_by_key
from tests.labeling.made_up import cut_of, data_set, numbered, person

BOXES = Interface.PERSON_BOXES


def test_predictions_are_added_once_for_each_model(client, push, tmp_path, capsys):
    made = data_set(tmp_path / "data", numbered(4))
    said = [replace(made.samples[0], boxes=(person(score=0.75), person(30, score=0.25)))]
    said.append(replace(made.samples[1], boxes=()))
    first = write_samples(tmp_path / "first.jsonl", said)
    push(made, "models", predictions=first, model_version="näher@1")
    push(made, "models", predictions=first, model_version="näher@1")
    assert capsys.readouterr().out.count("predictions added: 0") == 1
    tasks = tasks_by_key(client, "models")
    one, empty = (tasks[sample.key]["predictions"] for sample in made.samples[:2])
    assert [(each["model_version"], each["score"]) for each in one] == [("näher@1", 0.5)]
    assert sorted(each["score"] for each in one[0]["result"]) == [0.25, 0.75]
    assert [each["result"] for each in empty] == [[]]
    assert [tasks[sample.key]["predictions"] for sample in made.samples[2:]] == [[], []]
    push(made, "models", predictions=first, model_version="b@2")
    there = tasks_by_key(client, "models")[made.samples[0].key]["predictions"]
    assert sorted(each["model_version"] for each in there) == ["b@2", "näher@1"]
    assert found_project(client, "models", None)[0].model_version == "b@2"


def test_predictions_are_called_after_who_made_them(client, push, tmp_path):
    made = data_set(tmp_path / "data", ["a.jpg"])
    by = (Provenance("person-net@3", 1.0),)
    said = write_samples(tmp_path / "said.jsonl", [replace(made.samples[0], provenance=by)])
    push(made, "called", predictions=said)
    assert (
        tasks_by_key(client, "called")["a.jpg"]["predictions"][0]["model_version"] == "person-net@3"
    )
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
    tasks = tasks_by_key(client, "detected")
    people = shown_boxes(tasks["vtest.avi#100"])
    assert len(people) >= 3 and all(0.4 <= each["score"] <= 1 for each in people)
    assert {(each["original_width"], each["original_height"]) for each in people} == {(768, 576)}
    assert tasks["vtest.avi#100"]["predictions"][0]["model_version"].startswith(
        "person-yolox-nano@"
    )
    assert shown_boxes(tasks["grey.jpg"]) == [] and len(tasks["grey.jpg"]["predictions"]) == 1


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
    (task,) = tasks_by_key(client, "tracked").values()
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
    (shown,) = shown_boxes(tasks_by_key(client, "said 1")["cut.mp4"])
    sequence = [(each["frame"], each["time"]) for each in shown["value"]["sequence"]]
    assert sequence == [(1, 0.1), (3, pytest.approx(0.3))]  # a straight way needs two
    clip = replace(video, spans=(Span(0.5, 1.0, "taking", score=0.6),))
    said = write_samples(tmp_path / "spans.jsonl", [clip])
    push(made, "said 2", interface="behaviour", predictions=said, model_version="m@1")
    task = tasks_by_key(client, "said 2")["cut.mp4"]
    (back,) = samples_of(Interface.BEHAVIOUR, task, task["predictions"][0], Losses())
    assert [(span.start_s, span.end_s, span.label) for span in back.spans] == [(0.5, 1.0, "taking")]


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
    tasks = tasks_by_key(client, "look again")
    assert [len(shown_boxes(tasks[key])) for key in ("a.jpg", "b.jpg", "c.jpg")] == [1, 0, 0]
    (given,) = tasks["a.jpg"]["predictions"]
    assert given["model_version"] == "labels"
    (sample,) = samples_of(BOXES, tasks["a.jpg"], given, Losses())
    assert sample.boxes[0].xyxy_px == pytest.approx(person().xyxy_px, abs=0.01)
    push(known, "look again")
    assert len(shown_boxes(tasks_by_key(client, "look again")["a.jpg"])) == 1


def test_labels_that_come_later_are_shown_where_nobody_has_answered(client, push, tmp_path):
    made = data_set(tmp_path / "v1", ["a.jpg", "b.jpg"])
    push(made, "labels later")
    number = tasks_by_key(client, "labels later")["a.jpg"]["id"]
    client.request("POST", f"api/tasks/{number}/annotations/", body={"result": []})
    boxes = (person(),)
    push(labelled(made, tmp_path / "v2", **{"a.jpg": boxes, "b.jpg": boxes}), "labels later")
    tasks = tasks_by_key(client, "labels later")
    assert [len(shown_boxes(tasks[key])) for key in ("a.jpg", "b.jpg")] == [0, 1]


def test_a_model_takes_the_place_of_the_labels(client, push, tmp_path):
    made = data_set(tmp_path / "v1", ["a.jpg"])
    known = labelled(made, tmp_path / "v2", **{"a.jpg": (person(),)})
    said = write_samples(tmp_path / "said.jsonl", [replace(known.samples[0], boxes=())])
    push(known, "model first", predictions=said, model_version="m")
    (given,) = tasks_by_key(client, "model first")["a.jpg"]["predictions"]
    assert (given["model_version"], given["result"]) == ("m", [])
