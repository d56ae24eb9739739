"""Saying what is wrong with a configuration: the key, the file, what was expected, what was got."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from serving.core.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)
Location = Sequence[str | int]


class Settings(BaseModel):
    """What a person wrote, checked: unknown keys are refused, values cannot change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def closest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where a known name resembles `name`, else an empty text."""
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean '{matches[0]}'?" if matches else ""


def unknown_name(what: str, name: str, known: Iterable[str], origin: str) -> ConfigError:
    """The error for a name that is not among the known ones, with the closest that is."""
    options = sorted(known)
    return ConfigError(
        f"{what}: expected one of {options}, got '{name}'{closest(name, options)} ({origin})"
    )


def unknown_key(key: str, values: Mapping[str, Any], origin: str) -> ConfigError:
    """The error for a key, `a.b.c`, that `values` does not have."""
    node: Any = values
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            break
        node = node[part]
    if isinstance(node, Mapping) and "_target_" in node:
        return ConfigError(
            f"key '{key}': expected an option that {origin} names; +{key}=… hands "
            f"{node['_target_']} another one"
        )
    return unknown_name(f"key '{key}'", part, node if isinstance(node, Mapping) else (), origin)


def parse(model: type[Model], values: Mapping[str, Any], origin: str) -> Model:
    """`values` as a checked `model`; `origin` is the file that messages name.

    Raises:
        ConfigError: an unknown key, a missing one, or a value of the wrong kind.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        details = error.errors()
        more = f"; {len(details) - 1} more" if len(details) > 1 else ""
        raise ConfigError(f"{_message(model, details[0])} ({origin}){more}") from error


_PLACES = {"cameras": "camera", "lines": "line", "zones": "zone"}
"""Mappings from a name to settings, and what one entry is called in a message."""


def place(location: Location) -> str:
    """`camera 'door', zone 'till', key 'polygon_px.1'` for the path to a value."""
    parts = [str(part) for part in location]
    words: list[str] = []
    while len(parts) > 1 and parts[0] in _PLACES:
        words.append(f"{_PLACES[parts[0]]} '{parts[1]}'")
        parts = parts[2:]
    if parts:
        words.append(f"key '{'.'.join(parts)}'")
    return ", ".join(words)


def one_line(error: BaseException) -> str:
    """What an error says, without line breaks and links."""
    return " ".join(str(error).split()).partition(" See http")[0] or repr(error)


def _message(model: type[BaseModel], detail: Any) -> str:
    location = detail["loc"]
    if detail["type"] == "extra_forbidden":
        known = _keys_at(model, location[:-1])
        name = str(location[-1])
        return f"{place(location)}: expected one of {known}, got '{name}'{closest(name, known)}"
    if detail["type"] == "missing":
        return f"{place(location)}: expected a value, got none"
    reason = detail["msg"].removeprefix("Value error, ")
    return f"{place(location)}: {reason[0].lower() + reason[1:]}, got {detail['input']!r}"


def _keys_at(model: type[BaseModel], location: Location) -> list[str]:
    """The keys that the settings at `location` have."""
    annotation: Any = model
    for part in location:
        annotation = _required(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = annotation.model_fields[str(part)].annotation
        else:
            annotation = get_args(annotation)[-1]
    return sorted(_required(annotation).model_fields)


def _required(annotation: Any) -> Any:
    """`X` of `X | None`."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation
