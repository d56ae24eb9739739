"""Tables with a head, as CSV files hold them, read row by row with the line of each."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from datasets.files import write_atomically
from datasets.samples import check_relative
from serving.core.errors import LabelError

Row = Mapping[str, str]
"""The cells of one row by the name of their column."""


def read_rows(path: Path, columns: Sequence[str] = ()) -> Iterator[tuple[str, Row]]:
    """Each row of a CSV file, packed where its name ends in `.gz`, as `file:line` and its cells.

    Args:
        path: the file, in UTF-8.
        columns: those that must be there; others may stand beside them.

    Raises:
        LabelError: no such file, a truncated or broken one, a column that is missing or stands
            twice, or a row with another number of cells than the head.
    """
    with _opened(path) as file:
        reader = csv.reader(file, strict=True)
        head: list[str] | None = None
        for cells in _checked(reader, path):
            where = f"{path}:{reader.line_num}"
            if head is None:
                head = _checked_head(cells, columns, where)
            elif cells and len(cells) != len(head):
                raise LabelError(f"{where}: expected {len(head)} columns, got {len(cells)}")
            elif cells:
                yield where, dict(zip(head, cells, strict=True))
        if head is None:
            raise LabelError(f"{path}: expected a head with {list(columns)}, got an empty file")


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file with a head, packed where its name ends in `.gz`; all or nothing."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    data = "".join(lines).encode()
    # Without a time stamp, so that the same labels give the same file.
    write_atomically(path, gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


class _Lines(list[str]):
    """The lines of a CSV file, which end in `\\n`: told so, the writer would not quote a `\\r`."""

    def write(self, line: str) -> None:
        self.append(line.removesuffix("\r\n") + "\n")


def column_names(path: Path) -> list[str]:
    """The head of a CSV file.

    Raises:
        LabelError: no such file, or a broken or an empty one.
    """
    with _opened(path) as file:
        for cells in _checked(csv.reader(file, strict=True), path):
            return _checked_head(cells, (), f"{path}:1")
    raise LabelError(f"{path}: expected a head, got an empty file")


def checked_path(relative: str, where: str) -> str:
    """A path that a label file names, if it stays inside the folder of the data set.

    Raises:
        LabelError: it leads outside.
    """
    with told_as(where):
        check_relative(relative)
    return relative


@contextmanager
def told_as(where: str) -> Iterator[None]:
    """Tell a value that no sample can have as a fault of the file.

    Raises:
        LabelError: what the block raised as `ValueError`, after `where`.
    """
    try:
        yield
    except ValueError as error:
        raise LabelError(f"{where}: {error}") from error


def number_text(value: float) -> str:
    """The number exactly, as short as can be: `17`, `17.5`."""
    return str(int(value)) if value == int(value) else repr(value)


def one_of(text: str, allowed: Collection[str], what: str, where: str) -> str:
    """`text`, if it is one of `allowed`.

    Raises:
        LabelError: it is none of them.
    """
    if text not in allowed:
        raise LabelError(f"{where}: expected {what} of {list(allowed)}, got {text!r}")
    return text


def _checked_head(cells: list[str], columns: Sequence[str], where: str) -> list[str]:
    missing = [name for name in columns if name not in cells]
    if missing or len(set(cells)) != len(cells):
        wanted = f"columns {list(columns)}" if missing else "each column once"
        raise LabelError(f"{where}: expected {wanted}, got {cells}")
    return cells


def _checked(rows: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    """The rows, with the faults of the file below them told in its name."""
    try:
        yield from rows
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: expected a text file in UTF-8, got {error.reason}") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LabelError(f"{path}: expected a whole gzip file, got: {error}") from error
    except csv.Error as error:
        line = getattr(rows, "line_num", 0)
        raise LabelError(f"{path}:{line}: expected a CSV row, got: {error}") from error
    except OSError as error:
        raise LabelError(f"{path}: expected a CSV file: {error.strerror}") from error


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        raw = gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115
    except OSError as error:
        raise LabelError(f"{path}: expected a CSV file: {error.strerror}") from error
    with raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:  # type: ignore[arg-type]
        yield file
