import json

import pytest

from serving.core.bundle import METADATA_FILE, MODEL_FILE, Bundle, Output, sha256_of
from serving.core.errors import BundleError
from serving.core.labels import Task


@pytest.fixture
def folder(tmp_path):
    """A bundle whose metadata is whole; its model is any bytes, since only the hash is checked."""
    (tmp_path / MODEL_FILE).write_bytes(b"graph")
    bundle = Bundle(
        name="person",
        version="1.0.0",
        task=Task.DETECTION,
        input_size_hw=(416, 640),
        resize="letterbox",
        outputs=(Output("boxes", "boxes"), Output("scores", "scores", ("person",))),
        thresholds={"score": 0.1, "nms_iou": 0.6},
        licence="Apache-2.0",
        commercial_use=True,
        model_sha256=sha256_of(tmp_path / MODEL_FILE),
        data_manifest_sha256="0" * 64,
        git_commit="1" * 40,
        training_command="python train.py experiment=detection/zoo",
    )
    (tmp_path / METADATA_FILE).write_text(bundle.to_json())
    return tmp_path


def edit(folder, **changes):
    path = folder / METADATA_FILE
    values = json.loads(path.read_text())
    values.update(changes)
    path.write_text(json.dumps({key: value for key, value in values.items() if value != "DROP"}))


def test_a_bundle_reads_back_as_it_was_written(folder):
    bundle = Bundle.load(folder)
    assert bundle.ref == "person@1.0.0"
    assert bundle.input_size_hw == (416, 640)
    assert bundle.output("scores").labels == ("person",)
    assert bundle.model_path == folder / MODEL_FILE


def test_a_changed_model_is_refused_with_both_hashes(folder):
    (folder / MODEL_FILE).write_bytes(b"another graph")
    with pytest.raises(BundleError, match="expected sha256 .*, got"):
        Bundle.load(folder)


@pytest.mark.parametrize("name", [MODEL_FILE, METADATA_FILE])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"expected a file {name}, got none"):
        Bundle.load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verison": "1"}, "got unknown key 'verison'"),
        ({"licence": "DROP"}, "expected key 'licence', got none"),
        ({"schema": 2}, 'expected an object with "schema": 1'),
        ({"task": "detecton"}, "'detecton' is not a valid Task"),
        ({"resize": "crop"}, "expected resize of .* got 'crop'"),
        ({"input_size_hw": [0, 640]}, "expected a positive input size"),
        ({"input_size_hw": [384]}, "expected input_size_hw of height and width, got \\[384\\]"),
        ({"min_height_px": "40"}, "expected min_height_px of zero or more, got '40'"),
        ({"thresholds": {"score": "0.5"}}, "expected threshold 'score' in \\[0, 1\\], got '0.5'"),
        ({"min_height_px": -1}, "expected min_height_px of zero or more, got -1"),
        ({"thresholds": {"score": 7}}, "expected threshold 'score' in \\[0, 1\\], got 7"),
        ({"outputs": [{"name": "boxes", "kind": "bixes"}]}, "got 'bixes'"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(folder, changes, message):
    edit(folder, **changes)
    with pytest.raises(BundleError, match=message):
        Bundle.load(folder)


def test_truncated_metadata_is_refused(folder):
    path = folder / METADATA_FILE
    path.write_text(path.read_text()[:40])
    with pytest.raises(BundleError, match="expected JSON"):
        Bundle.load(folder)


def test_an_output_that_is_not_there_is_named_with_those_that_are(folder):
    with pytest.raises(BundleError, match="kind 'embedding', got \\['boxes', 'scores'\\]"):
        Bundle.load(folder).output("embedding")
