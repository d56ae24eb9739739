"""Tables of clips: labels, sources, durations."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.clip_table import ClipTable
from datasets.formats.format import Losses
from datasets.samples import Sample
from serving.core.errors import LabelError
from tests.datasets.formats.round_trip import few, frames, ids, likely, paths, written_and_read


@pytest.fixture
def table(tmp_path):
    def write(*rows: str):
        path = tmp_path / "labels.csv"
        path.write_text("\n".join(["file,label,source_video,shop,duration_s", *rows, ""]))
        return path

    return write


def test_a_row_says_class_recording_and_duration(table):
    path = table('a.mp4,normal,take 1,"7, Main St",3.5', "b.mp4,,,,")
    first, second = ClipTable("clips").read(path.parent, Losses())
    assert first == Sample(
        "clips/a.mp4",
        label="normal",
        source="take 1",
        duration_s=3.5,
        properties={"shop": "7, Main St"},
    )
    assert second == Sample("clips/b.mp4")
    assert list(ClipTable("clips").read(path, Losses())) == [first, second]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.mp4,normal,take", "expected 5 columns, got 3"),
        ("../a.mp4,normal,take,,", "expected one inside the data set's folder, got '../a.mp4'"),
        ("/a.mp4,normal,take,,", "expected one inside the data set's folder, got '/a.mp4'"),
        ("a.mp4,normal,take,,long", "could not convert string to float: 'long'"),
        ('a.mp4,"normal,take,,', "expected a CSV row"),
    ],
)
def test_a_broken_row_names_file_and_line(table, row, message):
    path = table("a.mp4,normal,take,,", row)
    with pytest.raises(LabelError) as error:
        list(ClipTable().read(path, Losses()))
    assert str(error.value).startswith(f"{path}:3: ")
    assert message in str(error.value)


def test_a_table_without_a_column_or_a_head_is_an_error(tmp_path):
    path = tmp_path / "labels.csv"
    for text, message in (
        ("file,label\na.mp4,x\n", "expected columns"),
        ("", "empty file"),
        ("file,label,source_video,label\n", "expected each column once"),
    ):
        path.write_text(text)
        with pytest.raises(LabelError, match=message):
            list(ClipTable().read(path, Losses()))
    path.unlink()
    with pytest.raises(LabelError, match="expected a CSV file: No such file"):
        list(ClipTable().read(path, Losses()))


clips = likely(
    path=paths | frames | frames.map("clips/{}".format),
    label=st.none() | ids,
    source=st.none() | ids,
    duration_s=st.none() | st.floats(0, 100),
    properties=st.sampled_from([{}, {"shop": "a,\n'b\""}, {"label": "x"}, {"shop": ""}]),
)


@few
@given(clips)
def test_what_does_not_come_back_is_what_was_reported(samples):
    assert len(written_and_read(ClipTable("clips"), samples)) == len(samples)


def test_the_shared_clips_have_the_stated_counts(mirror):
    losses = Losses()
    folder = mirror / "data" / "shoplifting"
    samples = list(ClipTable("clips", reads_duration=True).read(folder, losses))
    assert Counter(sample.label for sample in samples) == {"shoplifting": 129, "normal": 126}
    assert len({sample.source for sample in samples}) == 119
    assert all((folder / sample.path).is_file() for sample in samples)
    assert {sample.duration_s for sample in samples} == {3.0}
    assert not losses
