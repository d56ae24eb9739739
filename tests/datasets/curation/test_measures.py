"""The file of measures: what comes back, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.curation.measures import Measures, read_measures, write_measures
from serving.core.errors import DatasetError

FIRST = Measures("büro/a.jpg", uniqueness=0.25, num_missing=2)
SECOND = Measures("door.avi#30", hardness=1.0, mistakenness=0.0, num_spurious=0)


def test_measures_come_back_by_key_with_what_was_not_measured_as_none(tmp_path: Path) -> None:
    path = write_measures(tmp_path / "m.jsonl", {one.key: one for one in (FIRST, SECOND)})

    assert read_measures(path) == {"büro/a.jpg": FIRST, "door.avi#30": SECOND}
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"key": "a", "uniqueness": 1.5}', "uniqueness: expected a share in [0, 1], got 1.5"),
        ('{"key": "a", "num_missing": -1}', "num_missing: expected at least 0, got -1"),
        ('{"key": "a", "num_missing": 1.5}', "num_missing: expected a whole number, got 1.5"),
        ('{"key": "a", "hardness": "high"}', "hardness: expected a number, got 'high'"),
        ('{"key": "a", "hardness": NaN}', "hardness: expected a number, got nan"),
        ('{"key": "a", "beauty": 1}', "beauty: expected one of key, uniqueness"),
        ('{"uniqueness": 1}', "key: expected a sample's key, got None"),
        ('{"key": "a", "uniq', "Unterminated string"),
        ("[1]", "expected an object, got [1]"),
        ('{"key": "b"}', "expected each key once, got 'b' twice"),
    ],
)
def test_line_that_holds_no_measures_is_refused_with_file_and_line(
    tmp_path: Path, line: str, message: str
) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"key": "b"}\n' + line + "\n", encoding="utf-8")

    with pytest.raises(DatasetError) as caught:
        read_measures(path)

    assert f"{path}, line 2: " in str(caught.value)
    assert message in str(caught.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="expected measures"):
        read_measures(tmp_path / "none.jsonl")
