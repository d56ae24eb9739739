"""`python -m datasets curate` as a whole, on frames of the sample video, and what it refuses."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from datasets.__main__ import main
from datasets.catalog.vtest import LABELS_PATH
from datasets.curation.embeddings import read_embeddings
from datasets.curation.measures import read_measures
from datasets.dataset import Dataset, write_samples
from datasets.formats.format import Losses
from datasets.formats.known import FORMATS
from datasets.samples import Box, Sample

NAME = "curated by the command"
WRONG, MOVED, DROPPED = 1, 3, 5


@pytest.fixture(scope="module")
def vtest_set(tmp_path_factory: pytest.TempPathFactory, sample_video: Path) -> Dataset:
    """Eight frames with our labels; in three of them the tallest person is spoilt."""
    folder = tmp_path_factory.mktemp("vtest")
    shutil.copy(sample_video, folder / "vtest.avi")
    labelled = sorted(
        FORMATS["coco"].read(LABELS_PATH, Losses()), key=lambda sample: sample.frame_index or 0
    )
    # All of them frames in which the detector and the labels agree.
    samples = [sample for sample in labelled if sample.frame_index in range(180, 301, 12)][:8]
    samples[WRONG] = _spoilt(samples[WRONG], lambda box: replace(box, label="bag"))
    samples[MOVED] = _spoilt(samples[MOVED], _moved)
    samples[DROPPED] = _spoilt(samples[DROPPED], lambda box: None)
    about = {"name": NAME, "source": "OpenCV", "licence": "as OpenCV"}
    return Dataset.create(folder, samples, **about, commercial_use=False)


def _spoilt(sample: Sample, change) -> Sample:
    tallest = max(sample.boxes, key=lambda box: box.xyxy_px[3] - box.xyxy_px[1])
    boxes = [change(box) if box is tallest else box for box in sample.boxes]
    return replace(sample, boxes=tuple(box for box in boxes if box is not None))


def _moved(box: Box) -> Box:
    left, top, right, bottom = box.xyxy_px
    away = 0.7 * (right - left)
    return replace(box, xyxy_px=(left + away, top, right + away, bottom))


@pytest.fixture(scope="module")
def curation(vtest_set: Dataset, database: Path, tmp_path_factory) -> Iterator[Path]:
    """The folder that one run of the command made."""
    import fiftyone as fo

    into = tmp_path_factory.mktemp("curation")
    assert main(_curate(vtest_set, into, database, "--view", "sure=num_missing==0")) == 0
    yield into
    fo.delete_dataset(NAME)


def _curate(dataset: Dataset, into: Path, folder: Path, *more: str) -> list[str]:
    return ["curate", f"{dataset.folder}", "--into", f"{into}", "--database", f"{folder}", *more]


def test_spoilt_labels_of_real_frames_are_found(vtest_set: Dataset, curation: Path) -> None:
    measures = list(read_measures(curation / "measures.jsonl").values())

    by_key = {sample.key: number for number, sample in enumerate(vtest_set.samples)}
    ranked = sorted(measures, key=lambda one: -(one.mistakenness or 0))
    assert {by_key[one.key] for one in ranked[:2]} == {WRONG, MOVED}
    missing = {by_key[one.key] for one in measures if one.num_missing}
    assert missing == {MOVED, DROPPED}
    assert {by_key[one.key] for one in measures if one.num_spurious} == {MOVED}


def test_every_measure_and_vector_is_there_for_every_sample(
    vtest_set: Dataset, curation: Path
) -> None:
    keys = {sample.key for sample in vtest_set.samples}
    measures = read_measures(curation / "measures.jsonl")
    assert set(measures) == keys
    assert all(None not in (one.uniqueness, one.hardness) for one in measures.values())
    embeddings = read_embeddings(curation / "embeddings.npz")
    assert set(embeddings.keys) == keys
    assert embeddings.bundle_ref.startswith("person-yolox-nano@")


def test_fiftyone_has_samples_measures_and_views(vtest_set: Dataset, curation: Path) -> None:
    import fiftyone as fo

    loaded = fo.load_dataset(NAME)
    assert loaded.persistent
    assert len(loaded) == len(vtest_set.samples)
    assert "sure" in loaded.list_saved_views() and "hardest" in loaded.list_saved_views()
    measures = read_measures(curation / "measures.jsonl")
    hardness = dict(zip(*loaded.values(["key", "hardness"]), strict=True))
    assert hardness == {key: one.hardness for key, one in measures.items()}
    assert all(Path(path).is_relative_to(curation) for path in loaded.values("filepath"))


def test_second_run_updates_and_tags_come_back(
    vtest_set: Dataset,
    curation: Path,
    database: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import fiftyone as fo

    loaded = fo.load_dataset(NAME)
    loaded.match({"key": vtest_set.samples[0].key}).tag_samples("look again")

    assert main(_curate(vtest_set, curation, database, "--measures", "uniqueness")) == 0
    assert "0 samples added, 8 updated, 0 removed" in capsys.readouterr().out
    assert main(_curate(vtest_set, tmp_path / "v2", database, "--tags-back", NAME)) == 0

    assert "tags differ on 1 samples and 0 boxes" in capsys.readouterr().out
    back = Dataset.load(tmp_path / "v2").samples
    assert back[0].tags == ("look again",)
    assert back[1:] == vtest_set.samples[1:]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--measures", "beauty"], "--measures: expected of uniqueness"),
        (["--sure-score", "1.5"], "sure score: expected a score inside (0, 1), got 1.5"),
        (["--duplicates", "3"], "--duplicates: expected a cosine distance in [0, 2], got 3"),
        (["--view", "night"], "--view: expected NAME=EXPR, got 'night'"),
        (["--app", "--port", "0"], "--port: expected 1 to 65535, got 0"),
        (["--tags-back", "x"], "--tags-back: expected --database or $FIFTYONE_DATABASE_DIR"),
    ],
)
def test_option_that_cannot_be_used_is_refused_before_anything_is_made(
    vtest_set: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.delenv("FIFTYONE_DATABASE_DIR", raising=False)
    into = tmp_path / "into"

    assert main(["curate", f"{vtest_set.folder}", "--into", f"{into}", *arguments]) == 2

    assert message in capsys.readouterr().err
    assert not into.exists()


def test_folder_inside_the_data_set_is_refused(
    vtest_set: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    into = vtest_set.folder / "curation"

    assert main(["curate", f"{vtest_set.folder}", "--into", f"{into}"]) == 2

    assert "--into: expected a folder outside" in capsys.readouterr().err


def test_port_that_something_else_has_is_refused(
    vtest_set: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = f"{taken.getsockname()[1]}"
        arguments = ["--into", f"{tmp_path / 'into'}", "--app", "--port", port]

        assert main(["curate", f"{vtest_set.folder}", *arguments]) == 2

    assert f"--port: expected a free port, got {port}" in capsys.readouterr().err


def test_predictions_for_other_samples_are_refused(
    vtest_set: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_samples(tmp_path / "p.jsonl", [Sample("x.png")])
    arguments = ["--into", f"{tmp_path / 'into'}", "--predictions", f"{path}"]

    assert main(["curate", f"{vtest_set.folder}", *arguments]) == 1

    assert "expected predictions for samples of the data set" in capsys.readouterr().err


def test_other_commands_do_not_wait_for_fiftyone() -> None:
    program = (
        "import sys, datasets.__main__, datasets.commands.curate, datasets.curation.run; "
        "sys.exit('fiftyone' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], env=os.environ, check=False)

    assert done.returncode == 0
