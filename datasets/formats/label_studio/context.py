"""The samples that a task carries in its `data`, and what names a task and its groups.

Whoever pulls rebuilds the samples from here: they need neither the data set that was pushed nor
any number of the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import TypeAdapter, ValidationError

from datasets.formats.label_studio.names import FRAME_RATE, IMAGE, UNSURE, VIDEO
from datasets.samples import Sample
from serving.core.errors import LabelError

CONTEXT = "footfall"
"""The field of a task's data that holds its samples."""

PAIR = "pair"
"""The property that names the pairs of a sample, one a line: two samples of one name are asked."""

CLUSTER = "cluster"
"""The property that names the supposed person of a sample where `identity` does not."""


def samples_in(task: Mapping[str, Any]) -> tuple[Sample, ...]:
    """The samples of a task, without what the labeler is asked; `is_labelled` as it was pushed.

    A task that others made has one sample: its `image` or `video`.

    Raises:
        LabelError: the data names no sample, or a broken one.
    """
    data, where = task.get("data"), name_of(task)
    if not isinstance(data, Mapping):
        raise LabelError(f"{where}: expected an object 'data', got {data!r}")
    packed = data.get(CONTEXT)
    if packed is None:
        return (_foreign(data, where),)
    try:
        common, own = packed["common"], packed["samples"]
        samples = tuple(
            _adapter().validate_json(json.dumps({**common, **values})) for values in own
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise LabelError(f"{where}: {first['loc']}: {first['msg']}, {first['input']!r}") from error
    except (KeyError, TypeError) as error:
        raise LabelError(f"{where}: expected samples in '{CONTEXT}', got {packed!r}") from error
    if not samples:
        raise LabelError(f"{where}: expected samples in '{CONTEXT}', got none")
    return samples


def name_of(task: Mapping[str, Any]) -> str:
    """How messages call a task: by its key, and by its number where it has none."""
    data = task.get("data")
    key = data.get("key") if isinstance(data, Mapping) else None
    return f"task '{key}'" if key else f"task {task.get('id', '?')}"


def cluster_of(sample: Sample) -> str:
    """The supposed person of a sample.

    Raises:
        LabelError: neither its property `cluster` nor its identity says it.
    """
    name = sample.properties.get(CLUSTER) or sample.identity
    if not name:
        raise LabelError(f"sample '{sample.key}': expected an identity or a '{CLUSTER}', got none")
    return name


def with_property(sample: Sample, name: str, value: str | None) -> Sample:
    """The sample with a property set, or without it where `value` is None."""
    others = {key: text for key, text in sample.properties.items() if key != name}
    return replace(sample, properties=others if value is None else others | {name: value})


def unsure_word(sample: Sample, name: str) -> str | None:
    """`unsure` where a property of this name says that a labeler could not tell, else None."""
    return UNSURE if sample.properties.get(name) == UNSURE else None


def frame_rate_of(sample: Sample) -> float:
    """Frames a second of a sample's video, as its property `frame_rate_hz` says.

    Raises:
        LabelError: it does not say, or no positive number.
    """
    text = sample.properties.get(FRAME_RATE)
    try:
        rate_hz = float(text or "")
    except ValueError as error:
        raise LabelError(
            f"sample '{sample.key}': expected a frame rate in property '{FRAME_RATE}', got {text!r}"
        ) from error
    if not 0 < rate_hz < 1000:
        raise LabelError(f"sample '{sample.key}': expected a frame rate, got {rate_hz}")
    return rate_hz


def packed(samples: Sequence[Sample]) -> dict[str, Any]:
    """The value of `CONTEXT`: what all samples share, and what each has of its own."""
    values = [
        _adapter().dump_python(sample, mode="json", exclude_defaults=True) for sample in samples
    ]
    common = {
        key: value
        for key, value in values[0].items()
        if all(key in other and other[key] == value for other in values)
    }
    own = [{k: v for k, v in each.items() if k not in common} for each in values]
    return {"common": common, "samples": own}


def _foreign(data: Mapping[str, Any], where: str) -> Sample:
    url = data.get(IMAGE) or data.get(VIDEO)
    if not isinstance(url, str):
        raise LabelError(f"{where}: expected '{CONTEXT}', '{IMAGE}' or '{VIDEO}' in its data")
    try:
        return Sample(_path_of(url), is_labelled=False)
    except ValueError as error:
        raise LabelError(f"{where}: {error}") from error


def _path_of(url: str) -> str:
    """The file that an address names: of local files, of an upload, or of another server."""
    parts = urlsplit(url)
    local = parse_qs(parts.query).get("d")
    if local:
        return local[0]
    path = unquote(parts.path).lstrip("/")
    if path.startswith("data/upload/"):
        return path.rsplit("/", 1)[-1].partition("-")[2] or path
    return path


@cache
def _adapter() -> TypeAdapter[Sample]:
    return TypeAdapter(Sample)
