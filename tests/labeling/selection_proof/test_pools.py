"""The pools of the proof, and the curve of a small one on real faces."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from datasets.catalog import mirror_root
from datasets.catalog.fetching import get_set
from datasets.catalog.sets import SETS
from datasets.commands.progress import shown
from datasets.dataset import Dataset
from datasets.manifest import Manifest
from datasets.samples import Attributes, Sample
from labeling.selection_proof import pools
from labeling.selection_proof.experiment import experiment
from labeling.selection_proof.features import FeatureStore, Shot, compressed
from labeling.selection_proof.rounds import Chooser, Problem
from serving.core.errors import DatasetError
from serving.core.labels import AgeBand, Gender, Mask


class Listed:
    """Stands in for a store: remembers the shots, and gives each path a vector of its own."""

    def __init__(self):
        self.asked = []

    def features(self, dataset, shots):
        self.asked.append(list(shots))
        random = np.random.default_rng(0)
        return random.normal(size=(len(shots), 8)).astype(np.float32)


def made_up(tmp_path, samples) -> Dataset:
    return Dataset(tmp_path, Manifest("faces", "s", "l", True, ()), tuple(samples))


def masks(tmp_path, num_masked=700, num_unmasked=900) -> Dataset:
    counts = ((Mask.MASKED, num_masked), (Mask.UNMASKED, num_unmasked))
    return made_up(
        tmp_path,
        [
            Sample(f"{mask}/{number}.jpg", attributes=Attributes(mask=mask))
            for mask, num in counts
            for number in range(num)
        ],
    )


def faces(tmp_path, num_each=900) -> Dataset:
    return made_up(
        tmp_path,
        [
            Sample(f"{band}/{gender}/{n}.jpg", attributes=Attributes(age_band=band, gender=gender))
            for band in AgeBand
            for gender in Gender
            for n in range(num_each)
        ],
    )


def test_nobody_of_a_test_set_is_in_the_pool(tmp_path):
    for problems, dataset in ((pools.mask_problems, masks), (pools.face_problems, faces)):
        store = Listed()
        found = problems(dataset(tmp_path), store)
        for pool, test in zip(store.asked[::2], store.asked[1::2], strict=True):
            assert not {shot.path for shot in pool} & {shot.path for shot in test}
            assert all(shot.variation is None for shot in test)
        for one in found:
            counts = np.bincount(one.test_classes)
            assert len(set(counts.tolist())) == 1, "as many of each class"


def test_five_in_a_hundred_visitors_wear_a_mask_and_stay_for_many_frames(tmp_path):
    store = Listed()
    plain, site = pools.mask_problems(masks(tmp_path), store)
    pool = store.asked[2]
    visits = Counter(shot.path for shot in pool)
    assert sum("unmasked" not in path for path in visits) == 30 and len(visits) == 620
    assert min(visits.values()) >= 1 and max(visits.values()) <= 30
    assert 5 < np.mean(list(visits.values())) < 7
    assert len({shot.variation for shot in pool}) == len(pool), "no two frames are the same"
    assert (site.classes == [("unmasked" not in shot.path) for shot in pool]).all()
    assert "620 visitors" in site.made and "5 in 100 masked" in site.made
    assert all(shot.variation is None for shot in store.asked[0]) and "as they are" in plain.made


def test_labels_follow_their_faces_into_the_four_age_bands(tmp_path):
    store = Listed()
    found = {one.name: one for one in pools.face_problems(faces(tmp_path), store)}
    assert list(found) == ["gender", "age band", "gender, site-like", "age band, site-like"]
    four = dict(zip(AgeBand, [0, 0, 0, 1, 1, 2, 2, 3, 3], strict=True))
    shots = store.asked[2]
    for shot, age in zip(shots, found["age band"].classes, strict=True):
        assert four[AgeBand(shot.path.split("/")[0])] == age
    for shot, gender in zip(store.asked[0], found["gender"].classes, strict=True):
        assert list(Gender).index(Gender(shot.path.split("/")[1])) == gender


def test_a_shop_has_few_women_and_few_old_people(tmp_path):
    store = Listed()
    pools.face_problems(faces(tmp_path), store)
    people = {shot.path for shot in store.asked[4]}
    assert len(people) == 1500
    women = sum(f"/{Gender.FEMALE}/" in path for path in people)
    old = sum(path.startswith(("60-69", "70+")) for path in people)
    assert 0.12 < women / 1500 < 0.18 and 0.025 < old / 1500 < 0.055


def test_too_few_faces_are_told(tmp_path):
    with pytest.raises(DatasetError, match="expected more than 300 pictures of each class"):
        pools.mask_problems(masks(tmp_path, num_masked=300), Listed())
    with pytest.raises(DatasetError, match=r"expected \d+ faces of"):
        pools.face_problems(faces(tmp_path, num_each=360), Listed())


def test_on_real_faces_the_rule_finds_rare_masks_sooner_than_chance(tmp_path):
    """252 visitors in three frames each, 12 of them masked; the full pools stand in the README."""
    if mirror_root() is None:
        pytest.skip("needs faces and the backbone's weights from the local mirror")
    with shown() as progress:
        dataset = get_set(SETS["face-mask"], tmp_path, progress).dataset
    of_mask = {
        mask: [one.path for one in dataset.samples if one.attributes.mask is mask]
        for mask in pools.MASK_CLASSES
    }
    visitors = [*of_mask[Mask.UNMASKED][:240], *of_mask[Mask.MASKED][:12]]
    pool = [Shot(path, 3 * n + frame) for n, path in enumerate(visitors) for frame in range(3)]
    test = [Shot(path) for mask in pools.MASK_CLASSES for path in of_mask[mask][-100:]]
    store = FeatureStore(tmp_path / "features", tmp_path)
    features = compressed(store.features(dataset, pool), store.features(dataset, test))
    classes, test_classes = np.repeat([0, 1], [720, 36]), np.repeat([0, 1], 100)
    names = tuple(pools.MASK_CLASSES)
    problem = Problem("m", features[0], classes, features[1], test_classes, names, (20, 40), "m")
    measured = experiment(replace(problem, budgets=(20, 40, 80)), (Chooser.RULE,), range(8))
    chance, ours = measured.outcomes
    assert sum(saved.gain for saved in ours.savings) / 2 > 0.02
    assert ours.num_of_class[2][1] > 1.3 * chance.num_of_class[2][1]
