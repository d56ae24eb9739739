import json

import pytest

from serving.core import events
from serving.core.errors import LabelError
from serving.core.labels import Direction

CROSSING = events.Crossing(
    camera_id="door",
    place="threshold",
    at_s=12.5,
    track_id=3,
    direction=Direction.IN,
    bundles=("person@1.0.0",),
)
TILE = events.HeatmapTile(
    camera_id="door",
    at_s=10.0,
    period_s=10.0,
    cell_m=0.5,
    origin_m=(0.0, -2.0),
    cells=((0, 1, 2.5), (3, 4, 0.5)),
)
PATH = events.PathPoint(camera_id="door", at_s=1.0, track_id=1, xy_px=(1.0, 2.0), xy_m=None)


@pytest.mark.parametrize("event", [CROSSING, TILE, PATH], ids=lambda event: event.KIND)
def test_an_event_survives_a_trip_through_json(event):
    assert events.from_record(json.loads(json.dumps(event.to_record()))) == event


def test_every_kind_of_event_can_be_read_back():
    assert set(events.KINDS) == {cls.KIND for cls in events.Event.__subclasses__()}


def test_the_same_event_has_the_same_id_and_another_has_another():
    other = events.Crossing(
        camera_id="door", place="threshold", at_s=12.5, track_id=4, direction=Direction.IN
    )
    assert CROSSING.to_record()["id"] == CROSSING.to_record()["id"] != other.to_record()["id"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "crosing"}, "expected a kind of"),
        ({"schema": 2}, "expected schema 1, got 2"),
    ],
)
def test_a_record_of_another_kind_or_schema_is_refused(change, message):
    with pytest.raises(LabelError, match=message):
        events.from_record({**CROSSING.to_record(), **change})


def test_a_missing_field_is_named():
    record = CROSSING.to_record()
    del record["track_id"]
    with pytest.raises(LabelError, match="expected field 'track_id'"):
        events.from_record(record)
