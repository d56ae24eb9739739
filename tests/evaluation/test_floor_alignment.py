"""Our floor laid on another: by hand, and on the sample's public positions."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from evaluation.floor_alignment import align, evaluate_floor
from evaluation.request import Parts, Request
from evaluation.targets import Benchmark
from serving.core.errors import ConfigError, LabelError
from serving.settings import parse_site

OURS_M = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
QUARTER_TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])


@pytest.fixture
def parts(repository):
    site = parse_site(yaml.safe_load((repository / "conf/site/demo.yaml").read_text()), "demo")
    return Parts(Benchmark(targets={}), site, "demo", lambda group: None)


def test_a_floor_that_is_turned_moved_and_scaled_fits_again():
    theirs_m = 2 * OURS_M @ QUARTER_TURN + (7, -5)
    found = align(OURS_M, theirs_m, scaled=True)
    assert found.scale == pytest.approx(2)
    assert found.distance_m == pytest.approx(np.zeros(4), abs=1e-12)


def test_without_scaling_a_longer_metre_remains_as_distance():
    """Corners are 2.5 m from the middle, and 5 m there."""
    found = align(OURS_M, 2 * OURS_M @ QUARTER_TURN, scaled=False)
    assert found.scale == 1
    assert found.distance_m == pytest.approx(np.full(4, 2.5))


@pytest.mark.parametrize("scaled", [True, False])
def test_a_mirrored_floor_does_not_fit(scaled):
    assert align(OURS_M, OURS_M * (-1, 1), scaled).distance_m.min() > 1


def test_the_floor_of_the_demo_site_has_the_public_shape_and_a_shorter_metre(parts, mirror):
    result = evaluate_floor(Request(task="floor"), parts)
    values = {(f.dataset.split(", ")[1], f.metric.value): f.value for f in result.figures}
    assert values["scaled too", "floor_distance_mean_m"] == pytest.approx(0.11, abs=0.01)
    assert values["scaled too", "floor_distance_95_percentile_m"] == pytest.approx(0.30, abs=0.01)
    assert values["scaled too", "floor_scale"] == pytest.approx(1.07, abs=0.01)
    assert values["turned and moved", "floor_distance_mean_m"] == pytest.approx(0.35, abs=0.01)
    assert {figure.n for figure in result.figures} == {4476}


def test_what_is_missing_is_said(parts, tmp_path):
    (tmp_path / "gt.txt").write_text("1,1,300,300,30,60,1,-1,-1,-1\n")
    request = Request(task="floor", gt=tmp_path / "gt.txt")
    with pytest.raises(LabelError, match="gt.txt: expected floor metres in columns 8 and 9"):
        evaluate_floor(request, parts)
    camera = parts.site.cameras["crossing"].model_copy(update={"calibration": None})
    site = parts.site.model_copy(update={"cameras": {"crossing": camera}})
    bare = Parts(parts.benchmark, site, "demo", parts.build)
    with pytest.raises(ConfigError, match="camera 'crossing': expected a calibration, got none"):
        evaluate_floor(request, bare)
