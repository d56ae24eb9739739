"""Every kind of occluder by name, and mixtures of them."""

from __future__ import annotations

from collections.abc import Iterable

from datasets.synthetic.glasses import GlassesKind, GlassesOccluder
from datasets.synthetic.hand import HandOccluder
from datasets.synthetic.headwear import HeadwearKind, HeadwearOccluder
from datasets.synthetic.masks import MaskKind, MaskOccluder, Wear
from datasets.synthetic.occluder import Occluder, RandomOccluder
from serving.core.errors import ConfigError

MASK_KINDS = tuple(kind.value for kind in MaskKind)
KINDS = (
    *MASK_KINDS,
    *(kind.value for kind in HeadwearKind),
    *(kind.value for kind in GlassesKind),
    "hand",
)
"""The names that commands and configurations know."""


def occluder_of(kind: str, wear: Wear | None = Wear.COVERING) -> Occluder:
    """The occluder of a name; `wear` counts for masks alone, None is any of the wrong ways.

    Raises:
        ConfigError: no such kind.
    """
    if kind in MASK_KINDS:
        return MaskOccluder(MaskKind(kind), wear)
    if kind in tuple(HeadwearKind):
        return HeadwearOccluder(HeadwearKind(kind))
    if kind in tuple(GlassesKind):
        return GlassesOccluder(GlassesKind(kind))
    if kind == "hand":
        return HandOccluder()
    raise ConfigError(f"occluder: expected one of {', '.join(KINDS)}, got '{kind}'")


def mixture(kinds: Iterable[str] = MASK_KINDS, incorrect_share: float = 0.2) -> RandomOccluder:
    """Each kind as often as the others; of the masks, a share is worn wrong.

    Raises:
        ConfigError: an unknown kind, none at all, or a share outside [0, 1].
    """
    if not 0 <= incorrect_share <= 1:
        raise ConfigError(f"incorrect share: expected 0 to 1, got {incorrect_share}")
    weights: dict[Occluder, float] = {}
    for kind in dict.fromkeys(kinds):
        if kind in MASK_KINDS:
            weights[occluder_of(kind)] = 1 - incorrect_share
            weights[occluder_of(kind, None)] = incorrect_share
        else:
            weights[occluder_of(kind)] = 1.0
    if not weights:
        raise ConfigError(f"occluder: expected some of {', '.join(KINDS)}, got none")
    return RandomOccluder(weights)
