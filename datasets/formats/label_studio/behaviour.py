"""Suspicious behaviour: spans on the timeline of a clip, and one choice for the whole clip.

The editor counts frames from 1 and both ends of a range belong to it; spans are in seconds. The
exact seconds ride along in `meta` and hold as long as nobody moved the range. The answer "unsure"
stands in the property `clip_class`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from datasets.formats.format import Losses
from datasets.formats.label_studio.boxes import META, one_label
from datasets.formats.label_studio.context import unsure_word, with_property
from datasets.formats.label_studio.names import CLIP_CLASS, SPAN, UNSURE, VIDEO
from datasets.formats.label_studio.regions import Result, choice, choice_entry, known, number
from datasets.samples import Sample, Span
from serving.core.errors import LabelError

_EXACT_S = 1e-9
"""Rounding of seconds times frames a second must not push a span over the edge of a frame."""


def result(samples: Sequence[Sample], frame_rate_hz: float) -> list[dict[str, Any]]:
    """The results that show a clip's spans and class."""
    (sample,) = samples
    entries = []
    for row, span in enumerate(sample.spans):
        start, end = frames_of(span.start_s, span.end_s, frame_rate_hz)
        entry = {
            "id": f"span{row}",
            "from_name": SPAN,
            "to_name": VIDEO,
            "type": "timelinelabels",
            "value": {"ranges": [{"start": start, "end": end}], "timelinelabels": [span.label]},
            "meta": {META: {"start_s": span.start_s, "end_s": span.end_s}},
        }
        entries.append(entry | ({} if span.score is None else {"score": span.score}))
    word = sample.label or unsure_word(sample, CLIP_CLASS)
    if word is not None:
        entries.append(choice_entry(CLIP_CLASS, VIDEO, [word]))
    return entries


def labelled(
    samples: Sequence[Sample],
    results: Iterable[Result],
    losses: Losses,
    frame_rate_hz: float,
) -> tuple[Sample, ...]:
    """The clip with the spans and the class of its results.

    Raises:
        LabelError: a range is broken.
    """
    (sample,) = samples
    results = known(results, (SPAN, CLIP_CLASS), losses)
    spans = []
    for region in results:
        if region.control == SPAN:
            label = one_label(region.words("timelinelabels"), region.where, losses)
            if label is not None:
                spans += [
                    Span(*seconds, label, region.score)
                    for seconds in _seconds(region, frame_rate_hz)
                ]
    word = choice(results, CLIP_CLASS)
    if word == UNSURE:
        sample, word = with_property(sample, CLIP_CLASS, UNSURE), None
    return (replace(sample, spans=tuple(spans), label=word),)


def unanswered_clip(sample: Sample) -> Sample:
    """The clip without what the answers will say."""
    if sample.label is None and unsure_word(sample, CLIP_CLASS):
        sample = with_property(sample, CLIP_CLASS, None)
    return replace(sample, spans=(), label=None)


def frames_of(start_s: float, end_s: float, frame_rate_hz: float) -> tuple[int, int]:
    """The first and last frame, from 1, that a span touches; one at least."""
    first = math.floor(start_s * frame_rate_hz + _EXACT_S) + 1
    return first, max(first, math.ceil(end_s * frame_rate_hz - _EXACT_S))


def _seconds(region: Result, frame_rate_hz: float) -> list[tuple[float, float]]:
    ranges = region.value.get("ranges")
    if not isinstance(ranges, list) or not all(isinstance(each, Mapping) for each in ranges):
        raise LabelError(f"{region.where}: expected a list 'ranges', got {ranges!r}")
    seconds = []
    for each in ranges:
        first, last = number(each, "start", region.where), number(each, "end", region.where)
        if not 1 <= first <= last:
            raise LabelError(f"{region.where}: expected 1 ≤ start ≤ end, got {dict(each)}")
        exact = region.meta.get(META)
        if isinstance(exact, Mapping) and len(ranges) == 1:
            start_s = number(exact, "start_s", region.where)
            end_s = number(exact, "end_s", region.where)
            if frames_of(start_s, end_s, frame_rate_hz) == (first, last):
                seconds.append((start_s, end_s))
                continue
        seconds.append(((first - 1) / frame_rate_hz, last / frame_rate_hz))
    return seconds
