"""Large JSON read entry by entry: the same values as `json`, and cut files told by their place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.json_lists import JsonLists
from serving.core.errors import LabelError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(
    st.lists(values, max_size=4),
    st.dictionaries(st.text(max_size=3), values, max_size=3),
    st.none() | st.integers(0, 3),
)
def test_entries_are_those_that_json_gives(tmp_path_factory, entries, others, indent):
    path = tmp_path_factory.getbasetemp() / "lists.json"
    others.pop("images", None)
    path.write_text(json.dumps({**others, "images": entries}, indent=indent), encoding="utf-8")
    file = JsonLists(path)
    found = list(file.entries(["images"]))
    assert [value for name, _, value in found if name == "images"] == entries
    assert {name: value for name, _, value in found if name != "images"} == others
    assert [file.at(place) for _, place, _ in found] == [value for _, _, value in found]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its end"),
        ("[]", "'[' where an object should be (line 1, column 1)"),
        ('{"images": [{"id": 1}', "its end"),
        ('{"images": [{"id": 1},\n {"id": ', "Expecting value (line 2, column 9)"),
        ('{"images": [1 2]}', "'2' where a comma or ']' should be (line 1, column 15)"),
        ('{"images": [1,]}', "a comma before the end"),
        ('{"images": []} {}', "more after the end of the object"),
        ('{"images" []}', "'[' where a colon should be"),
        ("{1: []}", "1 where a name should be"),
        ('{"images": {}}', "expected one list 'images', got another value"),
        ('{"images": [], "images": []}', "expected one list 'images', got another value"),
        ('{"images": [' + "1" * 9999 + "]}", "Exceeds the limit"),
        ("{}", "expected a list 'images', got none"),
        ('{"images": ' + "[" * 100_000, "lists in lists without end"),
    ],
)
def test_a_broken_file_is_told_with_its_place(tmp_path, text, message):
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(LabelError) as error:
        list(JsonLists(path).entries(["images"]))
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_a_file_that_is_no_text_or_not_there_is_named(tmp_path):
    (tmp_path / "labels.json").write_bytes(b"\xff\xfe{}")
    for name in ("labels.json", "none.json"):
        with pytest.raises(LabelError, match=name):
            JsonLists(tmp_path / name)
