"""UTKFace: faces whose names say `[age]_[gender]_[race]_[date and time].jpg` (Zhang et al., 2017).

A gender or race may be missing in the name: `53__0_20170116184028385.jpg` and
`61_1_20170109150557335.jpg` stand in the published set. The date, which is that of collecting,
stays in the path alone. Race is kept as a property, for fairness slices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_without_boxes
from datasets.formats.layout import (
    FreeNames,
    folders,
    is_name,
    name_of,
    picture_files,
    picture_path,
    suffix_of,
)
from datasets.formats.tables import told_as
from datasets.samples import Attributes, Sample
from serving.core.errors import LabelError
from serving.core.labels import Gender

RACE = "race"
"""The property that holds the race, in the words of the set."""

_GENDERS = (Gender.MALE, Gender.FEMALE)
_RACES = ("White", "Black", "Asian", "Indian", "Others")
_NAME = re.compile(
    r"(?P<age>\d{1,3})_(?P<gender>[01]?)_(?:(?P<race>[0-4]?)_)?(?P<time>\d[^_/]*)", re.ASCII
)
_DIGITS_OF_TIME = 17


class UtkFace:
    """Reads the pictures of a folder and of the folders in it, as `part1`; writes one folder."""

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The faces by the order of their names, folder after folder."""
        parts = folders(root)
        for folder in [root, *parts]:
            for path in picture_files(folder, losses, read_apart=parts):
                yield _sample(path.relative_to(root).as_posix(), str(path))

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Tell where each face belongs; the names are the labels.

        A sample without an age in whole years cannot be held; neither can a whole clip.
        """
        root.mkdir(parents=True, exist_ok=True)
        names = FreeNames()
        for sample in samples:
            start, picture = _start_of_name(sample), picture_path(sample)
            if start is None or picture is None:
                losses.add("sample")
                continue
            path = name_of(picture)
            if not (_says_the_same(path, f"{start}_0") and names.take(path)):
                path = names.first(f"{start}_", suffix_of(path), digits=_DIGITS_OF_TIME)
            count_without_boxes(sample, _sample(path, path), losses)
            place(sample, path)


def _sample(path: str, where: str) -> Sample:
    found = _NAME.fullmatch(name_of(path))
    if found is None:
        raise LabelError(f"{where}: expected a name [age]_[gender]_[race]_[date and time]")
    gender, race = found["gender"], found["race"]
    with told_as(where):
        return Sample(
            path=path,
            attributes=Attributes(
                age_years=float(found["age"]),
                gender=_GENDERS[int(gender)] if gender else None,
            ),
            properties={RACE: _RACES[int(race)]} if race else {},
        )


def _start_of_name(sample: Sample) -> str | None:
    age, gender = sample.attributes.age_years, sample.attributes.gender
    race = sample.properties.get(RACE)
    if age is None or age != int(age):
        return None
    return "_".join(
        [
            f"{age:.0f}",
            "" if gender is None else str(_GENDERS.index(gender)),
            str(_RACES.index(race)) if race in _RACES else "",
        ]
    )


def _says_the_same(name: str, made: str) -> bool:
    """Whether a name that a picture has says of the face what the name made for it says."""
    if not (is_name(name) and _NAME.fullmatch(name)):
        return False
    try:
        said = _sample(name, name)
    except LabelError:  # an age of 200
        return False
    return replace(said, path=made) == _sample(made, made)
