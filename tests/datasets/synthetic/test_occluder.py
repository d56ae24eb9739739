"""Choosing occluders by chance and by name."""

from collections import Counter

import numpy as np
import pytest

from datasets.synthetic.kinds import KINDS, MASK_KINDS, mixture, occluder_of
from datasets.synthetic.masks import MaskKind, MaskOccluder
from datasets.synthetic.occluder import RandomOccluder
from serving.core.errors import ConfigError
from tests.datasets.synthetic.made_up import face_of, pose_of, skin

FACE = face_of(pose_of())


def drawn(occluder, times):
    image = skin()
    return [occluder.apply(image, FACE, np.random.default_rng(seed)) for seed in range(times)]


def test_occluders_are_chosen_as_often_as_their_weights_say():
    weights = {
        MaskOccluder(MaskKind.CLOTH): 3.0,
        MaskOccluder(MaskKind.KN95): 1.0,
        MaskOccluder(MaskKind.FFP2): 0.0,
    }
    counts = Counter(one.kind for one in drawn(RandomOccluder(weights), 80))
    assert counts["ffp2"] == 0
    assert counts["cloth"] == pytest.approx(60, abs=12)  # three deviations of a draw of 80


@pytest.mark.parametrize("weights", [{}, {MaskOccluder(MaskKind.CLOTH): 0.0}])
def test_weights_of_which_none_counts_are_refused(weights):
    with pytest.raises(ValueError, match="expected some above 0"):
        RandomOccluder(weights)


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="none below"):
        RandomOccluder({MaskOccluder(MaskKind.CLOTH): 1.0, MaskOccluder(MaskKind.KN95): -1.0})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_under_its_name(kind):
    (occluded,) = drawn(occluder_of(kind), 1)
    assert occluded.kind == kind
    assert (occluded.mask is not None) == (kind in MASK_KINDS)


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"expected one of surgical, .*hand, got 'veil'"):
        occluder_of("veil")


@pytest.mark.parametrize(("share", "states"), [(0.0, {"masked"}), (1.0, {"incorrect"})])
def test_the_share_worn_wrong_is_kept(share, states):
    assert {one.mask for one in drawn(mixture(("surgical", "cloth"), share), 20)} == states


def test_a_mixture_of_nothing_or_a_share_over_one_is_refused():
    with pytest.raises(ConfigError, match="got none"):
        mixture(())
    with pytest.raises(ConfigError, match=r"expected 0 to 1, got 1\.5"):
        mixture(("cloth",), 1.5)
