"""CSV tables: exact cells, packed or not, and errors that name file and line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.tables import number_text, read_rows, write_rows
from serving.core.errors import LabelError
from tests.datasets.formats.round_trip import few


@few
@given(st.lists(st.tuples(st.text(), st.text()), max_size=4), st.sampled_from(["csv", "csv.gz"]))
def test_what_is_written_is_read_back_exactly(tmp_path_factory, rows, ending):
    path = tmp_path_factory.getbasetemp() / f"table.{ending}"
    write_rows(path, ("a", "b"), rows)
    assert [(row["a"], row["b"]) for _, row in read_rows(path, ("a", "b"))] == rows


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_exactly(value):
    assert float(number_text(value)) == value


def test_the_same_rows_give_the_same_packed_file(tmp_path):
    for name in ("a.csv.gz", "b.csv.gz"):
        write_rows(tmp_path / name, ("a",), [("1",)])
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_a_mark_at_the_start_blank_lines_and_windows_line_ends_are_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes('\ufeffa,b\r\n1,"2\r\n3"\r\n\r\n4,5'.encode())
    assert list(read_rows(path)) == [
        (f"{path}:3", {"a": "1", "b": "2\r\n3"}),
        (f"{path}:5", {"a": "4", "b": "5"}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a head with ['a'], got an empty file"),
        (b"b\n1\n", ":1: expected columns ['a'], got ['b']"),
        (b"a,a\n", ":1: expected each column once, got ['a', 'a']"),
        (b"a\n1\n2,3\n", ":3: expected 1 columns, got 2"),
        (b'a\n1\n"2\n', "expected a CSV row, got: unexpected end of data"),
        (b"a\n\xff\n", "expected a text file in UTF-8"),
    ],
)
def test_a_broken_table_is_told(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(LabelError) as error:
        list(read_rows(path, ("a",)))
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)


def test_a_missing_table_and_a_folder_are_told(tmp_path):
    with pytest.raises(LabelError, match="none.csv: expected a CSV file: No such file"):
        list(read_rows(tmp_path / "none.csv"))
    with pytest.raises(LabelError, match="expected a CSV file: Is a directory"):
        list(read_rows(tmp_path))
