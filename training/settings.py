"""What a run is told about its result; free of torch, so that a mistyped key is found at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from serving.core.errors import ConfigError


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
    def of(cls, values: Mapping[str, Any]) -> BundleSettings:
        """From the key `bundle` of the configuration.

        Raises:
            ConfigError: names a key that is unknown, or has no value.
        """
        known = [field.name for field in fields(cls)]
        for key in values:
            if key not in known:
                raise ConfigError(f"{_at(key)}: expected one of {known}, got '{key}'")
        for key in known:
            if values.get(key) is None:
                raise ConfigError(f"{_at(key)}: expected a value, got none")
        height_px = values["min_height_px"]
        if isinstance(height_px, bool) or not isinstance(height_px, int | float) or height_px < 0:
            raise ConfigError(
                f"{_at('min_height_px')}: expected a number of zero or more, got {height_px!r}"
            )
        return cls(**values)


def _at(key: str) -> str:
    return f"key 'bundle.{key}' (conf/train.yaml)"
