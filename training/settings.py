"""What a run is told about its result; free of torch, so that a mistyped key is found at once."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from serving.core.errors import ConfigError
from serving.core.wording import shown

_FILE = "conf/train.yaml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""It names a folder of the zoo, and stands before the @ in `name@version`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleSettings:
    """What the exported bundle is called, under which licence it stands and whom it is for.

    `min_height_px` is the least height, in pixels of the network's input, of what the labels ask
    for; nothing lower is reported with the bundle unless asked. 0: everything.
    """

    folder: str
    name: str
    version: str
    licence: str
    commercial_use: bool
    min_height_px: float

    @classmethod
    def of(cls, values: Mapping[str, Any] | None) -> BundleSettings:
        """From the key `bundle` of the configuration.

        Raises:
            ConfigError: names a key that is unknown, or has no value or none of use.
        """
        if not isinstance(values, Mapping):
            raise ConfigError(f"key 'bundle' ({_FILE}): expected a mapping, got {shown(values)}")
        known = [field.name for field in fields(cls)]
        for key in values:
            if key not in known:
                raise ConfigError(f"{_at(key)}: expected one of {known}, got '{key}'")
        for key in known:
            if values.get(key) is None:
                raise ConfigError(f"{_at(key)}: expected a value, got none")
        for key in ("folder", "name", "version", "licence"):
            text = values[key]
            if not isinstance(text, str):
                raise ConfigError(
                    f"{_at(key)}: expected text, got {shown(text)}; bundle.{key}=\"'{text}'\" "
                    "makes it text"
                )
            if not text.strip():
                raise ConfigError(f"{_at(key)}: expected text that is not empty, got {text!r}")
        if not _NAME.fullmatch(values["name"]):
            raise ConfigError(
                f"{_at('name')}: expected letters, digits, '.', '_' and '-', a letter or a digit "
                f"first, got {values['name']!r}"
            )
        height_px = values["min_height_px"]
        is_number = isinstance(height_px, int | float) and not isinstance(height_px, bool)
        if not is_number or not 0 <= height_px < math.inf:
            raise ConfigError(
                f"{_at('min_height_px')}: expected a number of zero or more, got {height_px!r}"
            )
        return cls(**values)


def _at(key: str) -> str:
    return f"key 'bundle.{key}' ({_FILE})"
