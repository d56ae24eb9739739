"""How exact feet must be for the heatmap's target, shown on the true boxes themselves."""

import functools

import numpy as np
import pytest
import yaml

from datasets.formats import mot
from evaluation.protocol.counting import Clip
from evaluation.protocol.heatmap import heatmap_figures
from evaluation.protocol.sampling import Sampling
from serving.analytics.heatmap import Heatmap
from serving.core.detections import Detections, Tracks
from serving.settings import parse_site

FRAMES_HZ = 7.0


def shaken(tracks: Tracks, noise_px: float, rng: np.random.Generator) -> Tracks:
    """The same people, each box moved by normal noise along x and y."""
    moved_px = np.tile(rng.normal(0, noise_px, (len(tracks), 2)), 2)
    boxes = Detections(tracks.xyxy_px + moved_px, tracks.score)
    return Tracks(boxes, tracks.track_id, tracks.age_s)


@pytest.mark.parametrize(("noise_px", "low", "high"), [(1.0, 0.91, 0.96), (3.0, 0.80, 0.88)])
def test_true_boxes_reach_the_target_with_1_px_of_noise_and_miss_it_with_3(
    mirror, repository, noise_px, low, high
):
    values = yaml.safe_load((repository / "conf/site/demo.yaml").read_text())
    floor = parse_site(values, "conf/site/demo.yaml").cameras["crossing"].floor()
    truth = mot.read_truth(mirror / "data/tracking/pets09-s2l1/gt.txt").frames
    rng = np.random.default_rng(0)
    predicted = {number: shaken(tracks, noise_px, rng) for number, tracks in truth.items()}
    (figure,) = heatmap_figures(
        truth,
        predicted,
        functools.partial(Heatmap, "crossing", floor),
        Clip.through(truth, predicted, FRAMES_HZ),
        "sample",
        Sampling(5.0, 0, 0),
    )
    print(f"{noise_px} px: {figure.value:.3f}")
    assert low < figure.value < high
