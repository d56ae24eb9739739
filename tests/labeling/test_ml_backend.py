"""The zoo's detector answers a real Label Studio about a frame of the sample."""

import json
from dataclasses import replace

import cv2
import httpx
import pytest

from datasets.dataset import Dataset
from datasets.formats.format import Losses
from datasets.formats.label_studio import Interface, samples_of, task_data
from datasets.media import read_frames
from datasets.samples import Sample
from labeling.client import Client
from labeling.detecting import DetectingPredictor, FollowingPredictor
from labeling.interface import label_config
from labeling.json_server import JsonServer, RefusedError
from labeling.ml_backend import MlBackend
from labeling.projects import prepared_project
from serving.core.errors import LabelingError
from tests.labeling.made_up import cut_of

PERSON_BOXES = label_config(Interface.PERSON_BOXES, ["person"])
PERSON_TRACKS = label_config(Interface.PERSON_TRACKS, ["person"])
VIDEO = Sample("cut.mp4", image_size_hw=(576, 768), is_labelled=False)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory, sample_video):
    folder = tmp_path_factory.mktemp("frames")
    cv2.imwrite(str(folder / "frame.png"), next(read_frames(sample_video, [0])))
    cut_of(sample_video, folder / VIDEO.path)
    samples = [Sample("frame.png", image_size_hw=(576, 768), is_labelled=False)]
    return Dataset.create(
        folder, samples, name="frames", source="s", licence="l", commercial_use=False
    )


@pytest.fixture(scope="module")
def answers(dataset):
    known = dataset.folder, "person-yolox-nano", 0.5
    return MlBackend(DetectingPredictor(*known), FollowingPredictor(*known)).answers


@pytest.fixture(scope="module")
def backend(answers):
    with JsonServer(answers) as server:
        yield server


@pytest.fixture
def task(dataset):
    data = task_data(Interface.PERSON_BOXES, dataset.samples, lambda sample: "/data/frame.png")
    return {"id": 1, "data": data}


def post(backend, path, **body):
    return httpx.post(f"{backend.url}{path}", json=body, timeout=60)


def test_it_is_up_and_names_its_model(backend):
    assert httpx.get(f"{backend.url}/health").json()["model_version"] == "person-yolox-nano@1.0.0"


def test_a_task_gets_the_boxes_of_its_picture_with_scores(backend, task, dataset):
    answer = post(backend, "/predict", tasks=[task], label_config=PERSON_BOXES).json()
    (prediction,) = answer["results"]
    assert prediction["model_version"] == "person-yolox-nano@1.0.0"
    (sample,) = samples_of(Interface.PERSON_BOXES, task, prediction, Losses())
    assert len(sample.boxes) == 3  # the people of the first frame
    assert all(box.score >= 0.5 for box in sample.boxes)
    assert prediction["score"] == pytest.approx(sum(box.score for box in sample.boxes) / 3)


def test_a_video_gets_tracks_of_its_people(backend):
    data = task_data(Interface.PERSON_TRACKS, [VIDEO], lambda sample: "/x", frame_rate_hz=10.0)
    task = {"id": 1, "data": data}
    answer = post(backend, "/predict", tasks=[task], label_config=PERSON_TRACKS).json()
    (prediction,) = answer["results"]
    frames = samples_of(Interface.PERSON_TRACKS, task, prediction, Losses())
    assert [box.track_id for box in frames[0].boxes] == ["1", "2", "3"]
    assert len(frames) == 30 and 0.5 < prediction["score"] < 1


@pytest.mark.parametrize("rate", [None, "fast", 0, -3, float("nan")])
def test_a_video_whose_rate_cannot_be_is_told(backend, rate):
    data = task_data(Interface.PERSON_TRACKS, [VIDEO], lambda sample: "/x", frame_rate_hz=10.0)
    task = {"id": 1, "data": data | {"frame_rate_hz": rate}}
    body = json.dumps({"tasks": [task], "label_config": PERSON_TRACKS})
    (answer,) = httpx.post(f"{backend.url}/predict", content=body, timeout=60).json()["results"]
    assert "expected a frame rate" in answer["error"] and answer["result"] == []


def test_tracks_are_refused_where_nobody_is_followed():
    backend = MlBackend(_Nobody())
    with pytest.raises(RefusedError, match="expected boxes on pictures"):
        backend.answers["POST", "/setup"]({"schema": PERSON_TRACKS})


class _Nobody:
    version = "nobody@1"

    def predict(self, samples):
        return {}


@pytest.mark.parametrize("data", [None, 3, [], "footfall", {"footfall": 3, "key": "x"}])
def test_a_task_with_broken_data_does_not_cost_the_others(backend, task, data):
    broken = {"id": 2, "data": data}
    answer = post(backend, "/predict", tasks=[broken, task], label_config=PERSON_BOXES)
    first, second = answer.json()["results"]
    assert first["error"] and first["result"] == [] and second["result"]


def test_a_task_that_cannot_be_answered_does_not_cost_the_others(backend, task, dataset):
    lost = replace(dataset.samples[0], path="lost.png")
    gone = {"id": 2, "data": task_data(Interface.PERSON_BOXES, [lost], lambda sample: "/x")}
    foreign = {"id": 3, "data": {"image": "http://elsewhere/a.png"}}
    answer = post(backend, "/predict", tasks=[gone, foreign, task], label_config=PERSON_BOXES)
    first, second, third = answer.json()["results"]
    assert "lost.png: expected a picture, got no file" in first["error"]
    assert "pushed by Footfall" in second["error"]
    assert first["result"] == second["result"] == [] and third["result"]


def test_a_task_cannot_make_it_read_outside_the_data_set(backend, task):
    task["data"]["footfall"]["common"]["path"] = "../secret.png"
    (answer,) = post(backend, "/predict", tasks=[task], label_config=PERSON_BOXES).json()["results"]
    assert "expected one inside the data set's folder" in answer["error"]


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/setup", {"schema": "<View"}, "expected XML"),
        ("/setup", {"schema": "<View><Choices/></View>"}, "expected boxes on pictures"),
        ("/setup", {}, "expected an object with a text 'schema'"),
        ("/predict", {"label_config": PERSON_BOXES, "tasks": 3}, "expected a list 'tasks'"),
    ],
)
def test_what_it_has_nothing_to_say_to_is_refused(backend, path, body, told):
    answer = httpx.post(f"{backend.url}{path}", json=body)
    assert answer.status_code == 400 and told in answer.json()["error"]


SECRET = "open: sesame"


@pytest.mark.parametrize("password", [None, SECRET])
def test_a_real_label_studio_connects_and_keeps_what_it_says(
    label_studio, backend, dataset, answers, password
):
    client = Client.open(label_studio.url, label_studio.token)
    title = f"backend, password {password}"
    project, _ = prepared_project(
        client, title, Interface.PERSON_BOXES, class_names=["person"], num_annotations=1
    )
    data = task_data(Interface.PERSON_BOXES, dataset.samples, lambda sample: "/data/frame.png")
    client.import_tasks(project, [{"data": data}])
    if password is None:
        ask_a_model(client, project, backend)
    else:
        with JsonServer(answers, secret=SECRET) as closed:
            with pytest.raises(LabelingError):
                ask_a_model(client, project, closed, basic_auth_pass="wrong")
            ask_a_model(client, project, closed, basic_auth_pass=password)
    ((task,),) = client.task_pages(project)
    (prediction,) = task["predictions"]
    assert prediction["model_version"] == "person-yolox-nano@1.0.0"
    (sample,) = samples_of(Interface.PERSON_BOXES, task, prediction, Losses())
    assert len(sample.boxes) == 3


def ask_a_model(client, project, server, **login):
    """Connect as the page of Label Studio does, and retrieve predictions for all tasks."""
    body = {"url": server.url, "project": project.id, "title": "Footfall"}
    if login:
        body |= {"auth_method": "BASIC_AUTH", "basic_auth_user": "footfall", **login}
    client.request("POST", "api/ml", body=body)
    action = {"id": "retrieve_tasks_predictions", "project": project.id}
    client.request("POST", "api/dm/actions", action, body={"selectedItems": {"all": True}})
