"""Settings that a person writes: checked, and refused with the key, the file, expected and got."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from serving.core.errors import ConfigError
from serving.core.wording import one_of, shown

Model = TypeVar("Model", bound=BaseModel)
Location = Sequence[str | int]


class Settings(BaseModel):
    """What a person wrote, checked: unknown keys are refused, values cannot change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


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


def _message(model: type[BaseModel], detail: Any) -> str:
    location = detail["loc"]
    if detail["type"] == "extra_forbidden":
        return f"{place(location)}: {one_of(str(location[-1]), _keys_at(model, location[:-1]))}"
    if detail["type"] == "missing":
        return f"{place(location)}: expected a value, got none"
    reason = detail["msg"].removeprefix("Value error, ")
    return f"{place(location)}: {reason[0].lower() + reason[1:]}, got {shown(detail['input'])}"


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
