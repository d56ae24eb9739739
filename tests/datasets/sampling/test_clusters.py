"""One frame of each kind, the same ones every time."""

import numpy as np
import pytest

from datasets.sampling.clusters import Clusters, cluster_centres
from datasets.sampling.descriptor import ColoursAndEdges
from serving.core.errors import ConfigError
from tests.datasets.sampling.made_up import shot


class ByBrightness:
    """A picture is its brightness."""

    def embed(self, images):
        return np.array([[image.mean()] for image in images], np.float32)


def grey(value):
    return np.full((24, 32, 3), value, np.uint8)


def chosen(values, num_clusters, **options):
    way = Clusters(num_clusters, ByBrightness(), **options)
    for second, value in enumerate(values):
        assert list(way.see(shot(float(second), grey(value)))) == []
    return list(way.finish())


def test_the_frame_nearest_to_each_centre_is_chosen_in_the_order_of_time():
    # Centres 11, 101 and 204: nearest 11, 101 and 203.
    values = [200, 10, 11, 12, 203, 209, 99, 101, 103]
    choices = chosen(values, 3)
    assert [(choice.origin, choice.tag) for choice in choices] == [
        ("clip#2000", "cluster-1"),
        ("clip#4000", "cluster-2"),
        ("clip#7000", "cluster-3"),
    ]


def test_choices_of_footage_that_can_be_read_again_come_without_pictures():
    assert [choice.shot for choice in chosen([10, 200], 2)] == [None, None]


def test_choices_of_a_stream_come_with_the_pictures_that_were_seen():
    choices = chosen([10, 11, 200, 201, 12, 199, 10], 2, holds=True)
    assert len(choices) == 2
    for choice in choices:
        second = round(choice.shot.frame.captured_at)
        assert (choice.shot.frame.image == [10, 11, 200, 201, 12, 199, 10][second]).all()


def test_of_a_stream_only_a_few_pictures_are_held():
    way = Clusters(3, ByBrightness(), holds=True)
    for second in range(100):
        list(way.see(shot(float(second), grey(second))))
        assert len(way._held.rows()) <= 6


def test_fewer_different_frames_than_clusters_give_a_frame_for_each():
    assert [choice.origin for choice in chosen([50, 50, 90, 90, 50], 4)] == ["clip#0", "clip#2000"]


def test_no_footage_gives_no_choice():
    assert chosen([], 3) == []


def test_the_same_seed_gives_the_same_centres_and_all_clusters_are_found():
    random = np.random.default_rng(0)
    places = np.float32([[0, 0], [10, 0], [0, 10], [10, 10]])
    vectors = np.concatenate([place + random.normal(0, 0.3, (30, 2)) for place in places])
    vectors = vectors.astype(np.float32)
    centres = cluster_centres(vectors, 4, seed=3)
    assert (centres == cluster_centres(vectors, 4, seed=3)).all()
    order = np.lexsort(np.round(centres).T)
    assert centres[order] == pytest.approx(places, abs=0.3)


def test_pictures_that_look_alike_are_closer_than_others():
    random = np.random.default_rng(0)
    red = np.zeros((60, 80, 3), np.uint8)
    red[..., 2] = 180
    red_again = np.clip(red + random.integers(0, 12, red.shape), 0, 255).astype(np.uint8)
    stripes = np.zeros((90, 120, 3), np.uint8)
    stripes[::12] = 255
    vectors = ColoursAndEdges().embed([red, red_again, stripes])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    assert apart[0, 1] < 0.2 * apart[0, 2]


def test_no_picture_gives_no_row():
    assert ColoursAndEdges().embed([]).shape == (0, len(ColoursAndEdges().embed([grey(1)])[0]))


def test_no_cluster_is_refused():
    with pytest.raises(ConfigError, match="clusters: expected at least 1, got 0"):
        Clusters(0, ByBrightness())
