import cv2
import numpy as np
import pytest

from serving.core.errors import InferenceError
from serving.core.zoo import load_bundle
from serving.inference.embedder import PictureEmbedder


@pytest.fixture(scope="module")
def embedder():
    return PictureEmbedder(load_bundle("person-yolox-nano"), batch_size=2)


@pytest.fixture(scope="module")
def frames(sample_video):
    capture = cv2.VideoCapture(str(sample_video))
    found = [capture.read()[1] for _ in range(3)]
    capture.release()
    return found


def test_each_picture_gives_a_vector_of_length_one(embedder, frames):
    vectors = embedder.embed([frames[0], frames[1][:200, :100], frames[2]])
    assert vectors.shape == (3, 256) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)


def test_a_vector_does_not_depend_on_the_batch(embedder, frames):
    together = embedder.embed(frames)
    alone = np.concatenate([embedder.embed([frame]) for frame in frames])
    assert together == pytest.approx(alone, abs=1e-5)


def test_neighbouring_frames_look_more_alike_than_another_picture(embedder, frames):
    noise = np.random.default_rng(0).integers(0, 255, frames[0].shape, np.uint8)
    first, second, other = embedder.embed([frames[0], frames[1], noise])
    assert first @ second > 0.99 > first @ other


def test_the_padding_of_a_narrow_picture_is_not_looked_at(embedder, frames):
    narrow = frames[0][:, 300:400]
    padded = np.full_like(frames[0], 114)
    padded[:, :100] = narrow
    ones = embedder.embed([narrow, frames[0]])
    assert ones[0] @ embedder.embed([padded])[0] < ones[0] @ ones[0] - 0.01


def test_no_picture_gives_no_vector(embedder):
    assert embedder.embed([]).shape == (0, 256)


def test_a_picture_without_colour_is_refused(embedder):
    with pytest.raises(InferenceError, match=r"expected a picture uint8 \(H, W, 3\), got uint8"):
        embedder.embed([np.zeros((10, 10), np.uint8)])
