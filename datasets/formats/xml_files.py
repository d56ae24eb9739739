"""XML of strangers, read piece by piece and safely, and text that XML can hold.

A document with a DTD is refused: entities that multiply (a "billion laughs") or that open files can
be declared only there, and no format of labels has one.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from serving.core.errors import LabelError

Element = ET.Element

_CHUNK_BYTES = 1 << 16
_WHOLE = re.compile(r"\s*[0-9]{1,15}\s*")
_NO_XML = re.compile("[\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
"""No XML 1.0 text has these; a carriage return would come back as another line end."""


class _Builder(ET.TreeBuilder):
    """Builds the children of the root one by one, and lets go of them."""

    def __init__(self) -> None:
        super().__init__()
        self.root_tag: str | None = None
        self._root: Element | None = None
        self._depth = 0
        self.ready: list[Element] = []

    def start(self, tag: str, attributes: dict[str, str]) -> Element:
        element = super().start(tag, attributes)
        if self._root is None:
            self._root, self.root_tag = element, tag
        self._depth += 1
        return element

    def end(self, tag: str) -> Element:
        element = super().end(tag)
        self._depth -= 1
        if self._depth == 1 and self._root is not None:
            self.ready.append(element)
            self._root.clear()
        return element

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise _DoctypeError


class _DoctypeError(Exception):
    """A document type was declared."""


def children(path: Path, root_tag: str) -> Iterator[Element]:
    """The elements right below the root, each when it is read whole; none is kept.

    Raises:
        LabelError: no such file, no XML, a cut off one, one with a DTD, or with another root.
    """
    builder = _Builder()
    parser = ET.XMLParser(target=builder)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                parser.feed(chunk)
                yield from _ready(builder, root_tag, path)
            parser.close()
            yield from _ready(builder, root_tag, path)
    except OSError as error:
        raise LabelError(f"{path}: expected an XML file: {error.strerror}") from error
    except _DoctypeError as error:
        raise LabelError(f"{path}: expected XML without a DTD, got one") from error
    except (ET.ParseError, ValueError, LookupError) as error:
        raise LabelError(f"{path}: expected XML, got {error}") from error


def _ready(builder: _Builder, root_tag: str, path: Path) -> Iterator[Element]:
    if builder.root_tag not in (None, root_tag):
        raise LabelError(f"{path}: expected <{root_tag}>, got <{builder.root_tag}>")
    ready, builder.ready = builder.ready, []
    yield from ready


def checked_text(text: str, where: str) -> str:
    """The text, if XML can hold it.

    Raises:
        LabelError: it has control characters.
    """
    if _NO_XML.search(text):
        raise LabelError(f"{where}: expected text that XML can hold, got {text!r}")
    return text


def start_tag(tag: str, where: str, **attributes: object) -> str:
    """`<tag name="value" …>`, without the attributes that are None.

    Raises:
        LabelError: a value that XML cannot hold.
    """
    values = "".join(
        f" {name}={quoteattr(checked_text(str(value), where))}"
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{values}>"


def leaf(tag: str, text: object, where: str, **attributes: object) -> str:
    """`<tag …>text</tag>`.

    Raises:
        LabelError: a text that XML cannot hold.
    """
    inner = escape(checked_text(str(text), where))
    return f"{start_tag(tag, where, **attributes)}{inner}</{tag}>"


def number(value: float) -> str:
    """The number exactly, whole ones without a point."""
    return str(int(value)) if value == int(value) else repr(value)


def number_of(text: str | None, what: str, where: str) -> float:
    """The number that a text spells.

    Raises:
        LabelError: it spells none.
    """
    try:
        return float(text or "")
    except ValueError as error:
        raise LabelError(f"{where}: expected a number for '{what}', got {text!r}") from error


def whole_of(text: str | None, what: str, where: str) -> int:
    """The whole number of at least 0 that a text spells.

    Raises:
        LabelError: it spells none.
    """
    if text is None or not _WHOLE.fullmatch(text):
        raise LabelError(f"{where}: expected a whole number for '{what}', got {text!r}")
    return int(text)
