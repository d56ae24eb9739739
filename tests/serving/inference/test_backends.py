"""The contract of every backend. A new one joins by a line in `BACKENDS`."""

import json
import shutil

import cv2
import numpy as np
import pytest

from serving.core.bundle import METADATA_FILE, MODEL_FILE, Bundle, sha256_of
from serving.core.errors import BundleError, InferenceError
from serving.core.letterbox import Letterbox
from serving.inference.onnxruntime import OnnxRuntimeBackend
from serving.inference.openvino import OpenVinoBackend

BOX_TOLERANCE_PX = 0.5
SCORE_TOLERANCE = 1e-3
BACKENDS = {
    "onnxruntime": OnnxRuntimeBackend,
    "openvino": lambda bundle, **options: OpenVinoBackend(bundle, precision="f32", **options),
    "openvino in threes": lambda bundle, **options: OpenVinoBackend(
        bundle, precision="f32", batch_size=3, **options
    ),
    "openvino side by side": lambda bundle, **options: OpenVinoBackend(
        bundle, **{"precision": "f32", "num_threads": 2, "num_streams": 2, **options}
    ),
}


@pytest.fixture(scope="module")
def bundle(zoo_bundle):
    return Bundle.load(zoo_bundle)


@pytest.fixture(scope="module")
def pictures(sample_video, bundle):
    """Five letterboxed frames of the sample, uint8 (5, H, W, 3)."""
    video = cv2.VideoCapture(str(sample_video))
    frames = [video.read()[1] for _ in range(5)]
    fit = Letterbox(frames[0].shape[:2], bundle.input_size_hw)
    return np.stack([fit.apply(frame) for frame in frames])


@pytest.fixture(scope="module")
def expected(bundle, pictures):
    """One picture at a time through ONNX Runtime."""
    backend = OnnxRuntimeBackend(bundle)
    outputs = [backend.infer(pictures[index : index + 1]) for index in range(len(pictures))]
    return {name: np.concatenate([each[name] for each in outputs]) for name in outputs[0]}


@pytest.fixture(scope="module", params=BACKENDS)
def make_backend(request):
    return BACKENDS[request.param]


@pytest.fixture(scope="module")
def backend(make_backend, bundle):
    backend = make_backend(bundle)
    yield backend
    backend.close()


@pytest.fixture
def copy(zoo_bundle, tmp_path):
    """The zoo bundle in a folder that a test may spoil."""
    return shutil.copytree(zoo_bundle, tmp_path / "bundle")


def edit(folder, **changes):
    path = folder / METADATA_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def assert_alike(got, expected):
    assert got.keys() == expected.keys()
    np.testing.assert_allclose(got["scores"], expected["scores"], rtol=0, atol=SCORE_TOLERANCE)
    seen = expected["scores"].max(axis=-1) > 0.01
    np.testing.assert_allclose(
        got["boxes"][seen], expected["boxes"][seen], rtol=0, atol=BOX_TOLERANCE_PX
    )


def test_the_sample_shows_something_to_compare(expected):
    assert (expected["scores"] > 0.5).any(axis=(1, 2)).all()


def test_backends_agree_on_real_frames(backend, pictures, expected):
    assert_alike(backend.infer(pictures), expected)


def test_a_picture_does_not_depend_on_its_batch(backend, pictures, expected):
    part = backend.infer(pictures[3:])
    assert_alike(part, {name: values[3:] for name, values in expected.items()})


def test_results_outlive_the_next_call(backend, pictures):
    first = backend.infer(pictures[:1])
    before = {name: values.copy() for name, values in first.items()}
    backend.infer(pictures[4:5])
    for name, values in first.items():
        np.testing.assert_array_equal(values, before[name])


def test_results_may_be_taken_in_any_order(backend, pictures, expected):
    batches = [pictures[index : index + 1] for index in range(len(pictures))]
    started = [backend.start(batch) for batch in batches]
    for index in (4, 0, 3, 1, 2):
        got = started[index].result()
        assert_alike(got, {name: values[index : index + 1] for name, values in expected.items()})


def test_a_batch_that_was_waited_for_has_its_result(backend, pictures, expected):
    started = backend.start(pictures)
    started.wait()
    assert_alike(started.result(), expected)


def test_what_was_started_before_close_still_comes(make_backend, bundle, pictures, expected):
    backend = make_backend(bundle)
    started = backend.start(pictures)
    backend.close()
    assert_alike(started.result(), expected)


def test_an_empty_batch_gives_empty_outputs(backend, pictures, expected):
    got = backend.infer(pictures[:0])
    assert {name: (len(values), values.ndim) for name, values in got.items()} == {
        name: (0, values.ndim) for name, values in expected.items()
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pictures: pictures[0],
        lambda pictures: pictures[:, 32:],
        lambda pictures: pictures.transpose(0, 3, 1, 2),
        lambda pictures: pictures.astype(np.float32),
    ],
    ids=["no batch axis", "other height", "channels first", "floats"],
)
def test_a_wrong_batch_is_refused_with_expected_and_got(backend, pictures, spoil):
    batch = spoil(pictures)
    height, width = backend.bundle.input_size_hw
    with pytest.raises(InferenceError) as refused:
        backend.infer(batch)
    message = str(refused.value)
    assert f"expected a batch uint8 (N, {height}, {width}, 3)" in message
    assert f"got {batch.dtype} {batch.shape}" in message


def test_inference_after_close_is_refused(make_backend, bundle, pictures):
    backend = make_backend(bundle)
    backend.close()
    backend.close()
    with pytest.raises(InferenceError, match=r"after close\(\)"):
        backend.infer(pictures)


def test_no_thread_is_no_budget(make_backend, bundle):
    with pytest.raises(ValueError, match="num_threads: expected at least 1, got 0"):
        make_backend(bundle, num_threads=0)


@pytest.mark.parametrize("content", [b"", b"no model"], ids=["empty", "garbage"])
def test_a_file_that_is_no_model_is_refused(make_backend, copy, content):
    (copy / MODEL_FILE).write_bytes(content)
    edit(copy, model_sha256=sha256_of(copy / MODEL_FILE))
    with pytest.raises(BundleError, match="expected an ONNX model"):
        make_backend(Bundle.load(copy))


def test_a_changed_model_file_is_refused(copy):
    with (copy / MODEL_FILE).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BundleError, match="expected sha256"):
        Bundle.load(copy)


@pytest.mark.parametrize(
    ("changes", "expected_text", "got_text"),
    [
        (
            {"input_size_hw": [64, 96]},
            "expected one input uint8 (N, 64, 96, 3)",
            "got 'images' uint8 (N, ",
        ),
        (
            {"outputs": [{"name": "embedding", "kind": "embedding", "labels": []}]},
            "expected outputs ['embedding']",
            "got 'boxes' float32",
        ),
        (
            {
                "outputs": [
                    {"name": "boxes", "kind": "boxes", "labels": []},
                    {"name": "scores", "kind": "scores", "labels": ["person", "car"]},
                ]
            },
            "output of kind 'scores': expected float32 (N, K, 2)",
            "got 'scores' float32 (N, ",
        ),
    ],
    ids=["input size", "outputs", "classes"],
)
def test_metadata_that_does_not_fit_the_graph_is_refused(
    make_backend, copy, changes, expected_text, got_text
):
    edit(copy, **changes)
    with pytest.raises(BundleError) as refused:
        make_backend(Bundle.load(copy))
    message = str(refused.value)
    assert expected_text in message
    assert got_text in message
    assert str(copy / MODEL_FILE) in message


def test_openvino_refuses_a_precision_that_it_does_not_know(bundle):
    with pytest.raises(ValueError, match=r"precision: expected one of .*'bf16'.*, got 'fp32'"):
        OpenVinoBackend(bundle, precision="fp32")


def test_openvino_refuses_more_streams_than_threads(bundle):
    with pytest.raises(ValueError, match="num_streams: expected at most num_threads, 2, got 3"):
        OpenVinoBackend(bundle, num_threads=2, num_streams=3)


def test_openvino_finds_the_same_people_in_bf16(bundle, pictures, expected):
    got = OpenVinoBackend(bundle, precision="bf16").infer(pictures)
    sure = expected["scores"][..., 0] > 0.5
    assert (got["scores"][..., 0][sure] > 0.3).all()


def test_openvino_keeps_compiled_models_where_told(bundle, pictures, expected, tmp_path):
    for _ in range(2):
        backend = OpenVinoBackend(bundle, precision="f32", cache_dir=tmp_path / "cache")
        assert_alike(backend.infer(pictures), expected)
    assert list((tmp_path / "cache").iterdir())


def test_openvino_refuses_a_cache_folder_that_cannot_be_made(bundle, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match=r"with the cache folder .*cache, got: ") as refused:
        OpenVinoBackend(bundle, cache_dir=tmp_path / "file" / "cache")
    assert str(bundle.model_path) in str(refused.value)
