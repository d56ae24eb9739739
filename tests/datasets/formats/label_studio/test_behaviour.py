"""Spans on the timeline, in seconds and frames."""

import pytest

from datasets.formats.label_studio import (
    Interface,
    result_of,
)
from datasets.formats.label_studio.behaviour import frames_of
from datasets.samples import Sample, Span
from serving.core.errors import LabelError
from tests.datasets.formats.label_studio.made_up import RATE, answer, choices, task_of, written


def clip(*spans, label=None):
    return Sample("c.mp4", spans=spans, label=label, duration_s=3.0, properties=RATE)


def span_entry(start, end):
    value = {"ranges": [{"start": start, "end": end}], "timelinelabels": ["concealing"]}
    return {
        "id": "s",
        "from_name": "span",
        "to_name": "video",
        "type": "timelinelabels",
        "value": value,
    }


def test_both_frames_of_a_range_belong_to_it():
    (sample,) = answer(
        Interface.BEHAVIOUR, [clip()], [span_entry(1, 5), choices("clip_class", "normal")]
    )
    assert sample.spans == (Span(0.0, 0.5, "concealing"),)  # five frames at 10 Hz
    assert sample.label == "normal"


@pytest.mark.parametrize(
    "start_s, end_s, rate_hz, frames",
    [
        (0, 0.5, 10, (1, 5)),
        (0.31, 0.69, 10, (4, 7)),
        (0.3, 0.7, 10, (4, 7)),
        (1.0, 1.0, 10, (11, 11)),
        (0.57, 0.6, 100, (58, 60)),  # 0.57 × 100 is a little below 57 in floating point
        (0.0, 0.07, 100, (1, 7)),  # and 0.07 × 100 a little above 7
    ],
)
def test_a_span_covers_the_frames_that_it_touches(start_s, end_s, rate_hz, frames):
    assert frames_of(start_s, end_s, rate_hz) == frames


def test_an_unmoved_span_keeps_its_exact_seconds_and_a_moved_one_takes_the_frames():
    (entry,) = result_of(Interface.BEHAVIOUR, [clip(Span(0.312, 0.687, "concealing"))])
    (same,) = answer(Interface.BEHAVIOUR, [clip()], [entry])
    assert same.spans == (Span(0.312, 0.687, "concealing"),)
    entry["value"]["ranges"][0]["end"] = 9
    (moved,) = answer(Interface.BEHAVIOUR, [clip()], [entry])
    assert moved.spans == (Span(0.3, 0.9, "concealing"),)


def test_a_clip_without_a_frame_rate_is_named():
    with pytest.raises(LabelError, match=r"'c.mp4': expected a frame rate in property"):
        task_of(Interface.BEHAVIOUR, [Sample("c.mp4")])
    data = task_of(Interface.BEHAVIOUR, [Sample("c.mp4")], frame_rate_hz=29.97)["data"]
    assert data["frame_rate_hz"] == 29.97


def test_clips_come_back(tmp_path):
    clips = [
        clip(Span(0.123, 1.77, "taking"), Span(1.0, 1.0, "x"), label="shoplifting"),
        Sample("d.mp4", properties={**RATE, "clip_class": "unsure"}),
        Sample("e.mp4", properties=RATE, is_labelled=False, spans=(Span(0, 1, "taking", 0.7),)),
    ]
    assert written(Interface.BEHAVIOUR, clips, tmp_path) == (clips, {})
