"""What the runtime tells the outside. Small, frozen, versioned; a record is JSON-ready.

Every event says where (`camera_id`, `place`), when (`at_s`, seconds UTC) and which bundles made it
(`bundles`, as `name@version`). An added field keeps `SCHEMA`; a changed meaning raises it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from serving.core.errors import LabelError
from serving.core.labels import AgeBand, Direction, Gender, Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events share. `place` names a line, a zone or a watchlist; empty: the whole view."""

    KIND: ClassVar[str] = ""
    SCHEMA: ClassVar[int] = 1

    camera_id: str
    place: str = ""
    at_s: float
    bundles: tuple[str, ...] = ()

    def to_record(self) -> dict[str, Any]:
        """The event as plain values, with its kind, schema version and id."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # all plain
        record = {"kind": self.KIND, "schema": self.SCHEMA, **values}
        text = json.dumps(record, sort_keys=True, default=str)
        return {"id": hashlib.sha256(text.encode()).hexdigest()[:32], **record}

    @classmethod
    def _from_values(cls, values: dict[str, Any]) -> Self:
        return cls(**{field.name: values[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing(Event):
    """A person crossed a counting line; `place` is the line."""

    KIND: ClassVar[str] = "crossing"
    track_id: int
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy(Event):
    """How many people were in a zone at a moment."""

    KIND: ClassVar[str] = "occupancy"
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dwell(Event):
    """A person left a zone after `dwell_s` seconds in it; `at_s` is the leaving."""

    KIND: ClassVar[str] = "dwell"
    track_id: int
    dwell_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPoint(Event):
    """Where a person stood: image pixels, and floor metres where the camera is calibrated."""

    KIND: ClassVar[str] = "path_point"
    track_id: int
    xy_px: tuple[float, float]
    xy_m: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatmapTile(Event):
    """Person-seconds by floor cell, summed over the `period_s` seconds that end at `at_s`.

    `cells` holds (column, row, person-seconds) of the cells that anyone stood on; cell (c, r)
    covers `cell_m` metres from `origin_m` + (c, r) · `cell_m` along the floor's x and y.
    """

    KIND: ClassVar[str] = "heatmap_tile"
    period_s: float
    cell_m: float
    origin_m: tuple[float, float]
    cells: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demographics(Event):
    """Estimated age band and gender of a tracked person; None: too uncertain to say."""

    KIND: ClassVar[str] = "demographics"
    track_id: int
    age_band: AgeBand | None
    gender: Gender | None
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskState(Event):
    """How a tracked person wears a face mask."""

    KIND: ClassVar[str] = "mask_state"
    track_id: int
    mask: Mask
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchlistHit(Event):
    """A tracked person resembles an entry of a watchlist; `place` is the watchlist."""

    KIND: ClassVar[str] = "watchlist_hit"
    track_id: int
    entry_id: str
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion(Event):
    """Behaviour that a guard should look at, over the `duration_s` seconds that end at `at_s`."""

    KIND: ClassVar[str] = "suspicion"
    score: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraState(Event):
    """A camera changed its state; `reason` says why, in words for an operator."""

    KIND: ClassVar[str] = "camera_state"
    state: str
    reason: str


KINDS: dict[str, type[Event]] = {
    kind.KIND: kind
    for kind in (
        Crossing,
        Occupancy,
        Dwell,
        PathPoint,
        HeatmapTile,
        Demographics,
        MaskState,
        WatchlistHit,
        Suspicion,
        CameraState,
    )
}
_ENUMS = {"direction": Direction, "age_band": AgeBand, "gender": Gender, "mask": Mask}


def from_record(record: dict[str, Any]) -> Event:
    """The event that `Event.to_record` wrote, also after a trip through JSON.

    Raises:
        LabelError: an unknown kind, another schema version, or a missing field.
    """
    kind = KINDS.get(record.get("kind", ""))
    if kind is None:
        raise LabelError(f"event: expected a kind of {sorted(KINDS)}, got {record.get('kind')!r}")
    if record.get("schema") != kind.SCHEMA:
        raise LabelError(
            f"event {kind.KIND}: expected schema {kind.SCHEMA}, got {record.get('schema')!r}"
        )
    missing = [field.name for field in fields(kind) if field.name not in record]
    if missing:
        raise LabelError(f"event {kind.KIND}: expected field '{missing[0]}', got none")
    values = {key: _tupled(value) for key, value in record.items()}
    for key, enum in _ENUMS.items():
        if values.get(key) is not None:
            values[key] = enum(values[key])
    return kind._from_values(values)


def _tupled(value: Any) -> Any:
    return tuple(_tupled(item) for item in value) if isinstance(value, (list, tuple)) else value
