"""`python -m labeling task=select` on made-up data sets, and on frames of the sample video."""

import csv
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from datasets.catalog.vtest import VTEST
from datasets.curation.embeddings import Embeddings, write_embeddings
from datasets.curation.measures import Measures, write_measures
from datasets.dataset import Dataset, write_samples
from datasets.files import place_file
from datasets.samples import Sample
from labeling.commands import push, select
from labeling.commands.select import Request
from labeling.request import ORIGIN
from serving.configuration import parse
from serving.core.errors import ConfigError, DatasetError, FootfallError
from tests.labeling.made_up import SIZE_HW, data_set, numbered, person, picture


@pytest.fixture
def measured(tmp_path):
    """Eight pictures, of which the first has a label: vectors apart, the last the hardest."""
    made = data_set(tmp_path / "data", numbered(8))
    samples = [
        replace(sample, camera=None, is_labelled=n == 0) for n, sample in enumerate(made.samples)
    ]
    made = Dataset.create(
        made.folder, samples, name="made-up", source="drawn", licence="CC0", commercial_use=True
    )
    keys = [sample.key for sample in samples]
    write_embeddings(
        tmp_path / "embeddings.npz", Embeddings(tuple(keys), np.eye(8, dtype=np.float32), "b@1")
    )
    write_measures(
        tmp_path / "measures.jsonl", {k: Measures(k, hardness=n / 8) for n, k in enumerate(keys)}
    )
    return Request(
        dataset=made.folder,
        output=tmp_path / "next.txt",
        num=3,
        measures=tmp_path / "measures.jsonl",
        embeddings=tmp_path / "embeddings.npz",
    )


def chosen(request):
    select.run(request)
    return request.output.read_text(encoding="utf-8").splitlines()


def test_keys_feed_a_push_and_the_reasons_stand_beside_them(measured, capsys):
    keys = chosen(measured)
    assert len(set(keys)) == 3 and numbered(8)[0] not in keys
    told = capsys.readouterr().out
    assert "to label: 3 of 7 samples, by hardness" in told
    with measured.output.with_suffix(".csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["key"] for row in rows] == keys and [row["rank"] for row in rows] == list("123")
    hardness = {key: n / 8 for n, key in enumerate(numbered(8))}
    for row in rows:
        assert float(row["hardness"]) == float(row["score"]) == hardness[row["key"]]
        # The mean of the unlabelled is 4/8.
        is_lifted = hardness[row["key"]] > 0.5
        assert row["reason"] == ("hardness" if is_lifted else "novelty")
        assert row["value"] == (row["hardness"] if is_lifted else "")
        assert float(row["distance"]) == pytest.approx(2**0.5, abs=1e-3)
    only = push.Request(
        project="p", dataset=measured.dataset, interface="person_boxes", only=measured.output
    )
    pushed = push.chosen(Dataset.load(measured.dataset), only)
    assert {sample.key for sample in pushed} == set(keys)


def test_the_same_seed_chooses_the_same(measured):
    first = chosen(measured)
    assert chosen(measured) == first
    others = [chosen(measured.model_copy(update={"seed": seed})) for seed in range(1, 6)]
    assert any(other != first for other in others)


def test_fewer_than_asked_for_are_told(measured, capsys):
    assert len(chosen(measured.model_copy(update={"num": 20}))) == 7
    assert "not 20: all others are too near" in capsys.readouterr().out


def test_a_measure_that_is_named_must_be_in_the_file(measured):
    with pytest.raises(DatasetError, match=r"a measure 'uniqueness' .*none of 7, such as"):
        select.run(measured.model_copy(update={"by": ("uniqueness",)}))
    assert not measured.output.exists()


def test_measures_that_lack_a_key_name_it(measured):
    lines = measured.measures.read_text(encoding="utf-8").splitlines(keepends=True)
    measured.measures.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(DatasetError, match=rf"none of 1, such as \['{numbered(8)[7]}'\]"):
        select.run(measured)


def test_embeddings_that_lack_a_key_name_it(measured):
    keys = numbered(8)[:7]
    write_embeddings(
        measured.embeddings, Embeddings(tuple(keys), np.eye(7, dtype=np.float32), "b@1")
    )
    with pytest.raises(DatasetError, match="expected embeddings of every sample"):
        select.run(measured)


@pytest.mark.parametrize("name", ["measures", "embeddings"])
def test_files_of_another_data_set_are_refused(measured, name):
    if name == "measures":
        write_measures(measured.measures, {"other.jpg": Measures("other.jpg", hardness=1)})
    else:
        vectors = np.ones((1, 4), np.float32)
        write_embeddings(measured.embeddings, Embeddings(("other.jpg",), vectors, "b@1"))
    with pytest.raises(
        DatasetError, match=rf"expected {name} of samples of the data set, got \['other.jpg'\]"
    ):
        select.run(measured)


def test_a_data_set_that_is_all_labelled_leaves_nothing_to_choose(measured):
    made = Dataset.load(measured.dataset)
    Dataset.create(
        made.folder,
        [replace(sample, is_labelled=True) for sample in made.samples],
        name="made-up",
        source="drawn",
        licence="CC0",
        commercial_use=True,
    )
    with pytest.raises(DatasetError, match="expected samples without labels to choose from"):
        select.run(measured)


def test_all_copies_of_what_is_labelled_leave_nothing_to_choose(measured):
    keys = tuple(numbered(8))
    write_embeddings(measured.embeddings, Embeddings(keys, np.ones((8, 4), np.float32), "b@1"))
    with pytest.raises(DatasetError, match="no duplicates of labelled ones, got none of 7"):
        select.run(measured)


def test_samples_without_a_picture_are_left_out_and_told(measured, capsys):
    (measured.dataset / numbered(8)[7]).unlink()
    assert numbered(8)[7] not in chosen(measured.model_copy(update={"num": 7}))
    assert "samples without a picture, left out: 1" in capsys.readouterr().out


def test_keys_that_exclude_each_other(measured):
    both = {"predictions": measured.measures, "bundle": "person-yolox-nano"}
    with pytest.raises(ConfigError, match="key 'bundle' .*nothing to look at"):
        select.run(measured.model_copy(update=both))
    with pytest.raises(ConfigError, match="key 'report' .*another file than output"):
        select.run(measured.model_copy(update={"report": measured.output}))


def test_predictions_give_hardness_and_errors(measured, capsys):
    """The labelled picture shows nobody and the model sees someone: it is wrong there."""
    path = measured.measures.with_name("predictions.jsonl")
    samples = [
        Sample(key, boxes=(person(score=0.5 + n / 20),)) for n, key in enumerate(numbered(8))
    ]
    write_samples(path, samples)
    select.run(measured.model_copy(update={"predictions": path, "measures": None}))
    assert "by hardness, failures" in capsys.readouterr().out
    with measured.output.with_suffix(".csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {float(row["failures"]) for row in rows} == {1.0}
    # The entropy of a score of 0.85 is 0.6098 bits.
    of_last = [float(row["hardness"]) for row in rows if row["key"] == numbered(8)[7]]
    assert of_last in ([], [pytest.approx(0.6098, abs=1e-4)])


def test_without_files_the_zoo_looks_at_the_pictures(tmp_path, capsys):
    """Two pictures of noise and a copy of one, which is not chosen."""
    for name, seed in (("a.png", 1), ("b.png", 2), ("copy of b.png", 2)):
        picture(tmp_path / "data" / name, 0)
        noise = np.random.default_rng(seed).integers(0, 255, (*SIZE_HW, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "data" / name), noise)
    samples = [Sample(n, is_labelled=False) for n in ("a.png", "b.png", "copy of b.png")]
    about = {"name": "n", "source": "s", "licence": "CC0", "commercial_use": True}
    Dataset.create(tmp_path / "data", samples, **about)
    request = Request(dataset=tmp_path / "data", output=tmp_path / "next.txt")
    keys = chosen(request)
    assert len(keys) == 2 and "a.png" in keys
    assert "by hardness" in capsys.readouterr().out


def test_frames_of_a_video_are_chosen_a_second_apart(tmp_path, capsys):
    """Frames 0 to 48 of the sample video, at 10 frames a second, the first labelled."""
    try:
        video = VTEST.get(tmp_path / "downloads")
    except FootfallError as error:
        pytest.skip(f"needs the sample video: {error}")
    place_file(video, tmp_path / "data" / video.name)
    samples = [
        Sample(video.name, frame_index=index, is_labelled=index == 0) for index in range(0, 52, 4)
    ]
    about = {"name": "n", "source": "s", "licence": "CC0", "commercial_use": True}
    Dataset.create(tmp_path / "data", samples, **about)
    keys = chosen(Request(dataset=tmp_path / "data", output=tmp_path / "next.txt", duplicates=0))
    frames = sorted([0, *(int(key.split("#")[1]) for key in keys)])
    assert len(frames) > 2 and min(np.diff(frames)) >= 10
    assert "by hardness, failures" in capsys.readouterr().out
    # The label says that nobody is in frame 0, and the zoo's detector finds people there.
    with (tmp_path / "next.csv").open(encoding="utf-8") as file:
        assert {float(row["failures"]) for row in csv.DictReader(file)} == {1.0}


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("num", 0, "key 'num': input should be greater than 0"),
        ("by", ["sharpness"], "key 'by"),
        ("by", [], "key 'by'"),
        ("gap_s", -1, "key 'gap_s'"),
        ("duplicates", 3, "key 'duplicates'"),
        ("dataset", "", "key 'dataset': expected a path, not an empty one"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_key(key, value, told):
    with pytest.raises(ConfigError, match=re.escape(told)):
        parse(Request, {"dataset": "x", "output": "y", key: value}, ORIGIN)
