"""The SQLite store: transactions, repetition, versions, readers."""

import resource
import sqlite3

import pytest

from serving.core.errors import SinkError
from serving.core.events import CameraState
from serving.sinks import store as store_module
from serving.sinks.store import RunStore, Store, read_events


def rows(path, query="SELECT id, kind, camera_id, place, at_s FROM events ORDER BY at_s"):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_events_come_back_in_the_order_of_time(tmp_path, crossing):
    path = tmp_path / "events.sqlite"
    store = Store(path)
    store.write([crossing(9.0), crossing(1.0)])
    store.write([])
    store.close()

    assert list(read_events(path)) == [crossing(1.0), crossing(9.0)]
    assert rows(path)[0] == (
        crossing(1.0).to_record()["id"], "crossing", "door", "entry", 1.0
    )  # fmt: skip


def test_event_written_again_changes_nothing(tmp_path, crossing):
    path = tmp_path / "events.sqlite"
    for _ in range(2):
        store = Store(path)
        store.write([crossing(1.0), crossing(2.0)])
        store.write([crossing(2.0)])
        store.close()

    assert [at_s for *_, at_s in rows(path)] == [1.0, 2.0]


def test_events_are_there_before_the_store_is_closed(tmp_path, crossing):
    path = tmp_path / "events.sqlite"
    store = Store(path)
    store.write([crossing(1.0)])

    assert len(rows(path)) == 1
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    store.close()


def test_reader_chooses_kind_and_camera(tmp_path, crossing):
    path = tmp_path / "events.sqlite"
    state = CameraState(camera_id="yard", at_s=3.0, state="ended", reason="")
    store = Store(path)
    store.write([crossing(1.0), state])
    store.close()

    assert list(read_events(path, kind="crossing")) == [crossing(1.0)]
    assert list(read_events(path, camera_id="yard")) == [state]


def test_store_of_another_version_is_refused(tmp_path):
    path = tmp_path / "events.sqlite"
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE schema_version SET version = 99")
    connection.commit()
    connection.close()

    with pytest.raises(SinkError, match="expected a store of version 1, got 99"):
        Store(path)


def test_file_that_is_no_store_is_refused_and_kept(tmp_path):
    path = tmp_path / "events.sqlite"
    path.write_text("these are not the bytes of a database, but a note of someone's\n" * 20)

    with pytest.raises(SinkError, match="cannot be written: file is not a database"):
        Store(path)
    with pytest.raises(SinkError, match="expected a store, got file is not a database"):
        list(read_events(path))
    assert path.read_text().startswith("these are not")


def test_reading_where_there_is_no_store_makes_none(tmp_path):
    with pytest.raises(SinkError, match="expected a store, got no file"):
        list(read_events(tmp_path / "none.sqlite"))
    assert not (tmp_path / "none.sqlite").exists()


@pytest.mark.parametrize("content", [b"", b"notes"])
def test_reading_what_is_no_store_leaves_it_as_it_was(content, tmp_path):
    path = tmp_path / "events.sqlite"
    path.write_bytes(content)
    with pytest.raises(SinkError, match="expected a store"):
        list(read_events(path))
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["events.sqlite"]


def test_store_of_a_run_replaces_the_older_one_when_it_is_whole(tmp_path, crossing):
    path = tmp_path / "events.sqlite"
    older = RunStore(path)
    older.write([crossing(1.0)])
    older.close()
    newer = RunStore(path)
    newer.write([crossing(2.0)])

    assert [at_s for *_, at_s in rows(path)] == [1.0]
    newer.close()
    assert [at_s for *_, at_s in rows(path)] == [2.0]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["events.sqlite"]


def test_abandoned_store_of_a_run_stays_partial(tmp_path, crossing):
    path = tmp_path / "events.sqlite"
    store = RunStore(path)
    store.write([crossing(1.0)])
    store.abandon()

    assert not path.exists()
    assert [at_s for *_, at_s in rows(tmp_path / "events.sqlite.partial")] == [1.0]


def test_store_of_a_run_that_a_reader_keeps_open_does_not_get_its_name(
    tmp_path, crossing, monkeypatch
):
    monkeypatch.setattr(store_module, "_BUSY_TIMEOUT_MS", 20)
    path, partial = tmp_path / "events.sqlite", tmp_path / "events.sqlite.partial"
    store = RunStore(path)
    store.write([crossing(1.0)])
    reader = sqlite3.connect(partial)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM events").fetchone() == (1,)
    store.write([crossing(2.0)])

    with pytest.raises(SinkError, match=r"\.partial: .*got a reader that keeps events in"):
        store.close()
    store.abandon()
    reader.close()
    assert not path.exists()
    assert [at_s for *_, at_s in rows(partial)] == [1.0, 2.0]


def test_store_of_a_run_that_meets_a_full_disk_at_its_end_does_not_get_its_name(tmp_path, crossing):
    path = tmp_path / "events.sqlite"
    store = RunStore(path)
    store.write([crossing(float(at_s)) for at_s in range(100)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # what is written stays in the log
    try:
        with pytest.raises(SinkError, match=r"events\.sqlite\.partial: cannot be written: disk"):
            store.close()
        store.abandon()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert not path.exists()
    assert len(rows(tmp_path / "events.sqlite.partial")) == 100


def test_store_that_runs_add_to_closes_beside_a_reader(tmp_path, crossing):
    path = tmp_path / "events.sqlite"
    store = Store(path)
    store.write([crossing(1.0)])
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    store.write([crossing(2.0)])
    store.close()
    reader.close()

    assert [at_s for *_, at_s in rows(path)] == [1.0, 2.0]


def test_question_mark_is_a_part_of_the_stores_name(tmp_path, crossing):
    path = tmp_path / "who?mode=ro.sqlite"
    store = Store(path)
    store.write([crossing(1.0)])
    store.close()

    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert list(read_events(path)) == [crossing(1.0)]


def test_folder_in_the_partial_stores_place_is_refused(tmp_path):
    (tmp_path / "events.sqlite.partial").mkdir()
    with pytest.raises(SinkError, match=r"events\.sqlite: cannot be written: "):
        RunStore(tmp_path / "events.sqlite")
