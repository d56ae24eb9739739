"""The problems of the proof: pools as the public sets are, and pools as a shop's cameras give them.

Public sets are picked by hand: each picture is new, the classes are even. A shop's are not: people
stand before a camera for many frames, and what matters is rare. The site-like pools have both,
from the same real pictures; nothing is drawn or generated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from datasets.dataset import Dataset
from datasets.samples import Sample
from labeling.selection_proof.features import FeatureStore, Shot, compressed
from labeling.selection_proof.rounds import Problem
from serving.core.errors import DatasetError
from serving.core.labels import AgeBand, Gender, Mask

SITE_LIKE = ", site-like"
"""The end of the name of a problem whose pool is as a shop's cameras give it."""

MASK_CLASSES = (Mask.UNMASKED, Mask.MASKED)
GENDER_CLASSES = (Gender.FEMALE, Gender.MALE)
AGE_CLASSES = ("0-19", "20-39", "40-59", "60+")
"""The four age bands of the benchmark."""

_FOUR_OF = {band: max(0, (number - 1) // 2) for number, band in enumerate(AgeBand)}
_SEED = 0
"""Of pools and test sets, which are the same in every run; the rule was tuned on those of 7."""

_MEAN_FRAMES, _MAX_FRAMES = 6, 30
_NUM_VISITS = 1500
_AGE_SHARES = (0.06, 0.60, 0.30, 0.04)
_FEMALE_SHARE = 0.15
_NUM_MASK_TEST, _NUM_MASKED_VISITS, _NUM_UNMASKED_VISITS = 300, 30, 590
_NUM_FACE_TEST, _NUM_FACES = 250, 6000


@dataclass(frozen=True, slots=True, eq=False)
class _Division:
    """Rows of a data set for the pool and the test set, and how they came about."""

    pool: Sequence[Shot]
    pool_rows: NDArray[np.intp]
    test_rows: NDArray[np.intp]
    made: str


def mask_problems(dataset: Dataset, store: FeatureStore) -> list[Problem]:
    """Masked or not: the public set as it is, and 5 in 100 visitors with a mask.

    Raises:
        DatasetError: the data set has too few faces, or a picture cannot be read.
    """
    samples = [one for one in dataset.samples if one.attributes.mask in MASK_CLASSES]
    classes = np.array([MASK_CLASSES.index(one.attributes.mask) for one in samples])
    random = np.random.default_rng(_SEED)
    test, rest = _balanced(classes, _NUM_MASK_TEST, random, dataset)
    unmasked, masked = rest[classes[rest] == 0], rest[classes[rest] == 1]
    visitors = np.concatenate([unmasked[:_NUM_UNMASKED_VISITS], masked[:_NUM_MASKED_VISITS]])
    tested = f"tested on {_NUM_MASK_TEST} others of each class"
    divisions = {
        "mask": (_as_it_is(samples, rest, test, tested), (20, 40, 80, 160, 320, 640)),
        f"mask{SITE_LIKE}": (
            _visits(samples, visitors, test, random, tested, "5 in 100 masked"),
            (20, 40, 80, 160, 320, 640),
        ),
    }
    return [
        _problem(name, dataset, store, samples, division, classes, MASK_CLASSES, budgets)
        for name, (division, budgets) in divisions.items()
    ]


def face_problems(dataset: Dataset, store: FeatureStore) -> list[Problem]:
    """Gender and four age bands: the public set as it is, and a shop with few women and old people.

    Raises:
        DatasetError: the data set has too few faces, or a picture cannot be read.
    """
    samples = [
        one
        for one in dataset.samples
        if one.attributes.age_band is not None and one.attributes.gender is not None
    ]
    ages = np.array([_FOUR_OF[one.attributes.age_band] for one in samples])  # type: ignore[index]
    genders = np.array([GENDER_CLASSES.index(one.attributes.gender) for one in samples])  # type: ignore[arg-type]
    random = np.random.default_rng(_SEED)
    test, rest = _balanced(2 * ages + genders, _NUM_FACE_TEST, random, dataset)
    tested = f"tested on {_NUM_FACE_TEST} others of each age band and gender"
    visitors = _visitors(ages, genders, rest[_NUM_FACES:], random, dataset)
    store_people = "15 in 100 women; 6, 60, 30 and 4 in 100 of the age bands"
    plain = _as_it_is(samples, rest[:_NUM_FACES], test, tested)
    site = _visits(samples, visitors, test, random, tested, store_people)
    budgets = (50, 100, 200, 400, 800, 1600)
    return [
        _problem(name + more, dataset, store, samples, division, classes, words, budgets)
        for more, division in (("", plain), (SITE_LIKE, site))
        for name, classes, words in (
            ("gender", genders, GENDER_CLASSES),
            ("age band", ages, AGE_CLASSES),
        )
    ]


def _balanced(
    classes: NDArray[np.int64], num_each: int, random: np.random.Generator, dataset: Dataset
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the test set, as many of each class, and all others, both in random order."""
    order = random.permutation(len(classes))
    counts = np.bincount(classes)
    if len(counts) < 2 or counts.min() <= num_each:
        raise DatasetError(
            f"{dataset.folder}: expected more than {num_each} pictures of each class to test on, "
            f"got {counts.tolist()}"
        )
    test = np.concatenate([order[classes[order] == one][:num_each] for one in range(len(counts))])
    return test, order[~np.isin(order, test)]


def _visitors(
    ages: NDArray[np.int64],
    genders: NDArray[np.int64],
    rows: NDArray[np.intp],
    random: np.random.Generator,
    dataset: Dataset,
) -> NDArray[np.intp]:
    """A person for each visit, nobody twice."""
    wanted_ages = random.choice(len(_AGE_SHARES), _NUM_VISITS, p=_AGE_SHARES)
    wanted_genders = np.where(random.random(_NUM_VISITS) < _FEMALE_SHARE, 0, 1)
    found: list[int] = []
    for age in range(len(_AGE_SHARES)):
        for gender in range(len(GENDER_CLASSES)):
            num = int(((wanted_ages == age) & (wanted_genders == gender)).sum())
            people = rows[(ages[rows] == age) & (genders[rows] == gender)]
            if len(people) < num:
                raise DatasetError(
                    f"{dataset.folder}: expected {num} faces of {AGE_CLASSES[age]}, "
                    f"{GENDER_CLASSES[gender]}, got {len(people)}"
                )
            found += people[:num].tolist()
    return np.array(found)


def _as_it_is(
    samples: Sequence[Sample], rows: NDArray[np.intp], test: NDArray[np.intp], tested: str
) -> _Division:
    made = f"{len(rows):,} pictures of the set as they are; {tested}"
    return _Division([Shot(samples[row].path) for row in rows], rows, test, made)


def _visits(
    samples: Sequence[Sample],
    visitors: NDArray[np.intp],
    test: NDArray[np.intp],
    random: np.random.Generator,
    tested: str,
    people: str,
) -> _Division:
    """Each visitor in as many frames as they stay for: a geometric number, six on average."""
    frames = np.minimum(random.geometric(1 / _MEAN_FRAMES, len(visitors)), _MAX_FRAMES)
    rows = np.repeat(visitors, frames)
    shots = [Shot(samples[row].path, variation) for variation, row in enumerate(rows)]
    made = (
        f"{len(visitors):,} visitors, each one picture of the set, {people}; each in 1 to "
        f"{_MAX_FRAMES} near-identical frames (geometric, {len(rows) / len(visitors):.1f} on "
        f"average; turned, shifted, brightened, saved anew), {len(rows):,} in all; {tested}"
    )
    return _Division(shots, rows, test, made)


def _problem(
    name: str,
    dataset: Dataset,
    store: FeatureStore,
    samples: Sequence[Sample],
    division: _Division,
    classes: NDArray[np.int64],
    words: Sequence[StrEnum | str],
    budgets: tuple[int, ...],
) -> Problem:
    pool = store.features(dataset, division.pool)
    test = store.features(dataset, [Shot(samples[row].path) for row in division.test_rows])
    features, test_features = compressed(pool, test)
    return Problem(
        name,
        features,
        classes[division.pool_rows],
        test_features,
        classes[division.test_rows],
        tuple(map(str, words)),
        budgets,
        division.made,
    )


@dataclass(frozen=True, slots=True)
class Source:
    """A public set by its name in the catalogue, and the problems that are made of it."""

    public_set: str
    problems: Callable[[Dataset, FeatureStore], list[Problem]]


PROBLEMS: dict[str, Source] = {
    "mask": Source("face-mask", mask_problems),
    "age_gender": Source("fairface", face_problems),
}
"""By the name that the key `sets` has."""
