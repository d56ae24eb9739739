"""What is wrong with a configuration, in words: the key, its file, expected and got."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from serving.core.errors import ConfigError

TARGET = "_target_"
"""The key that names the class or function which takes its neighbours as options."""


def one_of(name: str, known: Iterable[str]) -> str:
    """`expected one of ['x', 'y'], got 'z'`, with the known name that `name` resembles, if any."""
    options = sorted(known)
    closest = difflib.get_close_matches(name, options, n=1)
    hint = f"; did you mean '{closest[0]}'?" if closest else ""
    return f"expected one of {options}, got '{name}'{hint}"


def one_line(error: BaseException) -> str:
    """What an error says, without line breaks and links."""
    return " ".join(str(error).split()).partition(" See http")[0] or repr(error)


def shown(value: Any) -> str:
    """A value as YAML writes it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def wrong_value(key: str, origin: str, expected: str, got: Any) -> ConfigError:
    """The error for a value of `key`; `origin` is the file that the key stands in."""
    return ConfigError(f"key '{key}' ({origin}): expected {expected}, got {shown(got)}")


def unknown_name(what: str, name: str, known: Iterable[str], origin: str) -> ConfigError:
    """The error for a name that is not among the known ones."""
    return ConfigError(f"{what} ({origin}): {one_of(name, known)}")


def unknown_key(key: str, values: Mapping[str, Any], origin: str) -> ConfigError:
    """The error for a key, `a.b.c`, that `values` does not have: it blames the first wrong step."""
    node: Any = values
    parents: list[str] = []
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            break
        node = node[part]
        parents.append(part)
    if not isinstance(node, Mapping):
        return ConfigError(
            f"key '{key}' ({origin}): expected no key in '{'.'.join(parents)}', which is "
            f"{shown(node)}, got '{part}'"
        )
    options = [name for name in node if not name.startswith("_")]
    if TARGET not in node:
        return unknown_name(f"key '{key}'", part, options, origin)
    more = f"+{key}=… hands {node[TARGET]} another option"
    if not options:
        return ConfigError(f"key '{key}' ({origin}): expected an option that stands there; {more}")
    error = unknown_name(f"key '{key}'", part, options, origin)
    return ConfigError(f"{error}; {more}")
