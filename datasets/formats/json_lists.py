"""Large JSON files read entry by entry: the text stays in memory, the objects do not.

The text of a label file takes a fraction of the objects that it describes. So the file is gone
through once, each entry is parsed and let go, and is parsed again where it is needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import Any

from serving.core.errors import LabelError

_SPACE = re.compile(r"[ \t\n\r]*")


class JsonLists:
    """A file with one JSON object, some of whose values are long lists.

    Raises:
        LabelError: no such file, or one that is no text.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decode = json.JSONDecoder().raw_decode
        try:
            self._text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise LabelError(f"{path}: expected a JSON file: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise LabelError(f"{path}: expected JSON in UTF-8, got {error.reason}") from error

    def entries(self, lists: Collection[str]) -> Iterator[tuple[str, int, Any]]:
        """Each entry of the lists of these names, in the order of the file, and each other value.

        Yields:
            The name, the position in the text, by which `at` finds it again, and the value.

        Raises:
            LabelError: the file is no JSON object, is cut off, or has no list of such a name.
        """
        position = self._expect(self._skip(0), "{", "an object")
        missing = set(lists)
        while self._text[position : position + 1] != "}":
            start = position
            name, position = self._value(start)
            if not isinstance(name, str):
                raise self._broken(start, f"{name!r} where a name should be")
            position = self._expect(self._skip(position), ":", "a colon")
            if name in missing and self._text[position : position + 1] == "[":
                missing.discard(name)
                position = yield from self._list(name, position)
            elif name in lists:
                raise LabelError(f"{self._path}: expected one list '{name}', got another value")
            else:
                value, end = self._value(position)
                yield name, position, value
                position = end
            position = self._after_value(position, "}")
        self._check_end(position + 1)
        if missing:
            raise LabelError(f"{self._path}: expected a list '{min(missing)}', got none")

    def items(self) -> Iterator[tuple[str, int, Any]]:
        """Each entry of a file that is one list: as `entries`, with an empty name.

        Raises:
            LabelError: the file is no JSON list, or is cut off.
        """
        start = self._skip(0)
        self._expect(start, "[", "a list")
        self._check_end((yield from self._list("", start)), "list")

    def at(self, position: int) -> Any:
        """The value at a position that `entries` gave."""
        return self._decode(self._text, position)[0]

    def _list(self, name: str, position: int) -> Generator[tuple[str, int, Any], None, int]:
        position = self._skip(position + 1)
        while self._text[position : position + 1] != "]":
            value, end = self._value(position)
            yield name, position, value
            position = self._after_value(end, "]")
        return position + 1

    def _value(self, position: int) -> tuple[Any, int]:
        try:
            return self._decode(self._text, position)
        except json.JSONDecodeError as error:
            raise self._broken(error.pos, error.msg) from error
        except ValueError as error:  # thousands of digits
            raise self._broken(position, str(error)) from error
        except RecursionError as error:
            raise self._broken(position, "lists in lists without end") from error

    def _after_value(self, position: int, closing: str) -> int:
        """The next value, past a comma, or the closing bracket."""
        position = self._skip(position)
        mark = self._text[position : position + 1]
        if mark == closing:
            return position
        position = self._expect(position, ",", f"a comma or '{closing}'")
        if self._text[position : position + 1] == closing:
            raise self._broken(position, "a comma before the end")
        return position

    def _expect(self, position: int, mark: str, what: str) -> int:
        """The place after `mark` and the space behind it."""
        got = self._text[position : position + 1]
        if got != mark:
            raise self._broken(position, f"{got!r} where {what} should be" if got else "its end")
        return self._skip(position + 1)

    def _check_end(self, position: int, kind: str = "object") -> None:
        if self._skip(position) != len(self._text):
            raise self._broken(position, f"more after the end of the {kind}")

    def _skip(self, position: int) -> int:
        return _SPACE.match(self._text, position).end()  # type: ignore[union-attr]

    def _broken(self, position: int, what: str) -> LabelError:
        line = self._text.count("\n", 0, position) + 1
        column = position - self._text.rfind("\n", 0, position)
        return LabelError(f"{self._path}: expected JSON, got {what} (line {line}, column {column})")
