"""Events in SQLite, for whoever asks later: reports, the dashboard, a data analyst."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from serving.core.errors import SinkError
from serving.core.events import Event, from_record
from serving.sinks.sink import make_folder, partial_path, replace_with_partial, writing

SCHEMA = 1
"""Version of the tables; a store of another version is refused."""
_BUSY_TIMEOUT_MS = 5000
"""How long a store waits for whoever else has it open."""

_tables = sa.MetaData()
_schema = sa.Table("schema_version", _tables, sa.Column("version", sa.Integer, primary_key=True))
_events = sa.Table(
    "events",
    _tables,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("camera_id", sa.String, nullable=False),
    sa.Column("place", sa.String, nullable=False),
    sa.Column("at_s", sa.Float, nullable=False),
    sa.Column("record", sa.String, nullable=False),
    sa.Index("events_by_kind_and_time", "kind", "at_s"),
)


class Store:
    """A store that runs add to, one after the other; readers may read at the same time.

    Each `write` is one transaction in write-ahead-logging mode: after a crash of the process every
    event that was taken is there, after a power failure the last ones may be missing, and never
    half of a batch. An event that is written again changes nothing: its id is its content.

    Args:
        path: the SQLite file; made where there is none.

    Raises:
        SinkError: the file cannot be written, is no store, or is one of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        make_folder(path)
        self._engine = _engine(path)
        with self._explaining():
            _tables.create_all(self._engine)
            with self._engine.begin() as connection:
                version = connection.execute(sa.select(_schema.c.version)).scalar()
                if version is None:
                    connection.execute(sa.insert(_schema).values(version=SCHEMA))
        if version not in (None, SCHEMA):
            self._engine.dispose()
            raise SinkError(f"{path}: expected a store of version {SCHEMA}, got {version}")

    def write(self, events: Sequence[Event]) -> None:
        """Add the events that are not there yet, in one transaction."""
        if not events:
            return
        rows = [_row(event) for event in events]
        with self._explaining(), self._engine.begin() as connection:
            connection.execute(insert(_events).on_conflict_do_nothing(), rows)

    def close(self) -> None:
        """Close the store. Where nobody else has it open the log is folded into the file."""
        with self._explaining():
            self._engine.dispose()

    def close_whole(self) -> None:
        """Fold the write-ahead log into the file and close it: the file alone holds every event.

        SQLite folds the log when its last connection closes too, but says nothing where it cannot.
        """
        with self._explaining(), self._engine.connect() as connection:
            is_busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        self.close()
        log = self.path.with_name(self.path.name + "-wal")
        if is_busy or (log.exists() and log.stat().st_size):
            raise SinkError(
                f"{self.path}: expected the only one to have it open, got a reader that keeps "
                f"events in {log.name}"
            )

    def abandon(self) -> None:
        """Close the store; what was committed stays."""
        self.close()

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            self._engine.dispose()
            raise SinkError(f"{self.path}: cannot be written: {error.orig}") from error


class RunStore:
    """The store of one run, which stands under its name when the run has ended.

    Args:
        path: the SQLite file; one that exists is replaced when this one is complete.

    Raises:
        SinkError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        make_folder(path)
        with writing(path):
            partial_path(path).unlink(missing_ok=True)
            _remove_logs(partial_path(path))
        self._store = Store(partial_path(path))

    def write(self, events: Sequence[Event]) -> None:
        """Add the events that are not there yet, in one transaction."""
        self._store.write(events)

    def close(self) -> None:
        """Complete the store and give it its name."""
        self._store.close_whole()
        with writing(self._path):
            _remove_logs(self._path)
        replace_with_partial(self._path)

    def abandon(self) -> None:
        """Leave the events so far in `PATH.partial`."""
        self._store.abandon()


def read_events(
    path: Path, kind: str | None = None, camera_id: str | None = None
) -> Iterator[Event]:
    """The events of a store in the order of time, of one kind or camera where given.

    Raises:
        SinkError: there is no store at `path`, or it cannot be read.
    """
    if not path.is_file():
        raise SinkError(f"{path}: expected a store, got no file")
    query = sa.select(_events.c.record).order_by(_events.c.at_s, _events.c.id)
    if kind is not None:
        query = query.where(_events.c.kind == kind)
    if camera_id is not None:
        query = query.where(_events.c.camera_id == camera_id)
    engine = _reading_engine(path)
    try:
        with engine.connect() as connection:
            for (record,) in connection.execute(query):
                yield from_record(json.loads(record))
    except sa.exc.DBAPIError as error:
        raise SinkError(f"{path}: expected a store, got {error.orig}") from error
    finally:
        engine.dispose()


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")

    return engine


def _reading_engine(path: Path) -> sa.Engine:
    """Changes nothing of the file, whatever it is."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    return sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=sa.NullPool
    )


def _row(event: Event) -> dict[str, Any]:
    record = event.to_record()
    return {
        "id": record["id"],
        "kind": record["kind"],
        "camera_id": event.camera_id,
        "place": event.place,
        "at_s": event.at_s,
        "record": json.dumps(record, ensure_ascii=False, separators=(",", ":")),
    }


def _remove_logs(path: Path) -> None:
    """Remove SQLite's logs of a file; one that outlives its file would spoil the next one."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
