"""FairFace: a table of faces with age band, gender and race (Kärkkäinen and Joo, WACV 2021).

The official tables are `fairface_label_train.csv` and `fairface_label_val.csv`, with the columns
`file,age,gender,race,service_test`; the table says the split. Copies of the set have one
`labels.csv` with `file,age_band,gender,race`. An empty cell is "not labelled".

Race is kept as a property, for fairness slices. Nothing predicts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_without_boxes
from datasets.formats.layout import FreeNames, below, picture_path
from datasets.formats.tables import Row, checked_path, column_names, one_of, read_rows, write_rows
from datasets.samples import Attributes, Sample, Split
from serving.core.errors import LabelError
from serving.core.labels import AgeBand, Gender

RACE = "race"
"""The property that holds the race, in the words of the file."""

SERVICE_TEST = "service_test"

TABLES = {
    "fairface_label_train.csv": Split.TRAIN,
    "fairface_label_val.csv": Split.VALIDATION,
    "labels.csv": None,
}

_OLDEST = "more than 70"
_BAND_OF = {_OLDEST if band is AgeBand.FROM_70 else band.value: band for band in AgeBand}
_GENDER_OF = {"Female": Gender.FEMALE, "Male": Gender.MALE}
_AGE_TEXT = {band: text for text, band in _BAND_OF.items()}
_GENDER_TEXT = {gender: text for text, gender in _GENDER_OF.items()}

_OFFICIAL = ("file", "age", "gender", "race", SERVICE_TEST)
_COMPACT = ("file", "age_band", "gender", "race")


class FairFace:
    """Reads the tables that a folder has, or one table; writes the table of each split.

    Samples without a split, and those of other splits, go into `labels.csv`; where `root` is a
    `.csv` file all go into it.

    Args:
        picture_folder: below the table's folder, from where its paths count.
    """

    def __init__(self, picture_folder: str = "") -> None:
        self._picture_folder = picture_folder

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The faces, table by table, in the order of the rows."""
        tables = [root] if root.suffix == ".csv" else [root / name for name in TABLES]
        found = [table for table in tables if table.is_file()]
        if not found:
            raise LabelError(f"{root}: expected one of the tables {list(TABLES)}, got none")
        for table in found:
            columns = column_names(table)
            expected = _COMPACT if "age_band" in columns else _OFFICIAL[:-1]
            more = [name for name in columns if name not in (*expected, SERVICE_TEST)]
            for where, row in read_rows(table, expected):
                for name in more:
                    losses.add(f"row.{name}")
                yield self._sample(row, table.name, where)

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write the tables. Whole clips are no faces: they are lost samples."""
        rows: dict[Path, list[list[str]]] = {root: []} if root.suffix == ".csv" else {}
        names = FreeNames()
        for sample in samples:
            picture = picture_path(sample)
            if picture is None:
                losses.add("sample")
                continue
            table = root if root.suffix == ".csv" else root / _table_of(sample.split)
            columns = _columns_of(table.name)
            path = names.like(below(self._picture_folder, picture))
            row = _row(sample, path.removeprefix(f"{self._picture_folder}/"))
            held = self._sample({name: row[name] for name in columns}, table.name, f"{table}")
            count_without_boxes(sample, held, losses)
            rows.setdefault(table, []).append([row[name] for name in columns])
            place(sample, path)
        for table, lines in (rows or {root / "labels.csv": []}).items():
            write_rows(table, _columns_of(table.name), lines)

    def _sample(self, row: Row, table_name: str, where: str) -> Sample:
        age = row.get("age_band", row.get("age", ""))
        properties = {name: row[name] for name in (RACE, SERVICE_TEST) if row.get(name)}
        file = checked_path(row["file"], where)
        return Sample(
            path=f"{self._picture_folder}/{file}" if self._picture_folder else file,
            split=TABLES.get(table_name),
            attributes=Attributes(
                age_band=_BAND_OF[one_of(age, _BAND_OF, "an age", where)] if age else None,
                gender=_gender(row["gender"], where),
            ),
            properties=properties,
        )


def _gender(text: str, where: str) -> Gender | None:
    return _GENDER_OF[one_of(text, _GENDER_OF, "a gender", where)] if text else None


def _row(sample: Sample, file: str) -> dict[str, str]:
    band, gender = sample.attributes.age_band, sample.attributes.gender
    age = "" if band is None else _AGE_TEXT[band]
    return {
        "file": file,
        "age": age,
        "age_band": age,
        "gender": "" if gender is None else _GENDER_TEXT[gender],
        "race": sample.properties.get(RACE, ""),
        SERVICE_TEST: sample.properties.get(SERVICE_TEST, ""),
    }


def _table_of(split: Split | None) -> str:
    return next((name for name, of in TABLES.items() if of is split), "labels.csv")


def _columns_of(table_name: str) -> tuple[str, ...]:
    return _OFFICIAL if TABLES.get(table_name) else _COMPACT
