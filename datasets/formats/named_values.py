"""Fields of boxes and samples as named texts, for formats with free attributes of that form.

CVAT, and COCO and Pascal VOC as CVAT and Datumaro write them, hold any number of attributes by name
and text. What the format has no place of its own for stands there: `track_id`, `occluded`,
`gender`. The rest are properties. A property with the name of a field cannot be told from it and is
not held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from datasets.samples import Attributes, Box, Sample
from serving.core.labels import AgeBand, Gender, Mask

_Thing = TypeVar("_Thing", Box, Sample)


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field is written; `value` raises `ValueError` at a text that means none."""

    name: str
    text: Callable[[Any], str]
    value: Callable[[str], Any]


def _flag_text(value: bool) -> str:
    return "true" if value else "false"


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise ValueError(text)
    return text.lower() in ("true", "1")


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _position_text(value: tuple[float, ...]) -> str:
    return " ".join(map(repr, value))


def _position(text: str) -> tuple[float, float, float]:
    x, y, z = map(_number, text.split())
    return x, y, z


_BOX = {
    "track_id": _Field("track_id", str, str),
    "identity": _Field("identity", str, str),
    "group": _Field("group", str, str),
    "score": _Field("score", repr, _number),
    "ignored": _Field("is_ignored", _flag_text, _flag),
    "occluded": _Field("is_occluded", _flag_text, _flag),
    "visibility": _Field("visibility", repr, _number),
    "xyz_m": _Field("xyz_m", _position_text, _position),
}
_SAMPLE = {
    "camera": _Field("camera", str, str),
    "captured_at": _Field("captured_at", repr, _number),
    "source": _Field("source", str, str),
    "label": _Field("label", str, str),
    "identity": _Field("identity", str, str),
}
_PERSON = {
    "age_band": _Field("age_band", str, AgeBand),
    "age_years": _Field("age_years", repr, _number),
    "gender": _Field("gender", str, Gender),
    "mask": _Field("mask", str, Mask),
}
_DEFAULTS = {
    Box: {f.name: f.default for f in fields(Box)},
    Sample: {f.name: f.default for f in fields(Sample)},
}


def holdable(thing: _Thing) -> _Thing:
    """The box or sample without the properties that are named like a field."""
    kept = _holdable_properties(thing)
    return thing if kept is thing.properties else replace(thing, properties=kept)


def _holdable_properties(thing: Box | Sample) -> Mapping[str, str]:
    reserved = _fields(thing).keys() | _PERSON.keys()
    if reserved.isdisjoint(thing.properties):
        return thing.properties
    return {name: text for name, text in thing.properties.items() if name not in reserved}


def named_values(thing: Box | Sample, native: Container[str] = ()) -> dict[str, str]:
    """What is known of a box or sample, by name; of properties those that are `holdable`.

    Args:
        thing: the box or sample.
        native: names of fields for which the format has a place of its own.
    """
    defaults = _DEFAULTS[type(thing)]
    values = {
        name: field.text(value)
        for name, field in _fields(thing).items()
        if field.name not in native
        and (value := getattr(thing, field.name)) != defaults[field.name]
    }
    for name, field in _PERSON.items():
        if (value := getattr(thing.attributes, field.name)) is not None:
            values[name] = field.text(value)
    return {**values, **_holdable_properties(thing)}


def with_named_values(thing: _Thing, values: Mapping[str, str]) -> _Thing:
    """The box or sample with these values: fields by their names, the rest as properties.

    A value that its field cannot take, or that the format gave at its own place already, is a
    property.
    """
    if not values:
        return thing
    known: dict[str, Any] = {}
    person: dict[str, Any] = {}
    properties = dict(thing.properties)
    defaults = _DEFAULTS[type(thing)]
    for name, text in values.items():
        field = _fields(thing).get(name)
        if field is not None and getattr(thing, field.name) == defaults[field.name]:
            found, taken = _taken(thing, field, text), known
        elif name in _PERSON:
            field = _PERSON[name]
            found, taken = _taken(Attributes(), field, text), person
        else:
            found = None
        if found is None or field is None:
            properties[name] = text
        else:
            taken[field.name] = found
    attributes = replace(thing.attributes, **person) if person else thing.attributes
    return replace(thing, **known, attributes=attributes, properties=properties)


def _fields(thing: Box | Sample) -> Mapping[str, _Field]:
    return _BOX if isinstance(thing, Box) else _SAMPLE


def _taken(thing: Box | Sample | Attributes, field: _Field, text: str) -> Any:
    """The value, if the constructor takes it."""
    try:
        value = field.value(text)
        replace(thing, **{field.name: value})
    except ValueError:
        return None
    return value
