"""What was measured of each sample: a file of lines that others read without FiftyOne."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from datasets.files import write_atomically
from serving.core.errors import DatasetError

FILE_NAME = "measures.jsonl"

_SHARES = ("uniqueness", "representativeness", "hardness", "mistakenness")
_COUNTS = ("num_missing", "num_spurious")


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured of one sample; None is "not measured".

    Args:
        key: `Sample.key`.
        uniqueness: in [0, 1], how far it is from all others, against the others of its data set.
        representativeness: in [0, 1], how near it is to the middle of a cluster of look-alikes.
        hardness: in [0, 1], how unsure the model is of what it sees, by its own scores.
        mistakenness: in [0, 1], how likely the label is wrong: it and a sure model differ.
        num_missing: boxes that the model is sure of and nobody drew.
        num_spurious: labels where the model is sure that nothing is.

    Raises:
        ValueError: a share outside [0, 1], or a count below 0.
    """

    key: str
    uniqueness: float | None = None
    representativeness: float | None = None
    hardness: float | None = None
    mistakenness: float | None = None
    num_missing: int | None = None
    num_spurious: int | None = None

    def __post_init__(self) -> None:
        for name in _SHARES:
            share = getattr(self, name)
            if share is not None and not 0 <= share <= 1:
                raise ValueError(f"{name}: expected a share in [0, 1], got {share}")
        for name in _COUNTS:
            count = getattr(self, name)
            if count is not None and count < 0:
                raise ValueError(f"{name}: expected at least 0, got {count}")


def read_measures(path: str | Path) -> dict[str, Measures]:
    """The measures of a `.jsonl` file, by key, in the order of the file.

    Raises:
        DatasetError: no such file, a line that holds no measures, or a key that stands twice;
            names file and line.
    """
    path = Path(path)
    found: dict[str, Measures] = {}
    try:
        with path.open("rb") as file:
            for line in file:
                measures = _parsed(line.rstrip(b"\r\n"))
                if measures.key in found:
                    raise ValueError(f"expected each key once, got '{measures.key}' twice")
                found[measures.key] = measures
    except OSError as error:
        raise DatasetError(f"{path}: expected measures: {error.strerror}") from error
    except ValueError as error:
        raise DatasetError(f"{path}, line {len(found) + 1}: {error}") from error
    return found


def write_measures(path: str | Path, measures: Mapping[str, Measures]) -> Path:
    """Write measures, one sample a line, what was not measured left out; all or nothing."""
    lines = (
        json.dumps(
            {name: value for name, value in asdict(one).items() if value is not None},
            ensure_ascii=False,
        )
        for one in measures.values()
    )
    return write_atomically(Path(path), "".join(f"{line}\n" for line in lines))


def _parsed(line: bytes) -> Measures:
    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError(f"expected an object, got {line.decode()[:60]}")
    if not isinstance(values.get("key"), str):
        raise ValueError(f"key: expected a sample's key, got {values.get('key')!r}")
    names = [field.name for field in fields(Measures)]
    for name, value in values.items():
        if name not in names:
            raise ValueError(f"{name}: expected one of {', '.join(names)}")
        if name != "key":
            _check_number(name, value)
    return Measures(**values)


def _check_number(name: str, value: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise ValueError(f"{name}: expected a number, got {value!r}")
    if name in _COUNTS and not isinstance(value, int):
        raise ValueError(f"{name}: expected a whole number, got {value!r}")
