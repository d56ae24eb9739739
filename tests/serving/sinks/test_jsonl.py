"""Event logs: whole lines, whole files, and what a crash leaves behind."""

import json

from serving.core.events import from_record
from serving.sinks.jsonl import JsonLines, JsonLinesLog


def test_event_comes_back_from_its_line(tmp_path, crossing):
    sink = JsonLines(tmp_path / "events.jsonl")
    sink.write([crossing(1.5), crossing(2.5)])
    sink.close()

    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [from_record(json.loads(line)) for line in lines] == [crossing(1.5), crossing(2.5)]


def test_how_events_are_batched_does_not_change_a_byte(tmp_path, crossing):
    events = [crossing(float(second)) for second in range(10)]
    one, many = JsonLines(tmp_path / "one"), JsonLines(tmp_path / "many")
    one.write(events)
    for event in events:
        many.write([event])
    one.close()
    many.close()

    assert (tmp_path / "one").read_bytes() == (tmp_path / "many").read_bytes()


def test_log_is_added_to_by_the_next_run(tmp_path, crossing):
    path = tmp_path / "events.jsonl"
    for at_s in (1.0, 2.0):
        log = JsonLinesLog(path)
        log.write([crossing(at_s)])
        log.close()

    assert [json.loads(line)["at_s"] for line in path.read_text().splitlines()] == [1.0, 2.0]


def test_line_that_a_crash_cut_off_is_dropped_at_the_next_start(tmp_path, crossing):
    path = tmp_path / "events.jsonl"
    log = JsonLinesLog(path)
    log.write([crossing(1.0)])
    log.abandon()
    with path.open("ab") as file:
        file.write(b'{"id": "half')
    log = JsonLinesLog(path)
    log.write([crossing(2.0)])
    log.close()

    assert [json.loads(line)["at_s"] for line in path.read_text().splitlines()] == [1.0, 2.0]


def test_log_that_is_one_torn_line_starts_anew(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * 200_000)
    JsonLinesLog(path).close()

    assert path.read_bytes() == b""
