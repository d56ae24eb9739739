"""Near-identical frames, and features that are kept."""

import cv2
import numpy as np
import pytest

from datasets.catalog import mirror_root
from datasets.dataset import Dataset
from labeling.selection_proof.features import FeatureStore, Shot, compressed, varied
from tests.labeling.made_up import data_set

needs_weights = pytest.mark.skipif(
    mirror_root() is None, reason="needs the backbone's weights from the local mirror"
)


def photograph() -> np.ndarray:
    """Soft blobs of colour, as a face has."""
    noise = np.random.default_rng(0).integers(0, 255, (3, 3, 3), np.uint8)
    return cv2.resize(noise, (96, 128), interpolation=cv2.INTER_CUBIC)


def test_a_varied_frame_is_almost_the_picture_and_never_quite():
    image = photograph()
    for seed in range(5):
        frame = varied(image, seed)
        difference = np.abs(frame.astype(int) - image).mean()
        assert frame.shape == image.shape and 1 < difference < 40
    assert (varied(image, 1) == varied(image, 1)).all()
    assert (varied(image, 1) != varied(image, 2)).any()


def test_compressed_features_keep_distances_of_the_pool_and_turn_the_test_set_alike():
    random = np.random.default_rng(0)
    pool = random.normal(size=(300, 20)).astype(np.float32)
    turned, test = compressed(pool, pool[:10])
    assert np.allclose(turned[:10], test, atol=1e-4)
    assert (turned**2).sum(axis=1).mean() == pytest.approx(64, rel=1e-4)
    of_pool = np.linalg.norm(pool[0] - pool[1:50], axis=1)
    of_turned = np.linalg.norm(turned[0] - turned[1:50], axis=1)
    assert of_turned / of_pool == pytest.approx(np.full(49, of_turned[0] / of_pool[0]), rel=1e-3)


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    """A store, its folder, what it tells, its data set of 20 photographs, and shots of it."""
    folder = tmp_path_factory.mktemp("looked")
    paths = [f"ü {number}.png" for number in range(20)]
    made = data_set(folder / "data", paths)
    for number, path in enumerate(paths):
        data = cv2.imencode(".png", varied(photograph(), number))[1]
        (made.folder / path).write_bytes(data.tobytes())
    about = {"name": "made-up", "source": "s", "licence": "CC0", "commercial_use": True}
    made = Dataset.create(made.folder, made.samples, **about)
    told: list[tuple[int, int | None]] = []
    store = FeatureStore(folder / "kept", folder, lambda done, total: told.append((done, total)))
    return store, folder / "kept", told, made, [Shot(path) for path in paths] + [Shot(paths[0], 5)]


@needs_weights
def test_features_of_a_picture_do_not_depend_on_its_neighbours(looked):
    store, _, _, made, shots = looked
    all_together, alone = store.features(made, shots), store.features(made, shots[17:18])
    assert all_together.shape == (21, 640)
    assert np.allclose(all_together[17], alone[0], atol=1e-5)
    assert np.linalg.norm(all_together, axis=1) == pytest.approx(np.ones(21), rel=1e-5)
    assert not np.allclose(all_together[0], all_together[20], atol=1e-3)


@needs_weights
def test_what_was_looked_at_is_kept_and_a_broken_file_is_made_again(looked):
    store, kept, told, made, shots = looked
    told.clear()
    before = set(kept.glob("*"))
    first = store.features(made, shots[:3])
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (store.features(made, shots[:3]) == first).all() and len(told) == 3
    (new,) = set(kept.glob("*")) - before
    new.write_bytes(new.read_bytes()[:100])
    assert np.allclose(store.features(made, shots[:3]), first) and len(told) == 6
